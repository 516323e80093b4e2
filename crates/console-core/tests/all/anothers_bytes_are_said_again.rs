//! A member's console says another's key packages, byte for byte, as its own. They are refused as its own, and stay
//! good where they are the other's.
#![allow(clippy::unwrap_used)]

use crate::common;

use common::rogue::{Rogue, offered};
use common::writing::message;
use common::{SECOND, World};
use trialogue_charter::{CallId, NodeId, Suite};
use trialogue_console_core::view::*;
use trialogue_journal::{Act, KeyOffer, UnverifiedEntry};
use trialogue_wire::link::LinkMessage;

const JPN: usize = 0;
const KOR: usize = 1;
const SUITE: Suite = Suite::XWing;

#[test]
fn a_key_package_for_a_call() {
    let mut world = World::new(SUITE);
    let (jpn, usa) = (world.desk("jpn-leaders"), world.desk("usa-leaders"));
    world.until(10, |world| world.desks.iter().all(|desk| desk.offers > 0));
    let mut copyist = Rogue::new(&mut world, "kor-leaders", 9);
    let nodes: Vec<NodeId> = world.nodes.iter().map(|node| node.id.clone()).collect();

    // JPN hears of USA later than of KOR: the copy is there first.
    world.link(0, 2, false);
    let of_usa = nodes[2].clone();
    world.link_tamper = Some(Box::new(move |from, to, bytes| {
        let Ok(LinkMessage::Entries { mut bundles }) = trialogue_wire::decode(&bytes) else { return Some(bytes) };
        if (from, to) == (KOR, JPN) {
            bundles.retain(|bundle| UnverifiedEntry::decode(&bundle.entry).unwrap().claim().node != of_usa);
        }
        Some(trialogue_wire::encode(&LinkMessage::Entries { bundles }))
    }));
    world.ring(usa);
    world.run(SECOND);
    let copies: Vec<_> = nodes.iter().map(|node| offered(&world, usa, Some(node))).collect();
    let offers = nodes.iter().zip(&copies);
    let offers = offers.map(|(node, (package, _))| KeyOffer { node: node.clone(), package: package.clone() });
    let ring = Act::Ring { call: CallId([9; 16]), offers: offers.collect(), precedence: Default::default() };
    copyist.says(&mut world, "leaders", ring, copies.into_iter().map(|(_, body)| body).collect()).unwrap();
    world.until(5, |world| world.desks[jpn].ringing);
    world.answer(jpn);
    world.run(5 * SECOND);

    world.link_tamper = None;
    world.link(0, 2, true);
    world.until(15, |world| world.hears(jpn, usa) && world.hears(usa, jpn));
}

#[test]
fn what_lets_others_write_to_it() {
    let mut world = World::new(SUITE);
    let (jpn, usa) = (world.writer("jpn-duty"), world.writer("usa-duty"));
    world.until(10, |world| world.desks.iter().all(|desk| desk.offers > 0));
    let open = Command::OpenWritten { line: Some("summit".into()) };
    for desk in [jpn, usa] {
        world.command(desk, open.clone());
    }
    let mut copyist = Rogue::new(&mut world, "kor-duty", 9);
    world.run(SECOND);
    let (package, body) = offered(&world, usa, None);
    copyist.says(&mut world, "summit", Act::Stock { package }, vec![body]).unwrap();
    world.run(SECOND);
    for text in ["First.", "Second.", "Third."] {
        world.command(jpn, message("summit", text, Language::En));
        world.until(5, |world| world.written(usa).messages.iter().any(|message| message.text == text));
    }
}
