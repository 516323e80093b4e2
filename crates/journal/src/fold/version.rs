//! Which fold this is. A node keeps what it has folded (decision 29), and what another fold has made of the journals is
//! of no use to it.

/// Version of the fold: of its rules, those of the charter that it asks, and the bytes of [`super::State::keep`].
/// Raised with whatever gives other bytes for the same journals. A node then uses no snapshot of before and reads its
/// journals anew, once; not raised, it would go on from what it would not have folded itself, and differ from nodes
/// that started otherwise.
pub const FOLD_VERSION: u32 = 4;

/// What the reference journals of `tests/all/the_fold_keeps_its_version.rs` come to under [`FOLD_VERSION`]: SHA-384 in
/// hexadecimal. The test gives the new one.
#[doc(hidden)]
pub const FOLD_GOLDEN: &str =
    "ad077256b68f31707740a20f1a271f12892685dd29630403a6ade0431015f35d4b9c28b869965ce612c913bae59fa483";
