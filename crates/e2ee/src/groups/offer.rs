//! Key packages: what we offer so that others can add us, and what we accept before adding others.

use super::{Invite, KEY_PACKAGES_MAX, Keyring, KeyringError, check_size, device_of, unlimited};
use openmls::prelude::{tls_codec::Deserialize as _, *};
use openmls_traits::storage::StorageProvider as _;

impl Keyring {
    /// A fresh key package, for one group, once. The oldest unused one is forgotten beyond [`KEY_PACKAGES_MAX`].
    pub fn key_package(&mut self) -> Result<Vec<u8>, KeyringError> {
        let step = "make a key package";
        let bundle = KeyPackage::builder()
            .key_package_lifetime(unlimited())
            .leaf_node_capabilities(self.capabilities())
            .build(self.suite, &self.provider, &self.signer, self.credential())
            .map_err(|e| KeyringError::mls(step, e))?;
        let package = bundle.key_package();
        let reference = package.hash_ref(self.provider.crypto()).map_err(|e| KeyringError::mls(step, e))?;
        let bytes = MlsMessageOut::from(package.clone()).to_bytes().map_err(|e| KeyringError::mls(step, e))?;
        self.offers.push_back(reference);
        while self.offers.len() > KEY_PACKAGES_MAX {
            if let Some(oldest) = self.offers.pop_front() {
                let _ = self.provider.storage().delete_key_package(&oldest);
            }
        }
        Ok(bytes)
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
        Ok(package)
    }
}
