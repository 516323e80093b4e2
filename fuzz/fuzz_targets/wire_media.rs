//! A datagram from a hostile node.
#![no_main]

use libfuzzer_sys::fuzz_target;
use trialogue_wire::media::{HEADER, MediaHeader};

fuzz_target!(|data: &[u8]| {
    if let Some((header, payload)) = MediaHeader::parse(data) {
        let mut head = [0; HEADER];
        header.write(&mut head);
        assert_eq!([&head[..], payload].concat(), data);
    }
});
