//! A member's node fills its journal as fast as its links carry it, or a console its node's: whoever does so waits, and
//! nobody else does.
#![allow(clippy::unwrap_used)]

use crate::common;

use common::rogue::Rogue;
use common::{SECOND, World};
use trialogue_charter::{CallId, DeviceSecret, LineId, NodeId, Suite};
use trialogue_console_core::Identity;
use trialogue_console_core::view::{Command, NodeLink};
use trialogue_core::limits::{BODIES_HELD, TOLD_MAX};
use trialogue_journal::{Act, Body, BodyRef, GroupId, Journal, KeyOffer, Statement, UnverifiedEntry};
use trialogue_wire::Bundle;
use trialogue_wire::console::{Refusal, ToConsole, ToNode};
use trialogue_wire::limits::MESSAGE_MAX;
use trialogue_wire::link::{Head, LinkMessage, PROTOCOL};

const JPN: usize = 0;
const KOR: usize = 1;
const USA: usize = 2;
const BODY: usize = 500 << 10;
const SMALL: usize = 1 << 10;
/// What a journal may have at once.
const BURST: usize = 128 << 20;

/// JPN's node with a program of its own making.
struct Hostile {
    node: NodeId,
    journal: Journal,
    number: u64,
}

impl Hostile {
    /// It takes the place of the node, which is killed.
    fn takes_over(world: &mut World) -> Self {
        let node = world.nodes[JPN].id.clone();
        world.kill_node(JPN);
        world.cut(JPN, true);
        world.run(SECOND);
        let held = &world.nodes[KOR].disk[&node];
        let last = UnverifiedEntry::decode(&held[held.len() - 1].entry).unwrap();
        let last = last.verify(&world.fixture.charter).unwrap();
        Self { journal: Journal::resume(node.clone(), last.entry().seq, last.hash()), node, number: common::START_MS }
    }

    /// The next entry: of the right form, signed, and with a body as large as may be.
    fn entry(&mut self, world: &World, body: impl FnOnce(BodyRef, Vec<u8>) -> Body) -> Bundle {
        self.entry_of(world, BODY, body)
    }

    fn entry_of(&mut self, world: &World, bytes: usize, body: impl FnOnce(BodyRef, Vec<u8>) -> Body) -> Bundle {
        self.number += 1;
        let mut large = vec![7; bytes];
        large[..8].copy_from_slice(&self.number.to_be_bytes());
        let statement = |package: BodyRef| {
            let secret = DeviceSecret::from_seed(&[99; 32]);
            let line = LineId::new("leaders").unwrap();
            let act = Act::Stock { package };
            Statement::new(secret.id(), self.number, &world.occasion(JPN), line, act).sign(&secret).0
        };
        let package = BodyRef::of(&large).unwrap();
        let signed = statement(package.clone());
        let entry = self.journal.append(world.wall_ms(), body(package, signed));
        Bundle { entry: entry.sign(world.fixture.journal(&self.node)).0, bodies: vec![large.into()] }
    }

    /// What a console of its own says, whatever that is.
    fn states(&mut self, world: &World, secret: &DeviceSecret, act: Act, body: Option<Vec<u8>>) -> Bundle {
        self.number += 1;
        let line = LineId::new("leaders").unwrap();
        let number = self.number + 1_000_000_000;
        let statement = Statement::new(secret.id(), number, &world.occasion(JPN), line, act).sign(secret).0;
        let entry = self.journal.append(world.wall_ms(), Body::Stated { statement });
        let bodies = body.into_iter().map(Into::into).collect();
        Bundle { entry: entry.sign(world.fixture.journal(&self.node)).0, bodies }
    }

    fn says(&self, world: &mut World, to: usize, message: &LinkMessage) {
        let bytes = trialogue_wire::encode(message);
        world.node_input(to, trialogue_core::Input::LinkMessage { node: self.node.clone(), bytes });
        world.settle();
    }

    /// It comes into reach, and says how far its journal goes.
    fn links_to(&self, world: &mut World, to: usize, seq: u64) {
        let heads = vec![Head { node: self.node.clone(), seq }];
        let (charter, serial) = (world.fixture.charter.hash(), world.fixture.charter.serial);
        let hello = LinkMessage::Hello { protocol: PROTOCOL, node: self.node.clone(), charter, heads, serial };
        world.node_input(to, trialogue_core::Input::LinkUp { node: self.node.clone(), round_trip_us: None });
        self.says(world, to, &hello);
    }
}

/// By nobody who is enrolled: it stands in the journal, and changes nothing.
fn ignored(_: BodyRef, statement: Vec<u8>) -> Body {
    Body::Stated { statement }
}

fn taken(world: &World, at: usize, of: &NodeId) -> usize {
    world.nodes[at].disk[of].len()
}

fn held(world: &World) -> u64 {
    taken(world, KOR, &world.nodes[JPN].id) as u64
}

#[test]
fn its_entries_wait_and_the_others_are_not_held_up() {
    let mut world = World::leaders(Suite::XWing);
    let mut hostile = Hostile::takes_over(&mut world);
    let before = held(&world);
    hostile.links_to(&mut world, KOR, before);
    let bundles: Vec<Bundle> = (0..300).map(|_| hostile.entry(&world, ignored)).collect();
    let heard = world.desks[KOR].heard.len();
    for bundle in &bundles {
        hostile.says(&mut world, KOR, &LinkMessage::Entries { bundles: vec![bundle.clone()] });
    }
    let first = held(&world) - before;
    assert!(first as usize * BODY <= BURST, "{first} entries were taken at once");
    assert!(first as usize * BODY >= BURST - 2 * BODY, "{first}: what it may have, it gets");
    assert!(world.nodes[KOR].machine.as_ref().unwrap().bodies_held() <= BODIES_HELD + (1 << 20));

    // What changes nothing is shown to no console.
    let told = &world.desks[KOR].heard[heard..];
    let entries = told.iter().filter_map(|bytes| match trialogue_wire::decode(bytes) {
        Ok(ToConsole::Entries { bundles }) => Some(bundles),
        _ => None,
    });
    let flood = |shown: &Bundle| bundles.iter().any(|bundle| bundle.entry == shown.entry);
    assert!(!entries.flatten().any(|shown| flood(&shown)), "the console was shown what its node ignores");

    // The others ring meanwhile, and what waits is taken as time goes by: nothing is lost.
    world.ring(USA);
    world.until(5, |world| world.desks[KOR].ringing);
    world.until(120, |world| held(world) > before + first);
    assert!(held(&world) <= before + first + 2);
}

/// Bodies go after a day; JPN's node has kept those of a journal, and says them all again.
fn says_old_bodies_again(of: usize) -> World {
    let mut world = World::leaders(Suite::XWing);
    let hostile = Hostile::takes_over(&mut world);
    let node = world.nodes[of].id.clone();
    world.kill_node(KOR);
    world.kill_node(of);
    let written = &world.nodes[of].disk[&node];
    let last = UnverifiedEntry::decode(&written[written.len() - 1].entry).unwrap();
    let last = last.verify(&world.fixture.charter).unwrap();
    let journal = Journal::resume(node.clone(), last.entry().seq, last.hash());
    let mut history = Hostile { node: node.clone(), journal, number: common::START_MS };
    // Small ones at last, for which there is room when there is none for a large one.
    let sizes = [BODY].repeat(BURST / BODY + 10).into_iter().chain([SMALL].repeat(BODY / SMALL));
    let bundles: Vec<Bundle> = sizes.map(|bytes| history.entry_of(&world, bytes, ignored)).collect();
    for at in [KOR, USA] {
        let bare = bundles.iter().map(|bundle| Bundle { entry: bundle.entry.clone(), bodies: Vec::new() });
        world.nodes[at].disk.get_mut(&node).unwrap().extend(bare);
    }
    world.start_node(KOR);
    if of != KOR {
        world.start_node(of);
    }
    world.until(30, |world| [KOR, USA].iter().all(|desk| world.view(*desk).node == NodeLink::Up));
    // What a journal has saved up while it was away it has no more once it is in use.
    world.ring(of);
    world.until(5, |world| world.line(of).active);
    world.command(of, Command::HangUp);
    world.run(5 * SECOND);
    hostile.links_to(&mut world, KOR, 0);
    for bundle in &bundles {
        hostile.says(&mut world, KOR, &LinkMessage::Entries { bundles: vec![bundle.clone()] });
    }
    world
}

#[test]
fn old_bodies_said_again_take_the_budget_of_no_journal() {
    let mut world = says_old_bodies_again(KOR);
    world.ring(KOR);
    world.run(SECOND / 20);
    assert!(world.desks[USA].ringing, "its own node has no room for its ring");
    let mut world = says_old_bodies_again(USA);
    world.ring(USA);
    world.run(SECOND / 20);
    assert!(world.desks[KOR].ringing, "the ring waits behind what another said again");
}

/// Three consoles of the leaders' line; JPN's node is in other hands, which have its console's key as well, and is
/// linked to KOR's.
fn taken_over() -> (World, [Identity; 3], Hostile) {
    let mut world = World::new(Suite::XWing);
    let identities = ["jpn-leaders", "kor-leaders", "usa-leaders"].map(|office| world.identity(office, 1));
    for identity in identities.clone() {
        world.desk_with(identity);
    }
    world.until(10, |world| world.desks.iter().all(|desk| desk.offers > 0));
    let hostile = Hostile::takes_over(&mut world);
    let held = held(&world);
    hostile.links_to(&mut world, KOR, held);
    (world, identities, hostile)
}

/// The most bytes of entries and bodies that came after each other without the console's having been asked whether it
/// takes more.
fn most_at_once(heard: &[Vec<u8>]) -> usize {
    let (mut most, mut now) = (0, 0);
    for bytes in heard {
        now = match trialogue_wire::decode(bytes) {
            Ok(ToConsole::MoreFollows {}) => 0,
            Ok(ToConsole::Entries { .. } | ToConsole::Bodies { .. }) => now + bytes.len(),
            _ => now,
        };
        most = most.max(now);
    }
    most
}

#[test]
fn its_handshakes_keep_no_console_of_others_out() {
    let (mut world, identities, mut hostile) = taken_over();
    let (own, before) = (DeviceSecret::from_seed(&identities[JPN].secret), held(&world));
    let ring = Act::Ring { call: CallId([9; 16]), offers: Vec::new(), precedence: Default::default() };
    let group = GroupId([7; 16]);
    let create =
        Act::Handshake { group, epoch: 0, commit: None, welcome: None, added: Vec::new(), removed: Vec::new() };
    let mut bundles = vec![hostile.states(&world, &own, ring, None), hostile.states(&world, &own, create, None)];
    // 60 MB of commits, each of them as large as may be, and all of them of the group that there is now.
    for epoch in 0..120 {
        let mut large = vec![7; BODY];
        large[..8].copy_from_slice(&u64::to_be_bytes(epoch));
        let commit = BodyRef::of(&large);
        let act = Act::Handshake { group, epoch, commit, welcome: None, added: Vec::new(), removed: Vec::new() };
        bundles.push(hostile.states(&world, &own, act, Some(large)));
    }
    // A console that has said more than it may, by whatever it was brought to say, still says that it has taken what
    // came.
    let console = world.desks[KOR].key.unwrap();
    for _ in 0..400 {
        let bytes = trialogue_wire::encode(&ToNode::Want { hashes: Vec::new() });
        world.node_input(KOR, trialogue_core::Input::ConsoleMessage { console, bytes });
    }
    world.settle();
    let heard = world.desks[KOR].heard.len();
    for bundle in bundles {
        hostile.says(&mut world, KOR, &LinkMessage::Entries { bundles: vec![bundle] });
    }
    assert_eq!(held(&world), before + 122);
    let bound = TOLD_MAX + MESSAGE_MAX;
    assert!(
        world.desks[KOR].heard[heard..]
            .iter()
            .any(|bytes| { matches!(trialogue_wire::decode(bytes), Ok(ToConsole::MoreFollows {})) })
    );
    let live = most_at_once(&world.desks[KOR].heard[heard..]);
    assert!(live <= bound, "{live} bytes were told a console at once");
    assert!(world.desks[KOR].ringing, "a ring is heard all the same");

    // Whoever comes now is told what matters, and is there at once.
    let heard = world.desks[KOR].heard.len();
    world.reload(KOR, identities[KOR].clone());
    world.until(2, |world| world.view(KOR).node == NodeLink::Up && world.desks[KOR].ringing);
    let told = &world.desks[KOR].heard[heard..];
    assert!(most_at_once(told) <= bound);
    let all: usize = told.iter().map(Vec::len).sum();
    assert!(all < 1 << 20, "{all} bytes at a log-in");
    // Those of the others who answer hear each other.
    world.until(60, |world| world.desks[USA].ringing);
    world.answer(KOR);
    world.answer(USA);
    world.until(20, |world| world.hears(KOR, USA) && world.hears(USA, KOR));
}

/// One body under eighteen references that say it is a byte long: a few bytes to write, and nine megabytes to whoever
/// is told the entry with its bodies.
#[test]
fn one_body_under_many_references_is_told_once_or_not_at_all() {
    let (mut world, identities, mut hostile) = taken_over();
    let (own, before) = (DeviceSecret::from_seed(&identities[JPN].secret), held(&world));
    let large = hostile.entry(&world, ignored);
    let body = large.bodies[0].to_vec();
    let rings = |len: u32| {
        let package = BodyRef { hash: trialogue_charter::Hash::of(&body), len };
        let node = |n: u32| NodeId::new(format!("a-{n:02}")).unwrap();
        let offers = (0..18).map(|n| KeyOffer { node: node(n), package: package.clone() }).collect();
        Act::Ring { call: CallId([9; 16]), offers, precedence: Default::default() }
    };
    let heard = world.desks[KOR].heard.len();
    let bundles = [
        large.clone(),
        hostile.states(&world, &own, rings(1), None),
        hostile.states(&world, &own, rings(BODY as u32), None),
    ];
    // The last one once more, with what it names: it comes late, and is told to those who are there.
    let again = Bundle { entry: bundles[2].entry.clone(), bodies: vec![body.clone().into()] };
    for bundle in bundles.into_iter().chain([again]) {
        hostile.says(&mut world, KOR, &LinkMessage::Entries { bundles: vec![bundle] });
    }
    assert_eq!(held(&world), before + 3);
    world.reload(KOR, identities[KOR].clone());
    world.until(2, |world| world.view(KOR).node == NodeLink::Up && world.desks[KOR].ringing);
    let largest = world.desks[KOR].heard[heard..].iter().map(Vec::len).max().unwrap();
    assert!(largest <= BODY + (64 << 10), "{largest} bytes in one message");

    // And a console cannot have its own node write such an entry, which no link would carry.
    let mut rogue = Rogue::new(&mut world, "usa-leaders", 9);
    let package = BodyRef::of(&body).unwrap();
    let nodes = world.nodes.iter().map(|node| node.id.clone());
    let offers = nodes.map(|node| KeyOffer { node, package: package.clone() }).collect();
    let ring = Act::Ring { call: CallId([8; 16]), offers, precedence: Default::default() };
    let refused = rogue.says(&mut world, "leaders", ring, vec![body]);
    assert_eq!(refused.unwrap_err().0, Refusal::Malformed);
}

#[test]
fn one_that_was_out_of_reach_catches_up_at_speed() {
    let mut world = World::leaders(Suite::XWing);
    let mut hostile = Hostile::takes_over(&mut world);
    let before = held(&world);
    let bundles: Vec<Bundle> = (0..300).map(|_| hostile.entry(&world, ignored)).collect();
    // KOR's node was off, and knows nothing of what was written meanwhile.
    world.kill_node(KOR);
    world.run(SECOND);
    world.start_node(KOR);
    world.run(SECOND);
    hostile.links_to(&mut world, KOR, before + 300);
    let now = world.now_us;
    for bundle in &bundles {
        hostile.says(&mut world, KOR, &LinkMessage::Entries { bundles: vec![bundle.clone()] });
    }
    assert_eq!(held(&world), before + 300);
    assert_eq!(world.now_us, now, "none of them waited");
}

#[test]
fn what_it_calls_certificates_does_not_stay_in_memory() {
    let mut world = World::leaders(Suite::XWing);
    let mut hostile = Hostile::takes_over(&mut world);
    let before = held(&world);
    hostile.links_to(&mut world, KOR, before);
    for n in 0..200_u8 {
        let enrolled = |certificate, _| Body::Enrolled { device: trialogue_charter::DeviceId([n; 32]), certificate };
        let bundle = hostile.entry(&world, enrolled);
        hostile.says(&mut world, KOR, &LinkMessage::Entries { bundles: vec![bundle] });
    }
    let bytes = world.nodes[KOR].machine.as_ref().unwrap().bodies_held();
    assert!(bytes < 8 << 20, "{bytes} bytes are held for devices that nobody has enrolled");
}

fn writes(world: &mut World, writer: &mut Rogue) -> Result<(), (Refusal, Option<u32>)> {
    let mut large = vec![8; BODY];
    large[..8].copy_from_slice(&world.now_us.to_be_bytes());
    let package = BodyRef::of(&large).unwrap();
    writer.says(world, "leaders", Act::Stock { package }, vec![large])
}

#[test]
fn a_console_is_told_when_it_may_write_again_and_may_always_ring() {
    let mut world = World::new(Suite::XWing);
    world.desk("jpn-leaders");
    world.desk("kor-leaders");
    world.until(10, |world| world.desks.iter().all(|desk| desk.offers > 0));
    let mut writer = Rogue::new(&mut world, "usa-leaders", USA as u8 + 1);
    let usa = world.nodes[USA].id.clone();
    let before = taken(&world, JPN, &usa);

    let mut written = 0;
    let after_ms = loop {
        match writes(&mut world, &mut writer) {
            Ok(()) => written += 1,
            Err((reason, after_ms)) => {
                assert_eq!(reason, Refusal::Busy);
                break after_ms.unwrap();
            }
        }
        assert!(written < 64, "one console put {} MB onto every disk", (written * BODY) >> 20);
        // As many at once as may be is another bound.
        world.run(SECOND / 10);
    };
    assert!(written * BODY >= 8 << 20, "{written}: what an honest one writes passes");
    // Another WebSocket is no other budget.
    world.cut(USA, true);
    world.cut(USA, false);
    let now = world.now_us;
    world.desks[USA].open_at = Some(now);
    world.until(5, |world| world.desks[USA].key.is_some());
    world.run(SECOND);
    assert!(writes(&mut world, &mut writer).is_err());

    let ring = Act::Ring { call: CallId([9; 16]), offers: Vec::new(), precedence: Default::default() };
    let mut says = |act, bodies| writer.says(&mut world, "leaders", act, bodies);
    assert_eq!(says(ring, Vec::new()), Ok(()), "a call is more than what is written");
    let secrets = vec![5; 50 << 10];
    let tags = Act::Tags { generation: 0, anew: false, secrets: BodyRef::of(&secrets).unwrap() };
    assert_eq!(says(tags, vec![secrets]), Ok(()), "and so is that it is heard in it");
    world.until(5, |world| world.desks[JPN].ringing && world.desks[KOR].ringing);

    // What was said of the call counts as well.
    world.run(u64::from(after_ms) * 1_000 + 60 * SECOND);
    assert_eq!(writes(&mut world, &mut writer), Ok(()));
    world.run(SECOND);
    assert!(taken(&world, JPN, &usa) > before + written);
}
