//! A charter from a stranger: the signed file, and its content as if a file held it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use trialogue_charter::UnverifiedCharter;
use trialogue_charter::cose::Many;

fuzz_target!(|data: &[u8]| {
    for bytes in [data.to_vec(), Many::new(data.to_vec()).encode()] {
        if let Ok(charter) = UnverifiedCharter::decode(&bytes) {
            // What is taken has one encoding.
            assert_eq!(charter.encode(), bytes);
            assert_eq!(charter.verify(None).is_ok(), charter.missing().is_empty());
        }
    }
});
