//! Key packages: what we offer so that others can add us, and what we accept before adding others.

use super::{Invite, KEY_PACKAGES_MAX, Keyring, KeyringError, OFFER_MAX, STOCK_MAX, device_of, unlimited};
use openmls::prelude::tls_codec::{Deserialize as _, Serialize, VLBytes};
use openmls::prelude::*;
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
        if invite.key_package.len() > OFFER_MAX {
            return Err(KeyringError::OtherProfile("size"));
        }
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
        self.profile().check_package(&package)?;
        Ok(package)
    }
}

/// The keys of a key package that no other of a group may have: its leaf's encryption key and its init key.
pub(super) fn own_keys(package: &KeyPackage) -> Result<[Vec<u8>; 2], KeyringError> {
    Ok([first_key(package.leaf_node().encryption_key())?, package.hpke_init_key().as_slice().to_vec()])
}

/// The key that something of a tree is, or begins with.
pub(super) fn first_key(of: &impl Serialize) -> Result<Vec<u8>, KeyringError> {
    let step = "read a public key";
    let bytes = of.tls_serialize_detached().map_err(|e| KeyringError::mls(step, e))?;
    let key = VLBytes::tls_deserialize(&mut bytes.as_slice()).map_err(|e| KeyringError::mls(step, e))?;
    Ok(key.as_slice().to_vec())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::groups::hearing::hearing_of;
    use openmls_traits::signatures::Signer as _;
    use trialogue_charter::{DeviceId, Suite};
    use trialogue_journal::GroupId;

    struct Keys {
        encryption: Vec<u8>,
        init: Vec<u8>,
        hearing: Vec<u8>,
    }

    type Alter = fn(&mut Keys);

    fn console(suite: Suite, number: u8) -> Keyring {
        Keyring::new(suite, DeviceId([number; 32]), &[number; 32], &mut crate::chance::any()).unwrap()
    }

    fn vector(bytes: &[u8]) -> Vec<u8> {
        VLBytes::from(bytes.to_vec()).tls_serialize_detached().unwrap()
    }

    /// RFC 9420 §5.1.2.
    fn sign(keyring: &Keyring, label: &str, content: &[u8]) -> Vec<u8> {
        let label = format!("MLS 1.0 {label}");
        vector(&keyring.signer.sign(&[vector(label.as_bytes()), vector(content)].concat()).unwrap())
    }

    /// A key package of this console whose keys were altered before it signed them.
    fn altered(keyring: &mut Keyring, alter: impl Fn(&mut Keys)) -> Vec<u8> {
        let bytes = keyring.key_package().unwrap();
        let message = MlsMessageIn::tls_deserialize_exact(&*bytes).unwrap();
        let MlsMessageBodyIn::KeyPackage(package) = message.extract() else { unreachable!() };
        let package = package.validate(keyring.provider.crypto(), ProtocolVersion::Mls10).unwrap();
        let leaf = package.leaf_node();
        let [was_encryption, was_init] = own_keys(&package).unwrap();
        let was_hearing = hearing_of(leaf).unwrap();
        let mut keys =
            Keys { encryption: was_encryption.clone(), init: was_init.clone(), hearing: was_hearing.clone() };
        alter(&mut keys);
        let Keys { encryption, init, hearing } = keys;
        let swap = |bytes: Vec<u8>, from: &[u8], to: &[u8]| {
            let at = bytes.windows(from.len()).position(|some| some == from).unwrap();
            [&bytes[..at], to, &bytes[at + from.len()..]].concat()
        };
        let leaf_bytes = leaf.tls_serialize_detached().unwrap();
        let at = bytes.windows(leaf_bytes.len()).position(|some| some == leaf_bytes).unwrap();
        // Version and kind of the message, then the package up to the leaf.
        let head = swap(bytes[4..at].to_vec(), &vector(&was_init), &vector(&init));
        let signature = leaf.signature().tls_serialize_detached().unwrap();
        let fields = leaf_bytes[..leaf_bytes.len() - signature.len()].to_vec();
        let fields = swap(fields, &vector(&was_encryption), &vector(&encryption));
        let fields = swap(fields, &was_hearing, &hearing);
        let leaf_signature = sign(keyring, "LeafNodeTBS", &fields);
        // No extensions of the package.
        let body = [head, fields, leaf_signature, vector(&[])].concat();
        let signature = sign(keyring, "KeyPackageTBS", &body);
        [&bytes[..4], &body, &signature].concat()
    }

    fn add(lead: &mut Keyring, guests: &[(&Keyring, &[u8])]) -> Vec<(DeviceId, Option<KeyringError>)> {
        let invites: Vec<Invite<'_>> = guests
            .iter()
            .map(|(guest, package)| Invite {
                device: guest.device,
                signature_key: guest.signer.public(),
                key_package: package,
            })
            .collect();
        let group = GroupId([1; 16]);
        if !lead.has(&group) {
            lead.create(group).unwrap();
        }
        let made = lead.add_and_remove(&group, &invites, &[]);
        if made.is_ok() {
            lead.confirm(&group).unwrap();
            // It can be renewed: everybody can be sealed for.
            lead.renew(&group).unwrap();
            lead.confirm(&group).unwrap();
        }
        let refused = made.map_or_else(|error| vec![(invites[0].device, error)], |made| made.refused);
        let of = |invite: &Invite<'_>| {
            let error = refused.iter().find(|(device, _)| *device == invite.device);
            (invite.device, error.map(|(_, error)| error.clone()))
        };
        invites.iter().map(of).collect()
    }

    #[test]
    fn keys_that_nothing_can_be_sealed_for_keep_nobody_else_out() {
        for suite in [Suite::XWing, Suite::Cnsa2] {
            let (mut lead, mut hostile, mut good) = (console(suite, 1), console(suite, 2), console(suite, 3));
            let good_offer = good.key_package().unwrap();
            // As long as a key, and no point of the lattice; or of another length.
            let kinds: [(&str, Alter); 4] = [
                ("encryption key", |keys| keys.encryption.fill(0xff)),
                ("encryption key", |keys| keys.encryption.truncate(32)),
                ("init key", |keys| keys.init.fill(0xff)),
                ("hearing key", |keys| keys.hearing.fill(0xff)),
            ];
            for (what, alter) in kinds {
                let bad = altered(&mut hostile, alter);
                let done = add(&mut lead, &[(&hostile, &bad)]);
                assert_eq!(done[0].1, Some(KeyringError::NoPublicKey(what)), "{suite:?}");
            }
            // What is altered in nothing is accepted: it is the keys that are refused, not the way in which this test
            // makes them.
            let same = altered(&mut hostile, |_| {});
            let done = add(&mut lead, &[(&hostile, &same), (&good, &good_offer)]);
            assert!(done.iter().all(|(_, error)| error.is_none()), "{done:?}");
        }
    }

    /// A key package that MLS takes and the profile does not.
    fn unusual(keyring: &Keyring, lifetime: Lifetime, capabilities: Capabilities, more: Option<Vec<u8>>) -> Vec<u8> {
        let mut extensions: Vec<Extension> = keyring.hearing_extension().unwrap().iter().cloned().collect();
        extensions.extend(more.map(|bytes| Extension::Unknown(0xf7a2, UnknownExtension(bytes))));
        let bundle = KeyPackage::builder()
            .key_package_lifetime(lifetime)
            .leaf_node_capabilities(capabilities)
            .leaf_node_extensions(Extensions::from_vec(extensions).unwrap())
            .build(keyring.suite, &keyring.provider, &keyring.signer, keyring.credential())
            .unwrap();
        MlsMessageOut::from(bundle.key_package().clone()).to_bytes().unwrap()
    }

    #[test]
    fn what_mls_allows_beyond_the_profile_is_refused_and_keeps_nobody_else_out() {
        let suite = Suite::XWing;
        let (mut lead, hostile, mut good) = (console(suite, 1), console(suite, 2), console(suite, 3));
        let good_offer = good.key_package().unwrap();
        let able = |suites: &[Ciphersuite], extensions: &[ExtensionType], credentials: &[CredentialType]| {
            Capabilities::new(
                Some(&[ProtocolVersion::Mls10]),
                Some(suites),
                Some(extensions),
                Some(&[]),
                Some(credentials),
            )
        };
        let (hearing, other) =
            (ExtensionType::Unknown(super::super::hearing::HEARING_KEY), ExtensionType::Unknown(0xf7a2));
        let ours = || hostile.capabilities();
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let wide = able(&[hostile.suite], &[hearing, other], &[CredentialType::Basic]);
        let kinds = [
            ("lifetime", unusual(&hostile, Lifetime::init(0, now + 2), ours(), None)),
            ("lifetime", unusual(&hostile, Lifetime::init(1, u64::MAX), ours(), None)),
            ("list of capabilities", unusual(&hostile, unlimited(), wide.clone(), None)),
            (
                "list of capabilities",
                unusual(&hostile, unlimited(), able(&[], &[hearing], &[CredentialType::Basic]), None),
            ),
            (
                "list of capabilities",
                unusual(&hostile, unlimited(), able(&[hostile.suite], &[hearing], &[CredentialType::X509]), None),
            ),
            ("size", unusual(&hostile, unlimited(), wide, Some(vec![0; 100_000]))),
        ];
        for (what, bad) in kinds {
            let done = add(&mut lead, &[(&hostile, &bad)]);
            assert_eq!(done[0].1, Some(KeyringError::OtherProfile(what)));
        }
        let usual = unusual(&hostile, unlimited(), ours(), None);
        let done = add(&mut lead, &[(&hostile, &usual), (&good, &good_offer)]);
        assert!(done.iter().all(|(_, error)| error.is_none()), "{done:?}");
    }

    #[test]
    fn two_devices_with_one_signature_key_and_one_with_a_key_of_the_tree_keep_nobody_else_out() {
        let suite = Suite::XWing;
        let (mut lead, mut first, mut good) = (console(suite, 1), console(suite, 2), console(suite, 3));
        // Another device of the same party, with the same key of the suite.
        let mut chance = crate::chance::any();
        let mut second = Keyring::new(suite, DeviceId([4; 32]), &[2; 32], &mut chance).unwrap();
        let offers = [&mut first, &mut second, &mut good].map(|ring| ring.key_package().unwrap());
        let done = add(&mut lead, &[(&first, &offers[0]), (&second, &offers[1]), (&good, &offers[2])]);
        assert_eq!(
            done.iter().map(|(_, error)| error.clone()).collect::<Vec<_>>(),
            [None, Some(KeyringError::KeyOfAnother), None]
        );
        // The lead has renewed: there are parents, whose keys stood in its commit.
        let parent = {
            let group = lead.groups.get(&GroupId([1; 16])).unwrap();
            let (_, parent) = group.treesync().full_parents().next().unwrap();
            first_key(parent).unwrap()
        };
        let mut hostile = console(suite, 5);
        let copy = altered(&mut hostile, |keys| keys.encryption.clone_from(&parent));
        let mut late = console(suite, 6);
        let late_offer = late.key_package().unwrap();
        let done = add(&mut lead, &[(&hostile, &copy), (&late, &late_offer)]);
        assert_eq!((&done[0].1, &done[1].1), (&Some(KeyringError::KeyOfAnother), &None));
    }

    #[test]
    fn a_copy_of_anothers_key_is_refused_and_the_other_is_not() {
        let suite = Suite::XWing;
        for copied_init in [false, true] {
            let (mut lead, mut hostile, mut good) = (console(suite, 1), console(suite, 2), console(suite, 3));
            let good_offer = good.key_package().unwrap();
            let keys = || {
                let message = MlsMessageIn::tls_deserialize_exact(&*good_offer).unwrap();
                let MlsMessageBodyIn::KeyPackage(package) = message.extract() else { unreachable!() };
                own_keys(&package.validate(good.provider.crypto(), ProtocolVersion::Mls10).unwrap()).unwrap()
            };
            let [encryption, init] = keys();
            let copy = altered(&mut hostile, |keys| {
                if copied_init { keys.init.clone_from(&init) } else { keys.encryption.clone_from(&encryption) }
            });
            // Both at once, the other first; then again, when the other is in.
            let done = add(&mut lead, &[(&good, &good_offer), (&hostile, &copy)]);
            assert_eq!((&done[0].1, &done[1].1), (&None, &Some(KeyringError::KeyOfAnother)));
        }
    }
}
