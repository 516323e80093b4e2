//! Which fold this is. A node keeps what it has folded (decision 29), and what another fold has made of the journals is
//! of no use to it.

/// Version of the fold: of its rules, those of the charter that it asks, and the bytes of [`super::State::keep`].
/// Raised with whatever gives other bytes for the same journals. A node then uses no snapshot of before and reads its
/// journals anew, once; not raised, it would go on from what it would not have folded itself, and differ from nodes
/// that started otherwise.
pub const FOLD_VERSION: u32 = 6;

/// What the reference journals of `tests/all/the_fold_keeps_its_version.rs` come to under [`FOLD_VERSION`]: SHA-384 in
/// hexadecimal. The test gives the new one.
#[doc(hidden)]
pub const FOLD_GOLDEN: &str =
    "8243fcd0de0a5a39beaea8dba791b76ce8d73458c44ae553683ea9e51afad728e3adc67555e2d318d1db9bd8794fa2cd";
