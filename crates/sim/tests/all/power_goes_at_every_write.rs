//! The power of a node goes with every single write of its disk in turn, while its officer sends a message with a file
//! and another party rings; and each time every possible number of the writes that were not synced survives. What was
//! acknowledged is there afterwards, at everybody, and said once.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use trialogue_charter::{Hash, LineId, Precedence};
use trialogue_journal::{
    Act, BodyRef, GroupId, Kind, Traffic, UnverifiedEntry, UnverifiedStatement, Wrapped, Written, chunk_list,
};
use trialogue_sim::{JPN, LEADERS, USA, World};
use trialogue_wire::console::ToNode;

const AMERICA: usize = 2;
const STEP_US: u64 = 3_000;

/// Two chunks of a file.
fn chunks() -> [Vec<u8>; 2] {
    [vec![1; 200_000], vec![2; 9_000]]
}

fn act(world: &mut World, act: Act, bodies: Vec<Vec<u8>>) {
    world.set_console_clock(USA);
    let message = world.consoles[USA].state_act(world.fixture, LEADERS, act, bodies);
    world.send(USA, trialogue_wire::encode(&message));
    world.run(STEP_US);
}

/// What happens: keys, a circle, a file, a message with it, a ring of another party and the receipt of the message.
/// Says each number of the officer's statements after which the node acknowledged it.
fn story(world: &mut World) {
    let reader = world.fixture.parties[0].devices[0].id;
    let (package, welcome, content) = (vec![7; 900], vec![8; 2_000], vec![9; 1_040]);
    act(world, Act::Stock { package: BodyRef::of(&package).unwrap() }, vec![package]);
    let (circle, reference) = (GroupId([4; 16]), BodyRef::of(&welcome).unwrap());
    act(world, Act::Circle { circle, welcome: reference, readers: vec![reader] }, vec![welcome]);
    for bytes in chunks() {
        world.send(USA, trialogue_wire::encode(&ToNode::Chunk { bytes }));
        world.run(STEP_US);
    }
    // A chunk takes its time to the disk; without it the message would be refused.
    world.run(20_000);
    let list = chunk_list(&chunks().map(|chunk| Hash::of(&chunk)));
    let written = Written {
        kind: Kind::Message,
        about: None,
        keys: vec![Wrapped { circle, key: [3; 48] }],
        content: BodyRef::of(&content).unwrap(),
        digest: Hash([6; 48]),
        at_ms: world.wall_ms(),
        traffic: Traffic::Service,
        precedence: Precedence::Routine,
        answer_by_ms: None,
        attached: BodyRef::of(&list),
    };
    act(world, Act::Write { written }, vec![content, list]);
    world.ring(JPN, LEADERS);
    world.run(400_000);
}

/// Numbers of the officer's statements in the node's journal, as a node holds it.
fn statements(world: &World, at: usize) -> Vec<u64> {
    let device = world.fixture.parties[AMERICA].devices[0].id;
    let held = world.nodes[at].disk.read();
    let entries = held.iter().filter_map(|bundle| UnverifiedEntry::decode(&bundle.entry).ok());
    let of_usa = entries.filter(|entry| entry.claim().node == world.nodes[AMERICA].id);
    let mut numbers = Vec::new();
    for entry in of_usa {
        let trialogue_journal::Body::Stated { statement } = &entry.claim().body else { continue };
        let claim = UnverifiedStatement::decode(statement).unwrap().claim().clone();
        numbers.extend((claim.device == device).then_some(claim.number));
    }
    numbers
}

/// Plays it until the power goes with that write, and looks at what is left. False: there was no such write.
fn played(write: u64, survive: usize) -> bool {
    let mut world = World::on_watch(3, 78);
    let (before, _) = world.nodes[AMERICA].disk.writes();
    world.nodes[AMERICA].disk.cut_power_at(before + write, survive);

    story(&mut world);
    if world.nodes[AMERICA].machine.is_some() {
        return false;
    }
    let accepted: BTreeSet<u64> = world.consoles[USA].accepted.iter().map(|(number, _)| *number).collect();
    assert!(world.consoles[USA].accepted.iter().all(|(_, unrecorded)| !unrecorded));
    let stored = world.consoles[USA].chunks_stored.clone();
    world.run(100_000);
    world.start(AMERICA);
    world.recover();
    world.run(15_000_000);
    let own = statements(&world, AMERICA);
    assert!(own.is_sorted_by(|a, b| a < b), "each once: {own:?}");
    for number in &accepted {
        assert!(own.contains(number), "write {write}, {survive} survive: {number} was acknowledged and is gone");
    }
    let shelf = world.nodes[AMERICA].disk.shelf();
    assert!(
        stored.iter().all(|hash| shelf.has(hash)),
        "write {write}, {survive} survive: a chunk that was stored is gone"
    );
    for other in 0..AMERICA {
        assert_eq!(statements(&world, other), own, "write {write}, {survive} survive");
    }
    // Where the message stands, all that is attached to it is at everybody.
    let line = LineId::new(LEADERS).unwrap();
    let state = world.nodes[JPN].machine.as_ref().unwrap().state();
    if !state.writings(&line).is_empty() {
        let whole = |node: usize| chunks().iter().all(|chunk| world.nodes[node].disk.shelf().has(&Hash::of(chunk)));
        assert!((0..3).all(whole), "write {write}, {survive} survive: not all of the file is everywhere");
    }
    world.check_converged();
    world.check_honest();
    true
}

#[test]
fn nothing_acknowledged_is_lost_whenever_the_power_goes() {
    let mut cuts = 0;
    for write in 1.. {
        // Of at most so many writes that wait for one sync.
        let mut there = false;
        for survive in [0, 1, 2, usize::MAX] {
            there |= played(write, survive);
            cuts += usize::from(there);
        }
        if !there {
            break;
        }
    }
    assert!(cuts >= 40, "only {cuts} cuts: the story has no writes");
}

#[test]
fn the_story_ends_well_when_the_power_stays() {
    let mut world = World::on_watch(3, 78);
    story(&mut world);
    world.run(15_000_000);
    assert!(world.consoles[USA].refused.is_empty(), "{:?}", world.consoles[USA].refused);
    assert_eq!(world.consoles[USA].chunks_stored.len(), 2);
    let line = LineId::new(LEADERS).unwrap();
    for node in 0..3 {
        let state = world.nodes[node].machine.as_ref().unwrap().state();
        let writings = state.writings(&line);
        let (id, _, _) = writings.first().unwrap();
        let stored = state.receipts(id).filter(|(_, receipts)| receipts.stored.is_some()).count();
        assert_eq!(stored, 2, "the two other nodes say that they have all of it");
    }
}
