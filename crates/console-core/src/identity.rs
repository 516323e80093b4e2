//! Who this console is: made once from an enrolment link, then kept by the platform.

use trialogue_charter::{CertificateError, DeviceSecret, EnrolmentLink, Hash};
use trialogue_e2ee::Chance;
use zeroize::Zeroizing;

/// What the platform keeps between starts. No `Debug`: it holds the device's secret.
#[derive(Clone)]
pub struct Identity {
    /// The seed of the device's keys, to be stored sealed (browser: under a key that cannot be exported).
    pub secret: Zeroizing<[u8; 32]>,
    /// The signed device certificate; public.
    pub certificate: Vec<u8>,
    /// Fingerprint of the own party's root, from the enrolment link: every charter must have been signed by it.
    pub root: Hash,
}

/// Why an enrolment link or a stored identity cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnrolError {
    /// Not an enrolment link.
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

/// Makes the device's keys and certifies them with the voucher key in the link (whole, or what follows its `#`). Store
/// the result before connecting: the node accepts a link once. `now_ms`: wall clock, milliseconds since 1970 UTC.
///
/// # Errors
/// See [`EnrolError`].
pub fn enrol(link: &str, now_ms: u64, chance: &mut Chance) -> Result<Identity, EnrolError> {
    let link = EnrolmentLink::parse(link).map_err(|_| EnrolError::Link)?;
    let secret = chance.secret().map_err(|_| EnrolError::Random)?;
    let device = DeviceSecret::from_seed(&secret);
    let certificate = link.certify_ahead(&device, now_ms).map_err(|error| match error {
        CertificateError::Late => EnrolError::Expired,
        _ => EnrolError::Link,
    })?;
    Ok(Identity { secret, certificate, root: *link.root() })
}
