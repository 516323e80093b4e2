//! Bounds of what comes from files, the environment and tokens.

/// Longest PIN in bytes: PKCS#11 tokens take 4 to 255.
pub const PIN_MAX: usize = 255;
/// Longest label of a token in bytes (PKCS#11 `CK_TOKEN_INFO`).
pub const LABEL_MAX: usize = 32;
/// Length of the id that joins the objects of one root, in bytes. More would not fit the `CKA_ID` of small cards.
pub const ID_LEN: usize = 16;
/// Longest `CKA_ID` that an address may name, in bytes.
pub const ID_MAX: usize = 64;
/// Most tokens that a sentence lists.
pub const LISTED_MAX: usize = 8;
