//! Messages from a hostile console, node or link.
#![no_main]

use libfuzzer_sys::fuzz_target;
use trialogue_wire::console::{ToConsole, ToNode};
use trialogue_wire::link::LinkMessage;
use trialogue_wire::{Bundle, Message, decode, encode};

fn read<T: Message + PartialEq + std::fmt::Debug>(data: &[u8]) {
    if let Ok(message) = decode::<T>(data) {
        // Unknown fields are dropped in reading; what is left is read the same.
        let bytes = encode(&message);
        assert!(bytes.len() <= data.len());
        assert_eq!(decode::<T>(&bytes), Ok(message));
    }
}

fuzz_target!(|data: &[u8]| {
    read::<ToNode>(data);
    read::<ToConsole>(data);
    read::<LinkMessage>(data);
    read::<Bundle>(data);
});
