//! A charter is amended while three people talk. What it does not touch goes on without a gap; what it touches follows
//! at once.

use crate::common;

use common::{SECOND, World};
use trialogue_charter::fixture::{add_node, amended, without};
use trialogue_charter::{Charter, LineId, OfficeId, PartyId, Suite, VerifiedCharter};
use trialogue_console_core::view::*;
use trialogue_wire::console::ToConsole;

fn talking() -> World {
    let mut world = World::leaders(Suite::XWing);
    world.ring(2);
    world.until(5, |world| world.desks[0].ringing && world.desks[1].ringing);
    world.answer(0);
    world.answer(1);
    world.until(5, |world| world.all_ready(&[0, 1, 2]));
    world
}

fn next(world: &World, change: impl FnOnce(&mut Charter)) -> VerifiedCharter {
    amended(&world.fixture.charter, change)
}

/// Consoles store a charter when they follow it.
fn has(world: &World, desk: usize, charter: &VerifiedCharter) -> bool {
    world.desks[desk].charter.as_deref() == Some(charter.bytes())
}

#[test]
fn a_call_goes_on_with_its_keys() {
    let mut world = talking();
    let before: Vec<_> =
        world.desks.iter().map(|desk| (desk.seal, desk.open.clone(), desk.sealed_keys.len())).collect();
    let next = next(&world, |charter| {
        let mut line = charter.lines[0].clone();
        line.id = LineId::new("more").unwrap();
        charter.lines.push(line);
        // A node that sorts before all others moves nobody's place in key ids.
        add_node(charter, "aaa-1", "USA", 3);
    });
    world.install(1, &next);
    world.until(5, |world| (0..3).all(|desk| has(world, desk, &next)));
    world.until(5, |world| world.all_ready(&[0, 1, 2]));
    world.run(5 * SECOND);
    assert!(world.all_ready(&[0, 1, 2]));
    let after: Vec<_> = world.desks.iter().map(|desk| (desk.seal, desk.open.clone(), desk.sealed_keys.len())).collect();
    assert_eq!(before, after, "nobody changed a key");
    for desk in 0..3 {
        assert_eq!(world.view(desk).lines.last().unwrap().id, "more");
    }
}

#[test]
fn a_party_leaves_and_the_two_others_talk_on() {
    let mut world = talking();
    let next = next(&world, |charter| without(charter, "KOR"));
    world.install(2, &next);
    world.until(10, |world| world.all_ready(&[0, 2]));
    assert!(world.desks[1].seal.is_none() || world.view(1).node != NodeLink::Up);
    assert!(world.call(0).missing.is_empty());
}

#[test]
fn a_retired_office_is_out_at_once() {
    let mut world = talking();
    let office = OfficeId::new("kor-leaders").unwrap();
    let next = next(&world, |charter| {
        charter.offices.retain(|o| o.id != office);
        for line in &mut charter.lines {
            line.offices.retain(|o| *o != office);
            line.authority.retain(|authority| authority.office != office);
        }
    });
    world.install(0, &next);
    world.until(10, |world| world.all_ready(&[0, 2]));
    assert!(world.desks[1].stopped && world.desks[1].seal.is_none());
    assert!(matches!(world.view(1).trouble, Some(Trouble::Refused { .. })));
}

#[test]
fn a_suite_changes_and_the_call_finds_new_keys() {
    let mut world = talking();
    let next = next(&world, |charter| charter.suite = Suite::Cnsa2.id());
    let before: Vec<_> = world.desks.iter().map(|desk| desk.seal).collect();
    world.install(0, &next);
    world.until(5, |world| (0..3).all(|desk| has(world, desk, &next)));
    world.until(30, |world| world.all_ready(&[0, 1, 2]));
    assert!(world.desks.iter().zip(before).all(|(desk, before)| desk.seal != before));
}

#[test]
fn a_console_follows_nothing_that_was_not_agreed() {
    let mut world = talking();
    // JPN's own node says that KOR is out, with the roots of the two others: KOR has not signed.
    let mut charter = Charter::clone(&world.fixture.charter);
    charter.serial = 2;
    without(&mut charter, "KOR");
    let mut draft = trialogue_charter::UnverifiedCharter::draft(charter).unwrap();
    for party in ["JPN", "USA"] {
        draft.sign(&PartyId::new(party).unwrap(), &trialogue_charter::fixture::root(party)).unwrap();
    }
    let coup = draft.verify(None).unwrap();
    let bytes = trialogue_wire::encode(&ToConsole::Charter { charter: coup.bytes().to_vec() });
    world.input(0, trialogue_console_core::Input::Received(bytes));
    world.settle();
    assert!(!has(&world, 0, &coup));
    assert!(matches!(world.view(0).trouble, Some(Trouble::Charter { .. })));
}

#[test]
fn who_was_away_for_two_amendments_follows_both() {
    let mut world = talking();
    world.command(0, Command::HangUp);
    world.settle();
    world.cut(0, true);
    // KOR leaves with the first; the second has no signature of it.
    let first = next(&world, |charter| without(charter, "KOR"));
    let second = amended(&first, |charter| charter.name = "Of two".to_owned());
    assert!(second.supersedes(&world.fixture.charter).is_err());
    world.install(2, &first);
    world.run(SECOND);
    world.install(2, &second);
    world.run(SECOND);
    world.cut(0, false);
    world.until(20, |world| world.view(0).node == NodeLink::Up && has(world, 0, &second));
    assert!(world.view(0).trouble.is_none());
}
