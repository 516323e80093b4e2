//! Randomness from the operating system.

use crate::Failure;
use zeroize::Zeroizing;

/// `N` bytes of the system's entropy.
pub fn draw<const N: usize>() -> Result<Zeroizing<[u8; N]>, Failure> {
    let mut bytes = Zeroizing::new([0; N]);
    getrandom::fill(bytes.as_mut_slice()).map_err(|error| {
        Failure::said(format!("the system gives no random numbers ({error}): do not make keys on this machine"))
    })?;
    Ok(bytes)
}
