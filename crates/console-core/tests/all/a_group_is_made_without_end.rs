//! A member says again and again that it has let the others into its group anew, with welcomes that are none. The
//! others offer it new key packages more and more seldom, each alone, and what they may state is not used up by it.
#![allow(clippy::unwrap_used)]

use crate::common;

use common::rogue::Rogue;
use common::{SECOND, World};
use trialogue_charter::{CallId, DeviceId, Suite};
use trialogue_journal::{Act, Body, BodyRef, GroupId, KeyOffer, UnverifiedEntry, UnverifiedStatement};
use trialogue_wire::console::Refusal;

const KOR: usize = 0;
const USA: usize = 1;
const JPN: usize = 2;
const LINE: &str = "leaders";

/// KOR and USA are in a call; JPN's console, with a program of its own making, has come into it.
fn three_in_a_call() -> (World, Rogue) {
    let mut world = World::new(Suite::XWing);
    world.desk("kor-leaders");
    world.desk("usa-leaders");
    world.until(10, |world| world.desks.iter().all(|desk| desk.offers > 0));
    let mut rogue = Rogue::new(&mut world, "jpn-leaders", 1);
    world.run(3 * SECOND);
    world.ring(USA);
    world.until(5, |world| world.desks[KOR].ringing);
    world.answer(KOR);
    world.until(20, |world| world.all_ready(&[KOR, USA]));
    let call = CallId([7; 16]);
    assert_eq!(rogue.says(&mut world, LINE, Act::Answer { call, offers: Vec::new() }, Vec::new()), Ok(()));
    (world, rogue)
}

/// How many key packages each statement of a console listed with which it rang on or came in.
fn offered_by(world: &World, desk: usize) -> Vec<usize> {
    let (device, node) = (world.desks[desk].console.device(), &world.nodes[world.desks[desk].node]);
    let entries = node.disk[&node.id].iter();
    let acts = entries.filter_map(|bundle| {
        let Body::Stated { statement } = UnverifiedEntry::decode(&bundle.entry).ok()?.claim().body.clone() else {
            return None;
        };
        let statement = UnverifiedStatement::decode(&statement).ok()?.claim().clone();
        (statement.device == device).then_some((statement.act, bundle.bodies.len()))
    });
    acts.filter_map(|(act, bodies)| match act {
        Act::Ring { offers, .. } | Act::Answer { offers, .. } => Some((offers.len(), bodies)),
        _ => None,
    })
    .map(|(offers, bodies)| {
        assert_eq!(offers, bodies);
        offers
    })
    .collect()
}

/// It lets them in anew in this epoch of its group, by its own word.
fn lets_in(world: &World, epoch: u64, added: Vec<DeviceId>) -> (Act, Vec<Vec<u8>>) {
    let mut id = [9; GroupId::LEN];
    id[GroupId::LEN - 1] = world.fixture.charter.node_index(&world.nodes[world.desks[JPN].node].id).unwrap();
    let (commit, welcome) = (vec![1; 300 + epoch as usize], vec![2; 600 + epoch as usize]);
    let (group, removed) = (GroupId(id), if epoch > 0 { added.clone() } else { Vec::new() });
    let reference = BodyRef::of(&commit).filter(|_| epoch > 0);
    let bodies = reference.iter().map(|_| commit.clone()).chain([welcome.clone()]).collect();
    let act = Act::Handshake { group, epoch, commit: reference, welcome: BodyRef::of(&welcome), added, removed };
    (act, bodies)
}

#[test]
fn the_others_answer_it_seldom_and_with_no_more_than_it_asks_for() {
    let (mut world, mut rogue) = three_in_a_call();
    let before = [KOR, USA].map(|desk| offered_by(&world, desk).len());
    let victims: Vec<DeviceId> = [KOR, USA].iter().map(|desk| world.desks[*desk].console.device()).collect();
    let mut added = victims.clone();
    added.sort();
    // Once in ten seconds, for twenty minutes.
    for epoch in 0..120 {
        let (act, bodies) = lets_in(&world, epoch, added.clone());
        assert_eq!(rogue.says(&mut world, LINE, act, bodies), Ok(()));
        world.run(10 * SECOND);
    }
    for (desk, before) in [KOR, USA].into_iter().zip(before) {
        let offered = offered_by(&world, desk).split_off(before);
        assert!((4..=30).contains(&offered.len()), "{} times in 20 minutes", offered.len());
        assert!(offered.iter().all(|offers| *offers == 1), "{offered:?}: those for other nodes stand");
    }
    assert!(world.keys_match(&[KOR, USA]));
}

#[test]
fn new_key_packages_leave_room_for_what_a_call_is_made_of() {
    let (mut world, mut rogue) = three_in_a_call();
    let nodes: Vec<_> = world.nodes.iter().map(|node| node.id.clone()).collect();
    let call = CallId([7; 16]);
    let offer = |world: &World, node: usize, size: usize| {
        let mut body = vec![3; size];
        body[..8].copy_from_slice(&world.now_us.to_be_bytes());
        (KeyOffer { node: nodes[node].clone(), package: BodyRef::of(&body).unwrap() }, body)
    };
    let ring = |offers: Vec<KeyOffer>| Act::Ring { call, offers, precedence: Default::default() };
    let mut last = Vec::new();
    let refused = loop {
        let (offer, body) = offer(&world, 0, 500 << 10);
        match rogue.says(&mut world, LINE, ring(vec![offer.clone()]), vec![body.clone()]) {
            Ok(()) => last = vec![(offer, body)],
            Err((reason, _)) => break reason,
        }
        world.run(SECOND / 10);
    };
    assert_eq!(refused, Refusal::Busy);
    // Ringing those who are missing, with the key packages that stand, and keys for who comes in, go on.
    let (offers, bodies): (Vec<_>, Vec<_>) = last.into_iter().unzip();
    assert_eq!(rogue.says(&mut world, LINE, ring(offers), bodies), Ok(()));
    let (act, bodies) = lets_in(&world, 0, vec![world.desks[KOR].console.device()]);
    assert_eq!(rogue.says(&mut world, LINE, act, bodies), Ok(()));
    assert_eq!(rogue.says(&mut world, LINE, Act::Leave { cause: None }, Vec::new()), Ok(()));
}
