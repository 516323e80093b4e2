//! A console of the own party removes another party's from the group again and again. Its lead lets that one in again
//! each time, and in the end puts out whoever does that, and not whom it is done to.
#![allow(clippy::unwrap_used)]

use crate::common;

use common::rogue::Rogue;
use common::{SECOND, World};
use trialogue_charter::{LineId, Suite};
use trialogue_journal::{Act, BodyRef};

const JPN: usize = 0;
const KOR: usize = 1;
const USA: usize = 2;
const SUITE: Suite = Suite::XWing;

#[test]
fn it_is_put_out_and_not_whom_it_removes() {
    let mut world = World::leaders(SUITE);
    let mut rogue = Rogue::new(&mut world, "jpn-leaders", 9);
    let (line, device) = (LineId::new("leaders").unwrap(), rogue.secret.id());
    world.ring(USA);
    world.until(5, |world| world.desks[JPN].ringing && world.desks[KOR].ringing);
    world.answer(JPN);
    world.answer(KOR);
    world.until(20, |world| world.all_ready(&[JPN, KOR, USA]));
    let (mut ring, id) = rogue.comes_in(&mut world, SUITE, &line);
    let victim = world.desks[USA].console.device();
    let group = |world: &World| {
        let state = world.nodes[JPN].machine.as_ref().unwrap().state();
        state.line(&line).groups[&world.nodes[JPN].id].clone()
    };
    // A minute in which it looks once in a second.
    let (mut out, mut times) = (0, 0);
    for _ in 0..60 {
        world.run(SECOND);
        let now = group(&world);
        assert_eq!(now.id, id);
        // What the lead has done meanwhile.
        while ring.has(&id) && ring.epoch(&id).unwrap() < now.epoch {
            let epoch = ring.epoch(&id).unwrap();
            let record = now.handshakes.iter().find(|record| record.epoch == epoch && record.commit.is_some()).unwrap();
            let hash = record.commit.as_ref().unwrap().hash;
            let mut bodies = world.nodes[JPN].disk.values().flatten().flat_map(|bundle| &bundle.bodies);
            let commit = bodies.find(|body| trialogue_charter::Hash::of(body) == hash).unwrap().to_vec();
            ring.process(&id, &record.by, &commit).unwrap();
        }
        if !now.members.contains_key(&device) {
            out += 1;
        } else if now.members.contains_key(&victim) && ring.has(&id) {
            let epoch = ring.epoch(&id).unwrap();
            let pending = ring.add_and_remove(&id, &[], &[victim]).unwrap();
            let (commit, removed) = (BodyRef::of(&pending.commit), vec![victim]);
            let act = Act::Handshake { group: id, epoch, commit, welcome: None, added: Vec::new(), removed };
            rogue.says(&mut world, line.as_str(), act, vec![pending.commit]).unwrap();
            ring.confirm(&id).unwrap();
            times += 1;
        }
    }
    // As often as a page may be loaded anew; then it is out, and the other one stays.
    assert_eq!(times, 6);
    assert!(out >= 3, "it was put out for {out} s");
    world.until(1, |world| group(world).members.contains_key(&victim) && world.keys_match(&[JPN, KOR, USA]));
}
