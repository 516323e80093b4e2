//! A frame from a hostile node: only what was sealed with the key opens.

use std::sync::LazyLock;
use trialogue_charter::DeviceId;
use trialogue_e2ee::sealing::Source;
use trialogue_e2ee::{BaseKey, GroupId, KeyId, Medium, Opener, Receiver, Sealer, TagKey};
use trialogue_wire::tags::split;

/// Media workers that this console has keys of.
const GENERATIONS: u16 = 4;

/// A frame that was really sealed.
struct Sealed {
    medium: Medium,
    plain: Vec<u8>,
    bytes: Vec<u8>,
}

const FROM: DeviceId = DeviceId([1; 32]);

fn tag() -> TagKey {
    TagKey::new([8; 32])
}

fn key(generation: u16) -> (KeyId, BaseKey) {
    (KeyId::new(0, &GroupId([0; 16]), 0, 0, generation).expect("in range"), BaseKey::new([7; 32]))
}

static SEALED: LazyLock<Vec<Sealed>> = LazyLock::new(|| {
    let mut sealed = Vec::new();
    for generation in 0..GENERATIONS {
        let (id, base) = key(generation);
        let receivers = vec![Receiver { party: 0, key: tag() }, Receiver { party: 1, key: TagKey::new([9; 32]) }];
        let mut sealer = Sealer::new(id, &base, 0, receivers).expect("a key");
        // A voice; a key frame and a delta frame of VP8; nothing.
        for (tag, length) in [(None, 40), (Some(0), 300), (Some(1), 60), (None, 0)] {
            let mut plain: Vec<u8> = (0..length).map(|at| at as u8).collect();
            let medium = tag.map_or(Medium::Voice, |tag| {
                plain[0] = tag;
                Medium::Picture
            });
            let mut bytes = Vec::new();
            sealer.seal(medium, 0, &plain, &mut bytes).expect("sealed");
            sealed.push(Sealed { medium, plain, bytes });
        }
        let (plain, mut bytes) = (b"much later".to_vec(), Vec::new());
        sealer.seal(Medium::Voice, 70_000, &plain, &mut bytes).expect("sealed");
        sealed.push(Sealed { medium: Medium::Voice, plain, bytes });
    }
    sealed
});

/// Opened as a voice and as a picture. Taken: it was really sealed, and opens.
pub fn frame(data: &[u8]) -> bool {
    let mut opener = Opener::new();
    for generation in 0..GENERATIONS {
        let (id, base) = key(generation);
        let source = Source { device: FROM, party: 0, turn: 0, fellows: 1, tag: tag(), floor: 0 };
        opener.insert(id, &base, &source).expect("few");
    }
    let mut taken = false;
    let mut out = Vec::new();
    for medium in [Medium::Voice, Medium::Picture] {
        let names = Opener::names(medium, data);
        match opener.open(medium, &FROM, 0, data, &mut out) {
            Ok(frame) => {
                assert_eq!(names, Some(frame.id));
                // Tags for others may be left out or changed: they prove nothing here.
                let opened = split(data, medium.tag_len(), 0);
                let genuine = |sealed: &Sealed| {
                    let same = split(&sealed.bytes, medium.tag_len(), 0) == opened;
                    same && sealed.medium == medium && out == sealed.plain
                };
                assert!(SEALED.iter().any(genuine), "opened, and nobody has sealed it");
                assert!(opener.open(medium, &FROM, 0, data, &mut out).is_err(), "opened twice");
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
