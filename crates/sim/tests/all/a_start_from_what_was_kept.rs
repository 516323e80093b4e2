//! A node starts from what it has made of the journals before, and reads only what came after. Whatever is not its own,
//! whole and of these very journals is not used, and everything is read from the beginning.

#![allow(clippy::unwrap_used)]

use trialogue_charter::HybridSecret;
use trialogue_core::{Machine, Now, Setup, SnapshotError, Start};
use trialogue_journal::fold::FOLD_VERSION;
use trialogue_sim::{Disk, JPN, LEADERS, USA, World};

const AMERICA: usize = 2;

fn a_call(world: &mut World) {
    let call = world.ring(USA, LEADERS);
    assert!(world.run_until(|w| w.consoles[JPN].rings_here(w.fixture, LEADERS) == Some(call)));
    world.answer(JPN, LEADERS, call);
    assert!(world.run_until(|w| w.is_in(AMERICA, JPN, LEADERS)));
    world.leave(USA, LEADERS);
    world.leave(JPN, LEADERS);
    world.run(2_000_000);
}

fn setup(world: &World, node: usize, disk: &Disk) -> Setup {
    let site = &world.fixture.sites[node];
    Setup {
        charter: world.nodes[node].charter().clone(),
        lineage: Vec::new(),
        node: site.node.clone(),
        journal: HybridSecret::from_seed(site.journal.seed()),
        next_journal: None,
        alerts: false,
        shelf: Some(disk.shelf()),
        restored: false,
    }
}

/// Starts from a disk and this snapshot: whether that is used, how many entries are read, and the machine.
fn started(world: &World, disk: &Disk, snapshot: &[u8]) -> (Result<(), SnapshotError>, usize, Machine) {
    let mut start = Start::new(setup(world, AMERICA, disk), Now { us: 0, wall_ms: world.wall_ms() }).unwrap();
    let outcome = start.snapshot(snapshot);
    let rest = disk.read_after(&start.positions());
    let read = rest.len();
    rest.into_iter().for_each(|bundle| start.entry(bundle).unwrap());
    (outcome, read, start.done())
}

#[test]
fn only_what_came_after_is_read() {
    let mut world = World::on_watch(3, 31);
    (0..8).for_each(|_| a_call(&mut world));
    let disk = world.nodes[AMERICA].disk.copy();
    let snapshot = disk.snapshot().unwrap();
    let all = disk.read().len();
    let (_, everything, whole) = started(&world, &disk, &[]);
    assert_eq!(everything, all);
    let (outcome, read, machine) = started(&world, &disk, &snapshot);
    assert_eq!(outcome, Ok(()));
    assert!(read < all / 2, "{read} of {all}");
    assert_eq!(machine.head(), whole.head());
    assert!(machine.state() == whole.state());
}

#[test]
fn what_is_damaged_is_not_used() {
    let mut world = World::on_watch(3, 32);
    (0..8).for_each(|_| a_call(&mut world));
    let disk = world.nodes[AMERICA].disk.copy();
    let (snapshot, all) = (disk.snapshot().unwrap(), disk.read().len());
    let (_, _, whole) = started(&world, &disk, &[]);
    for at in (0..snapshot.len()).step_by(snapshot.len() / 40) {
        let mut bent = snapshot.clone();
        bent[at] ^= 1;
        let (outcome, read, machine) = started(&world, &disk, &bent);
        assert_eq!((outcome, read), (Err(SnapshotError::Damaged), all));
        assert!(machine.state() == whole.state() && machine.head() == whole.head());
    }
    // Another node's, however honest.
    let foreign = world.nodes[0].disk.snapshot().unwrap();
    assert_eq!(started(&world, &disk, &foreign).0, Err(SnapshotError::Damaged));
}

#[test]
fn what_another_version_has_kept_is_discarded_and_never_misread() {
    let mut world = World::on_watch(3, 34);
    (0..8).for_each(|_| a_call(&mut world));
    let disk = world.nodes[AMERICA].disk.copy();
    let (snapshot, all) = (disk.snapshot().unwrap(), disk.read().len());
    let (_, _, whole) = started(&world, &disk, &[]);
    // After the signature: the head of a list of five, and the version.
    let (head, rest) = (snapshot[64], &snapshot[66..]);
    assert_eq!((head, u32::from(snapshot[65])), (0x85, FOLD_VERSION));
    let journal = HybridSecret::from_seed(world.fixture.sites[AMERICA].journal.seed());
    let signed = |bytes: Vec<u8>| {
        let signature = journal.sign_ed25519(&[b"trialogue snapshot 1\n", bytes.as_slice()].concat());
        [signature.as_slice(), &bytes].concat()
    };
    assert_eq!(started(&world, &disk, &signed([&[head, snapshot[65]], rest].concat())).0, Ok(()));
    // Of the next version and of none; as it began with a text that named the program; of a form that nobody knows; and
    // nothing at all.
    let text = [&[head, 0x78, 0x26], b"0.1.0-6c62272e07bb014262b821756295c58d".as_slice(), rest].concat();
    let others = [vec![head, snapshot[65] + 1], vec![head, 0]].map(|version| [&version, rest].concat());
    for bytes in others.into_iter().chain([text, vec![0x81, 0x82, 0xf6], Vec::new()]) {
        let (outcome, read, machine) = started(&world, &disk, &signed(bytes));
        assert_eq!((outcome, read), (Err(SnapshotError::Version), all));
        assert!(machine.state() == whole.state() && machine.head() == whole.head());
    }
}

#[test]
fn one_that_stands_for_other_journals_is_not_used() {
    let mut world = World::on_watch(3, 33);
    (0..4).for_each(|_| a_call(&mut world));
    let before = world.nodes[AMERICA].disk.copy();
    (0..8).for_each(|_| a_call(&mut world));
    let later = world.nodes[AMERICA].disk.snapshot().unwrap();
    let (outcome, read, machine) = started(&world, &before, &later);
    assert!(matches!(outcome, Err(SnapshotError::Journal(_))), "{outcome:?}");
    assert_eq!(read, before.read().len());
    assert!(machine.head() < world.nodes[AMERICA].machine.as_ref().unwrap().head());
}
