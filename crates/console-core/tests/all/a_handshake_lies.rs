//! A console says of its commit that it removes somebody, and the commit removes nobody: journal and keys do not agree
//! any more about who is in. Whoever follows the group notices, says by whom, and gives the group up; once that device
//! is out, all is well.
#![allow(clippy::unwrap_used)]

use crate::common;

use common::World;
use common::rogue::Rogue;
use trialogue_charter::{DeviceId, LineId, Suite, fixture};
use trialogue_console_core::Event;
use trialogue_core::{Errand, Input as NodeInput};
use trialogue_e2ee::Keyring;
use trialogue_journal::{Act, BodyRef, GroupId};

const JPN: usize = 0;
const KOR: usize = 1;
const USA: usize = 2;
const SUITE: Suite = Suite::XWing;
const ALL: [usize; 3] = [JPN, KOR, USA];

fn leaders() -> LineId {
    LineId::new("leaders").unwrap()
}

/// Three are in a call, and beside JPN's console another one of its party, with a program of its own making.
fn with_a_rogue() -> (World, Rogue, Keyring, GroupId) {
    let mut world = World::leaders(SUITE);
    let mut rogue = Rogue::new(&mut world, "jpn-leaders", 9);
    world.ring(USA);
    world.until(5, |world| world.desks[JPN].ringing && world.desks[KOR].ringing);
    world.answer(JPN);
    world.answer(KOR);
    world.until(20, |world| world.all_ready(&ALL));
    let (ring, group) = rogue.comes_in(&mut world, SUITE, &leaders());
    world.until(5, |world| world.call(KOR).members.len() == 4 && world.keys_match(&ALL));
    (world, rogue, ring, group)
}

fn is_told(world: &World, desk: usize, step: &str) -> bool {
    world.desks[desk].events.iter().any(|event| matches!(event, Event::BadHandshake { step: at, .. } if *at == step))
}

/// On the screen of everybody who follows the group.
fn is_named(world: &World, desks: &[usize], device: &DeviceId) -> bool {
    desks.iter().all(|desk| {
        let call = world.call(*desk);
        let name =
            call.members.iter().find(|member| member.person.device == device.to_string()).map(|m| &m.person.name);
        call.misled.len() == 1 && call.misled.first() == name
    })
}

/// Its party's root puts it out, and the three are among themselves again, with each other's keys.
fn put_out(world: &mut World, device: DeviceId) {
    let revocation = fixture::revocation("JPN", &device);
    world.node_input(JPN, NodeInput::Revoke { revocation, errand: Errand(1) });
    world.until(60, |world| world.all_ready(&ALL));
}

#[test]
fn who_is_said_to_be_removed_and_is_not() {
    let (mut world, mut rogue, mut ring, group) = with_a_rogue();
    let epoch = ring.epoch(&group).unwrap();
    let pending = ring.renew(&group).unwrap();
    let removed = vec![world.desks[USA].console.device()];
    let commit = BodyRef::of(&pending.commit);
    let act = Act::Handshake { group, epoch, commit, welcome: None, added: Vec::new(), removed };
    rogue.says(&mut world, "leaders", act, vec![pending.commit]).unwrap();
    world.run(2 * common::SECOND);
    let device = rogue.secret.id();
    assert!(is_named(&world, &[JPN, KOR], &device));
    assert!(is_named(&world, &ALL, &device));
    put_out(&mut world, device);
    assert!(ALL.iter().all(|desk| world.call(*desk).misled.is_empty()));
    assert!(ALL.iter().all(|desk| is_told(&world, *desk, "members")));
}

#[test]
fn who_is_removed_and_is_not_said_to_be() {
    let (mut world, mut rogue, mut ring, group) = with_a_rogue();
    let epoch = ring.epoch(&group).unwrap();
    let pending = ring.add_and_remove(&group, &[], &[world.desks[USA].console.device()]).unwrap();
    let commit = BodyRef::of(&pending.commit);
    let act = Act::Handshake { group, epoch, commit, welcome: None, added: Vec::new(), removed: Vec::new() };
    rogue.says(&mut world, "leaders", act, vec![pending.commit]).unwrap();
    world.run(2 * common::SECOND);
    let device = rogue.secret.id();
    put_out(&mut world, device);
    assert!([JPN, KOR].iter().all(|desk| is_told(&world, *desk, "members")));
}
