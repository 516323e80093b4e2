//! A node that shows two histories, and one that rewrites its own, are caught by any third; the evidence convinces an
//! auditor who has nothing but the charter.

#![allow(clippy::unwrap_used)]

use trialogue_charter::NodeId;
use trialogue_core::{Count, Note};
use trialogue_journal::{Body, Journal, TreeHead, UnverifiedEntry, VerifiedEntry};
use trialogue_record::item::VERSION;
use trialogue_record::{Digest, Finding, Frontier, Item, Report, Root, Seal, Verifier, Weight};
use trialogue_sim::{JPN, LEADERS, USA, World};
use trialogue_wire::Bundle;
use trialogue_wire::link::LinkMessage;

const KOREA: usize = 1;
/// Simulated time in which everybody has signed for what came: it settles for 10 s, and the last signature was not more
/// than 600 s ago.
const SIGNED_US: u64 = 700_000_000;

fn kor() -> NodeId {
    NodeId::new("kor-1").unwrap()
}

/// The entries of Korea's journal that a node holds, in their order.
fn journal(world: &World, at: usize, node: &NodeId) -> Vec<VerifiedEntry> {
    let held = world.nodes[at].disk.read();
    let open = |bundle: &Bundle| VerifiedEntry::open(&bundle.entry, &world.fixture.charter).unwrap();
    let mut entries: Vec<VerifiedEntry> = held.iter().map(open).filter(|entry| entry.entry().node == *node).collect();
    entries.sort_by_key(|entry| entry.entry().seq);
    entries
}

/// From here on Korea's keys are in hostile hands, and its journal goes on from this position.
fn turn(world: &mut World, from: u64) -> Journal {
    let entries = journal(world, KOREA, &kor());
    let last = entries.iter().find(|entry| entry.entry().seq == from).unwrap().hash();
    world.make_hostile(KOREA);
    world.run(1_000_000);
    let (id, charter) = (kor(), world.fixture.charter.hash());
    for to in [USA_NODE, JPN_NODE] {
        let hello = LinkMessage::Hello { protocol: 1, node: id.clone(), charter, heads: vec![], serial: 1 };
        world.say_as(KOREA, to, trialogue_wire::encode(&hello));
    }
    world.run(400_000);
    Journal::resume(kor(), from, last)
}

const JPN_NODE: usize = 0;
const USA_NODE: usize = 2;

/// Korea signs its next entry.
fn says(world: &World, journal: &mut Journal, body: Body) -> Bundle {
    let entry = journal.append(1_800_000_010_000, body);
    Bundle { entry: entry.sign(&world.fixture.parties[KOREA].journal).0, bodies: Vec::new() }
}

fn show(world: &mut World, to: usize, bundles: Vec<Bundle>) {
    world.say_as(KOREA, to, trialogue_wire::encode(&LinkMessage::Entries { bundles }));
    world.run(400_000);
}

/// What an auditor says of everything that a node holds.
fn audited(world: &World, at: usize) -> Report {
    let charter = &world.fixture.charter;
    let mut items = vec![
        Item::Header { version: VERSION, node: world.nodes[at].id.clone(), charter: charter.hash() },
        Item::Charter { charter: charter.bytes().to_vec() },
    ];
    let mut evidence = world.nodes[at].evidence.clone();
    evidence.sort_by_key(|(node, seq, entry)| (node.clone(), *seq, trialogue_charter::Hash::of(entry)));
    evidence.dedup();
    items.extend(evidence.into_iter().map(|(node, seq, entry)| Item::Evidence { node, seq, entry }));
    let mut held = world.nodes[at].disk.read();
    held.sort_by_key(|bundle| {
        let claim = UnverifiedEntry::decode(&bundle.entry).unwrap();
        (claim.claim().node.clone(), claim.claim().seq)
    });
    for bundle in held {
        let enrols = matches!(UnverifiedEntry::decode(&bundle.entry).unwrap().claim().body, Body::Enrolled { .. });
        let certificate = bundle.bodies.first().filter(|_| enrols).map(|body| body.to_vec());
        items.push(Item::Entry { entry: bundle.entry, certificate });
    }
    let mut digest = Digest::new();
    let mut trees: std::collections::BTreeMap<NodeId, Frontier> = std::collections::BTreeMap::new();
    for item in &items {
        digest.add(&item.encode());
        if let Item::Entry { entry, .. } = item {
            let entry = UnverifiedEntry::decode(entry).unwrap();
            trees.entry(entry.claim().node.clone()).or_default().push(Root::of(entry.claim()));
        }
    }
    let head = |(node, tree): (NodeId, Frontier)| TreeHead { node, size: tree.size(), root: tree.root().0 };
    let (node, digest, heads) = (world.nodes[at].id.clone(), digest.hash(), trees.into_iter().map(head).collect());
    let party = world.fixture.parties.iter().find(|party| party.node == node).unwrap();
    // It is exported when the last of it is written.
    let time_ms = journal(world, at, &node).last().unwrap().entry().time_ms;
    let seal = Seal { node, time_ms, digest, heads }.sign(&party.journal);
    items.push(Item::End { items: items.len() as u64, digest, seal: Some(seal) });
    let bytes: Vec<u8> = items.iter().flat_map(Item::encode).collect();
    let mut verifier = Verifier::new(trialogue_charter::VerifiedCharter::open(charter.bytes(), None).unwrap());
    let mut rest = &bytes[..];
    while let Some((item, len)) = Item::decode(rest).unwrap() {
        verifier.take(item);
        rest = &rest[len..];
    }
    verifier.finish()
}

fn disputed(world: &World, at: usize) -> bool {
    world.nodes[at].notes.iter().any(|note| matches!(note, Note::Disputed { node, .. } if *node == kor()))
}

#[test]
fn everybody_signs_for_everybody_and_then_is_silent() {
    let mut world = World::on_watch(3, 71);
    let call = world.ring(USA, LEADERS);
    assert!(world.run_until(|w| w.consoles[JPN].rings_here(w.fixture, LEADERS) == Some(call)));
    world.answer(JPN, LEADERS, call);
    world.run(2 * SIGNED_US);
    for node in &world.nodes {
        let state = node.machine.as_ref().unwrap().state();
        for (id, other) in state.nodes() {
            let seen = other.seen().unwrap();
            assert_eq!(seen.heads.len(), 3, "{id}");
        }
    }
    world.check_honest();
    let report = audited(&world, 0);
    assert_eq!((report.weight(), report.heads > 9), (None, true), "{:?}", report.findings);
    // Where nothing but tests goes on, nobody has anything to sign for, and nobody answers a signature.
    let heads = |world: &World| world.nodes.iter().map(|node| journal_seen(world, &node.id)).collect::<Vec<_>>();
    let before = heads(&world);
    world.run(3 * SIGNED_US);
    let after = heads(&world);
    assert!(after.iter().zip(&before).all(|(after, before)| after - before <= 4), "{before:?} {after:?}");
}

/// How often a node has signed for the others.
fn journal_seen(world: &World, node: &NodeId) -> usize {
    let seen = |entry: &&VerifiedEntry| matches!(entry.entry().body, Body::Seen { .. });
    journal(world, JPN_NODE, node).iter().filter(seen).count()
}

#[test]
fn every_hour_is_signed_for_with_the_key_that_outlives_the_others() {
    let mut world = World::on_watch(3, 74);
    let strong = |world: &World, node: &NodeId| {
        let signed = |entry: &&VerifiedEntry| matches!(entry.entry().body, Body::Seen { signature: Some(_), .. });
        journal(world, JPN_NODE, node).iter().filter(signed).count()
    };
    // Nothing but tests goes on.
    for hour in 1..=2 {
        world.run(3_600_000_000);
        for node in &world.nodes {
            assert!(strong(&world, &node.id) >= hour, "{} in hour {hour}", node.id);
            assert!(strong(&world, &node.id) <= hour + 1, "{} in hour {hour}", node.id);
        }
    }
    let report = audited(&world, USA_NODE);
    assert_eq!(report.weight(), None, "{:?}", report.findings);
    for journal in &report.journals {
        let (first, own) = (journal.covered.first.clone().unwrap(), journal.covered.own.clone().unwrap());
        assert!(first.size < own.size && first.time_ms < own.time_ms && own.size <= journal.entries, "{journal:?}");
        // The seal covers the journal of the node that made it, and proves nothing of the others'.
        let other = journal.covered.other.as_ref().unwrap();
        let sealed = journal.node == world.nodes[USA_NODE].id;
        assert!(if sealed { own.size == journal.entries } else { other.size > first.size }, "{journal:?}");
        assert!(other.time_ms > first.time_ms && other.size <= journal.entries, "{journal:?}");
    }
}

#[test]
fn who_shows_two_faces_is_caught_although_nobody_saw_both() {
    let mut world = World::on_watch(3, 72);
    world.run(SIGNED_US);
    let head = world.nodes[KOREA].machine.as_ref().unwrap().head();
    let mut one = turn(&mut world, head);
    let mut other = one.clone();
    // Each of the others is shown a journal of its own, of the same length, and none of the other one.
    let first = says(&world, &mut one, Body::Staffed { offices: vec![] });
    let second = says(&world, &mut other, Body::Restarted {});
    show(&mut world, USA_NODE, vec![first]);
    show(&mut world, JPN_NODE, vec![second]);
    world.run(SIGNED_US);
    for at in [USA_NODE, JPN_NODE] {
        assert!(disputed(&world, at), "node {at}");
        assert!(world.nodes[at].count(Count::EntryForked) > 0);
        let report = audited(&world, at);
        assert_eq!(report.weight(), Some(Weight::Proof));
        let names = |finding: &Finding| matches!(finding, Finding::Disputed { node, .. } if *node == kor());
        assert!(report.findings.iter().any(names), "{:?}", report.findings);
    }
    // Every console is told of whom, and of nobody else.
    for console in [USA, JPN] {
        let shown = world.consoles[console].paths.iter().filter(|path| path.disputed).map(|path| path.node.clone());
        assert_eq!(shown.collect::<Vec<_>>(), [kor()]);
    }
    // Nobody is suspected beside the two.
    assert!(
        audited(&world, USA_NODE)
            .findings
            .iter()
            .all(|finding| !matches!(finding, Finding::Disputed { node, .. } if *node != kor()))
    );
    let call = world.ring(USA, LEADERS);
    assert!(world.run_until(|w| w.consoles[JPN].rings_here(w.fixture, LEADERS) == Some(call)), "the line goes on");
}

#[test]
fn who_rewrites_what_others_have_signed_for_is_caught_by_both_entries() {
    let mut world = World::on_watch(3, 73);
    world.run(SIGNED_US);
    let head = world.nodes[KOREA].machine.as_ref().unwrap().head();
    // The last three entries, which everybody holds, are to have been others.
    let mut journal = turn(&mut world, head - 3);
    let bundles = (0..4).map(|_| says(&world, &mut journal, Body::Restarted {})).collect::<Vec<_>>();
    show(&mut world, USA_NODE, bundles);
    world.run(1_000_000);
    let report = audited(&world, USA_NODE);
    let proof = report.findings.iter().find_map(|finding| match finding {
        Finding::TwoHistories { node, seq, one, other } if *node == kor() => Some((*seq, one.clone(), other.clone())),
        _ => None,
    });
    let (seq, one, other) = proof.unwrap();
    assert_eq!(seq, head - 2);
    // Two entries of one position, both signed: whoever has the charter needs nothing else.
    let open = |bytes: &[u8]| VerifiedEntry::open(bytes, &world.fixture.charter).unwrap();
    let (one, other) = (open(&one), open(&other));
    assert_eq!((one.entry().seq, &one.entry().node), (other.entry().seq, &other.entry().node));
    assert_ne!(one.hash(), other.hash());
}
