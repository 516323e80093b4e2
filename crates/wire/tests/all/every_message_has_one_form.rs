//! `spec/vectors/wire.json` says what this crate does, byte by byte. `TRIALOGUE_WRITE_VECTORS=1` writes it anew after a
//! change of the protocol.
#![allow(clippy::unwrap_used)]

use minicbor::bytes::ByteVec;
use std::collections::BTreeMap;
use std::fmt::Debug;
use trialogue_charter::{DeviceId, Hash, HybridSecret, LineId, NodeId};
use trialogue_wire::console::{Medium, PathMeasure, PathState, Refusal, Site, ToConsole, ToNode};
use trialogue_wire::leg::fixture;
use trialogue_wire::limits::{PING_IN_CALL_US, PING_US};
use trialogue_wire::link::{Head, LinkMessage};
use trialogue_wire::media::{HEADER, Half, MediaHeader};
use trialogue_wire::path::{Open, PathFrame};
use trialogue_wire::word::{What, Word, signed};
use trialogue_wire::{Bundle, Message, decode, encode, frame};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../spec/vectors/wire.json");

fn node() -> NodeId {
    NodeId::new("usa-1").unwrap()
}

fn line() -> LineId {
    LineId::new("leaders").unwrap()
}

fn device() -> DeviceId {
    DeviceId([7; 32])
}

fn bundle() -> Bundle {
    Bundle { entry: vec![1, 2, 3], bodies: vec![ByteVec::from(vec![4, 5]), ByteVec::from(vec![])] }
}

fn to_node() -> Vec<(&'static str, ToNode)> {
    vec![
        (
            "prove",
            ToNode::Prove {
                protocol: 1,
                certificate: vec![1, 2],
                signature: vec![3; 64],
                on_watch: true,
                origin: "https://usa.example".into(),
            },
        ),
        ("state", ToNode::State { statement: vec![1, 2], bodies: vec![ByteVec::from(vec![3])] }),
        ("offer", ToNode::Offer { offer: fixture::offer(7), leg: 7 }),
        ("key frame", ToNode::KeyFrame { device: device() }),
        ("forged", ToNode::Forged { device: device() }),
        ("want", ToNode::Want { hashes: vec![Hash([9; 48])] }),
        ("ping", ToNode::Ping { number: 70_000 }),
        ("sending", ToNode::Sending { line: line(), voice: true, picture: false }),
        ("behind", ToNode::Behind { serial: 3 }),
        ("watch", ToNode::Watch { on: true }),
        ("sound", ToNode::Sound { on: false }),
        ("lacking", ToNode::Lacking { hashes: vec![Hash([9; 48])] }),
        ("chunk", ToNode::Chunk { bytes: vec![1, 2] }),
        ("earlier", ToNode::Earlier { writings: 300 }),
        ("next", ToNode::Next {}),
    ]
}

fn to_console() -> Vec<(&'static str, ToConsole)> {
    let measured = PathMeasure {
        carrier: "fibre".into(),
        address: "fibre=usa-1.example:4460".into(),
        up: true,
        round_trip_us: Some(1_400),
        jitter_us: 90,
        loss_ppm: 20_000,
        cap_kbit: Some(64),
        best: true,
        bytes_out: 7_000,
        bytes_in: 6_000,
    };
    let unmeasured = PathMeasure { address: "usa-1.example:4460".into(), ..PathMeasure::default() };
    let path = |round_trip_us: Option<u32>| {
        let paths = if round_trip_us.is_some() { vec![measured.clone(), unmeasured.clone()] } else { Vec::new() };
        PathState { node: node(), direct: true, reached: true, round_trip_us, paths, disputed: round_trip_us.is_none() }
    };
    vec![
        ("challenge", ToConsole::Challenge { protocol: 1, node: node(), nonce: [5; 32], charter: vec![1, 2] }),
        ("welcome", ToConsole::Welcome { time_ms: 1_790_000_000_000 }),
        ("clock", ToConsole::Clock { time_ms: 1_790_000_000_000 }),
        ("entries", ToConsole::Entries { bundles: vec![bundle()] }),
        ("paths", ToConsole::Paths { paths: vec![path(Some(1_500)), path(None)] }),
        ("accepted", ToConsole::Accepted { number: 5, unrecorded: false }),
        ("refused", ToConsole::Refused { number: Some(5), reason: Refusal::Epoch, after_ms: None }),
        ("refused for now", ToConsole::Refused { number: Some(6), reason: Refusal::Busy, after_ms: Some(1_500) }),
        ("refused console", ToConsole::Refused { number: None, reason: Refusal::Certificate, after_ms: None }),
        ("answer", ToConsole::Answer { answer: fixture::answer(7), leg: 7 }),
        ("place", ToConsole::Place { mid: "2".into(), device: Some(device()), medium: Medium::Voice, leg: 7 }),
        ("free place", ToConsole::Place { mid: "2".into(), device: None, medium: Medium::Picture, leg: 7 }),
        ("bodies", ToConsole::Bodies { bodies: vec![ByteVec::from(vec![3])] }),
        ("pong", ToConsole::Pong { number: 70_000 }),
        ("ask alive", ToConsole::AskAlive { nonce: [6; 16] }),
        ("sending", ToConsole::Sending { device: device(), voice: false, picture: true }),
        ("charter", ToConsole::Charter { charter: vec![1, 2] }),
        ("lacking", ToConsole::Lacking { hashes: vec![Hash([9; 48])] }),
        ("chunk stored", ToConsole::ChunkStored { hash: Hash([9; 48]) }),
        ("anew", ToConsole::Anew { writings: 300 }),
        ("more follows", ToConsole::MoreFollows {}),
        ("sites", ToConsole::Sites { sites: vec![Site { node: node(), url: "https://alt.example".into() }] }),
    ]
}

fn link() -> Vec<(&'static str, LinkMessage)> {
    let heads = || vec![Head { node: node(), seq: 300 }];
    vec![
        ("probe", LinkMessage::Probe { number: 7, filler: vec![0; 3] }),
        ("probed", LinkMessage::Probed { number: 7 }),
        ("hello", LinkMessage::Hello { protocol: 1, node: node(), charter: Hash([9; 48]), heads: heads(), serial: 3 }),
        ("entries", LinkMessage::Entries { bundles: vec![bundle()] }),
        ("heads", LinkMessage::Heads { heads: heads() }),
        ("neighbours", LinkMessage::Neighbours { nodes: vec![node()] }),
        ("key frame", LinkMessage::KeyFrame { device: device() }),
        ("said", LinkMessage::Said { word: vec![1, 2, 3], signature: vec![4; 64] }),
        ("charter", LinkMessage::Charter { charter: vec![1, 2] }),
        ("want chunk", LinkMessage::WantChunk { hash: Hash([9; 48]), at: 65_536, most: 16_384 }),
        ("chunk", LinkMessage::Chunk { hash: Hash([9; 48]), whole: 262_144, at: 65_536, bytes: vec![1, 2] }),
    ]
}

fn words() -> Vec<(&'static str, Word)> {
    let word = |what| Word { node: node(), number: 70_000, device: device(), line: line(), what };
    let stream = |medium, quiet_after| word(What::Stream { number: 513, medium, quiet_after });
    vec![
        ("a picture", stream(Medium::Picture, None)),
        ("a voice that is quiet", stream(Medium::Voice, Some(0x0102_0304))),
        ("over", word(What::Over { medium: Medium::Voice })),
        ("sending", word(What::Sending { voice: true, picture: false })),
    ]
}

fn headers() -> Vec<(&'static str, MediaHeader)> {
    let voice = MediaHeader {
        marker: false,
        key_frame: false,
        half: Half::Whole,
        node: 2,
        stream: 0x0102,
        sequence: 0x0304_0506,
        time: 0x0708_090a,
    };
    vec![
        ("voice", voice),
        ("first half of a key frame", MediaHeader { key_frame: true, half: Half::First, ..voice }),
        ("second half, marked", MediaHeader { marker: true, half: Half::Second, ..voice }),
    ]
}

/// Encodes, and checks that decoding gives the same.
fn forms<T: Message + PartialEq + Debug>(messages: &[(&'static str, T)]) -> BTreeMap<String, String> {
    let form = |(name, message): &(&str, T)| {
        let bytes = encode(message);
        assert_eq!(decode::<T>(&bytes).unwrap(), *message, "{name}");
        (name.to_string(), hex::encode(bytes))
    };
    messages.iter().map(form).collect()
}

/// With their length prefixes.
fn paths() -> Vec<(&'static str, PathFrame<'static>)> {
    let open = |life, label: &str| Open { life, carrier: "fibre".into(), label: label.into(), ordinal: 1 };
    vec![
        ("open by the higher id", PathFrame::Open(open(0x0102_0304_0506_0708, "fibre"))),
        ("open by the lower id", PathFrame::Open(open(0, ""))),
        ("begin", PathFrame::Begin(9)),
        ("message", PathFrame::Message { number: 1, bytes: b"hello" }),
        ("received", PathFrame::Received(1)),
    ]
}

#[test]
fn the_page_says_how_often_a_console_pings() {
    let page = include_str!("../../../../spec/console.md");
    let (watch_s, call_ms) = (PING_US / 1_000_000, PING_IN_CALL_US / 1_000);
    let said = format!(
        "A console pings its node every {watch_s} s; in a call it pings every site that it is connected to every {call_ms} ms"
    );
    assert!(page.contains(&said), "spec/console.md, keep-alive: {said}");
}

#[test]
fn as_in_the_vectors() {
    let mut made: BTreeMap<&str, BTreeMap<String, String>> = BTreeMap::new();
    made.insert("to_node", forms(&to_node()));
    made.insert("to_console", forms(&to_console()));
    made.insert("link", forms(&link()));
    made.insert("word", forms(&words()));
    let node = HybridSecret::from_seed(&[1; 32]);
    let sign = |(name, word): &(&str, Word)| (name.to_string(), hex::encode(node.sign_ed25519(&signed(&encode(word)))));
    made.insert("signature of a word", words().iter().map(sign).collect());
    made.insert("bundle", forms(&[("bundle", bundle())]));
    made.insert(
        "path",
        paths().into_iter().map(|(name, frame)| (name.to_owned(), hex::encode(frame.write().unwrap()))).collect(),
    );
    let framed =
        |wanted: &str| link().into_iter().find(|(name, _)| *name == wanted).map(|(_, message)| encode(&message));
    let hello = framed("hello").unwrap();
    made.insert("frame", [("hello".to_owned(), hex::encode(frame(&hello).unwrap()))].into());
    let datagram = |(name, header): (&str, MediaHeader)| {
        let mut bytes = [0; HEADER];
        header.write(&mut bytes);
        let whole = [&bytes[..], b"sealed"].concat();
        assert_eq!(MediaHeader::parse(&whole), Some((header, &b"sealed"[..])));
        (name.to_owned(), hex::encode(whole))
    };
    made.insert("media", headers().into_iter().map(datagram).collect());
    let every = [("microseconds on watch", PING_US), ("microseconds in a call", PING_IN_CALL_US)];
    made.insert("keep-alive", every.map(|(when, us)| (when.to_owned(), us.to_string())).into());
    if std::env::var_os("TRIALOGUE_WRITE_VECTORS").is_some() {
        std::fs::write(PATH, serde_json::to_string_pretty(&made).unwrap() + "\n").unwrap();
    }
    let held: BTreeMap<String, BTreeMap<String, String>> =
        serde_json::from_str(&std::fs::read_to_string(PATH).unwrap()).unwrap();
    for (kind, forms) in made {
        assert_eq!(held[kind], forms, "{kind} differs from spec/vectors/wire.json");
    }
}
