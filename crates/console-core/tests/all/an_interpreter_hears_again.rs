//! An interpreter's key packages serve once, as everybody's do. When a party's group is begun anew, because the page of
//! its officer was loaded anew or its node was started again, the interpreter hears that party again by itself, though
//! its office rings nobody.
#![allow(clippy::unwrap_used)]

use crate::common;

use common::{SECOND, World};
use trialogue_charter::Suite;
use trialogue_console_core::view::*;

#[test]
fn after_the_others_page_was_loaded_anew() {
    let mut world = World::new(Suite::XWing);
    let officer = world.identity("usa-duty", 1);
    let usa = world.desk_with(officer.clone());
    let [jpn, interpreter] = ["jpn-duty", "jpn-interpreter"].map(|office| world.desk(office));
    world.until(10, |world| world.desks.iter().all(|desk| desk.offers > 0));
    let summit = || Some("summit".to_owned());
    world.command(usa, Command::Ring { line: summit().unwrap(), precedence: Default::default() });
    world.run(SECOND);
    for desk in [jpn, interpreter] {
        world.command(desk, Command::Answer { line: summit().unwrap() });
        world.run(SECOND);
    }
    let heard = |world: &World| {
        let pairs = [(usa, jpn), (jpn, usa), (usa, interpreter), (interpreter, usa)];
        let has = |(speaker, listener): &(usize, usize)| {
            let speaker = world.desks[*speaker].console.device();
            world.desks[*listener].open.values().any(|(device, _)| *device == speaker)
        };
        pairs.iter().all(has)
    };
    world.until(20, heard);

    for _ in 0..2 {
        let device = world.desks[usa].console.device();
        world.reload(usa, officer.clone());
        for desk in [jpn, interpreter] {
            world.desks[desk].open.retain(|_, (speaker, _)| *speaker != device);
        }
        world.until(10, |world| world.view(usa).node == NodeLink::Up);
        if world.view(usa).call.is_none() {
            world.command(usa, Command::Answer { line: summit().unwrap() });
        }
        world.until(20, heard);
        assert!(world.view(interpreter).call.is_some());
    }
}
