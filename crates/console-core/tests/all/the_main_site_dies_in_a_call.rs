//! A party's main site dies, and its consoles go on at the other one: the same call, the same keys at first, and
//! nothing to say again.
#![allow(clippy::unwrap_used)]

use crate::common;

use common::{SECOND, World};
use trialogue_charter::Suite;
use trialogue_console_core::view::*;
use trialogue_console_core::{Input, Output};
use trialogue_wire::console::ToConsole;

const MAIN: usize = 2;
const USA: usize = 2;
const ALL: [usize; 3] = [0, 1, 2];

fn three() -> World {
    let mut world = World::with_alternate(Suite::XWing);
    for office in ["jpn-leaders", "kor-leaders", "usa-leaders"] {
        world.desk(office);
    }
    world.until(20, |world| world.desks.iter().all(|desk| desk.offers > 0));
    world.until(20, |world| world.desks[USA].other.1.is_some());
    world.run(5 * SECOND);
    world
}

fn in_a_call() -> World {
    let mut world = three();
    world.ring(USA);
    for desk in [0, 1] {
        world.until(5, |world| world.line(desk).ring.is_some());
        world.answer(desk);
    }
    world.until(20, |world| world.all_ready(&ALL));
    world.run(4 * SECOND);
    world
}

#[test]
fn one_console_counts_once() {
    let mut world = three();
    assert_eq!(world.party(0, "USA").on_watch, 1);
    world.kill_node(MAIN);
    world.until(5, |world| world.desks[USA].active == 1 && world.view(USA).node == NodeLink::Up);
    // A ring sounds at it there.
    world.ring(0);
    world.until(5, |world| world.line(USA).ring.is_some());
    world.answer(USA);
    world.until(20, |world| world.all_ready(&[0, USA]));
}

#[test]
fn the_call_goes_on_under_the_same_key() {
    let mut world = in_a_call();
    let (call, since, key) = (world.call(USA).call.clone(), world.call(USA).since_ms, world.desks[USA].seal);
    world.kill_node(MAIN);
    world.until(1, |world| world.desks[USA].active == 1);
    assert_eq!(world.desks[USA].seal, key, "sealing goes on without a break");
    assert!([0, 1].iter().all(|desk| world.desks[*desk].open.contains_key(&key.unwrap().0)), "and can be opened");
    world.until(20, |world| world.all_ready(&ALL) && world.desks[USA].seal != key);
    for desk in ALL {
        assert_eq!(world.call(desk).call, call, "the same call");
        assert_eq!(world.call(desk).members.len(), 3);
    }
    assert_eq!(world.call(USA).since_ms, since, "its time goes on");
    // The main site is back, and nobody is moved; nor does it put anyone out.
    world.start_node(MAIN);
    world.run(20 * SECOND);
    assert_eq!(world.desks[USA].active, 1);
    assert!(world.all_ready(&ALL));
    assert_eq!(world.call(0).call, call);
    for desk in ALL {
        world.command(desk, Command::HangUp);
    }
    world.until(20, |world| world.desks[USA].active == 0 && ALL.iter().all(|desk| !world.line(*desk).active));
}

#[test]
fn it_still_rings_for_those_who_have_not_answered() {
    let mut world = three();
    world.ring(USA);
    world.until(5, |world| world.line(0).ring.is_some());
    world.kill_node(MAIN);
    world.until(5, |world| world.desks[USA].active == 1);
    world.run(SECOND);
    assert!(world.line(0).ring.is_some() && world.line(1).ring.is_some(), "the same ring goes on");
    world.answer(0);
    world.until(20, |world| world.all_ready(&[0, USA]));
}

#[test]
fn who_hangs_up_with_the_site_dead_is_out() {
    let mut world = in_a_call();
    world.kill_node(MAIN);
    world.command(USA, Command::HangUp);
    world.until(10, |world| [0, 1].iter().all(|desk| world.call(*desk).members.len() == 2));
}

#[test]
fn a_silent_site_is_left_when_the_other_answers_and_not_when_both_are_silent() {
    let mut world = in_a_call();
    // The network of the console is gone: nobody is told of that, and both sites are silent.
    world.desks[USA].key = None;
    let other = world.desks[USA].other;
    world.desks[USA].other.1 = None;
    world.run(300_000);
    assert_eq!(world.desks[USA].active, 0, "it is the own network");
    // One answers again.
    world.desks[USA].other = other;
    world.until(2, |world| world.desks[USA].active == 1);
    world.until(20, |world| world.all_ready(&ALL));
}

#[test]
fn what_was_said_before_principals_came_on_stands() {
    const SUMMIT: &str = "summit";
    let mut world = World::with_alternate(Suite::XWing);
    let offices = ["jpn-duty", "usa-duty", "jpn-leaders", "usa-leaders"];
    for office in offices {
        world.desk(office);
    }
    world.until(20, |world| world.desks.iter().all(|desk| desk.offers > 0));
    world.run(5 * SECOND);
    world.command(1, Command::Ring { line: SUMMIT.into(), precedence: Default::default() });
    for desk in [0, 2, 3] {
        world.run(SECOND);
        world.command(desk, Command::Answer { line: SUMMIT.into() });
    }
    let talk = [0, 1, 2, 3];
    world.until(20, |world| {
        talk.iter().all(|desk| world.view(*desk).call.as_ref().is_some_and(|c| c.members.len() == 4))
    });
    for (desk, other) in [(0, "USA"), (1, "JPN")] {
        world.command(desk, Command::Confirm { party: other.into() });
        world.until(5, |world| world.call(desk).may_be_ready);
        world.command(desk, Command::Ready { ready: true });
    }
    let on = |world: &World| [2, 3].iter().all(|desk| world.desks[*desk].seal.is_some());
    world.until(20, on);
    world.kill_node(MAIN);
    world.until(2, |world| [1, 3].iter().all(|desk| world.desks[*desk].active == 1));
    let (id, key) = world.desks[3].seal.unwrap();
    assert!(world.desks[2].open.get(&id).is_some_and(|(_, held)| *held == key), "the principal is heard all the while");
    for _ in 0..100 {
        world.run(50_000);
        assert!(on(&world), "no principal goes off");
    }
    world
        .until(20, |world| talk.iter().all(|desk| world.call(*desk).members.iter().all(|m| m.keys == KeyState::Ready)));
}

#[test]
fn a_page_loaded_anew_at_the_other_site_is_back_in_the_same_call() {
    let mut world = World::with_alternate(Suite::XWing);
    for office in ["jpn-leaders", "kor-leaders"] {
        world.desk(office);
    }
    let identity = world.identity("usa-leaders", 3);
    world.desk_with(identity.clone());
    world.until(20, |world| world.desks.iter().all(|desk| desk.offers > 0) && world.desks[USA].other.1.is_some());
    world.run(5 * SECOND);
    world.ring(USA);
    world.until(5, |world| world.line(0).ring.is_some());
    world.answer(0);
    // A call of two: it is over when one of them hangs up.
    const BOTH: [usize; 2] = [0, USA];
    world.until(20, |world| world.all_ready(&BOTH));
    let call = world.call(0).call.clone();
    world.kill_node(MAIN);
    world.until(20, |world| world.desks[USA].active == 1 && world.all_ready(&BOTH));
    world.start_node(MAIN);
    world.run(5 * SECOND);
    // Its page comes from the main site, where it is not in.
    let (node, key, _) = std::mem::take(&mut world.desks[USA].other);
    if let Some(console) = key {
        world.node_input(node, trialogue_core::Input::ConsoleClosed { console });
    }
    world.desks[USA].active = 0;
    world.reload(USA, identity);
    world.command(USA, Command::Resume { line: "leaders".into() });
    world.until(20, |world| world.view(USA).call.is_some() && world.all_ready(&BOTH));
    world.run(5 * SECOND);
    assert!(world.all_ready(&BOTH));
    for desk in BOTH {
        assert_eq!(world.call(desk).call, call, "nobody saw it hang up");
    }
}

#[test]
fn the_spare_site_is_answered_for_nothing_that_is_asked_where_the_console_is_on_watch() {
    let mut world = three();
    let proofs = |world: &mut World, slot| {
        let asked = trialogue_wire::encode(&ToConsole::AskAlive { nonce: [7; 16] });
        let (now_us, wall_ms) = (world.now_us, world.wall_ms());
        let console = &mut world.desks[USA].console;
        console.handle(now_us, wall_ms, Input::At { slot, input: Box::new(Input::Received(asked)) });
        let proof = |output: &Output| matches!(output, Output::ProveAlive { nonce } if *nonce == [7; 16]);
        std::iter::from_fn(|| console.poll()).filter(proof).count()
    };
    assert_eq!((proofs(&mut world, 1), proofs(&mut world, 0)), (0, 1));
}
