//! Secrets between a sender and each single device that hears it, by which the latter tells who sent a frame
//! (`spec/sealing.md` §6).
//!
//! Every leaf carries a **hearing key**, a public key of the suite's KEM that its console has made at its start. A
//! sender draws a secret for each device in its group, seals it for that device's hearing key, and signs the list with
//! its key of the suite: with suite 0x0907 no step of this is open to a quantum computer.

use super::{Keyring, KeyringError, Leaf, check_size, leaf_of};
use crate::sealing::TagSecret;
use minicbor::{Decode, Encode};
use openmls::prelude::*;
use openmls_traits::signatures::Signer as _;
use openmls_traits::types::{HpkeCiphertext, HpkeKeyPair};
use std::collections::BTreeMap;
use trialogue_charter::{DeviceId, LineId};
use zeroize::Zeroizing;

/// Type of the leaf's extension that holds the hearing key: of the range for private use (RFC 9420 §17.3).
pub(super) const HEARING_KEY: u16 = 0xf7a1;
/// Longest hearing key, in bytes: ML-KEM-1024 has 1,568.
pub(super) const HEARING_MAX: usize = 2_048;
const INFO: &[u8] = b"trialogue tag secrets 1";
const SIGNED: &[u8] = b"trialogue tag secrets 1\0";

/// The secrets of a sender for those who hear it, as they travel.
#[derive(Encode, Decode)]
#[cbor(map)]
struct Signed {
    /// [`List`].
    #[cbor(n(1), with = "minicbor::bytes")]
    list: Vec<u8>,
    /// By the sender's key of the suite, over [`SIGNED`] and the list.
    #[cbor(n(2), with = "minicbor::bytes")]
    signature: Vec<u8>,
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct List {
    #[n(1)]
    sender: DeviceId,
    #[n(2)]
    line: LineId,
    #[n(3)]
    generation: u16,
    #[n(4)]
    secrets: Vec<One>,
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct One {
    #[n(1)]
    device: DeviceId,
    #[cbor(n(2), with = "minicbor::bytes")]
    encapsulated: Vec<u8>,
    #[cbor(n(3), with = "minicbor::bytes")]
    sealed: Vec<u8>,
}

/// What the signed list of a sender says to this device.
pub struct TagsTold {
    /// Generation of the sender's keys from which on it holds.
    pub generation: u16,
    /// The secret for this device; none: it is not on the list.
    pub secret: Option<TagSecret>,
}

/// One who is to hear.
pub struct Hearer<'a> {
    /// Who.
    pub device: DeviceId,
    /// Hearing key of its leaf.
    pub key: &'a [u8],
    /// Drawn for it.
    pub secret: &'a TagSecret,
}

impl Keyring {
    /// Extension of own leaves: the hearing key, which is made now if there is none.
    pub(super) fn hearing_extension(&self) -> Result<Extensions<LeafNode>, KeyringError> {
        let key = self.hearing_key()?.public.clone();
        Extensions::single(Extension::Unknown(HEARING_KEY, UnknownExtension(key)))
            .map_err(|e| KeyringError::mls("make a hearing key", e))
    }

    fn hearing_key(&self) -> Result<&HpkeKeyPair, KeyringError> {
        if let Some(key) = self.hearing.get() {
            return Ok(key);
        }
        let step = "make a hearing key";
        let seed: [u8; 64] = self.provider.rand().random_array().map_err(|e| KeyringError::mls(step, e))?;
        let seed = Zeroizing::new(seed);
        let pair = self
            .provider
            .crypto()
            .derive_hpke_keypair(self.suite.hpke_config(), &*seed)
            .map_err(|e| KeyringError::mls(step, e))?;
        Ok(self.hearing.get_or_init(|| pair))
    }

    /// The group's members with their hearing keys, sorted by leaf.
    ///
    /// # Errors
    /// [`KeyringError::NoGroup`].
    pub fn members(&self, group: &super::GroupId) -> Result<Vec<Leaf>, KeyringError> {
        let held = self.group(group)?;
        let keys: BTreeMap<u32, Vec<u8>> =
            held.treesync().full_leaves().filter_map(|(at, leaf)| Some((at.u32(), hearing_of(leaf)?))).collect();
        let mut found = held
            .members()
            .map(|member| {
                let leaf = leaf_of(&member)?;
                Ok(Leaf { hearing: keys.get(&leaf.index).cloned(), ..leaf })
            })
            .collect::<Result<Vec<_>, KeyringError>>()?;
        found.sort_by_key(|leaf| leaf.index);
        Ok(found)
    }

    /// Whom the own commit that is under way adds, with their hearing keys, as their key packages say; they were
    /// verified when the commit was made.
    ///
    /// # Errors
    /// [`KeyringError::NoGroup`].
    pub fn joining(&self, group: &super::GroupId) -> Result<Vec<Leaf>, KeyringError> {
        let Some(commit) = self.group(group)?.pending_commit() else { return Ok(Vec::new()) };
        let joins = commit.add_proposals().map(|add| {
            let leaf = add.add_proposal().key_package().leaf_node();
            Ok(Leaf {
                index: u32::MAX,
                device: super::device_of(leaf.credential())?,
                signature_key: leaf.signature_key().as_slice().to_vec(),
                hearing: hearing_of(leaf),
            })
        });
        joins.collect()
    }

    /// A secret for one who is to hear.
    ///
    /// # Errors
    /// The platform has no random numbers.
    pub fn draw_tag_secret(&self) -> Result<TagSecret, KeyringError> {
        let drawn = self.provider.rand().random_array().map_err(|e| KeyringError::mls("draw a secret", e))?;
        Ok(TagSecret::new(drawn))
    }

    /// The signed list that tells each of these its secret, for a generation of this console's keys on a line.
    ///
    /// # Errors
    /// A hearing key that is none: leave that device out, and it hears nothing.
    pub fn tell_tags(&self, line: &LineId, generation: u16, to: &[Hearer<'_>]) -> Result<Vec<u8>, KeyringError> {
        let step = "seal a secret for who hears";
        let mut secrets = Vec::with_capacity(to.len());
        for hearer in to {
            let bound = bound_to(&self.device, &hearer.device, line, generation);
            let sealed = self
                .provider
                .crypto()
                .hpke_seal(self.suite.hpke_config(), hearer.key, INFO, &bound, &hearer.secret.0)
                .map_err(|e| KeyringError::mls(step, e))?;
            let (encapsulated, sealed) = (sealed.kem_output.as_slice().to_vec(), sealed.ciphertext.as_slice().to_vec());
            secrets.push(One { device: hearer.device, encapsulated, sealed });
        }
        let list = List { sender: self.device, line: line.clone(), generation, secrets };
        let list = minicbor::to_vec(&list).map_err(|e| KeyringError::mls(step, e))?;
        let signature = self
            .signer
            .sign(&[SIGNED, &list].concat())
            .map_err(|_| KeyringError::Refused { step, why: "it could not be signed".into() })?;
        minicbor::to_vec(Signed { list, signature }).map_err(|e| KeyringError::mls(step, e))
    }

    /// Reads such a list of `sender`, whose certificate has this key of the suite.
    ///
    /// # Errors
    /// Not such a list, not the sender's, for another line, or its secret for this device does not open.
    pub fn hear_tags(
        &self,
        sender: &DeviceId,
        signature_key: &[u8],
        line: &LineId,
        bytes: &[u8],
    ) -> Result<TagsTold, KeyringError> {
        check_size(bytes)?;
        let malformed = KeyringError::Malformed("list of secrets");
        let signed: Signed = minicbor::decode(bytes).map_err(|_| malformed.clone())?;
        if !self.verifies(signature_key, &[SIGNED, &signed.list].concat(), &signed.signature) {
            return Err(KeyringError::NotTheirs);
        }
        let list: List = minicbor::decode(&signed.list).map_err(|_| malformed)?;
        if list.sender != *sender || list.line != *line {
            return Err(KeyringError::NotTheirs);
        }
        let Some(own) = list.secrets.iter().find(|one| one.device == self.device) else {
            return Ok(TagsTold { generation: list.generation, secret: None });
        };
        let step = "open a secret of a sender";
        let bound = bound_to(sender, &self.device, line, list.generation);
        let sealed =
            HpkeCiphertext { kem_output: own.encapsulated.clone().into(), ciphertext: own.sealed.clone().into() };
        let opened = self
            .provider
            .crypto()
            .hpke_open(self.suite.hpke_config(), &sealed, &self.hearing_key()?.private, INFO, &bound)
            .map(Zeroizing::new)
            .map_err(|e| KeyringError::mls(step, e))?;
        let secret = <[u8; TagSecret::LEN]>::try_from(opened.as_slice())
            .map_err(|_| KeyringError::Malformed("secret of a sender"))?;
        Ok(TagsTold { generation: list.generation, secret: Some(TagSecret::new(secret)) })
    }

    fn verifies(&self, key: &[u8], bytes: &[u8], signature: &[u8]) -> bool {
        match self.suite.signature_algorithm() {
            SignatureScheme::ED25519 => {
                let key =
                    <&[u8; 32]>::try_from(key).ok().and_then(|key| ed25519_dalek::VerifyingKey::from_bytes(key).ok());
                let signature = ed25519_dalek::Signature::from_slice(signature).ok();
                key.zip(signature).is_some_and(|(key, signature)| key.verify_strict(bytes, &signature).is_ok())
            }
            SignatureScheme::MLDSA87 => {
                use ml_dsa::{EncodedVerifyingKey, MlDsa87, Signature, Verifier as _, VerifyingKey};
                let key = EncodedVerifyingKey::<MlDsa87>::try_from(key).ok();
                let signature = Signature::<MlDsa87>::try_from(signature).ok();
                key.zip(signature).is_some_and(|(key, signature)| {
                    VerifyingKey::<MlDsa87>::decode(&key).verify(bytes, &signature).is_ok()
                })
            }
            _ => false,
        }
    }
}

/// Hearing key of a leaf, if it has one.
pub(super) fn hearing_of(leaf: &LeafNode) -> Option<Vec<u8>> {
    let key = &leaf.extensions().unknown(HEARING_KEY)?.0;
    (!key.is_empty() && key.len() <= HEARING_MAX).then(|| key.clone())
}

/// Nobody can hand a sealed secret on as if it were for another device, sender, line or generation.
fn bound_to(from: &DeviceId, to: &DeviceId, line: &LineId, generation: u16) -> Vec<u8> {
    [&from.0, &to.0, generation.to_be_bytes().as_slice(), line.as_str().as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use trialogue_charter::Suite;

    fn bytes(said: &Value) -> Vec<u8> {
        hex::decode(said.as_str().unwrap()).unwrap()
    }

    /// The list of `spec/vectors/sealing.json`, made by the second program.
    #[test]
    fn the_vector_tells_its_secret_to_its_hearer_alone() {
        let all: Value = serde_json::from_str(include_str!("../../../../spec/vectors/sealing.json")).unwrap();
        let (said, frame) = (&all["secrets"], &all["frame"]);
        let device = |name: &str| DeviceId(bytes(&frame[name]).try_into().unwrap());
        let hearer = |device: DeviceId| {
            let ring = Keyring::new(Suite::XWing, device, &[1; 32], &mut crate::chance::any()).unwrap();
            let crypto = ring.provider.crypto();
            let pair = crypto.derive_hpke_keypair(ring.suite.hpke_config(), &bytes(&said["hearing_seed"])).unwrap();
            assert_eq!(pair.public, bytes(&said["hearing_key"]));
            ring.hearing.set(pair).ok().unwrap();
            ring
        };
        let (sender, line) = (device("sender"), LineId::new(said["line"].as_str().unwrap()).unwrap());
        let (key, body) = (bytes(&said["signature_key"]), bytes(&said["body"]));
        let ring = hearer(device("receiver"));
        let told = ring.hear_tags(&sender, &key, &line, &body).unwrap();
        assert_eq!(u64::from(told.generation), said["generation"].as_u64().unwrap());
        assert_eq!(told.secret.unwrap().0.to_vec(), bytes(&frame["secret"]));

        assert!(hearer(sender).hear_tags(&sender, &key, &line, &body).unwrap().secret.is_none());
        let other = LineId::new("leaders").unwrap();
        assert!(matches!(ring.hear_tags(&sender, &key, &other, &body), Err(KeyringError::NotTheirs)));
        let mut forged = body.clone();
        *forged.last_mut().unwrap() ^= 1;
        assert!(matches!(ring.hear_tags(&sender, &key, &line, &forged), Err(KeyringError::NotTheirs)));
    }
}
