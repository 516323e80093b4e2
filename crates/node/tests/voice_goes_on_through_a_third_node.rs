//! The only path between two nodes is cut in the middle of a sentence, and a third node had been carrying a copy all
//! the time.
#![allow(clippy::unwrap_used)]

mod common;
mod ends;

use bytes::{BufMut, Bytes, BytesMut};
use common::house::{free_udp, id};
use common::{House, Relay, until};
use ends::{End, carrier};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use trialogue_charter::{DeviceId, LineId};
use trialogue_core::forward::Forwarder;
use trialogue_core::{ConsoleKey, Route, Source};
use trialogue_node::links::LinkMedia;
use trialogue_wire::console::Medium;
use trialogue_wire::media::{HEADER, Half, MediaHeader};

const JPN: u8 = 0;
const STREAM: u16 = 5;

/// Forwards as a node does, with the routes that the core gives it; hands out what is heard at a leg here.
fn forwarding(
    house: &House,
    own: u8,
    legs: &[u64],
    spare: &[&str],
) -> (Arc<Mutex<Forwarder>>, Arc<OnceLock<LinkMedia>>) {
    let mut forwarder = Forwarder::new(own, house.charter.indices(), [7; 3]);
    for leg in legs {
        forwarder.leg_up(*leg as u32, ConsoleKey(*leg), 1, 0, 0);
        forwarder.leg_ready(*leg as u32, 0);
    }
    let route = Route {
        node: JPN,
        number: STREAM,
        source: Source::Links,
        device: DeviceId([1; 32]),
        line: LineId::new("leaders").unwrap(),
        medium: Medium::Voice,
        legs: legs.iter().map(|leg| ConsoleKey(*leg)).collect(),
        links: vec![],
        spare: spare.iter().map(|node| id(node)).collect(),
        relays: ["kor-1", "usa-1"].map(id).to_vec(),
        alive: true,
        quiet_after: None,
    };
    forwarder.route(route, 0);
    (Arc::new(Mutex::new(forwarder)), Arc::default())
}

/// Also counts what came from Japan itself, copies too.
fn started(house: &House, node: &str, own: u8, legs: &[u64], spare: &[&str]) -> (End, Arc<AtomicUsize>) {
    let (forwarder, media) = forwarding(house, own, legs, spare);
    let (heard, datagrams) = mpsc::unbounded_channel();
    let (out_to, began) = (media.clone(), Instant::now());
    let directly = Arc::new(AtomicUsize::new(0));
    let counted = directly.clone();
    let on_datagram = Arc::new(move |from, datagram: Bytes| {
        let Some((header, payload)) = MediaHeader::parse(&datagram) else { return };
        if from == JPN {
            counted.fetch_add(1, Ordering::Relaxed);
        }
        let (mut places, now_ms) = (Vec::new(), began.elapsed().as_millis() as u64);
        let mut forwarder = forwarder.lock().unwrap();
        let Some(forwarded) = forwarder.on_link_packet(from, header, payload, now_ms, &mut places) else { return };
        for _ in &places {
            drop(heard.send((from, datagram.clone())));
        }
        for to in forwarded.links.iter() {
            if let Some(media) = out_to.get() {
                media.sender(to).send(Medium::Voice, datagram.clone());
            }
        }
    });
    let end = End::start_with(house, node, &[plain(house, own)], on_datagram, datagrams);
    drop(media.set(end.links.media()));
    (end, directly)
}

fn plain(house: &House, own: u8) -> trialogue_node::links::Carrier {
    trialogue_node::links::Carrier { listen: house.listen[usize::from(own)], ..carrier("x", 1, None) }
}

fn voice(sequence: u32) -> Bytes {
    let mut head = [0; HEADER];
    let header = MediaHeader {
        marker: false,
        key_frame: false,
        half: Half::Whole,
        node: JPN,
        stream: STREAM,
        sequence,
        time: sequence.wrapping_mul(960),
    };
    header.write(&mut head);
    let mut bytes = BytesMut::from(&head[..]);
    bytes.put_slice(&[7; 100]);
    bytes.freeze()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_number_is_lost_when_the_direct_path_is_cut() {
    // Japan reaches the American node by a cable only; it is not found itself, and neither is the American node by
    // Korea, which both find.
    let door = free_udp();
    let house = House::reached_by(|node, listen| match node.as_str() {
        "usa-1" => vec![door],
        "jpn-1" => vec![free_udp()],
        _ => vec![listen],
    });
    let mut direct = Some(Relay::start(door, house.listen[2], vec![house.listen[0]]).await);
    let (mut kor, _) = started(&house, "kor-1", 1, &[], &["usa-1"]);
    let (mut usa, directly) = started(&house, "usa-1", 2, &[1], &[]);
    let mut jpn = End::start(&house, "jpn-1", &[plain(&house, JPN)]);
    jpn.all_up("usa-1", 1).await;
    jpn.all_up("kor-1", 1).await;
    kor.all_up("usa-1", 1).await;
    usa.all_up("kor-1", 1).await;
    let (to_usa, to_kor) = (jpn.links.media().sender(2), jpn.links.media().sender(1));
    for sequence in 0..300u32 {
        if sequence == 100 {
            until("all came directly", || async { directly.load(Ordering::Relaxed) == 100 }).await;
            // From here on only what Korea hands on can come; Korea's own cable stands.
            drop(direct.take());
        }
        to_usa.send(Medium::Voice, voice(sequence));
        to_kor.send(Medium::Voice, voice(sequence));
        // As fast as one speaks: a relay that ran ahead faster would be taken for a liar.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut heard = BTreeMap::new();
    while heard.len() < 300 {
        let wait = tokio::time::timeout(Duration::from_secs(90), usa.datagrams.recv());
        let Ok(next) = wait.await else {
            panic!("missing: {:?}", (0..300).filter(|sequence| !heard.contains_key(sequence)).collect::<Vec<_>>());
        };
        let (from, datagram) = next.unwrap();
        let (header, _) = MediaHeader::parse(&datagram).unwrap();
        assert!(heard.insert(header.sequence, from).is_none(), "{} was heard twice", header.sequence);
    }
    let by: BTreeSet<u8> = heard.range(100..).map(|(_, from)| *from).collect();
    assert_eq!(by, BTreeSet::from([1]), "after the cut all came by Korea");
    assert_eq!(directly.load(Ordering::Relaxed), 100, "before it all came directly");
}
