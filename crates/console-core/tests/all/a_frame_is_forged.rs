//! Somebody with the keys of the call makes a frame in another's name: it is refused, and both boards say so, with the
//! way by which it came.
#![allow(clippy::unwrap_used)]

use crate::common;

use common::World;
use trialogue_charter::{NodeId, Suite};
use trialogue_console_core::{Input, Suspicion};

const JPN: usize = 0;
const KOR: usize = 1;
const USA: usize = 2;

#[test]
fn both_boards_say_that_a_frame_was_forged_and_by_which_way_it_came() {
    let mut world = World::leaders(Suite::XWing);
    world.ring(USA);
    world.until(5, |world| world.desks[KOR].ringing && world.desks[JPN].ringing);
    world.answer(KOR);
    world.answer(JPN);
    world.until(10, |world| world.all_ready(&[0, 1, 2]));
    let usa = world.desks[USA].console.device();
    // KOR's media worker has refused one; its node finds that frames of USA came over JPN's link as well.
    world.ways = vec![NodeId::new("jpn-1").unwrap()];
    world.input(KOR, Input::Suspect { device: usa, what: Suspicion::Forged });
    world.until(5, |world| [JPN, KOR, USA].iter().all(|desk| !world.call(*desk).forgeries.is_empty()));
    for desk in [JPN, KOR, USA] {
        let told = &world.call(desk).forgeries[0];
        assert_eq!((told.by.en.as_str(), told.via.len()), ("KOR", 1));
        assert_eq!(told.via[0].en, "JPN");
    }
    let suspect = |desk: usize| {
        let members = &world.call(desk).members;
        members.iter().find(|member| member.person.device == usa.to_string()).unwrap().suspect
    };
    assert_eq!(suspect(KOR), Some(Suspicion::Forged));
    assert_eq!(suspect(JPN), None, "what was not given to it, it does not say");
    // Said again within half a minute it is no second entry.
    let entries = |world: &World| world.nodes[KOR].disk[&world.nodes[KOR].id].len();
    let before = entries(&world);
    world.input(KOR, Input::Suspect { device: usa, what: Suspicion::Forged });
    world.run(2 * common::SECOND);
    assert_eq!(entries(&world), before);
}
