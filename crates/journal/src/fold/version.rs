//! Which fold this is. A node keeps what it has folded (decision 29), and what another fold has made of the journals is
//! of no use to it.

/// Version of the fold: of its rules, those of the charter that it asks, and the bytes of [`super::State::keep`].
/// Raised with whatever gives other bytes for the same journals. A node then uses no snapshot of before and reads its
/// journals anew, once; not raised, it would go on from what it would not have folded itself, and differ from nodes
/// that started otherwise.
pub const FOLD_VERSION: u32 = 2;

/// What the reference journals of `tests/all/the_fold_keeps_its_version.rs` come to under [`FOLD_VERSION`]: SHA-384 in
/// hexadecimal. The test gives the new one.
#[doc(hidden)]
pub const FOLD_GOLDEN: &str =
    "e694fc5bddcffa22de1d64b903df4fba60e299e50f5e3e078c1a6f71171d3254703191142af6150eb3b64ef433173c65";
