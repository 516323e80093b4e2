//! A frame from a hostile node: only what was sealed with the key opens.

use std::sync::LazyLock;
use trialogue_e2ee::sealing::vp8_clear;
use trialogue_e2ee::{BaseKey, GroupId, KeyId, Opener, Sealer};

/// Media workers that this console has keys of.
const GENERATIONS: u16 = 4;

/// A frame that was really sealed.
struct Sealed {
    clear: usize,
    plain: Vec<u8>,
    bytes: Vec<u8>,
}

fn key(generation: u16) -> (KeyId, BaseKey) {
    (KeyId::new(0, &GroupId([0; 16]), 0, 0, generation).expect("in range"), BaseKey::new([7; 32]))
}

static SEALED: LazyLock<Vec<Sealed>> = LazyLock::new(|| {
    let mut sealed = Vec::new();
    for generation in 0..GENERATIONS {
        let (id, base) = key(generation);
        let mut sealer = Sealer::new(id, &base).expect("a key");
        // A voice; a key frame and a delta frame of VP8; nothing.
        for (tag, length) in [(None, 40), (Some(0), 300), (Some(1), 60), (None, 0)] {
            let mut plain: Vec<u8> = (0..length).map(|at| at as u8).collect();
            let clear = tag.map_or(0, |tag| {
                plain[0] = tag;
                vp8_clear(&plain)
            });
            let mut bytes = Vec::new();
            sealer.seal(clear, &plain, &mut bytes).expect("sealed");
            sealed.push(Sealed { clear, plain, bytes });
        }
        sealer.skip_to(70_000);
        let (plain, mut bytes) = (b"much later".to_vec(), Vec::new());
        sealer.seal(0, &plain, &mut bytes).expect("sealed");
        sealed.push(Sealed { clear: 0, plain, bytes });
    }
    sealed
});

/// Opened as a voice and as a picture. Taken: it was really sealed, and opens.
pub fn frame(data: &[u8]) -> bool {
    let mut opener = Opener::new();
    for generation in 0..GENERATIONS {
        let (id, base) = key(generation);
        opener.insert(id, &base).expect("few");
    }
    let mut taken = false;
    let mut out = Vec::new();
    for clear in [0, vp8_clear(data)] {
        let names = Opener::names(clear, data);
        match opener.open(clear, data, &mut out) {
            Ok(id) => {
                assert_eq!(names, Some(id));
                let genuine = |sealed: &Sealed| {
                    sealed.clear == clear && sealed.bytes == data && out.ends_with(&sealed.plain[clear..])
                };
                assert!(SEALED.iter().any(genuine), "opened, and nobody has sealed it");
                assert!(opener.open(clear, data, &mut out).is_err(), "opened twice");
                taken = true;
            }
            Err(_) => assert!(out.is_empty()),
        }
    }
    taken
}

/// Frames of each kind.
pub fn seeds() -> Vec<Vec<u8>> {
    SEALED.iter().map(|sealed| sealed.bytes.clone()).collect()
}
