//! Messages of consoles, nodes and links; the control stream that carries them; media datagrams.

use crate::vectors;
use crate::world::{answer, bundles, ring};
use trialogue_wire::console::{ToConsole, ToNode};
use trialogue_wire::link::LinkMessage;
use trialogue_wire::media::{HEADER, MediaHeader};
use trialogue_wire::path::PathFrame;
use trialogue_wire::{Bundle, FrameReader, Message, decode, encode, frame};

fn read<T: Message + PartialEq + std::fmt::Debug>(data: &[u8]) -> bool {
    let Ok(message) = decode::<T>(data) else { return false };
    // Unknown fields are dropped in reading; what is left is read the same.
    let bytes = encode(&message);
    assert!(bytes.len() <= data.len());
    assert_eq!(decode::<T>(&bytes), Ok(message));
    true
}

/// A message from a hostile console, node or link.
pub fn messages(data: &[u8]) -> bool {
    let read = [read::<ToNode>(data), read::<ToConsole>(data), read::<LinkMessage>(data), read::<Bundle>(data)];
    read.contains(&true)
}

/// One of each message.
pub fn message_seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for place in ["/to_node", "/to_console", "/link", "/bundle"] {
        seeds.extend(vectors::wire(place));
    }
    seeds.push(encode(&LinkMessage::Entries { bundles: bundles("usa", &[ring(), answer()]) }));
    seeds
}

/// A control stream from a hostile node: the first byte says in pieces of how many bytes the others arrive. Taken: a
/// whole frame.
pub fn stream(data: &[u8]) -> bool {
    let Some((piece, stream)) = data.split_first() else { return false };
    let frames = |piece: usize| {
        let (mut reader, mut frames) = (FrameReader::default(), Vec::new());
        for mut part in stream.chunks(piece) {
            while !part.is_empty() {
                match reader.read(&mut part) {
                    Ok(read) => frames.extend(read),
                    Err(_) => return frames,
                }
            }
        }
        frames
    };
    let read = frames(usize::from(*piece).max(1));
    // However the bytes arrive, the frames are the same, and written again they are the bytes.
    assert_eq!(read, frames(stream.len().max(1)));
    let written: Vec<u8> = read.iter().flat_map(|message| frame(message).expect("it was read")).collect();
    assert!(stream.starts_with(&written));
    for bytes in &read {
        // What is a frame of a path has one form.
        if let Ok(path) = PathFrame::parse(bytes) {
            assert_eq!(path.write().expect("it was read")[4..], bytes[..]);
        }
    }
    !read.is_empty()
}

/// One frame, and several in one stream.
pub fn stream_seeds() -> Vec<Vec<u8>> {
    let several: Vec<u8> = vectors::wire("/link").iter().flat_map(|message| frame(message).expect("small")).collect();
    let hello = vectors::wire("/frame/hello").concat();
    let paths = vectors::wire("/path").concat();
    let streams = [(3, &paths), (1, &hello), (255, &hello), (7, &several), (64, &several)];
    streams.iter().map(|(piece, stream)| [&[*piece][..], stream].concat()).collect()
}

/// A datagram from a hostile node.
pub fn media(data: &[u8]) -> bool {
    let Some((header, payload)) = MediaHeader::parse(data) else { return false };
    let mut head = [0; HEADER];
    header.write(&mut head);
    assert_eq!([&head[..], payload].concat(), data);
    true
}

/// Voices, and halves of pictures.
pub fn media_seeds() -> Vec<Vec<u8>> {
    vectors::wire("/media")
}
