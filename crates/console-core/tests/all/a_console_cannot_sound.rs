//! A console that cannot sound a ring says so: it counts as no watch, the others see it, and its own screen still
//! shows what rings.

use crate::common;

use common::{SECOND, World};
use trialogue_charter::Suite;
use trialogue_console_core::Input;
use trialogue_console_core::view::*;

const JPN: usize = 0;
const USA: usize = 2;

/// Japan's consoles on watch and those that cannot sound, as the United States see them.
fn japan(world: &World) -> (u32, u32) {
    let party = world.party(USA, "JPN");
    (party.on_watch, party.soundless)
}

#[test]
fn it_counts_as_no_watch_and_a_ring_is_shown_and_answered_there() {
    let mut world = World::leaders(Suite::XWing);
    world.until(5, |world| japan(world) == (1, 0));
    world.command(JPN, Command::Sound { on: false });
    world.until(5, |world| japan(world) == (0, 1));
    world.ring(USA);
    world.until(5, |world| world.party(USA, "JPN").ring == RingState::Unstaffed);
    world.until(5, |world| world.line(JPN).ring.is_some() && world.desks[JPN].ringing);
    // Somebody plugs in a loudspeaker.
    world.command(JPN, Command::Sound { on: true });
    world.until(5, |world| japan(world) == (1, 0));
    world.until(5, |world| world.party(USA, "JPN").ring == RingState::Ringing { consoles: 1 });
    world.command(JPN, Command::Sound { on: false });
    world.until(5, |world| japan(world) == (0, 1));
    world.answer(JPN);
    world.until(5, |world| world.all_ready(&[JPN, USA]));
}

#[test]
fn it_is_said_again_after_a_cut_and_by_a_page_that_was_loaded_anew() {
    let mut world = World::leaders(Suite::XWing);
    world.command(JPN, Command::Sound { on: false });
    world.until(5, |world| japan(world) == (0, 1));
    world.cut(JPN, true);
    world.until(40, |world| japan(world) == (0, 0));
    world.cut(JPN, false);
    world.until(20, |world| japan(world) == (0, 1));
    let identity = world.identity("jpn-leaders", 7);
    let other = world.desk_with(identity.clone());
    world.until(10, |world| japan(world) == (1, 1));
    world.command(other, Command::Sound { on: false });
    world.until(5, |world| japan(world) == (0, 2));
    // A new page can, until its platform says that it cannot.
    world.reload(other, identity.clone());
    world.until(20, |world| japan(world) == (1, 1));
    world.reload(other, identity);
    world.command(other, Command::Sound { on: false });
    world.until(20, |world| japan(world) == (0, 2));
    world.run(3 * SECOND);
    assert_eq!(japan(&world), (0, 2));
}

#[test]
fn whoever_comes_later_sees_it_and_a_node_that_starts_again_forgets_it() {
    let mut world = World::leaders(Suite::XWing);
    world.command(JPN, Command::Sound { on: false });
    world.until(5, |world| japan(world) == (0, 1));
    let late = world.desk("kor-duty");
    world.until(10, |world| world.view(late).node == NodeLink::Up);
    let leaders = |view: &View| view.lines.iter().find(|line| line.id == "leaders").cloned();
    assert!(leaders(world.view(late)).is_none(), "another line");
    let identity = world.identity("kor-leaders", 8);
    let late = world.desk_with(identity);
    let seen = |world: &World| {
        let line = leaders(world.view(late))?;
        line.parties.iter().find(|party| party.id == "JPN").map(|party| (party.on_watch, party.soundless))
    };
    world.until(10, |world| seen(world) == Some((0, 1)));
    world.input(JPN, Input::Closed);
    world.kill_node(JPN);
    world.start_node(JPN);
    world.until(40, |world| seen(world) == Some((0, 1)) && world.view(JPN).node == NodeLink::Up);
}
