//! The charter: the agreement that every party's root key has signed. It is the trust anchor *and* the configuration of
//! what is allowed. Also the certificates that descend from it: vouchers and device certificates.
//!
//! Everything here is pure: bytes in, verified types out. The bytes are specified in `spec/charter.md`.

pub mod agreement;
pub mod ids;

pub use agreement::*;
pub use ids::*;
