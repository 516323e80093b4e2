//! A group has 1,024 epochs. When they are used up, by a call of days or by a console that moves it without end, the
//! next group takes its place; nobody is unheard for that.
#![allow(clippy::unwrap_used)]

use crate::common;
use crate::common::chance;

use common::rogue::Rogue;
use common::{SECOND, World};
use trialogue_charter::{Hash, LineId, NodeId, Suite};
use trialogue_e2ee::{Expected, GroupId, Keyring};
use trialogue_journal::limits::EPOCHS_MAX;
use trialogue_journal::{Act, BodyRef, KeyOffer};

const KOR: usize = 0;
const LEAD: usize = 1;
const USA: usize = 2;
const SUITE: Suite = Suite::XWing;

fn group(world: &World) -> (GroupId, u64) {
    let state = world.nodes[USA].machine.as_ref().unwrap().state();
    let group = state.line(&LineId::new("leaders").unwrap()).groups[&world.nodes[USA].id].clone();
    (group.id, group.epoch)
}

#[test]
fn the_next_group_takes_its_place_unheard() {
    let mut world = World::new(SUITE);
    world.desk("kor-leaders");
    world.desk("usa-leaders");
    world.until(10, |world| world.desks.iter().all(|desk| desk.offers > 0));
    world.ring(LEAD);
    world.until(5, |world| world.desks[KOR].ringing);
    world.answer(KOR);
    world.until(20, |world| world.all_ready(&[KOR, LEAD]));
    let call = world.nodes[USA].machine.as_ref().unwrap().state().in_on(&LineId::new("leaders").unwrap())[0].call;

    let mut eager = Rogue::new(&mut world, "usa-leaders", 9);
    let device = eager.secret.id();
    let mut ring = Keyring::new(SUITE, device, &eager.secret.mls_key(SUITE).private, &mut chance()).unwrap();
    let nodes: Vec<NodeId> = world.nodes.iter().map(|node| node.id.clone()).collect();
    let packages: Vec<_> = nodes.iter().map(|_| ring.key_package().unwrap()).collect();
    let offers = nodes.iter().zip(&packages);
    let offers = offers.map(|(node, body)| KeyOffer { node: node.clone(), package: BodyRef::of(body).unwrap() });
    let answer = Act::Answer { call, offers: offers.collect() };
    eager.says(&mut world, "leaders", answer, packages.clone()).unwrap();
    let added = |world: &World| {
        let state = world.nodes[USA].machine.as_ref().unwrap().state();
        let group = state.line(&LineId::new("leaders").unwrap()).groups[&world.nodes[USA].id].clone();
        group.handshakes.iter().find(|record| record.added.contains(&device)).cloned()
    };
    world.until(5, |world| added(world).is_some());
    let (id, mut epoch) = group(&world);
    let record = added(&world).unwrap();
    let welcome = record.welcome.unwrap();
    let bodies = world.nodes[USA].disk.values().flatten().flat_map(|bundle| &bundle.bodies);
    let welcome = bodies.into_iter().find(|body| Hash::of(body) == welcome.hash).unwrap().to_vec();
    let package = Hash::of(&packages[USA]);
    let expected = Expected { group: id, epoch: record.epoch + 1, by: record.by, packages: &[package] };
    ring.join(&welcome, &expected).unwrap();

    // It moves the group on until that has no more epochs, and nobody stays behind.
    while epoch < EPOCHS_MAX {
        let pending = ring.renew(&id).unwrap();
        let commit = BodyRef::of(&pending.commit);
        let act = Act::Handshake { group: id, epoch, commit, welcome: None, added: Vec::new(), removed: Vec::new() };
        eager.says(&mut world, "leaders", act, vec![pending.commit]).unwrap();
        epoch = ring.confirm(&id).unwrap();
        world.run(SECOND / 20);
    }
    assert_eq!(group(&world), (id, EPOCHS_MAX));
    assert!(world.hears(KOR, LEAD) && world.hears(LEAD, KOR));

    // Whoever has offered itself anew is in the next one, and goes on without a break.
    let mut seconds = 0;
    while group(&world).0 == id {
        world.run(SECOND);
        seconds += 1;
        assert!(world.hears(KOR, LEAD) && world.hears(LEAD, KOR), "after {seconds} s");
        assert!(seconds < 30, "the group stays as it is");
    }
    for second in 0..20 {
        world.run(SECOND);
        assert!(world.hears(KOR, LEAD) && world.hears(LEAD, KOR), "{second} s after the change");
    }
    let (next, epoch) = group(&world);
    assert!(next != id && epoch < 8, "{epoch}");
    assert!(world.keys_match(&[KOR, LEAD]));
}
