//! Over a bound, cut, padded, or random: refused, without panic and without a large allocation.
#![allow(clippy::unwrap_used)]

use minicbor::bytes::ByteVec;
use proptest::prelude::*;
use trialogue_charter::{Hash, NodeId};
use trialogue_journal::strict::NotStrict;
use trialogue_wire::console::{Medium, ToConsole, ToNode};
use trialogue_wire::limits::*;
use trialogue_wire::link::{Head, LinkMessage};
use trialogue_wire::media::{HEADER, MediaHeader};
use trialogue_wire::{Bundle, FrameError, FrameReader, WireError, decode, encode, frame};

fn refused<T: trialogue_wire::Message + std::fmt::Debug>(message: &T) -> WireError {
    decode::<T>(&encode(message)).unwrap_err()
}

#[test]
fn each_bound_holds() {
    let body = |len: usize| ByteVec::from(vec![0; len]);
    let node = NodeId::new("usa-1").unwrap();
    let too_long = |what, most| WireError::TooLong { what, most };
    let too_many = |what, most| WireError::TooMany { what, most };

    assert_eq!(refused(&ToNode::Want { hashes: vec![Hash([0; 48]); WANT_MAX + 1] }), too_many("hashes", WANT_MAX));
    let prove = |certificate, signature| ToNode::Prove {
        protocol: 1,
        certificate: vec![0; certificate],
        signature: vec![0; signature],
        on_watch: true,
        origin: String::new(),
    };
    assert_eq!(refused(&prove(CERTIFICATE_MAX + 1, 64)), too_long("certificate", CERTIFICATE_MAX));
    assert_eq!(refused(&prove(1, SIGNATURE_MAX + 1)), too_long("signature", SIGNATURE_MAX));
    let state = |statement, bodies| ToNode::State { statement: vec![0; statement], bodies };
    assert_eq!(refused(&state(STATEMENT_MAX + 1, vec![])), too_long("statement", STATEMENT_MAX));
    assert_eq!(refused(&state(1, vec![body(BODY_MAX + 1)])), too_long("body", BODY_MAX));
    assert_eq!(refused(&state(1, vec![body(0); BODIES_MAX + 1])), too_many("bodies", BODIES_MAX));
    let place = ToConsole::Place { mid: "m".repeat(MID_MAX + 1), device: None, medium: Medium::Voice, leg: 1 };
    assert_eq!(refused(&place), too_long("mid", MID_MAX));
    let challenge =
        ToConsole::Challenge { protocol: 1, node: node.clone(), nonce: [0; 32], charter: vec![0; CHARTER_MAX + 1] };
    assert_eq!(refused(&challenge), too_long("charter", CHARTER_MAX));
    let large = Bundle { entry: vec![0; ENTRY_MAX + 1], bodies: vec![] };
    assert_eq!(refused(&large), too_long("entry", ENTRY_MAX));
    let small = Bundle { entry: vec![], bodies: vec![] };
    let many = LinkMessage::Entries { bundles: vec![small; ENTRIES_MAX + 1] };
    assert_eq!(refused(&many), too_many("entries", ENTRIES_MAX));
    let heads = vec![Head { node: node.clone(), seq: 1 }; NODES_EVER + 1];
    assert_eq!(refused(&LinkMessage::Heads { heads }), too_many("heads", NODES_EVER));
    let nodes = vec![node; NODES_MAX + 1];
    assert_eq!(refused(&LinkMessage::Neighbours { nodes }), too_many("neighbours", NODES_MAX));
}

#[test]
fn size_comes_before_everything() {
    let huge = vec![0; MESSAGE_MAX + 1];
    assert_eq!(decode::<ToNode>(&huge), Err(WireError::TooLarge { len: huge.len() }));
}

#[test]
fn a_small_message_cannot_ask_for_much() {
    // An array that claims 2^32 items, one that holds as many empty ones as fit, and nesting without end.
    let claim = [0x82, 0x04, 0xa1, 0x01, 0x9a, 0xff, 0xff, 0xff, 0xff];
    assert_eq!(decode::<ToNode>(&claim), Err(WireError::NotStrict(NotStrict::Cut)));
    let mut flood = vec![0x82, 0x08, 0xa1, 0x01, 0x9a, 0x00, 0x0f, 0xff, 0xf0];
    flood.resize(flood.len() + 0x0f_fff0, 0x40);
    assert_eq!(decode::<ToConsole>(&flood), Err(WireError::NotStrict(NotStrict::Bound)));
    assert_eq!(decode::<ToNode>(&vec![0x81; 100_000]), Err(WireError::NotStrict(NotStrict::Bound)));
}

#[test]
fn a_message_is_exactly_one_message() {
    let bytes = encode(&ToNode::Ping { number: 9 });
    for cut in 0..bytes.len() {
        assert!(decode::<ToNode>(&bytes[..cut]).is_err(), "cut at {cut}");
    }
    let padded = [&bytes[..], &[0]].concat();
    assert_eq!(decode::<ToNode>(&padded), Err(WireError::NotStrict(NotStrict::Trailing)));
    assert_eq!(decode::<ToNode>(&[0x82, 0x18, 99, 0xa0]), Err(WireError::NotAMessage), "an unknown message");
}

#[test]
fn frames_come_in_any_pieces() {
    let messages: Vec<Vec<u8>> = vec![vec![1], vec![2; 70_000], vec![3; 5]];
    let stream: Vec<u8> = messages.iter().flat_map(|message| frame(message).unwrap()).collect();
    for piece in [1, 3, 4, 1_000, stream.len()] {
        let (mut reader, mut read) = (FrameReader::default(), Vec::new());
        for mut part in stream.chunks(piece) {
            while !part.is_empty() {
                read.extend(reader.read(&mut part).unwrap());
            }
        }
        assert_eq!(read, messages, "in pieces of {piece}");
    }
}

#[test]
fn a_bad_length_ends_the_stream() {
    let mut reader = FrameReader::new(FIRST_MAX);
    let large = u32::try_from(FIRST_MAX + 1).unwrap().to_be_bytes();
    let error = FrameError::TooLarge { len: FIRST_MAX + 1, most: FIRST_MAX };
    assert_eq!(reader.read(&mut &large[..]), Err(error));
    assert_eq!(reader.read(&mut &frame(b"fine").unwrap()[..]), Err(error), "and stays ended");
    assert_eq!(FrameReader::default().read(&mut &[0; 4][..]), Err(FrameError::Empty));
    assert_eq!(frame(&[]), Err(FrameError::Empty));
    assert!(frame(&vec![0; FRAME_MAX + 1]).is_err());
}

#[test]
fn a_datagram_has_a_header_and_a_payload() {
    let datagram = |flags: u8, node: u8, payload: usize| {
        let mut bytes = vec![0; HEADER + payload];
        (bytes[0], bytes[1]) = (flags, node);
        bytes
    };
    assert!(MediaHeader::parse(&datagram(0, 0, 1)).is_some());
    assert!(MediaHeader::parse(&datagram(0, 63, PAYLOAD_MAX)).is_some());
    for bad in [
        datagram(0, 0, 0),
        datagram(0, 0, PAYLOAD_MAX + 1),
        datagram(0, 64, 1),
        datagram(0b1100, 0, 1),
        datagram(0b1_0000, 0, 1),
        vec![0; HEADER - 1],
    ] {
        assert_eq!(MediaHeader::parse(&bad), None);
    }
}

proptest! {
    #[test]
    fn nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = decode::<ToNode>(&bytes);
        let _ = decode::<ToConsole>(&bytes);
        let _ = decode::<LinkMessage>(&bytes);
        let _ = decode::<Bundle>(&bytes);
        if let Some((header, payload)) = MediaHeader::parse(&bytes) {
            let mut head = [0; HEADER];
            header.write(&mut head);
            prop_assert_eq!([&head[..], payload].concat(), bytes.clone());
        }
        let (mut reader, mut rest) = (FrameReader::default(), &bytes[..]);
        while !rest.is_empty() && reader.read(&mut rest).is_ok() {}
    }

    #[test]
    fn an_altered_message_is_refused_or_another_message(at in any::<prop::sample::Index>(), to in any::<u8>()) {
        let bundle = Bundle { entry: vec![1; 30], bodies: vec![ByteVec::from(vec![2; 30])] };
        let mut bytes = encode(&LinkMessage::Entries { bundles: vec![bundle] });
        let at = at.index(bytes.len());
        bytes[at] = to;
        if let Ok(message) = decode::<LinkMessage>(&bytes) {
            prop_assert_eq!(encode(&message), bytes);
        }
    }
}
