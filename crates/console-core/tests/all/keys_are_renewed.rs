//! Keys of a call that lasts are renewed by everybody who speaks: who takes a console's keys for a moment is out again, and reads nothing from before.
#![allow(clippy::unwrap_used)]

use crate::common;

use common::{SECOND, World};
use trialogue_charter::Suite;
use trialogue_console_core::view::NodeLink;

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
