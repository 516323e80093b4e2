//! The MLS groups of one console (RFC 9420).
//!
//! # Calling contract
//! A [`Keyring`] orders nothing: the journal of the group's node does. Whoever commits calls
//! [`Keyring::add_and_remove`], hands the result to the node, and calls [`Keyring::confirm`] when the node has accepted
//! it or [`Keyring::discard`] when another commit was first. Everyone else calls [`Keyring::process`] with what the
//! journal says. Each call either succeeds or leaves the state as it was.
//!
//! Commits travel as MLS public messages: who is in a group stands in the journal anyway, and a refused one changes
//! nothing, not even a ratchet.

mod change;
mod error;
mod hearing;
mod join;
mod offer;
mod process;
mod profile;
mod provider;
mod signer;

pub use error::KeyringError;
pub use hearing::{Hearer, TagsTold};

use crate::chance::{Chance, NoChance};
use crate::sealing::BaseKey;
use openmls::prelude::*;
use openmls_traits::types::HpkeKeyPair;
use profile::Profile;
use provider::Provider;
use signer::DeviceSigner;
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use trialogue_charter::{DeviceId, Hash, Suite};
use trialogue_journal::GroupId;
use zeroize::Zeroizing;

/// Most groups held at once. One call has one group per node (18 at most); the rest is room for calls that overlap.
pub const GROUPS_MAX: usize = 64;
/// Most key packages held that nobody has used yet; the oldest is forgotten first. Ten rings with 18 nodes; raising it
/// costs about 10 kB of memory each.
pub const KEY_PACKAGES_MAX: usize = 192;
/// Most key packages held that serve many times, the newest: one a week, and those of half a year are still good for
/// what was cut off.
pub const STOCK_MAX: usize = 26;
/// Most members of a group. The key id has room for 1,024 leaves.
pub const MEMBERS_MAX: usize = 256;
/// Largest commit, welcome or key package looked at, in bytes; the same as a body in the journal.
pub const HANDSHAKE_MAX: usize = 512 << 10;
/// Largest key package that is added, in bytes: one of suite 0x0907 has 17 kB. It travels on in the commit and in every
/// later welcome, which have bounds of their own.
pub const OFFER_MAX: usize = 24 << 10;
/// Label of the exporter (RFC 9420 §8.5) from which SFrame base keys come.
pub const EXPORT_LABEL: &str = "trialogue sframe 1";

/// A member of a group: what its leaf says. The caller compares it with the device certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// Position in the ratchet tree.
    pub index: u32,
    /// The device that the leaf's credential names.
    pub device: DeviceId,
    /// Public signature key of the leaf: 32 bytes (Ed25519) or 2,592 bytes (ML-DSA-87), as the suite says.
    pub signature_key: Vec<u8>,
    /// Public key of the suite's KEM with which a sender tells this device a secret; none: it hears nobody.
    pub hearing: Option<Vec<u8>>,
}

/// A device to be added: its key package must name this device and carry this key.
#[derive(Debug, Clone, Copy)]
pub struct Invite<'a> {
    /// Who.
    pub device: DeviceId,
    /// Its public signature key for the suite, from its device certificate.
    pub signature_key: &'a [u8],
    /// Its key package, used once.
    pub key_package: &'a [u8],
}

/// A commit that waits for the node's order.
#[derive(Debug, Clone, Default)]
pub struct Pending {
    /// The epoch that it starts from.
    pub epoch: u64,
    /// For those who are in.
    pub commit: Vec<u8>,
    /// For those who are added; none if nobody is.
    pub welcome: Option<Vec<u8>>,
    /// Added, in the order of their leaves.
    pub added: Vec<DeviceId>,
    /// Removed, in the order asked for.
    pub removed: Vec<DeviceId>,
    /// Not added, and why.
    pub refused: Vec<(DeviceId, KeyringError)>,
}

/// What the journal says of a welcome: nothing is joined but that.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The group that it is for.
    pub group: GroupId,
    /// The epoch in which it lets this console in.
    pub epoch: u64,
    /// The device whose statement carried it.
    pub by: DeviceId,
    /// The key packages that were offered for that group (hashes of their bytes): whoever uses another one is after
    /// what was meant for somebody else.
    pub packages: &'a [Hash],
}

/// What a commit changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The new epoch.
    pub epoch: u64,
    /// Who committed.
    pub by: DeviceId,
    /// Who came in.
    pub added: Vec<DeviceId>,
    /// Who went out.
    pub removed: Vec<DeviceId>,
    /// This console itself went out; the group is dropped.
    pub left: bool,
}

/// One console's MLS world. Holds secrets: no `Debug`, no copy.
pub struct Keyring {
    provider: Provider,
    signer: DeviceSigner,
    device: DeviceId,
    suite: Ciphersuite,
    groups: BTreeMap<GroupId, MlsGroup>,
    /// With the hash of the bytes that were given out.
    offers: VecDeque<(KeyPackageRef, Hash)>,
    stock: VecDeque<KeyPackageRef>,
    /// In every own leaf from the first one on.
    hearing: OnceCell<HpkeKeyPair>,
}

impl Keyring {
    /// A keyring without groups. `seed` is the device's seed for the signature scheme of the suite: Ed25519 for
    /// [`Suite::XWing`], ML-DSA-87 for [`Suite::Cnsa2`]. `chance` gives the seed of all that it draws.
    ///
    /// # Errors
    /// When there are no random numbers.
    pub fn new(suite: Suite, device: DeviceId, seed: &[u8; 32], chance: &mut Chance) -> Result<Self, NoChance> {
        Ok(Self {
            provider: Provider::new(chance)?,
            signer: DeviceSigner::new(suite, seed),
            device,
            suite: ciphersuite(suite),
            groups: BTreeMap::new(),
            offers: VecDeque::new(),
            stock: VecDeque::new(),
            hearing: OnceCell::new(),
        })
    }

    /// The device whose keyring this is.
    pub fn device(&self) -> DeviceId {
        self.device
    }

    /// Public signature key that this keyring's leaves carry.
    pub fn signature_key(&self) -> &[u8] {
        self.signer.public()
    }

    /// Groups held, sorted.
    pub fn groups(&self) -> impl Iterator<Item = GroupId> + '_ {
        self.groups.keys().copied()
    }

    /// Is this group held.
    pub fn has(&self, group: &GroupId) -> bool {
        self.groups.contains_key(group)
    }

    /// This console's own leaf index in the group.
    pub fn own_leaf(&self, group: &GroupId) -> Result<u32, KeyringError> {
        Ok(self.group(group)?.own_leaf_index().u32())
    }

    /// The group's epoch, as last confirmed or processed.
    pub fn epoch(&self, group: &GroupId) -> Result<u64, KeyringError> {
        Ok(self.group(group)?.epoch().as_u64())
    }

    /// Does an own commit wait for the node's order.
    pub fn is_pending(&self, group: &GroupId) -> bool {
        self.groups.get(group).is_some_and(|g| g.pending_commit().is_some())
    }

    /// The epoch authenticator (RFC 9420 §8.7): equal at two members exactly if they hold the same keys.
    pub fn authenticator(&self, group: &GroupId) -> Result<Vec<u8>, KeyringError> {
        Ok(self.group(group)?.epoch_authenticator().as_slice().to_vec())
    }

    /// SFrame base key of one sender in the group's current epoch. Deterministic; the caller keeps what it needs when
    /// the epoch ends.
    pub fn base_key(&self, group: &GroupId, sender: &DeviceId, generation: u16) -> Result<BaseKey, KeyringError> {
        let mut context = [0; DeviceId::LEN + 2];
        context[..DeviceId::LEN].copy_from_slice(&sender.0);
        context[DeviceId::LEN..].copy_from_slice(&generation.to_be_bytes());
        Ok(BaseKey::new(*self.export(group, EXPORT_LABEL, &context)?))
    }

    /// 32 bytes that all members share in the group's current epoch, and nobody else (RFC 9420 §8.5).
    pub(crate) fn export(
        &self,
        group: &GroupId,
        label: &str,
        context: &[u8],
    ) -> Result<Zeroizing<[u8; 32]>, KeyringError> {
        let secret = self
            .group(group)?
            .export_secret(self.provider.crypto(), label, context, 32)
            .map_err(|e| KeyringError::mls("export", e))?;
        let secret = Zeroizing::new(secret);
        let bytes = <[u8; 32]>::try_from(secret.as_slice())
            .map_err(|_| KeyringError::Refused { step: "export", why: "wrong length".into() })?;
        Ok(Zeroizing::new(bytes))
    }

    /// Forgets a group and its secrets.
    pub fn drop_group(&mut self, group: &GroupId) {
        if let Some(mut held) = self.groups.remove(group) {
            // The storage is memory: deleting from it does not fail in a way that anyone could act on.
            let _ = held.delete(self.provider.storage());
        }
    }

    fn group(&self, group: &GroupId) -> Result<&MlsGroup, KeyringError> {
        self.groups.get(group).ok_or(KeyringError::NoGroup)
    }

    fn credential(&self) -> CredentialWithKey {
        CredentialWithKey {
            credential: BasicCredential::new(self.device.0.to_vec()).into(),
            signature_key: self.signer.public().into(),
        }
    }

    /// What leaves are held to.
    fn profile(&self) -> Profile<'_> {
        Profile { crypto: self.provider.crypto(), suite: self.suite, capabilities: self.capabilities() }
    }

    /// What our leaves say they can do: exactly this version, this suite, this credential, the one extension of hearing
    /// keys, no further proposals.
    fn capabilities(&self) -> Capabilities {
        Capabilities::new(
            Some(&[ProtocolVersion::Mls10]),
            Some(&[self.suite]),
            Some(&[ExtensionType::Unknown(hearing::HEARING_KEY)]),
            Some(&[]),
            Some(&[CredentialType::Basic]),
        )
    }
}

fn ciphersuite(suite: Suite) -> Ciphersuite {
    match suite {
        Suite::XWing => Ciphersuite::MLS_128_MLKEM768X25519_AES256GCM_SHA384_Ed25519,
        Suite::Cnsa2 => Ciphersuite::MLS_256_MLKEM1024_AES256GCM_SHA384_MLDSA87,
    }
}

/// Leaves of a group have no lifetime of their own: a key package is used once, under a fresh signed statement, and a
/// console whose clock is wrong must be able to join a crisis call.
fn unlimited() -> Lifetime {
    Lifetime::init(0, u64::MAX)
}

fn device_of(credential: &Credential) -> Result<DeviceId, KeyringError> {
    let basic = BasicCredential::try_from(credential.clone()).map_err(|_| KeyringError::NotADevice)?;
    <[u8; DeviceId::LEN]>::try_from(basic.identity()).map(DeviceId).map_err(|_| KeyringError::NotADevice)
}

fn leaf_of(member: &Member) -> Result<Leaf, KeyringError> {
    Ok(Leaf {
        index: member.index.u32(),
        device: device_of(&member.credential)?,
        signature_key: member.signature_key.clone(),
        hearing: None,
    })
}

fn leaves(members: impl Iterator<Item = Member>) -> Result<Vec<Leaf>, KeyringError> {
    let mut found = members.map(|m| leaf_of(&m)).collect::<Result<Vec<_>, _>>()?;
    found.sort_by_key(|leaf| leaf.index);
    Ok(found)
}

/// A device has one leaf, and a group has bounds.
fn check_members<'a>(devices: impl Iterator<Item = &'a DeviceId>) -> Result<(), KeyringError> {
    let mut seen = BTreeSet::new();
    for device in devices {
        if !seen.insert(*device) {
            return Err(KeyringError::Twice(*device));
        }
    }
    if seen.len() > MEMBERS_MAX {
        return Err(KeyringError::TooMany { what: "members", most: MEMBERS_MAX });
    }
    Ok(())
}

fn check_size(bytes: &[u8]) -> Result<(), KeyringError> {
    if bytes.len() > HANDSHAKE_MAX {
        return Err(KeyringError::TooLarge { len: bytes.len() });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
