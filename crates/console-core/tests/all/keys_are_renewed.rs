//! Keys of a call that lasts are renewed by everybody who speaks: who takes a console's keys for a moment is out again,
//! and reads nothing from before.
#![allow(clippy::unwrap_used)]

use crate::common;

use common::{SECOND, World};
use std::cell::Cell;
use std::rc::Rc;
use trialogue_charter::Suite;
use trialogue_console_core::view::NodeLink;
use trialogue_journal::{Act, Body, UnverifiedEntry, UnverifiedStatement};
use trialogue_wire::console::ToConsole;

#[test]
fn every_speaker_gives_fresh_secrets_within_the_quarter_of_an_hour() {
    let mut world = World::leaders(Suite::XWing);
    let fourth = world.desk("usa-leaders");
    world.until(10, |world| (0..4).all(|desk| world.view(desk).node == NodeLink::Up));
    world.ring(2);
    world.until(5, |world| world.desks[1].ringing);
    for desk in [1, fourth] {
        world.answer(desk);
    }
    let all = [1, 2, fourth];
    world.until(20, |world| world.all_ready(&all));
    let epochs = |world: &World| -> Vec<u64> {
        let state = world.nodes[0].machine.as_ref().unwrap().state().clone();
        let line = state.line(&trialogue_charter::LineId::new("leaders").unwrap());
        line.groups.values().map(|group| group.epoch).collect()
    };
    let (before, keys): (_, Vec<_>) = (epochs(&world), all.iter().map(|desk| world.desks[*desk].seal).collect());
    world.run(14 * 60 * SECOND);
    assert_eq!(epochs(&world), before, "nothing changes before it must");
    assert!(world.all_ready(&all));
    world.run(70 * SECOND);
    world.until(10, |world| world.all_ready(&all));
    for (desk, before) in all.iter().zip(keys) {
        assert_ne!(world.desks[*desk].seal, before, "console {desk} seals under an old key");
    }
    // A node with two consoles has two that renew.
    let after = epochs(&world);
    let renewed: Vec<u64> = after.iter().zip(&before).map(|(after, before)| after - before).collect();
    assert!(renewed.iter().all(|moved| (1..=2).contains(moved)) && renewed.contains(&2), "{renewed:?}");
}

#[test]
fn the_officer_is_told_where_the_own_node_lets_no_keys_be_renewed() {
    let mut world = World::new(Suite::XWing);
    for office in ["kor-leaders", "usa-leaders"] {
        world.desk(office);
    }
    world.until(10, |world| world.desks.iter().all(|desk| desk.offers > 0));
    world.ring(1);
    world.until(5, |world| world.desks[0].ringing);
    world.answer(0);
    world.until(20, |world| world.all_ready(&[0, 1]));
    // The American node has all handshakes of its own group vanish, for its own console: it says neither that it takes
    // one nor that it refuses it.
    let (refuses, held) = (Rc::new(Cell::new(true)), world.nodes[2].id.clone());
    let on = refuses.clone();
    world.tamper = Some(Box::new(move |desk, bytes| {
        let as_it_is = vec![bytes.to_vec()];
        if desk != 1 || !on.get() {
            return as_it_is;
        }
        match trialogue_wire::decode(bytes).unwrap() {
            ToConsole::Accepted { .. } => Vec::new(),
            ToConsole::Entries { mut bundles } => {
                let moves = |entry: &[u8]| {
                    let entry = UnverifiedEntry::decode(entry).unwrap();
                    let Body::Stated { statement } = &entry.claim().body else { return false };
                    let act = UnverifiedStatement::decode(statement).unwrap().claim().act.clone();
                    entry.claim().node == held && matches!(act, Act::Handshake { .. })
                };
                bundles.retain(|bundle| !moves(&bundle.entry));
                vec![trialogue_wire::encode(&ToConsole::Entries { bundles })]
            }
            _ => as_it_is,
        }
    }));
    world.run(19 * 60 * SECOND);
    assert!([0, 1].iter().all(|desk| !world.call(*desk).unrenewed));
    world.until(2 * 60, |world| world.call(1).unrenewed);
    assert!(!world.call(0).unrenewed, "its own are renewed");
    refuses.set(false);
    world.cut(1, true);
    world.run(SECOND);
    world.cut(1, false);
    world.until(120, |world| !world.call(1).unrenewed && world.all_ready(&[0, 1]));
}
