//! Key packages: what we offer so that others can add us, and what we accept before adding others.

use super::hearing::hearing_of;
use super::{Invite, KEY_PACKAGES_MAX, Keyring, KeyringError, STOCK_MAX, check_size, device_of, unlimited};
use openmls::prelude::{tls_codec::Deserialize as _, *};
use openmls_traits::storage::StorageProvider as _;
use trialogue_charter::Hash;

impl Keyring {
    /// A fresh key package, for one group, once. The oldest unused one is forgotten beyond [`KEY_PACKAGES_MAX`].
    pub fn key_package(&mut self) -> Result<Vec<u8>, KeyringError> {
        let (bundle, bytes) = self.new_package()?;
        let reference = self.reference(&bundle)?;
        self.offers.push_back((reference, Hash::of(&bytes)));
        while self.offers.len() > KEY_PACKAGES_MAX {
            if let Some((oldest, _)) = self.offers.pop_front() {
                let _ = self.provider.storage().delete_key_package(&oldest);
            }
        }
        Ok(bytes)
    }

    /// A fresh key package, stored, and as it is published.
    pub(crate) fn new_package(&self) -> Result<(KeyPackageBundle, Vec<u8>), KeyringError> {
        let step = "make a key package";
        let bundle = KeyPackage::builder()
            .key_package_lifetime(unlimited())
            .leaf_node_capabilities(self.capabilities())
            .leaf_node_extensions(self.hearing_extension()?)
            .build(self.suite, &self.provider, &self.signer, self.credential())
            .map_err(|e| KeyringError::mls(step, e))?;
        let package = bundle.key_package().clone();
        let bytes = MlsMessageOut::from(package).to_bytes().map_err(|e| KeyringError::mls(step, e))?;
        Ok((bundle, bytes))
    }

    fn reference(&self, bundle: &KeyPackageBundle) -> Result<KeyPackageRef, KeyringError> {
        bundle.key_package().hash_ref(self.provider.crypto()).map_err(|e| KeyringError::mls("make a key package", e))
    }

    /// Holds a key package that stays when it has served. The oldest is forgotten beyond [`STOCK_MAX`].
    pub(crate) fn add_stock(&mut self, bundle: &KeyPackageBundle) -> Result<(), KeyringError> {
        let reference = self.reference(bundle)?;
        self.provider
            .storage()
            .write_key_package(&reference, bundle)
            .map_err(|e| KeyringError::mls("keep a key package", e))?;
        if self.stock.contains(&reference) {
            return Ok(());
        }
        self.stock.push_back(reference);
        while self.stock.len() > STOCK_MAX {
            if let Some(oldest) = self.stock.pop_front() {
                let _ = self.provider.storage().delete_key_package(&oldest);
            }
        }
        Ok(())
    }

    /// Verifies a key package and that it is the invited device's own.
    pub(super) fn accept_offer(&self, invite: &Invite<'_>) -> Result<KeyPackage, KeyringError> {
        check_size(invite.key_package)?;
        let message = MlsMessageIn::tls_deserialize_exact(invite.key_package)
            .map_err(|_| KeyringError::Malformed("key package"))?;
        let MlsMessageBodyIn::KeyPackage(unverified) = message.extract() else {
            return Err(KeyringError::Malformed("key package"));
        };
        let package = unverified
            .validate(self.provider.crypto(), ProtocolVersion::Mls10)
            .map_err(|e| KeyringError::mls("accept a key package", e))?;
        if package.ciphersuite() != self.suite {
            return Err(KeyringError::OtherSuite);
        }
        let leaf = package.leaf_node();
        if device_of(leaf.credential())? != invite.device || leaf.signature_key().as_slice() != invite.signature_key {
            return Err(KeyringError::NotTheirs);
        }
        if hearing_of(leaf).is_none() {
            return Err(KeyringError::NoHearingKey);
        }
        Ok(package)
    }
}
