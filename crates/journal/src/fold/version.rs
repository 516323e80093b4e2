//! Which fold this is. A node keeps what it has folded (decision 29), and what another fold has made of the journals is
//! of no use to it.

/// Version of the fold: of its rules, those of the charter that it asks, and the bytes of [`super::State::keep`].
/// Raised with whatever gives other bytes for the same journals. A node then uses no snapshot of before and reads its
/// journals anew, once; not raised, it would go on from what it would not have folded itself, and differ from nodes
/// that started otherwise.
pub const FOLD_VERSION: u32 = 5;

/// What the reference journals of `tests/all/the_fold_keeps_its_version.rs` come to under [`FOLD_VERSION`]: SHA-384 in
/// hexadecimal. The test gives the new one.
#[doc(hidden)]
pub const FOLD_GOLDEN: &str =
    "1c1384733bcbd49dd013023750349900b63aac0ef03c87cb603a1f0c60698f2df5849cee435c4c718b3ebbbc75a8683f";
