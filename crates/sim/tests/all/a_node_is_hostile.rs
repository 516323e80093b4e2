//! A node of the charter turns on the others: it is refused what is not its to say, counted, and nobody else notices.

#![allow(clippy::unwrap_used)]

use crate::common;

use common::*;
use trialogue_charter::{CallId, DeviceId, Hash, NodeId, PartyId, Revocation};
use trialogue_core::{Count, Note, Route};
use trialogue_journal::fold::RingResponse;
use trialogue_journal::{Act, Body, BodyRef, Entry, Statement, UnverifiedEntry};
use trialogue_sim::{JPN, LEADERS, Rng, USA, World};
use trialogue_wire::Bundle;
use trialogue_wire::console::Medium;
use trialogue_wire::link::{Head, LinkMessage};
use trialogue_wire::word::{What, Word};

#[test]
fn who_says_no_proper_hello_is_no_link() {
    let mut hostile = Hostile::new(1);
    let (id, charter) = (hostile.world.nodes[KOREA].id.clone(), hostile.world.fixture.charter.hash());
    let wrong = [
        LinkMessage::Hello { protocol: 9, node: id.clone(), charter, heads: vec![], serial: 1 },
        LinkMessage::Hello { protocol: 1, node: NodeId::new("usa-1").unwrap(), charter, heads: vec![], serial: 1 },
        LinkMessage::Hello { protocol: 1, node: id, charter: Hash([0; 48]), heads: vec![], serial: 1 },
        LinkMessage::Heads { heads: vec![] },
    ];
    for (n, message) in wrong.iter().enumerate() {
        hostile.say(message);
        assert_eq!(hostile.count(Count::LinkRefused), n as u64 + 1);
        assert!(hostile.world.consoles[JPN].paths.iter().all(|path| path.node.as_str() != "kor-1" || !path.direct));
        hostile.world.run(6_000_000);
    }
    hostile.world.run(15_000_000);
    assert!(hostile.count(Count::LinkRefused) > 4, "silence is no hello either");
    hostile.the_others_call();
}

#[test]
fn noise_is_counted_and_dropped() {
    let mut hostile = Hostile::new(2);
    hostile.hello();
    let mut rng = Rng::new(9);
    let good = trialogue_wire::encode(&LinkMessage::Heads {
        heads: vec![Head { node: hostile.world.nodes[0].id.clone(), seq: 3 }],
    });
    for n in 0..300 {
        let mut bytes = if n % 2 == 0 { rng.bytes::<64>().to_vec() } else { good.clone() };
        let at = rng.below(bytes.len() as u64) as usize;
        bytes[at] ^= 1 << rng.below(8);
        bytes.truncate(1 + rng.below(bytes.len() as u64) as usize);
        hostile.world.say_as(KOREA, 0, bytes);
    }
    hostile.world.say_as(KOREA, 0, vec![0; (1 << 20) + 1]);
    hostile.world.run(2_000_000);
    assert!(hostile.count(Count::LinkMalformed) > 200);
    hostile.the_others_call();
}

#[test]
fn nobody_speaks_for_another_party() {
    let mut hostile = Hostile::new(3);
    hostile.hello();
    let usa = hostile.world.nodes[2].id.clone();
    let head = hostile.world.nodes[0].machine.as_ref().unwrap().state().node(&usa).cloned();
    // An entry in the name of the United States, signed with Korea's key; and one that was altered on the way.
    let seq = hostile.world.nodes[2].machine.as_ref().unwrap().head();
    let claim =
        Entry { node: usa.clone(), seq: seq + 1, previous: Hash([7; 48]), time_ms: 1, body: Body::Restarted {} };
    let forged = Bundle { entry: hostile.sign(&claim), bodies: vec![] };
    let mut altered = hostile.entry(Body::Staffed { offices: vec![] }, vec![]);
    let last = altered.entry.len() - 1;
    altered.entry[last] ^= 1;
    let stranger = Entry {
        node: NodeId::new("xyz-1").unwrap(),
        seq: 1,
        previous: Hash([0; 48]),
        time_ms: 1,
        body: Body::Restarted {},
    };
    let stranger = Bundle { entry: hostile.sign(&stranger), bodies: vec![] };
    hostile.entries(vec![forged, altered, stranger, Bundle { entry: vec![0xff; 100], bodies: vec![] }]);
    assert_eq!(hostile.count(Count::EntryForged), 4);
    assert_eq!(hostile.world.nodes[0].machine.as_ref().unwrap().state().node(&usa).cloned(), head);
    hostile.the_others_call();
}

#[test]
fn a_second_history_is_kept_as_evidence_and_changes_nothing() {
    let mut hostile = Hostile::new(4);
    hostile.hello();
    let before = hostile.journal.clone();
    let first = hostile.entry(Body::Staffed { offices: vec![] }, vec![]);
    hostile.journal = before;
    let second = hostile.entry(Body::Restarted {}, vec![]);
    // Each half of the world is shown another one first.
    hostile.world.say_as(KOREA, 0, trialogue_wire::encode(&LinkMessage::Entries { bundles: vec![first.clone()] }));
    hostile.world.say_as(KOREA, 2, trialogue_wire::encode(&LinkMessage::Entries { bundles: vec![second.clone()] }));
    hostile.world.run(2_000_000);
    hostile.entries(vec![first, second]);
    hostile.world.run(5_000_000);
    for node in [0, 2] {
        assert!(hostile.world.nodes[node].count(Count::EntryForked) > 0);
        // The other entry, once; and that the other honest node has signed for another history than this one holds,
        // once.
        let of = |evidence: &(NodeId, u64, Vec<u8>)| UnverifiedEntry::decode(&evidence.2).unwrap().claim().node.clone();
        let mut by: Vec<NodeId> = hostile.world.nodes[node].evidence.iter().map(of).collect();
        by.sort();
        let other = hostile.world.nodes[2 - node].id.clone();
        let mut both = vec![NodeId::new("kor-1").unwrap(), other];
        both.sort();
        assert_eq!(by, both);
        let alarm = hostile.world.nodes[node]
            .notes
            .iter()
            .any(|note| matches!(note, Note::Fork { node, .. } if node.as_str() == "kor-1"));
        assert!(alarm);
    }
    let call = hostile.world.ring(USA, LEADERS);
    assert!(hostile.world.run_until(|w| w.consoles[JPN].rings_here(w.fixture, LEADERS) == Some(call)));
}

#[test]
fn entries_that_say_what_is_not_theirs_to_say_change_nothing() {
    let mut hostile = Hostile::new(5);
    hostile.hello();
    let call = hostile.world.ring(USA, LEADERS);
    assert!(hostile.world.run_until(|w| w.is_in(0, USA, LEADERS)));
    let usa = hostile.world.fixture.parties[2].devices[0].id;
    let before = hostile.world.nodes[0].machine.as_ref().unwrap().state().line(&line()).clone();
    // A statement of an American console, which Korea heard before, in Korea's journal.
    let leave = Statement::new(usa, 99, &hostile.occasion(), line(), Act::Leave { cause: None });
    let signed = leave.sign(&hostile.world.fixture.parties[2].devices[0].secret).0;
    let certificate = hostile.world.fixture.parties[2].devices[1].certificate.clone();
    let reference = BodyRef::of(&certificate).unwrap();
    // The Korean root's word of an American device.
    let american = PartyId::new("USA").unwrap();
    let forged = Revocation { party: american, device: usa }.sign(&hostile.world.fixture.parties[1].root);
    let bundles = vec![
        hostile.entry(Body::Stated { statement: signed }, vec![]),
        hostile.entry(Body::Lost { device: usa, line: line() }, vec![]),
        hostile.entry(Body::Revoked { revocation: forged }, vec![]),
        hostile.entry(
            Body::Enrolled { device: hostile.world.fixture.parties[2].devices[1].id, certificate: reference },
            vec![certificate],
        ),
        hostile.entry(
            Body::Staffed { offices: vec![(hostile.world.fixture.parties[2].devices[0].office.clone(), 9)] },
            vec![],
        ),
    ];
    hostile.entries(bundles);
    assert_eq!(hostile.count(Count::EntryIgnored), 5);
    let after = hostile.world.nodes[0].machine.as_ref().unwrap().state().line(&line()).clone();
    assert_eq!(after.participants, before.participants);
    assert_eq!(after.call, Some(call));
    hostile.world.answer(JPN, LEADERS, call);
    assert!(hostile.world.run_until(|w| w.response(USA, LEADERS, 0) == RingResponse::Answered));
}

#[test]
fn replays_gaps_and_stray_bodies_are_harmless() {
    let mut hostile = Hostile::new(6);
    hostile.hello();
    let all = hostile.world.nodes[2].disk.read();
    let repeated = hostile.count(Count::EntryRepeated);
    for batch in all.chunks(200) {
        hostile.entries(batch.to_vec());
    }
    assert_eq!(hostile.count(Count::EntryRepeated) - repeated, all.len() as u64);
    let skipped = hostile.journal.append(1, Body::Restarted {});
    let late = hostile.entry(Body::Staffed { offices: vec![] }, vec![vec![1, 2, 3]]);
    hostile.entries(vec![late.clone()]);
    assert_eq!(hostile.count(Count::EntryGap), 1);
    let skipped = Bundle { entry: hostile.sign(&skipped), bodies: vec![] };
    hostile.entries(vec![skipped, late]);
    assert_eq!(hostile.count(Count::BodyStray), 1);
    let huge = LinkMessage::Heads { heads: vec![Head { node: hostile.world.nodes[0].id.clone(), seq: u64::MAX }] };
    hostile.say(&huge);
    hostile.the_others_call();
}

#[test]
fn who_passes_entries_on_with_what_is_not_theirs_pays_for_it() {
    let mut hostile = Hostile::new(61);
    hostile.hello();
    // The others do not reach each other: Korea brings what they write.
    hostile.world.cut(0, 2);
    let mut given = hostile.world.nodes[2].machine.as_ref().unwrap().head();
    let usa = hostile.world.nodes[2].id.clone();
    for _ in 0..200 {
        hostile.world.ring(USA, LEADERS);
        hostile.world.run(50_000);
        let held = hostile.world.nodes[2].disk.read();
        let own = |bundle: &&Bundle| {
            UnverifiedEntry::decode(&bundle.entry)
                .is_ok_and(|entry| entry.claim().node == usa && entry.claim().seq > given)
        };
        let mut fresh: Vec<Bundle> = held.iter().filter(own).cloned().collect();
        given += fresh.len() as u64;
        if let Some(first) = fresh.first_mut() {
            first.bodies.extend((0..2u8).map(|n| vec![n; 450_000].into()));
        }
        let message = LinkMessage::Entries { bundles: fresh };
        hostile.world.say_as(KOREA, 0, trialogue_wire::encode(&message));
        hostile.world.run(50_000);
    }
    // What is under way still arrives.
    hostile.world.run(400_000);
    assert!(hostile.count(Count::BodyStray) > 0);
    assert_eq!(hostile.count(Count::EntryWaits), 0, "what USA writes is not held up by what Korea puts beside it");
    let held = hostile.world.nodes[0].machine.as_ref().unwrap().state().node(&usa).unwrap();
    assert!(held.devices().values().any(|known| known.last_number >= 200), "and all of it is there");
    // Korea pays: after so many no more of it is looked at for a while.
    let before = hostile.count(Count::OverBound);
    for _ in 0..700 {
        let own = hostile.entry(Body::Staffed { offices: vec![] }, vec![vec![1, 2, 3]]);
        hostile.world.say_as(KOREA, 0, trialogue_wire::encode(&LinkMessage::Entries { bundles: vec![own] }));
    }
    hostile.world.run(1_000_000);
    assert!(hostile.count(Count::OverBound) > before);
    hostile.world.mend(0, 2);
    hostile.world.run(10_000_000);
    hostile.the_others_call();
}

#[test]
fn a_node_whose_clock_is_set_back_signs_heads_that_hold() {
    let mut world = World::on_watch(3, 62);
    world.nodes[0].wall_off_ms = -3_600_000;
    world.ring(USA, LEADERS);
    // At least once in an hour with the key that a quantum computer does not break.
    world.run(3_700_000_000);
    let key = trialogue_charter::HybridSecret::public(&world.fixture.sites[0].journal);
    let mut signed = 0;
    for bundle in world.nodes[0].disk.read() {
        let entry = entry_of(&world, &bundle);
        let claim = entry.entry();
        if let (true, Body::Seen { heads, signature: Some(signature) }) = (claim.node == world.nodes[0].id, &claim.body)
        {
            assert!(
                trialogue_journal::heads::holds(&key, &claim.node, claim.time_ms, heads, signature),
                "{}",
                claim.seq
            );
            signed += 1;
        }
    }
    assert!(signed > 0);
}

#[test]
fn who_says_other_neighbours_without_end_is_followed_now_and_then() {
    let mut hostile = Hostile::new(63);
    hostile.hello();
    let (usa, before) = (hostile.world.nodes[2].id.clone(), hostile.count(Count::OverBound));
    for n in 0..2_001 {
        let nodes = if n % 2 == 0 { vec![usa.clone()] } else { Vec::new() };
        let message = LinkMessage::Neighbours { nodes };
        hostile.world.say_as(KOREA, 0, trialogue_wire::encode(&message));
    }
    hostile.world.run(400_000);
    assert!(hostile.count(Count::OverBound) - before > 900, "half of them are what is held already");
    // What it said last is taken all the same, in its time: USA is reached through it.
    hostile.world.cut(0, 2);
    let through =
        |world: &World| world.consoles[JPN].paths.iter().any(|path| path.node == usa && !path.direct && path.reached);
    assert!(hostile.world.run_until(through));
    hostile.world.mend(0, 2);
    hostile.world.run(10_000_000);
    hostile.the_others_call();
}

#[test]
fn floods_of_streams_and_rings_are_bounded() {
    let mut hostile = Hostile::new(7);
    hostile.hello();
    let (korea, device) = (hostile.world.nodes[KOREA].id.clone(), hostile.world.fixture.parties[2].devices[0].id);
    let mut rng = Rng::new(3);
    for number in 0..3_000 {
        let what = What::Stream { number, medium: Medium::Voice, quiet_after: None };
        let device = DeviceId(rng.bytes());
        let word = Word { node: korea.clone(), number: number.into(), device, line: line(), what };
        let bytes = hostile.world.word_by(KOREA, &word);
        hostile.world.say_as(KOREA, 0, bytes);
    }
    hostile.world.run(2_000_000);
    assert!(hostile.count(Count::OverBound) > 0);
    assert!(hostile.world.nodes[0].routes.is_empty(), "nobody is in, so nothing is forwarded");
    let what = What::Sending { voice: true, picture: true };
    let bytes = hostile.world.word_by(KOREA, &Word { node: korea, number: 1, device, line: line(), what });
    hostile.world.say_as(KOREA, 0, bytes);

    let said = hostile.world.nodes[0].machine.as_ref().unwrap().head();
    for n in 0..500u64 {
        let mut call = [0; 16];
        call[..8].copy_from_slice(&n.to_be_bytes());
        hostile.rings(0, 1_000 + n, LEADERS, CallId(call));
    }
    hostile.world.run(3_000_000);
    let more = hostile.world.nodes[0].machine.as_ref().unwrap().head() - said;
    assert!(more < 100, "{more} entries in answer to 500 rings");
    hostile.world.offer(USA);
    let call = hostile.world.ring(USA, LEADERS);
    hostile.world.answer(JPN, LEADERS, call);
    assert!(hostile.world.run_until(|w| w.is_in(0, USA, LEADERS) && w.is_in(2, JPN, LEADERS)));
    let usa = hostile.world.device(USA);
    assert!(hostile.world.run_until(|w| voice(w, usa).is_some()), "there is room for the voices of the others");
}

/// The route of a console's voice at Japan's node.
fn voice(world: &World, device: DeviceId) -> Option<&Route> {
    world.nodes[0].routes.values().find(|route| route.device == device && route.medium == Medium::Voice)
}

#[test]
fn the_streams_of_others_are_not_its_to_name_to_mute_or_to_end() {
    let mut hostile = Hostile::new(8);
    hostile.hello();
    let call = hostile.world.ring(USA, LEADERS);
    assert!(hostile.world.run_until(|w| w.consoles[JPN].rings_here(w.fixture, LEADERS) == Some(call)));
    hostile.world.offer(USA);
    hostile.world.answer(JPN, LEADERS, call);
    let (usa, node) = (hostile.world.device(USA), hostile.world.nodes[2].id.clone());
    assert!(hostile.world.run_until(|w| voice(w, usa).is_some_and(|route| route.alive)));
    let before = voice(&hostile.world, usa).cloned();
    let number = before.as_ref().unwrap().number;
    let words = [
        What::Over { medium: Medium::Voice },
        What::Stream { number, medium: Medium::Voice, quiet_after: Some(7) },
        What::Stream { number: number ^ 1, medium: Medium::Voice, quiet_after: None },
        What::Sending { voice: false, picture: false },
    ];
    for what in words {
        let word = Word { node: node.clone(), number: 1 << 60, device: usa, line: line(), what };
        let bytes = hostile.world.word_by(KOREA, &word);
        hostile.world.say_as(KOREA, 0, bytes);
    }
    // For a device of another's in its own name: it is not in there.
    let what = What::Stream { number: 3, medium: Medium::Voice, quiet_after: None };
    let korea = hostile.world.nodes[KOREA].id.clone();
    let bytes = hostile.world.word_by(KOREA, &Word { node: korea, number: 1, device: usa, line: line(), what });
    hostile.world.say_as(KOREA, 0, bytes);
    hostile.world.run(2_000_000);
    assert_eq!(voice(&hostile.world, usa).cloned(), before);
    assert_eq!(hostile.world.nodes[0].routes.values().filter(|route| route.device == usa).count(), 2);
    assert!(hostile.count(Count::WordForged) > 0);
}

#[test]
fn words_that_it_heard_before_are_not_said_again() {
    let mut hostile = Hostile::new(9);
    hostile.hello();
    let neighbours = vec![hostile.world.nodes[0].id.clone(), hostile.world.nodes[2].id.clone()];
    hostile.say(&LinkMessage::Neighbours { nodes: neighbours });
    hostile.world.offer(USA);
    hostile.world.offer(JPN);
    let usa = hostile.world.device(USA);
    let mut numbers = Vec::new();
    for _ in 0..2 {
        let call = hostile.world.ring(USA, LEADERS);
        assert!(hostile.world.run_until(|w| w.consoles[JPN].rings_here(w.fixture, LEADERS) == Some(call)));
        hostile.world.answer(JPN, LEADERS, call);
        assert!(hostile.world.run_until(|w| voice(w, usa).is_some()));
        hostile.world.run(2_000_000);
        numbers.push(voice(&hostile.world, usa).map(|route| route.number));
        if numbers.len() < 2 {
            hostile.world.leave(USA, LEADERS);
            hostile.world.leave(JPN, LEADERS);
            assert!(hostile.world.run_until(|w| voice(w, usa).is_none()));
        }
    }
    let heard = hostile.world.nodes[KOREA].inbox.clone();
    let words = heard
        .iter()
        .filter(|(_, bytes)| matches!(trialogue_wire::decode::<LinkMessage>(bytes), Ok(LinkMessage::Said { .. })));
    let words: Vec<Vec<u8>> = words.map(|(_, bytes)| bytes.clone()).collect();
    assert!(words.len() > 2, "it is a relay and was told");
    for bytes in words {
        hostile.world.say_as(KOREA, 0, bytes);
    }
    hostile.world.run(2_000_000);
    assert_eq!(voice(&hostile.world, usa).map(|route| route.number), numbers[1]);
    assert_ne!(numbers[0], numbers[1]);
}

#[test]
fn key_frames_asked_for_without_end_do_not_fill_the_paths_of_others() {
    let mut hostile = Hostile::new(10);
    hostile.hello();
    hostile.world.offer(USA);
    let call = hostile.world.ring(USA, LEADERS);
    assert!(hostile.world.run_until(|w| w.consoles[JPN].rings_here(w.fixture, LEADERS) == Some(call)));
    hostile.world.answer(JPN, LEADERS, call);
    assert!(hostile.world.run_until(|w| w.is_in(2, JPN, LEADERS)));
    let before = hostile.world.nodes[2].key_frames.len();
    let wish = trialogue_wire::encode(&LinkMessage::KeyFrame { device: hostile.world.device(USA) });
    for _ in 0..600 {
        hostile.world.say_as(KOREA, 2, wish.clone());
        hostile.world.run(100_000);
    }
    let asked = hostile.world.nodes[2].key_frames.len() - before;
    assert!((1..160).contains(&asked), "{asked} key frames in a minute");
    // Japan's wish is heard all the same.
    let before = hostile.world.nodes[2].key_frames.len();
    hostile.world.input(0, trialogue_core::Input::KeyFrameWanted { device: hostile.world.device(USA) });
    assert!(hostile.world.run_until(|w| w.nodes[2].key_frames.len() > before));
}
