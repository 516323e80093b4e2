//! What a leaf must be, by whatever way it comes into a group: the profile of `spec/sealing.md` §1, to the byte. What
//! MLS allows beyond that fails only later, at whoever follows or joins, or in the commit that is to remove somebody
//! else.

use super::hearing::{HEARING_KEY, HEARING_MAX};
use super::{KeyringError, unlimited};
use openmls::prelude::tls_codec::{Deserialize as _, Serialize, VLBytes};
use openmls::prelude::*;
use openmls_rust_crypto::RustCrypto;
use std::collections::BTreeSet;

/// The public keys of a leaf.
pub(super) struct LeafKeys {
    /// What is sealed for whoever is below it.
    pub(super) encryption: Vec<u8>,
    /// What is told to its device alone.
    pub(super) hearing: Vec<u8>,
}

/// A list of bytes with its length before it, from the front.
fn take(bytes: &mut &[u8]) -> Result<Vec<u8>, KeyringError> {
    let taken = VLBytes::tls_deserialize(bytes).map_err(|e| KeyringError::mls("read a leaf", e))?;
    Ok(taken.as_slice().to_vec())
}

/// What this console's own leaves are, and with it those of others.
pub(super) struct Profile<'a> {
    pub(super) crypto: &'a RustCrypto,
    pub(super) suite: Ciphersuite,
    pub(super) capabilities: Capabilities,
}

impl Profile<'_> {
    /// A leaf (RFC 9420 §7.2): of a key package, of an UpdatePath, or of a tree. Its signature and its credential are
    /// looked at elsewhere.
    pub(super) fn check_leaf(&self, leaf: &impl Serialize) -> Result<LeafKeys, KeyringError> {
        let step = "read a leaf";
        let bytes = leaf.tls_serialize_detached().map_err(|e| KeyringError::mls(step, e))?;
        let mut rest = bytes.as_slice();
        let encryption = take(&mut rest)?;
        let _signature_key = take(&mut rest)?;
        let _credential = Credential::tls_deserialize(&mut rest).map_err(|e| KeyringError::mls(step, e))?;
        let ours = self.capabilities.tls_serialize_detached().map_err(|e| KeyringError::mls(step, e))?;
        rest = rest.strip_prefix(ours.as_slice()).ok_or(KeyringError::OtherProfile("list of capabilities"))?;
        let (source, after) = rest.split_first().ok_or(KeyringError::Malformed("leaf"))?;
        rest = after;
        match source {
            // A lifetime, which who adds has looked at: whoever comes later must be able to join.
            1 => rest = rest.get(16..).ok_or(KeyringError::Malformed("leaf"))?,
            // A parent hash.
            3 => drop(take(&mut rest)?),
            // An update that its owner has proposed: no console does.
            _ => return Err(KeyringError::ForbiddenProposal),
        }
        let extensions = take(&mut rest)?;
        let kind = HEARING_KEY.to_be_bytes();
        let mut inner = extensions.strip_prefix(kind.as_slice()).ok_or(KeyringError::NoHearingKey)?;
        let hearing = take(&mut inner)?;
        if !inner.is_empty() {
            return Err(KeyringError::OtherProfile("list of extensions"));
        }
        if hearing.is_empty() || hearing.len() > HEARING_MAX {
            return Err(KeyringError::NoHearingKey);
        }
        Ok(LeafKeys { encryption, hearing })
    }

    /// A key package that adds somebody, whoever commits it.
    pub(super) fn check_package(&self, package: &KeyPackage) -> Result<LeafKeys, KeyringError> {
        let lifetimes = [package.life_time(), &unlimited()].map(|lifetime| lifetime.tls_serialize_detached());
        let [Ok(theirs), Ok(ours)] = lifetimes else { return Err(KeyringError::OtherProfile("lifetime")) };
        if theirs != ours {
            return Err(KeyringError::OtherProfile("lifetime"));
        }
        let keys = self.check_leaf(package.leaf_node())?;
        if package.extensions().iter().count() != 0 {
            return Err(KeyringError::OtherProfile("list of extensions"));
        }
        self.try_to_seal("encryption key", &keys.encryption)?;
        self.try_to_seal("init key", package.hpke_init_key().as_slice())?;
        self.try_to_seal("hearing key", &keys.hearing)?;
        Ok(keys)
    }

    /// MLS looks at no key before somebody seals for it, which may be the commit that removes another one.
    pub(super) fn try_to_seal(&self, what: &'static str, key: &[u8]) -> Result<(), KeyringError> {
        let sealed = self.crypto.hpke_seal(self.suite.hpke_config(), key, b"trialogue trial", &[], &[]);
        sealed.map(drop).map_err(|_| KeyringError::NoPublicKey(what))
    }

    /// Keys of a tree's parents that are not among these: whoever is below a parent knows its secret, and nobody else
    /// can tell whether it is one.
    pub(super) fn try_parents<'a>(
        &self,
        parents: impl Iterator<Item = &'a ParentNode>,
        known: &BTreeSet<Vec<u8>>,
    ) -> Result<(), KeyringError> {
        for parent in parents {
            let key = super::offer::first_key(parent)?;
            if !known.contains(&key) {
                self.try_to_seal("key of a parent", &key)?;
            }
        }
        Ok(())
    }
}
