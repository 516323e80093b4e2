//! A neighbour says that it holds more of a node's journal than the node itself. For as long as that is believed
//! nothing is written there; what falls due meanwhile waits, and the node goes on reading: the world of these tests
//! fails where a machine is due at a time that has passed.
#![allow(clippy::unwrap_used)]

use crate::common;

use common::{SECOND, World};
use trialogue_charter::Suite;
use trialogue_core::Input;
use trialogue_wire::link::{Head, LinkMessage};

const JPN: usize = 0;
const KOR: usize = 1;
const USA: usize = 2;

/// `from` says that it holds a thousand more entries of `to`'s journal.
fn claims(world: &mut World, from: usize, to: usize) {
    let (node, own) = (world.nodes[from].id.clone(), world.nodes[to].id.clone());
    let seq = world.nodes[to].machine.as_ref().unwrap().head() + 1_000;
    let heads = LinkMessage::Heads { heads: vec![Head { node: own, seq }] };
    world.node_input(to, Input::LinkMessage { node, bytes: trialogue_wire::encode(&heads) });
    world.run(1_000);
    assert!(world.nodes[to].machine.as_ref().unwrap().catching_up().is_some(), "it is believed for a while");
}

#[test]
fn a_console_that_is_lost_meanwhile_is_written_afterwards() {
    let mut world = World::leaders(Suite::XWing);
    world.ring(USA);
    world.until(5, |world| world.desks[JPN].ringing && world.desks[KOR].ringing);
    world.answer(JPN);
    world.answer(KOR);
    world.until(5, |world| world.all_ready(&[JPN, KOR, USA]));
    world.cut(USA, true);
    world.run(9 * SECOND);
    claims(&mut world, JPN, USA);
    world.until(10, |world| world.call(KOR).members.len() == 2);
}

#[test]
fn a_ring_that_ends_meanwhile_ends() {
    let mut world = World::leaders(Suite::XWing);
    world.ring(USA);
    world.until(5, |world| world.line(KOR).ring.is_some());
    world.run(u64::from(world.fixture.charter.policy.ring_seconds - 1) * SECOND);
    assert!(world.line(KOR).ring.is_some());
    claims(&mut world, JPN, KOR);
    world.until(10, |world| world.line(KOR).ring.is_none());
}
