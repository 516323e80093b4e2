//! Which fold this is. A node keeps what it has folded (decision 29), and what another fold has made of the journals is of no use to it.

/// Version of the fold: of its rules, those of the charter that it asks, and the bytes of [`super::State::keep`]. Raised with whatever gives other bytes for the
/// same journals. A node then uses no snapshot of before and reads its journals anew, once; not raised, it would go on from what it would not have folded
/// itself, and differ from nodes that started otherwise.
pub const FOLD_VERSION: u32 = 2;

/// What the reference journals of `tests/all/the_fold_keeps_its_version.rs` come to under [`FOLD_VERSION`]: SHA-384 in hexadecimal. The test gives the new one.
#[doc(hidden)]
pub const FOLD_GOLDEN: &str =
    "2f8be7c60bea95a105d35b8167776ce1cf303c4511a883b5fdf72cac7506ae54a6839d7b46cba26369cc4df9e0bf705b";
