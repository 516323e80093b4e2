//! Cuts between console and node, nodes that start again, pages that are loaded anew: whoever did not hang up comes
//! back by itself, and the others go on talking.

use crate::common;

use common::{SECOND, World};
use trialogue_charter::{LineId, Suite};
use trialogue_console_core::Identity;
use trialogue_console_core::Input;
use trialogue_console_core::view::*;

fn talking() -> World {
    let mut world = World::leaders(Suite::XWing);
    world.ring(2);
    world.until(5, |world| world.desks[0].ringing && world.desks[1].ringing);
    world.answer(0);
    world.answer(1);
    world.until(5, |world| world.all_ready(&[0, 1, 2]));
    world
}

fn says_voice(world: &World, desk: usize, party: &str) -> bool {
    world.call(desk).members.iter().any(|member| member.person.party == party && member.voice)
}

#[test]
fn a_short_cut_costs_no_keys() {
    let mut world = talking();
    let before: Vec<_> = world.desks.iter().map(|desk| desk.seal).collect();
    world.cut(0, true);
    world.run(3 * SECOND);
    assert!(world.desks[0].seal.is_some(), "the leg is up: it goes on speaking");
    world.cut(0, false);
    world.until(10, |world| world.view(0).node == NodeLink::Up);
    world.run(SECOND);
    assert!(world.all_ready(&[0, 1, 2]));
    assert_eq!(before, world.desks.iter().map(|desk| desk.seal).collect::<Vec<_>>());
}

/// Cut off in the moment of its answer, which stands in the journal before this console hears of it; and then its node
/// has lost it.
#[test]
fn who_is_lost_before_it_hears_that_it_is_in_comes_in_again() {
    let mut world = World::leaders(Suite::XWing);
    world.ring(2);
    world.until(5, |world| world.desks[0].ringing && world.desks[1].ringing);
    world.answer(1);
    world.until(5, |world| world.all_ready(&[1, 2]));
    let (id, line) = (world.desks[0].console.device(), LineId::new("leaders").unwrap());
    let node = world.desks[0].node;
    let is_in = |world: &World| {
        let machine = world.nodes[node].machine.as_ref().unwrap();
        machine.state().in_on(&line).iter().any(|participant| participant.device == id)
    };
    world.tamper = Some(Box::new(|desk, bytes| if desk == 0 { Vec::new() } else { vec![bytes.to_vec()] }));
    world.answer(0);
    world.until(2, is_in);
    world.cut(0, true);
    world.until(20, |world| !is_in(world));
    assert!(world.view(0).call.is_some() && world.desks[0].seal.is_none(), "it has not heard of it");
    world.tamper = None;
    world.cut(0, false);
    world.until(20, |world| world.all_ready(&[0, 1, 2]));
}

#[test]
fn nobody_who_comes_back_is_shown_a_past_moment_as_now() {
    let mut world = talking();
    let watcher = world.desk("jpn-leaders");
    world.until(10, |world| world.view(watcher).node == NodeLink::Up && world.line(watcher).active);
    // Behind them are a ring, an answer and a hang-up, all of which a node tells anew to whoever comes back.
    for desk in 0..3 {
        world.command(desk, Command::HangUp);
    }
    world.until(10, |world| !world.line(watcher).active);
    world.run(SECOND);
    for cut in [true, false] {
        world.desks[watcher].shown.clear();
        world.cut(watcher, cut);
        let reached = if cut { NodeLink::Connecting } else { NodeLink::Up };
        world.until(20, |world| world.view(watcher).node == reached);
        world.run(SECOND);
        assert!(world.desks[watcher].shown.iter().all(|shown| *shown == (false, false)), "after cut = {cut}");
    }
    // And one for whom it rings goes on ringing until it knows better.
    world.ring(2);
    world.until(5, |world| world.desks[watcher].ringing);
    world.desks[watcher].shown.clear();
    world.cut(watcher, true);
    world.run(3 * SECOND);
    world.cut(watcher, false);
    world.until(20, |world| world.view(watcher).node == NodeLink::Up);
    assert!(world.desks[watcher].ringing && world.desks[watcher].shown.iter().all(|shown| *shown == (true, true)));
}

/// Two changes of its network at once: what was begun on the one in between never answers, and no system says so for
/// minutes.
#[test]
fn an_attempt_that_never_answers_is_given_up_and_another_is_made() {
    let mut world = talking();
    world.desks[0].unanswered = 1;
    world.input(0, Input::Network);
    world.run(4 * SECOND);
    assert_eq!(world.view(0).node, NodeLink::Connecting);
    world.until(3, |world| world.view(0).node == NodeLink::Up);
    world.until(3, |world| world.all_ready(&[0, 1, 2]));
    // And outside a call, where two do not answer.
    (0..3).for_each(|desk| world.command(desk, Command::HangUp));
    world.until(10, |world| world.view(0).call.is_none());
    world.desks[0].unanswered = 2;
    world.input(0, Input::Network);
    world.run(14 * SECOND);
    assert_eq!(world.view(0).node, NodeLink::Connecting, "the second one may take longer");
    world.until(4, |world| world.view(0).node == NodeLink::Up);
}

#[test]
fn the_first_attempt_of_all_may_never_answer() {
    let mut world = World::leaders(Suite::XWing);
    let late = world.desk("jpn-leaders");
    world.desks[late].unanswered = 1;
    world.input(late, Input::Tick);
    world.until(7, |world| world.view(late).node == NodeLink::Up);
}

#[test]
fn a_lost_console_comes_back_by_itself() {
    let mut world = talking();
    world.cut(0, true);
    world.until(20, |world| world.all_ready(&[1, 2]));
    assert_eq!(world.call(2).missing, vec!["JPN".to_owned()]);
    world.cut(0, false);
    world.until(20, |world| world.all_ready(&[0, 1, 2]));
}

#[test]
fn whoever_hangs_up_while_cut_off_stays_out() {
    let mut world = talking();
    world.cut(0, true);
    world.settle();
    world.command(0, Command::HangUp);
    world.settle();
    assert!(world.desks[0].seal.is_none(), "nothing is sent from that instant on");
    world.cut(0, false);
    world.until(10, |world| world.all_ready(&[1, 2]));
    world.run(5 * SECOND);
    assert!(world.view(0).call.is_none());
    assert!(world.line(0).active && !world.line(0).joined);
}

#[test]
fn a_node_is_killed_and_the_others_talk_on() {
    let mut world = talking();
    world.command(0, Command::Sending { voice: true, picture: true });
    world.until(5, |world| says_voice(world, 2, "JPN"));
    world.kill_node(0);
    world.run(2 * SECOND);
    assert!(world.keys_match(&[1, 2]), "the others speak into their own groups");
    world.start_node(0);
    world.until(40, |world| world.all_ready(&[0, 1, 2]));
    world.until(5, |world| says_voice(world, 2, "JPN") && says_voice(world, 1, "JPN"));
}

#[test]
fn a_page_loaded_anew_can_join_again() {
    let mut world = World::new(Suite::XWing);
    world.desk("jpn-leaders");
    world.desk("kor-leaders");
    let identity = world.identity("usa-leaders", 9);
    world.desk_with(identity.clone());
    world.until(10, |world| (0..3).all(|desk| world.view(desk).node == NodeLink::Up));
    world.run(2 * SECOND);
    world.ring(2);
    world.until(5, |world| world.desks[0].ringing && world.desks[1].ringing);
    world.answer(0);
    world.answer(1);
    world.until(5, |world| world.all_ready(&[0, 1, 2]));
    for _ in 0..2 {
        world.reload(2, identity.clone());
        world.until(10, |world| world.view(2).node == NodeLink::Up);
        world.until(10, |world| world.all_ready(&[0, 1]));
        assert!(world.view(2).call.is_none() && world.line(2).active);
        let talking: Vec<_> = [0, 1].map(|desk| world.desks[desk].seal).to_vec();
        world.run(SECOND);
        assert_eq!(talking, [0, 1].map(|desk| world.desks[desk].seal).to_vec(), "the two are not disturbed");
        world.answer(2);
        world.until(10, |world| world.all_ready(&[0, 1, 2]));
    }
}

#[test]
fn a_cut_between_nodes_heals() {
    let mut world = talking();
    world.link(0, 2, false);
    world.link(0, 1, false);
    world.run(5 * SECOND);
    assert!(world.keys_match(&[1, 2]));
    // While they cannot hear of each other, one more comes in on one side.
    world.desk("usa-leaders");
    world.until(5, |world| world.view(3).node == NodeLink::Up);
    world.answer(3);
    world.until(5, |world| world.keys_match(&[1, 2, 3]));
    world.link(0, 2, true);
    world.link(0, 1, true);
    world.until(20, |world| world.all_ready(&[0, 1, 2, 3]));
}

#[test]
fn a_new_media_worker_never_seals_under_an_old_key() {
    let mut world = talking();
    let (id, _) = world.desks[0].seal.unwrap();
    world.desks[0].open.clear();
    world.desks[0].worker += 1;
    world.input(0, Input::WorkerRestarted);
    world.until(1, |world| world.desks[0].seal.is_some_and(|(new, _)| new != id));
    assert_eq!(world.desks[0].open.len(), 2, "the new worker opens the others at once");
    let (new, _) = world.desks[0].seal.unwrap();
    // The others open it once the console itself has said that it is its own.
    world.until(1, |world| [1, 2].iter().all(|desk| world.desks[*desk].open.contains_key(&new)));
    assert!(world.all_ready(&[0, 1, 2]));
}

/// Two in a call, the second of whom has a page that can be loaded anew.
fn a_page_in_a_call() -> (World, Identity) {
    let mut world = World::new(Suite::XWing);
    world.desk("jpn-leaders");
    let identity = world.identity("usa-leaders", 9);
    world.desk_with(identity.clone());
    world.until(10, |world| (0..2).all(|desk| world.view(desk).node == NodeLink::Up));
    world.run(2 * SECOND);
    world.ring(1);
    world.until(5, |world| world.desks[0].ringing);
    world.answer(0);
    world.until(5, |world| world.all_ready(&[0, 1]));
    (world, identity)
}

/// The tab remembers its call, and says so before anything is opened: nobody sees it leave.
#[test]
fn a_page_loaded_anew_in_a_call_is_back_in_it_by_itself() {
    let (mut world, identity) = a_page_in_a_call();
    let call = world.call(0).call.clone();
    for _ in 0..3 {
        world.reload(1, identity.clone());
        world.command(1, Command::Resume { line: "leaders".into() });
        world.until(10, |world| world.all_ready(&[0, 1]));
        assert_eq!(world.call(0).call, call, "the same call: the other one never ended it");
        assert_eq!(world.call(1).call, call);
    }
}

#[test]
fn who_hangs_up_while_the_page_is_still_coming_back_is_out() {
    let (mut world, identity) = a_page_in_a_call();
    world.reload(1, identity);
    world.command(1, Command::Resume { line: "leaders".into() });
    world.command(1, Command::HangUp);
    world.until(10, |world| world.view(0).call.is_none());
    world.run(2 * SECOND);
    assert!(world.view(1).node == NodeLink::Up && world.view(1).call.is_none());
}
