//! A party's root key in a token (a smart card, a USB key, an HSM) behind PKCS#11. Only the program `trialogue` uses
//! this crate: nodes and consoles never hold a root.
//!
//! Ed25519 is made in the token and never leaves it. ML-DSA-87 is too where the token has `CKM_ML_DSA` (PKCS#11 3.2);
//! where it has not, its seed lies in the token sealed under an AES-256 key that never leaves it, and is in this
//! process's memory for the moment of one signature. `spec/charter.md` §7 has the objects,
//! `docs/decisions/0017-a-root-in-a-token.md` the reasons.

mod enter;
mod error;
pub mod limits;
mod make;
mod objects;
mod pin;
mod root;
mod seal;
mod uri;

pub use error::TokenError;
pub use make::{Entropy, make};
pub use pin::Pin;
pub use root::TokenRoot;
pub use uri::TokenUri;
