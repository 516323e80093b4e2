//! Consoles of three parties, made from fixed seeds.
#![allow(dead_code, missing_docs, clippy::unwrap_used, reason = "helpers of tests; not every test uses all")]

use trialogue_charter::{DeviceId, Hash, Suite};
use trialogue_e2ee::sealing::Source;
use trialogue_e2ee::{
    BaseKey, Chance, Expected, GroupId, Invite, KeyId, Keyring, KeyringError, Opener, Pending, Receiver, Sealer,
    TagKey, TagSecret,
};

pub const SUITES: [Suite; 2] = [Suite::XWing, Suite::Cnsa2];

/// A console: its device id is its number, repeated.
pub fn console(suite: Suite, number: u8) -> Keyring {
    Keyring::new(suite, device(number), &[number; 32], &mut Chance::new(|bytes| getrandom::fill(bytes).is_ok()))
        .unwrap()
}

pub fn device(number: u8) -> DeviceId {
    DeviceId([number; 32])
}

pub fn group(number: u8) -> GroupId {
    GroupId([number; 16])
}

/// `lead` invites `guests` into `group` in one commit; the node accepts it, the guests join.
pub fn bring_in(lead: &mut Keyring, group: &GroupId, guests: &mut [&mut Keyring]) -> Pending {
    let offers: Vec<_> = guests
        .iter_mut()
        .map(|guest| (guest.device(), guest.signature_key().to_vec(), guest.key_package().unwrap()))
        .collect();
    let invites: Vec<_> = offers
        .iter()
        .map(|(device, key, package)| Invite { device: *device, signature_key: key, key_package: package })
        .collect();
    let pending = lead.add_and_remove(group, &invites, &[]).unwrap();
    lead.confirm(group).unwrap();
    for guest in guests {
        let package = &offers.iter().find(|(device, _, _)| *device == guest.device()).unwrap().2;
        join(guest, pending.welcome.as_ref().unwrap(), group, pending.epoch + 1, lead.device(), package).unwrap();
    }
    pending
}

/// Joins as the journal says: this group, this epoch, by this device, by this key package.
pub fn join(
    guest: &mut Keyring,
    welcome: &[u8],
    group: &GroupId,
    epoch: u64,
    by: DeviceId,
    package: &[u8],
) -> Result<(), KeyringError> {
    guest.join(welcome, &Expected { group: *group, epoch, by, packages: &[Hash::of(package)] })
}

/// A group of node 0 with everybody in it; the first console leads.
pub fn group_of(id: GroupId, everybody: &mut [&mut Keyring]) {
    let (lead, guests) = everybody.split_first_mut().unwrap();
    lead.create(id).unwrap();
    bring_in(lead, &id, guests);
}

pub fn devices(keyring: &Keyring, group: &GroupId) -> Vec<DeviceId> {
    keyring.members(group).unwrap().into_iter().map(|leaf| leaf.device).collect()
}

/// The key id that `sender` uses in this group now, as `at` sees it.
pub fn key_id(at: &Keyring, group: &GroupId, sender: &DeviceId, generation: u16) -> KeyId {
    let leaf = at.members(group).unwrap().into_iter().find(|leaf| leaf.device == *sender).unwrap();
    KeyId::new(0, group, at.epoch(group).unwrap(), leaf.index, generation).unwrap()
}

/// What `from` and `to` share, and nobody else.
pub fn secret(from: &DeviceId, to: &DeviceId) -> TagSecret {
    TagSecret::new(std::array::from_fn(|at| from.0[at].wrapping_mul(7) ^ to.0[at]))
}

/// Each device is a party of its own.
pub fn receiver(id: KeyId, base: &BaseKey, from: &DeviceId, to: &DeviceId) -> Receiver {
    Receiver { party: to.0[0] & 63, key: TagKey::derive(&secret(from, to), base, id, from, to) }
}

pub fn source(id: KeyId, base: &BaseKey, from: &DeviceId, to: &DeviceId) -> Source {
    let tag = TagKey::derive(&secret(from, to), base, id, from, to);
    Source { device: *from, party: to.0[0] & 63, turn: 0, fellows: 1, tag, floor: 0 }
}

/// Seals for everybody else in the group, from the time 0.
pub fn sealer(at: &Keyring, group: &GroupId) -> Sealer {
    let me = at.device();
    let (id, base) = (key_id(at, group, &me, 0), at.base_key(group, &me, 0).unwrap());
    let others = devices(at, group).into_iter().filter(|device| *device != me);
    let receivers = others.map(|to| receiver(id, &base, &me, &to)).collect();
    Sealer::new(id, &base, 0, receivers).unwrap()
}

/// Lets `opener` open what `sender` seals, with the keys that `at` has.
pub fn listen(opener: &mut Opener, at: &Keyring, group: &GroupId, sender: &DeviceId) {
    let (id, base) = (key_id(at, group, sender, 0), at.base_key(group, sender, 0).unwrap());
    opener.insert(id, &base, &source(id, &base, sender, &at.device())).unwrap();
}
