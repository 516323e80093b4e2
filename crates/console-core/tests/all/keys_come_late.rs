//! On a narrow path keys take long. Whoever waits for them does not send everything again, which would make them come
//! later still.
#![allow(clippy::unwrap_used)]

use crate::common;

use common::{SECOND, World};
use trialogue_charter::Suite;
use trialogue_console_core::{Input, Output, view::Command};
use trialogue_journal::{Act, Body, UnverifiedEntry, UnverifiedStatement};
use trialogue_wire::console::{ToConsole, ToNode};

const JPN: usize = 0;
const USA: usize = 2;

/// How often JPN's console has given key packages.
fn offers(world: &World) -> usize {
    let device = world.desks[JPN].console.device();
    let all = world.nodes[JPN].disk.values().flatten();
    let offered = all.filter(|bundle| {
        let entry = UnverifiedEntry::decode(&bundle.entry).unwrap();
        let Body::Stated { statement } = &entry.claim().body else { return false };
        let statement = UnverifiedStatement::decode(statement).unwrap();
        let claim = statement.claim();
        claim.device == device && matches!(claim.act, Act::Ring { .. } | Act::Answer { .. })
    });
    offered.count()
}

/// What the others' nodes send to JPN's is lost from its answer on, for so long.
fn answered_and_nothing_came_for(seconds: u64) -> World {
    let mut world = World::leaders(Suite::XWing);
    world.ring(2);
    world.until(5, |world| world.desks[0].ringing && world.desks[1].ringing);
    world.answer(1);
    world.until(5, |world| world.all_ready(&[1, 2]));
    world.answer(JPN);
    world.link_tamper = Some(Box::new(|_, to, bytes| (to != JPN).then_some(bytes)));
    world.run(seconds * SECOND);
    world
}

#[test]
fn nothing_is_offered_twice_within_the_time_that_a_narrow_path_needs() {
    let mut world = answered_and_nothing_came_for(18);
    assert_eq!(offers(&world), 1);
    world.link_tamper = None;
    world.until(20, |world| world.all_ready(&[0, 1, 2]));
    assert_eq!(offers(&world), 1);
}

#[test]
fn who_waits_in_vain_offers_anew_each_time_after_twice_as_long() {
    let mut world = answered_and_nothing_came_for(22);
    assert_eq!(offers(&world), 2);
    world.run(37 * SECOND);
    assert_eq!(offers(&world), 2);
    world.run(5 * SECOND);
    assert_eq!(offers(&world), 3);
    world.link_tamper = None;
    world.until(30, |world| world.all_ready(&[0, 1, 2]));
}

/// How often USA's console has told secrets.
fn tags(world: &World) -> usize {
    let device = world.desks[USA].console.device();
    let told = world.nodes[USA].disk.values().flatten().filter(|bundle| {
        let entry = UnverifiedEntry::decode(&bundle.entry).unwrap();
        let Body::Stated { statement } = &entry.claim().body else { return false };
        let statement = UnverifiedStatement::decode(statement).unwrap();
        statement.claim().device == device && matches!(statement.claim().act, Act::Tags { .. })
    });
    told.count()
}

#[test]
fn a_newcomer_is_told_its_secret_beside_the_commit_that_adds_it() {
    let mut world = World::leaders(Suite::XWing);
    world.ring(USA);
    world.until(5, |world| world.desks[JPN].ringing && world.desks[1].ringing);
    world.answer(1);
    world.until(5, |world| world.all_ready(&[1, USA]));
    world.run(SECOND);
    let before = tags(&world);
    // From now on USA's console does not learn that its commit was accepted.
    let own = world.nodes[USA].id.clone();
    world.tamper = Some(Box::new(move |desk, bytes| match trialogue_wire::decode(bytes) {
        Ok(ToConsole::Accepted { .. }) if desk == USA => Vec::new(),
        Ok(ToConsole::Entries { mut bundles }) if desk == USA => {
            bundles.retain(|bundle| UnverifiedEntry::decode(&bundle.entry).unwrap().claim().node != own);
            vec![trialogue_wire::encode(&ToConsole::Entries { bundles })]
        }
        _ => vec![bytes.to_vec()],
    }));
    world.answer(JPN);
    world.run(SECOND);
    assert_eq!(tags(&world), before + 1);
    // What it was not given comes with the next log-in.
    world.tamper = None;
    world.cut(USA, true);
    world.run(SECOND);
    world.cut(USA, false);
    world.until(30, |world| world.all_ready(&[JPN, 1, USA]));
}

/// What JPN's console states upon one input, by the kinds of acts.
fn states(world: &mut World, input: Input) -> Vec<&'static str> {
    let (now, console) = (world.now(), &mut world.desks[JPN].console);
    console.handle(now.us, now.wall_ms, input);
    let outputs = std::iter::from_fn(|| console.poll());
    let statements = outputs.filter_map(|output| match output {
        Output::Send(bytes) => match trialogue_wire::decode(&bytes) {
            Ok(ToNode::State { statement, .. }) => Some(statement),
            _ => None,
        },
        _ => None,
    });
    let kind = |statement: Vec<u8>| match UnverifiedStatement::decode(&statement).unwrap().claim().act {
        Act::Answer { .. } => "answer",
        Act::Handshake { .. } => "handshake",
        Act::Tags { .. } => "tags",
        _ => "another",
    };
    statements.map(kind).collect()
}

#[test]
fn an_answer_leaves_before_keys_are_made_for_it() {
    let mut world = World::leaders(Suite::XWing);
    world.ring(USA);
    world.until(5, |world| world.desks[JPN].ringing);
    let answer = Input::Command(Command::Answer { line: "leaders".into() });
    assert_eq!(states(&mut world, answer), ["answer"]);
    let due = world.desks[JPN].console.next_timeout();
    assert!(due.is_some_and(|at| at <= world.now().us), "the commit waits for nothing but the answer");
    assert_eq!(states(&mut world, Input::Tick), ["handshake"]);
}
