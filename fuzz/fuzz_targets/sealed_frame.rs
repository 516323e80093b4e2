//! A frame from a hostile node: only what was sealed with the key opens.
#![no_main]

use libfuzzer_sys::fuzz_target;
use trialogue_e2ee::sealing::vp8_clear;
use trialogue_e2ee::{BaseKey, GroupId, KeyId, Opener};

fuzz_target!(|data: &[u8]| {
    let mut opener = Opener::new();
    for generation in 0..4 {
        let id = KeyId::new(0, &GroupId([0; 16]), 0, 0, generation).unwrap();
        opener.insert(id, &BaseKey::new([7; 32])).unwrap();
    }
    let mut out = Vec::new();
    for clear in [0, vp8_clear(data)] {
        let _ = Opener::names(clear, data);
        assert!(opener.open(clear, data, &mut out).is_err());
        assert!(out.is_empty());
    }
});
