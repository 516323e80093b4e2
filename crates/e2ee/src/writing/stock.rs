//! The key package that lets others write to a device while it is away: used by many, so it is replaced now and then.

use super::WritingKeys;
use crate::groups::KeyringError;
use openmls::prelude::KeyPackageBundle;
use zeroize::Zeroizing;

/// The secret half of a key package, as bytes to be kept under seal. No `Debug`; wiped when dropped.
pub struct StockSecret(pub Zeroizing<Vec<u8>>);

/// A key package and its secret half.
pub struct StockMade {
    /// To be published.
    pub package: Vec<u8>,
    /// To be kept.
    pub secret: StockSecret,
}

/// Largest secret half looked at, in bytes: that of suite 0x0907 is about 40 kB in its stored form.
pub const SECRET_MAX: usize = 256 << 10;

impl WritingKeys {
    /// A fresh key package that stays when a welcome for it has come. It is forgotten with these keys, unless it is
    /// kept.
    ///
    /// # Errors
    /// When the platform has no random numbers.
    pub fn make_stock(&mut self) -> Result<StockMade, KeyringError> {
        let (bundle, package) = self.0.new_package()?;
        let secret = serde_json::to_vec(&bundle).map_err(|e| KeyringError::mls("keep a key package", e))?;
        self.0.add_stock(&bundle)?;
        Ok(StockMade { package, secret: StockSecret(Zeroizing::new(secret)) })
    }

    /// Takes up a key package of before.
    ///
    /// # Errors
    /// [`KeyringError::Malformed`] when it is not what was kept, or another device's.
    pub fn take_stock(&mut self, secret: &StockSecret) -> Result<(), KeyringError> {
        if secret.0.len() > SECRET_MAX {
            return Err(KeyringError::TooLarge { len: secret.0.len() });
        }
        let bundle: KeyPackageBundle =
            serde_json::from_slice(&secret.0).map_err(|_| KeyringError::Malformed("kept key package"))?;
        self.0.add_stock(&bundle)
    }
}
