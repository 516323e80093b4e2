//! The charter: the agreement that every party's root key has signed. It is the trust anchor *and* the configuration of
//! what is allowed. Also the certificates that descend from it: vouchers and device certificates.
//!
//! Everything here is pure: bytes in, verified types out. The bytes are specified in `spec/charter.md`.

pub mod agreement;
pub mod amendment;
mod canonical;
pub mod cose;
pub mod device;
pub mod enrol;
#[cfg(feature = "fixture")]
pub mod fixture;
pub mod ids;
mod journal_key;
pub mod key;
pub mod keyfile;
pub mod limits;
pub mod officer;
pub mod person;
pub mod precedence;
mod remembered;
pub mod revocation;
pub mod role;
pub mod root;
pub mod schedule;
pub mod signed;
pub mod text;
pub mod validate;
pub mod verified;
pub mod voucher;

pub use agreement::*;
pub use amendment::Breach;
pub use device::{Device, DeviceCertificate, DeviceSecret, MlsKey};
pub use enrol::{BadLink, EnrolmentLink};
pub use ids::*;
pub use journal_key::{Former, JournalKey, Last};
pub use key::{HybridSecret, ML_DSA_87_SIGNATURE, MlDsa87Secret, ed25519_holds, ed25519_is_well_formed};
pub use officer::{ClaimedRequest, DeviceProof, OfficerAct, OfficerError, OfficerRequest};
pub use person::PersonName;
pub use precedence::{Authority, Precedence};
pub use revocation::{Revocation, RevocationError};
pub use role::{Recording, Removal, Role, Subject};
pub use root::{RootSigner, SignError};
pub use schedule::Tests;
pub use signed::{CharterError, UnverifiedCharter};
pub use text::BadText;
pub use validate::{Unsound, is_address, is_carrier, is_origin, origin_of, split_address};
pub use verified::VerifiedCharter;
pub use voucher::{CertificateError, Voucher, VoucherId};
