//! An officer rings the leaders' line, the two others answer: everyone seals for, and opens, exactly the others.
#![allow(clippy::unwrap_used)]

use crate::common;

use common::World;
use trialogue_charter::Suite;
use trialogue_console_core::view::*;

fn talk(suite: Suite) {
    let mut world = World::leaders(suite);
    assert!(world.line(2).parties[0].own);
    world.ring(2);
    world.until(5, |world| world.desks[0].ringing && world.desks[1].ringing);
    assert!(!world.desks[2].ringing);
    assert_eq!(world.line(0).ring.as_ref().map(|ring| ring.from.office_id.as_str()), Some("usa-leaders"));
    world.until(5, |world| matches!(world.party(2, "JPN").ring, RingState::Ringing { consoles: 1 }));
    assert_eq!(world.call(2).sealing, Sealing::Waiting);
    assert!(world.desks[2].seal.is_none(), "nothing is sealed for nobody");

    world.answer(0);
    // A platform says what it sends as soon as the call is on screen: before the node knows that this console is in.
    world.command(0, Command::Sending { voice: true, picture: false });
    world.until(5, |world| world.all_ready(&[0, 2]));
    world.until(5, |world| world.call(2).members.iter().any(|member| member.voice && !member.picture && !member.me));
    assert!(!world.desks[0].ringing);
    assert!(world.desks[1].ringing, "KOR is still rung");
    assert_eq!(world.call(2).missing, vec!["KOR".to_owned()]);

    world.answer(1);
    world.until(5, |world| world.all_ready(&[0, 1, 2]));
    assert!(!world.desks[1].ringing);
    assert!(world.call(1).missing.is_empty());
    assert!(world.call(1).since_ms.is_some());
    assert_eq!(world.party(0, "KOR").ring, RingState::Answered);

    world.command(1, Command::HangUp);
    world.until(5, |world| world.all_ready(&[0, 2]));
    assert!(world.view(1).call.is_none() && world.desks[1].seal.is_none() && world.desks[1].open.is_empty());
    world.command(0, Command::HangUp);
    world.until(5, |world| world.view(2).call.is_none());
    assert_eq!(world.line(2).outcome, Some(Outcome::Ended));
    for desk in 0..3 {
        // Who had hung up earlier has seen the others talk on, and end.
        let last = world.line(desk).last_call.as_ref().unwrap();
        assert_eq!(last.parties.len(), 3);
        assert!(last.since_ms <= last.until_ms);
    }
    assert!(!world.line(2).active);
    assert!(world.desks.iter().all(|desk| desk.seal.is_none() && desk.open.is_empty()));
}

#[test]
fn with_the_post_quantum_suite() {
    talk(Suite::Cnsa2);
}

#[test]
fn with_the_hybrid_suite() {
    talk(Suite::XWing);
}
