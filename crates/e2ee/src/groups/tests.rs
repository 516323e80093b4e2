//! Commits by a program that makes its leaves and paths otherwise than consoles do: nobody takes them, and whoever else
//! is to go can be removed.
#![allow(clippy::unwrap_used)]

use super::*;
use openmls::prelude::tls_codec::SecretVLBytes;
use openmls_traits::random::OpenMlsRand;
use openmls_traits::types::{AeadType, CryptoError, ExporterSecret, HashType, HpkeCiphertext, HpkeConfig, KemOutput};
use std::convert::Infallible;
use std::sync::Mutex;
use trialogue_charter::Suite;

type Crypto = <Provider as OpenMlsProvider>::CryptoProvider;
type Made<T> = Result<T, CryptoError>;

/// Derives key pairs as it should, but for the public half of one of them.
struct Hostile<'a> {
    honest: &'a Crypto,
    /// What the key pair to be spoilt is derived from. Not its number: openmls derives those of a path on several
    /// threads, in no order.
    spoilt: Option<Vec<u8>>,
    /// What key pairs were derived from.
    derived: Mutex<BTreeSet<Vec<u8>>>,
}

/// Gives the same numbers each time, so that a path that is made again has the same keys.
struct Same;

impl OpenMlsRand for Same {
    type Error = Infallible;
    fn random_array<const N: usize>(&self) -> Result<[u8; N], Infallible> {
        Ok([7; N])
    }
    fn random_vec(&self, len: usize) -> Result<Vec<u8>, Infallible> {
        Ok(vec![7; len])
    }
}

impl OpenMlsCrypto for Hostile<'_> {
    fn supports(&self, suite: Ciphersuite) -> Made<()> {
        self.honest.supports(suite)
    }
    fn supported_ciphersuites(&self) -> Vec<Ciphersuite> {
        self.honest.supported_ciphersuites()
    }
    fn hkdf_extract(&self, hash: HashType, salt: &[u8], ikm: &[u8]) -> Made<SecretVLBytes> {
        self.honest.hkdf_extract(hash, salt, ikm)
    }
    fn hmac(&self, hash: HashType, key: &[u8], message: &[u8]) -> Made<SecretVLBytes> {
        self.honest.hmac(hash, key, message)
    }
    fn hkdf_expand(&self, hash: HashType, prk: &[u8], info: &[u8], len: usize) -> Made<SecretVLBytes> {
        self.honest.hkdf_expand(hash, prk, info, len)
    }
    fn hash(&self, hash: HashType, data: &[u8]) -> Made<Vec<u8>> {
        self.honest.hash(hash, data)
    }
    fn aead_encrypt(&self, alg: AeadType, key: &[u8], data: &[u8], nonce: &[u8], aad: &[u8]) -> Made<Vec<u8>> {
        self.honest.aead_encrypt(alg, key, data, nonce, aad)
    }
    fn aead_decrypt(&self, alg: AeadType, key: &[u8], data: &[u8], nonce: &[u8], aad: &[u8]) -> Made<Vec<u8>> {
        self.honest.aead_decrypt(alg, key, data, nonce, aad)
    }
    fn signature_key_gen(&self, alg: SignatureScheme) -> Made<(Vec<u8>, Vec<u8>)> {
        self.honest.signature_key_gen(alg)
    }
    fn verify_signature(&self, alg: SignatureScheme, data: &[u8], key: &[u8], signature: &[u8]) -> Made<()> {
        self.honest.verify_signature(alg, data, key, signature)
    }
    fn sign(&self, alg: SignatureScheme, data: &[u8], key: &[u8]) -> Made<Vec<u8>> {
        self.honest.sign(alg, data, key)
    }
    fn hpke_seal(&self, config: HpkeConfig, key: &[u8], info: &[u8], aad: &[u8], text: &[u8]) -> Made<HpkeCiphertext> {
        self.honest.hpke_seal(config, key, info, aad, text)
    }
    fn hpke_open(&self, config: HpkeConfig, of: &HpkeCiphertext, key: &[u8], info: &[u8], aad: &[u8]) -> Made<Vec<u8>> {
        self.honest.hpke_open(config, of, key, info, aad)
    }
    fn hpke_setup_sender_and_export(
        &self,
        config: HpkeConfig,
        key: &[u8],
        info: &[u8],
        context: &[u8],
        len: usize,
    ) -> Made<(KemOutput, ExporterSecret)> {
        self.honest.hpke_setup_sender_and_export(config, key, info, context, len)
    }
    fn hpke_setup_receiver_and_export(
        &self,
        config: HpkeConfig,
        enc: &[u8],
        key: &[u8],
        info: &[u8],
        context: &[u8],
        len: usize,
    ) -> Made<ExporterSecret> {
        self.honest.hpke_setup_receiver_and_export(config, enc, key, info, context, len)
    }
    fn derive_hpke_keypair(&self, config: HpkeConfig, ikm: &[u8]) -> Made<HpkeKeyPair> {
        let mut pair = self.honest.derive_hpke_keypair(config, ikm)?;
        self.derived.lock().unwrap().insert(ikm.to_vec());
        if self.spoilt.as_deref() == Some(ikm) {
            // As long as a key, and no point of the lattice.
            pair.public.fill(0xff);
        }
        Ok(pair)
    }
}

const GROUP: GroupId = GroupId([1; 16]);

fn console(suite: Suite, number: u8) -> Keyring {
    Keyring::new(suite, DeviceId([number; 32]), &[number; 32], &mut crate::chance::any()).unwrap()
}

/// A group of consoles 1 to `count`, the first one its lead.
fn group(suite: Suite, count: u8) -> Vec<Keyring> {
    let mut all: Vec<Keyring> = (1..=count).map(|number| console(suite, number)).collect();
    let (lead, others) = all.split_first_mut().unwrap();
    lead.create(GROUP).unwrap();
    let packages: Vec<_> = others.iter_mut().map(|other| other.key_package().unwrap()).collect();
    let invite = |(other, key_package)| {
        let other: &Keyring = other;
        Invite { device: other.device, signature_key: other.signer.public(), key_package }
    };
    let invites: Vec<_> = others.iter().zip(packages.iter().map(Vec::as_slice)).map(invite).collect();
    let made = lead.add_and_remove(&GROUP, &invites, &[]).unwrap();
    lead.confirm(&GROUP).unwrap();
    for (other, package) in others.iter_mut().zip(&packages) {
        let packages = [Hash::of(package)];
        let expected = Expected { group: GROUP, epoch: 1, by: lead.device, packages: &packages };
        other.join(made.welcome.as_ref().unwrap(), &expected).unwrap();
    }
    all
}

/// It commits an UpdatePath alone, with a leaf as it likes, and the public half of the key pair spoilt that is derived
/// from this; and says what all of them are derived from.
fn path(
    hostile: &mut Keyring,
    leaf: LeafNodeParameters,
    spoilt: Option<&[u8]>,
) -> (Option<Vec<u8>>, BTreeSet<Vec<u8>>) {
    let Keyring { provider, signer, groups, .. } = hostile;
    let crypto = Hostile { honest: provider.crypto(), spoilt: spoilt.map(<[u8]>::to_vec), derived: Mutex::default() };
    let held = groups.get_mut(&GROUP).unwrap();
    let built = held.commit_builder().force_self_update(true).leaf_node_parameters(leaf);
    let built = built.load_psks(provider.storage()).unwrap().build(&Same, &crypto, &*signer, |_| true);
    let bytes = built.ok().map(|built| built.stage_commit(&*provider).unwrap().commit().to_bytes().unwrap());
    let derived = crypto.derived.into_inner().unwrap();
    // It waits for nobody's order.
    groups.get_mut(&GROUP).unwrap().clear_pending_commit(provider.storage()).unwrap();
    (bytes, derived)
}

/// Capabilities that MLS takes and the profile does not.
fn wide(suite: Suite) -> Capabilities {
    let extensions = [ExtensionType::Unknown(hearing::HEARING_KEY), ExtensionType::Unknown(0xf000)];
    Capabilities::new(None, Some(&[ciphersuite(suite)]), Some(&extensions), None, None)
}

#[test]
fn a_path_that_is_not_as_consoles_make_it_is_refused_and_others_can_still_be_removed() {
    let suite = Suite::XWing;
    let mut all = group(suite, 3);
    let other = Extensions::single(Extension::Unknown(hearing::HEARING_KEY, UnknownExtension(vec![7; 1_216]))).unwrap();
    let builder = LeafNodeParameters::builder;
    let kinds = [
        (builder().with_capabilities(wide(suite)).build(), KeyringError::OtherProfile("list of capabilities")),
        (builder().with_extensions(other).build(), KeyringError::IdentityChanged),
    ];
    for (leaf, why) in kinds {
        let bytes = path(&mut all[1], leaf, None).0.unwrap();
        assert_eq!(all[0].process(&GROUP, &DeviceId([2; 32]), &bytes), Err(why));
    }
    all[0].add_and_remove(&GROUP, &[], &[DeviceId([3; 32])]).unwrap();
}

#[test]
fn a_path_with_a_key_that_is_none_is_refused_and_others_can_still_be_removed() {
    for suite in [Suite::XWing, Suite::Cnsa2] {
        // The fourth one is the sender's neighbour, knows all of its path, and says nothing.
        let mut all = group(suite, 4);
        let (_, derived) = path(&mut all[2], LeafNodeParameters::default(), None);
        let (mut found, mut taken) = (BTreeSet::new(), 0);
        for spoilt in derived {
            let mut all = group(suite, 4);
            let (bytes, _) = path(&mut all[2], LeafNodeParameters::default(), Some(&spoilt));
            let Some(bytes) = bytes else { continue };
            match all[0].process(&GROUP, &DeviceId([3; 32]), &bytes) {
                Err(KeyringError::NoPublicKey(what)) => drop(found.insert(what)),
                // MLS itself, where the secret below it is known.
                Err(_) => {}
                Ok(_) => taken += 1,
            }
            all[0].add_and_remove(&GROUP, &[], &[DeviceId([2; 32])]).unwrap();
        }
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["encryption key", "key of a parent"], "{suite:?}");
        // What is derived above the root is in no path.
        assert!(taken <= 1, "{suite:?}: {taken}");
    }
}

#[test]
fn nobody_joins_a_tree_with_a_leaf_that_is_not_as_consoles_make_it() {
    let suite = Suite::XWing;
    // Its creator renews itself first, as it likes.
    let (mut hostile, mut guest) = (console(suite, 1), console(suite, 2));
    hostile.create(GROUP).unwrap();
    let leaf = LeafNodeParameters::builder().with_capabilities(wide(suite)).build();
    let Keyring { provider, signer, groups, .. } = &mut hostile;
    let held = groups.get_mut(&GROUP).unwrap();
    held.self_update(&*provider, &*signer, leaf).unwrap();
    held.merge_pending_commit(&*provider).unwrap();
    let package = guest.key_package().unwrap();
    let invite = Invite { device: guest.device, signature_key: guest.signer.public(), key_package: &package };
    let made = hostile.add_and_remove(&GROUP, &[invite], &[]).unwrap();
    let packages = [Hash::of(&package)];
    let expected = Expected { group: GROUP, epoch: 2, by: hostile.device, packages: &packages };
    let joined = guest.join(made.welcome.as_ref().unwrap(), &expected);
    assert_eq!(joined, Err(KeyringError::OtherProfile("list of capabilities")));
    assert!(!guest.has(&GROUP));
}

#[test]
fn who_is_added_is_looked_at_by_all_who_follow() {
    let suite = Suite::XWing;
    let mut all = group(suite, 3);
    let fourth = console(suite, 4);
    let package = KeyPackage::builder()
        .key_package_lifetime(Lifetime::init(0, 1 << 40))
        .leaf_node_capabilities(fourth.capabilities())
        .leaf_node_extensions(fourth.hearing_extension().unwrap())
        .build(fourth.suite, &fourth.provider, &fourth.signer, fourth.credential())
        .unwrap();
    let Keyring { provider, signer, groups, .. } = &mut all[1];
    let held = groups.get_mut(&GROUP).unwrap();
    let (commit, ..) = held.add_members(&*provider, &*signer, &[package.key_package().clone()]).unwrap();
    let bytes = commit.to_bytes().unwrap();
    let done = all[0].process(&GROUP, &DeviceId([2; 32]), &bytes);
    assert_eq!(done, Err(KeyringError::OtherProfile("lifetime")));
    all[0].add_and_remove(&GROUP, &[], &[DeviceId([3; 32])]).unwrap();
}
