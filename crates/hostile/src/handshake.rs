//! Key packages, welcomes and commits by a hostile device: the console stays where it was.
//!
//! MLS draws its own keys at random, so no bytes kept in a file are valid here. Therefore an input may also be a list
//! of changes to what is valid in this process; then the first byte says to what.

use std::cell::RefCell;
use trialogue_charter::{DeviceId, Hash, Suite};
use trialogue_e2ee::{Chance, Expected, GroupId, Invite, Keyring};

const GROUP: GroupId = GroupId([1; 16]);
const GROUP_OF_OTHER: GroupId = GroupId([2; 16]);
const OWN: DeviceId = DeviceId([1; 32]);
const OTHER: DeviceId = DeviceId([2; 32]);
const THIRD: DeviceId = DeviceId([3; 32]);
/// The first byte of an input: these bytes as they stand, or changes to a valid commit, welcome or key package.
const KINDS: u8 = 4;

/// A console in a group with another one, and what it would take.
struct Desk {
    console: Keyring,
    third_key: Vec<u8>,
    /// Of the other, for the group; of the other, to its own group; of a third.
    commit: Vec<u8>,
    welcome: Vec<u8>,
    package: Vec<u8>,
    /// The own key package by which the welcome lets it in.
    offered: Hash,
}

fn keyring(device: DeviceId) -> Keyring {
    Keyring::new(Suite::XWing, device, &device.0, &mut Chance::replayable(device.0)).expect("a seed")
}

impl Desk {
    fn new() -> Self {
        let (mut console, mut other, mut third) = (keyring(OWN), keyring(OTHER), keyring(THIRD));
        let (own_key, other_key) = (console.signature_key().to_vec(), other.signature_key().to_vec());
        let third_key = third.signature_key().to_vec();
        let invite = |by: &mut Keyring, group: &GroupId, device, key: &[u8], package: &[u8]| {
            by.add_and_remove(group, &[Invite { device, signature_key: key, key_package: package }], &[]).unwrap()
        };
        console.create(GROUP).unwrap();
        let package = other.key_package().unwrap();
        let added = invite(&mut console, &GROUP, OTHER, &other_key, &package);
        console.confirm(&GROUP).unwrap();
        let expected = Expected { group: GROUP, epoch: 1, by: OWN, packages: &[Hash::of(&package)] };
        other.join(&added.welcome.unwrap(), &expected).unwrap();
        let commit = invite(&mut other, &GROUP, THIRD, &third_key, &third.key_package().unwrap()).commit;
        other.create(GROUP_OF_OTHER).unwrap();
        let package = console.key_package().unwrap();
        let welcome = invite(&mut other, &GROUP_OF_OTHER, OWN, &own_key, &package).welcome;
        let offered = Hash::of(&package);
        Self { console, third_key, commit, welcome: welcome.unwrap(), package: third.key_package().unwrap(), offered }
    }

    /// What an input stands for.
    fn bytes(&self, kind: u8, rest: &[u8]) -> Vec<u8> {
        match kind % KINDS {
            0 => rest.to_vec(),
            1 => changed(&self.commit, rest),
            2 => changed(&self.welcome, rest),
            _ => changed(&self.package, rest),
        }
    }

    /// True: a valid one was taken, and this desk is used up.
    fn take(&mut self, bytes: &[u8]) -> bool {
        let console = &mut self.console;
        let before = (console.authenticator(&GROUP).unwrap(), console.epoch(&GROUP).unwrap());
        // The group that it speaks in is never the one that a welcome is for.
        let packages = [self.offered];
        let expected = |group, epoch| Expected { group, epoch, by: OTHER, packages: &packages };
        assert!(console.join(bytes, &expected(GROUP, before.1 + 1)).is_err());
        if console.join(bytes, &expected(GROUP_OF_OTHER, 1)).is_ok() {
            assert!(bytes == self.welcome, "joined by an altered welcome");
            return true;
        }
        if console.process(&GROUP, &OTHER, bytes).is_ok() {
            assert!(bytes == self.commit, "followed an altered commit");
            return true;
        }
        let invite = Invite { device: THIRD, signature_key: &self.third_key, key_package: bytes };
        if console.add_and_remove(&GROUP, &[invite], &[]).is_ok() {
            assert!(bytes == self.package, "added by an altered key package");
            return true;
        }
        assert!(!console.has(&GROUP_OF_OTHER));
        assert!(!console.is_pending(&GROUP));
        assert_eq!((console.authenticator(&GROUP).unwrap(), console.epoch(&GROUP).unwrap()), before);
        false
    }
}

/// Changes: two bytes say where (big-endian, counted round), one what is added to the byte there by exclusive or; a
/// rest of two cuts the end off there.
fn changed(valid: &[u8], changes: &[u8]) -> Vec<u8> {
    let mut bytes = valid.to_vec();
    let (each, rest) = changes.as_chunks::<3>();
    for [high, low, mask] in each {
        bytes[usize::from(u16::from_be_bytes([*high, *low])) % valid.len()] ^= mask;
    }
    if let [high, low] = rest {
        bytes.truncate(usize::from(u16::from_be_bytes([*high, *low])) % valid.len());
    }
    bytes
}

thread_local!(static DESK: RefCell<Desk> = RefCell::new(Desk::new()));

/// As a welcome, as a commit, and as a key package. Taken: it was valid.
pub fn handshake(data: &[u8]) -> bool {
    let Some((kind, rest)) = data.split_first() else { return false };
    DESK.with_borrow_mut(|desk| {
        let taken = desk.take(&desk.bytes(*kind, rest));
        if taken {
            *desk = Desk::new();
        }
        taken
    })
}

/// The valid ones, unchanged.
pub fn seeds() -> Vec<Vec<u8>> {
    (1..KINDS).flat_map(|kind| [vec![kind], vec![kind, 0, 40, 0, 1, 0, 0]]).collect()
}
