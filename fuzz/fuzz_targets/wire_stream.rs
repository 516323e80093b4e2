//! A control stream from a hostile node: any bytes, in any pieces.
#![no_main]

use libfuzzer_sys::fuzz_target;
use trialogue_wire::{FrameReader, frame};

fuzz_target!(|input: (u8, Vec<u8>)| {
    let (piece, stream) = input;
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
    let read = frames(usize::from(piece).max(1));
    // However the bytes arrive, the frames are the same, and written again they are the bytes.
    assert_eq!(read, frames(stream.len().max(1)));
    let written: Vec<u8> = read.iter().flat_map(|message| frame(message).expect("it was read")).collect();
    assert!(stream.starts_with(&written));
});
