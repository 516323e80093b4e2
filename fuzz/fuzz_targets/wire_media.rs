//! A datagram from a hostile node.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    trialogue_hostile::wire::media(data);
});
