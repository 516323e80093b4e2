//! A node comes back from an old backup, or its machine is set back: it takes what it has said since from the others
//! before it speaks, and never says two things at one position. Nobody can make it say what it did not say, nor silence
//! it by pretending.

#![allow(clippy::unwrap_used)]

use trialogue_core::{Count, Note};
use trialogue_journal::{Body, Journal, UnverifiedEntry, VerifiedEntry};
use trialogue_sim::{JPN, LEADERS, USA, World};
use trialogue_wire::Bundle;
use trialogue_wire::console::Refusal;
use trialogue_wire::link::{Head, LinkMessage};

const JAPAN: usize = 0;
const KOREA: usize = 1;
const AMERICA: usize = 2;

/// One ring of the USA that Japan answers, then everybody has left.
fn a_call(world: &mut World) {
    let call = world.ring(USA, LEADERS);
    assert!(world.run_until(|w| w.consoles[JPN].rings_here(w.fixture, LEADERS) == Some(call)));
    world.answer(JPN, LEADERS, call);
    assert!(world.run_until(|w| w.is_in(AMERICA, JPN, LEADERS)));
    world.leave(USA, LEADERS);
    world.leave(JPN, LEADERS);
    assert!(world.run_until(|w| !w.is_in(AMERICA, JPN, LEADERS) && !w.is_in(JAPAN, USA, LEADERS)));
    world.run(2_000_000);
}

fn head(world: &World, node: usize) -> u64 {
    world.nodes[node].machine.as_ref().unwrap().head()
}

/// Positions of the node's own restarts on its disk.
fn restarts(world: &World, node: usize) -> Vec<u64> {
    let held = world.nodes[node].disk.read();
    let own = held.iter().filter_map(|bundle| UnverifiedEntry::decode(&bundle.entry).ok());
    own.filter(|entry| entry.claim().node == world.nodes[node].id && matches!(entry.claim().body, Body::Restarted {}))
        .map(|entry| entry.claim().seq)
        .collect()
}

#[test]
fn a_restored_node_goes_on_where_it_had_ended() {
    let mut world = World::on_watch(3, 91);
    a_call(&mut world);
    let backup = world.nodes[AMERICA].disk.copy();
    let (before, _) = (head(&world, AMERICA), a_call(&mut world));
    a_call(&mut world);
    let said = head(&world, AMERICA);
    assert!(said > before + 3);
    world.crash(AMERICA);
    world.run(1_000_000);
    world.restore(AMERICA, backup);
    assert!(world.run_until(|w| w.nodes[AMERICA].machine.as_ref().unwrap().has_opened()));
    world.run(1_000_000);
    assert_eq!(restarts(&world, AMERICA), [said + 1], "the next position, and none before it");
    world.recover();
    a_call(&mut world);
    world.check_converged();
    world.check_honest();
    world.check_everyone_has_everything();
}

#[test]
fn a_node_without_backup_gets_all_that_it_ever_said() {
    let mut world = World::on_watch(3, 92);
    a_call(&mut world);
    let said = head(&world, AMERICA);
    world.crash(AMERICA);
    world.run(1_000_000);
    world.restore(AMERICA, trialogue_sim::Disk::default());
    assert!(world.run_until(|w| w.nodes[AMERICA].machine.as_ref().unwrap().has_opened()));
    world.run(1_000_000);
    assert_eq!(restarts(&world, AMERICA), [said + 1]);
    world.recover();
    world.check_converged();
    world.check_honest();
}

#[test]
fn a_restored_node_is_silent_until_somebody_has_answered() {
    let mut world = World::on_watch(3, 93);
    let backup = world.nodes[AMERICA].disk.copy();
    a_call(&mut world);
    let said = head(&world, AMERICA);
    world.cut(AMERICA, JAPAN);
    world.cut(AMERICA, KOREA);
    world.crash(AMERICA);
    world.restore(AMERICA, backup);
    let old = head(&world, AMERICA);
    world.run(120_000_000);
    assert_eq!(head(&world, AMERICA), old, "nobody could say how far its journal had come");
    world.connect(USA);
    world.run(1_000_000);
    let refused = world.consoles[USA].refused.last().map(|(_, reason)| *reason);
    assert_eq!(refused, Some(Refusal::CatchingUp), "its people are told why");
    // One party that can be reached is enough, though the other may hold more: so much patience has an end.
    world.mend(AMERICA, JAPAN);
    world.run(30_000_000);
    assert_eq!(head(&world, AMERICA), said, "everything is there, and Korea is still waited for");
    world.run(40_000_000);
    assert!(world.nodes[AMERICA].machine.as_ref().unwrap().has_opened());
    assert_eq!(restarts(&world, AMERICA), [said + 1]);
    world.mend(AMERICA, KOREA);
    world.recover();
    a_call(&mut world);
    world.check_converged();
    world.check_honest();
}

#[test]
fn a_machine_that_was_set_back_takes_back_what_it_has_forgotten() {
    let mut world = World::on_watch(3, 94);
    let snapshot = world.nodes[AMERICA].disk.copy();
    (0..3).for_each(|_| a_call(&mut world));
    let said = head(&world, AMERICA);
    // Nobody has told it: it starts as after any power cut.
    world.crash(AMERICA);
    world.nodes[AMERICA].disk = snapshot;
    world.set_back(AMERICA);
    assert!(world.run_until(|w| w.nodes[AMERICA].machine.as_ref().unwrap().has_opened()));
    world.run(1_000_000);
    assert_eq!(restarts(&world, AMERICA), [said + 1]);
    world.recover();
    a_call(&mut world);
    world.check_converged();
    world.check_honest();
}

#[test]
fn one_that_has_contradicted_itself_says_so_and_is_put_right_by_the_others() {
    let mut world = World::on_watch(3, 95);
    let snapshot = world.nodes[AMERICA].disk.copy();
    (0..6).for_each(|_| a_call(&mut world));
    let said = head(&world, AMERICA);
    for other in [JAPAN, KOREA] {
        world.cut(AMERICA, other);
    }
    world.crash(AMERICA);
    world.nodes[AMERICA].disk = snapshot;
    world.set_back(AMERICA);
    world.run(5_000_000);
    for other in [JAPAN, KOREA] {
        world.mend(AMERICA, other);
    }
    world.run(10_000_000);
    let alarmed =
        |world: &World| world.nodes[AMERICA].notes.iter().filter(|note| matches!(note, Note::OwnFork { .. })).count();
    assert_eq!(alarmed(&world), 1, "its operator is told once, with the remedy");
    // The remedy: away with that disk.
    world.crash(AMERICA);
    world.restore(AMERICA, trialogue_sim::Disk::default());
    assert!(world.run_until(|w| w.nodes[AMERICA].machine.as_ref().unwrap().has_opened()));
    world.run(1_000_000);
    assert_eq!(restarts(&world, AMERICA), [said + 1]);
    world.recover();
    a_call(&mut world);
    world.check_converged();
}

/// Korea's node is in hostile hands and says this to the node of the USA once it is back from an old copy.
fn lied_to(seed: u64, lies: impl Fn(&World) -> Vec<LinkMessage>) -> (World, u64, u64) {
    let mut world = World::on_watch(3, seed);
    let backup = world.nodes[AMERICA].disk.copy();
    a_call(&mut world);
    let said = head(&world, AMERICA);
    world.make_hostile(KOREA);
    world.crash(AMERICA);
    world.cut(AMERICA, JAPAN);
    world.run(1_000_000);
    world.restore(AMERICA, backup);
    let old = head(&world, AMERICA);
    world.run(1_000_000);
    for lie in lies(&world) {
        world.say_as(KOREA, AMERICA, trialogue_wire::encode(&lie));
        world.run(500_000);
    }
    (world, old, said)
}

fn hello(world: &World, claims: u64) -> LinkMessage {
    let heads = vec![Head { node: world.nodes[AMERICA].id.clone(), seq: claims }];
    let node = world.nodes[KOREA].id.clone();
    LinkMessage::Hello { protocol: 1, node, charter: world.fixture.charter.hash(), heads, serial: 1 }
}

/// What Korea would have the node of the USA believe that it said.
fn forged(world: &World) -> Bundle {
    let id = world.nodes[AMERICA].id.clone();
    let charter = &world.fixture.charter;
    let held = world.nodes[AMERICA].disk.read();
    let own = held.iter().map(|bundle| VerifiedEntry::open(&bundle.entry, charter).unwrap());
    let last = own.filter(|entry| entry.entry().node == id).max_by_key(|entry| entry.entry().seq).unwrap();
    let entry = Journal::resume(id, last.entry().seq, last.hash()).append(1_800_000_010_000, Body::Restarted {});
    Bundle { entry: entry.sign(&world.fixture.parties[KOREA].journal).0, bodies: Vec::new() }
}

#[test]
fn forged_entries_of_its_own_are_refused() {
    let (mut world, old, said) =
        lied_to(96, |world| vec![hello(world, 1_000_000), LinkMessage::Entries { bundles: vec![forged(world)] }]);
    assert_eq!(head(&world, AMERICA), old);
    assert_eq!(world.nodes[AMERICA].count(Count::EntryForged), 1);
    // Japan tells the truth; what Korea says for nothing costs patience, and no entry.
    world.mend(AMERICA, JAPAN);
    assert!(world.run_until(|w| head(w, AMERICA) == said));
    world.run(130_000_000);
    assert!(world.nodes[AMERICA].machine.as_ref().unwrap().has_opened(), "a lie has an end");
    assert_eq!(restarts(&world, AMERICA), [said + 1]);
    assert!(world.nodes[AMERICA].notes.iter().any(|note| matches!(note, Note::Unproven { .. })));
}

#[test]
fn a_running_node_is_held_up_once_and_briefly_by_one_that_claims_more() {
    let mut world = World::on_watch(3, 97);
    world.make_hostile(KOREA);
    world.run(1_000_000);
    for _ in 0..3 {
        let lie = hello(&world, 1_000_000);
        world.say_as(KOREA, AMERICA, trialogue_wire::encode(&lie));
        world.run(3_000_000);
    }
    let notes = world.nodes[AMERICA].notes.iter().filter(|note| matches!(note, Note::Unproven { .. }));
    assert_eq!(notes.count(), 1);
    let lie = hello(&world, 2_000_000);
    world.say_as(KOREA, AMERICA, trialogue_wire::encode(&lie));
    let call = world.ring(USA, LEADERS);
    world.run(1_000_000);
    assert_eq!(world.consoles[JPN].rings_here(world.fixture, LEADERS), Some(call), "it is not believed again");
    assert_eq!(restarts(&world, AMERICA), Vec::<u64>::new(), "and nobody was put out of a call");
}

#[test]
fn what_follows_on_the_own_journal_is_taken_with_an_alarm_whoever_wrote_it() {
    let mut world = World::on_watch(3, 98);
    world.run(30_000_000);
    let id = world.nodes[AMERICA].id.clone();
    let charter = &world.fixture.charter;
    let held = world.nodes[AMERICA].disk.read();
    let own = held.iter().map(|bundle| VerifiedEntry::open(&bundle.entry, charter).unwrap());
    let last = own.filter(|entry| entry.entry().node == id).max_by_key(|entry| entry.entry().seq).unwrap();
    let mut journal = Journal::resume(id, last.entry().seq, last.hash());
    let bundles = (0..3).map(|_| {
        let entry = journal.append(1_800_000_010_000, Body::Restarted {});
        Bundle { entry: entry.sign(&world.fixture.parties[AMERICA].journal).0, bodies: Vec::new() }
    });
    let bundles: Vec<_> = bundles.collect();
    let said = last.entry().seq;
    world.make_hostile(KOREA);
    world.run(1_000_000);
    let greeting = hello(&world, said + 3);
    world.say_as(KOREA, AMERICA, trialogue_wire::encode(&greeting));
    world.run(500_000);
    assert_eq!(head(&world, AMERICA), said, "as soon as somebody says that there is more, nothing is added");
    world.say_as(KOREA, AMERICA, trialogue_wire::encode(&LinkMessage::Entries { bundles }));
    world.run(5_000_000);
    let restarts = restarts(&world, AMERICA);
    assert_eq!(restarts, [said + 1, said + 2, said + 3, said + 4]);
    let running = |note: &&Note| matches!(note, Note::GivenBack { running: true, .. });
    assert_eq!(world.nodes[AMERICA].notes.iter().filter(running).count(), 1);
}
