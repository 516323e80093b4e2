//! What a console's leg brings: media packets in a TCP stream, and the offer.

use std::time::Instant;
use trialogue_node::media::{Framing, try_offer};
use trialogue_wire::console::ToNode;
use trialogue_wire::leg::fixture;
use trialogue_wire::{decode, encode};

/// A TCP stream of packets (RFC 4571): the first byte says in pieces of how many bytes the others arrive. Taken: a
/// whole packet.
pub fn framing(data: &[u8]) -> bool {
    let Some((piece, stream)) = data.split_first() else { return false };
    let packets = |piece: usize| {
        let (mut framing, mut packets) = (Framing::default(), Vec::new());
        let mut whole = true;
        for part in stream.chunks(piece) {
            whole = framing.take(part, |packet| packets.push(packet.to_vec())).is_ok();
            if !whole {
                break;
            }
            // Of what has come nothing waits but the packet that is not whole.
            assert!(framing.waiting() < 2 + 2_048, "a stranger's bytes pile up");
        }
        (packets, whole)
    };
    let (read, whole) = packets(usize::from(*piece).max(1));
    // However the bytes arrive, the packets are the same, and framed again they are the bytes.
    assert_eq!((&read, whole), (&packets(stream.len().max(1)).0, packets(stream.len().max(1)).1));
    let framed = |packet: &Vec<u8>| [&(packet.len() as u16).to_be_bytes()[..], packet].concat();
    let written: Vec<u8> = read.iter().flat_map(framed).collect();
    assert!(stream.starts_with(&written));
    !read.is_empty()
}

/// One packet, several, an empty one, and one of which the end is missing.
pub fn framing_seeds() -> Vec<Vec<u8>> {
    let check = [&[0, 20, 0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42][..], &[7; 12]].concat();
    let long = [&[8, 0][..], &[0x80; 2_048]].concat();
    let several = [&check[..], &[0, 0], &long, &check, &[0, 9, 1]].concat();
    let streams = [(1, &check), (255, &check), (3, &several), (64, &several), (200, &long)];
    streams.iter().map(|(piece, stream)| [&[*piece][..], stream].concat()).collect()
}

/// An offer from a console of one's own party that is hostile, as it stands in its message. Taken: a leg is made of it.
pub fn offer(data: &[u8]) -> bool {
    match decode::<ToNode>(data) {
        Ok(ToNode::Offer { offer, .. }) => try_offer(&offer, Instant::now()),
        _ => false,
    }
}

/// What a browser offers, and what the native endpoint does.
pub fn offer_seeds() -> Vec<Vec<u8>> {
    (1..4).map(|number| encode(&ToNode::Offer { offer: fixture::offer(number), leg: number })).collect()
}
