//! Key packages, welcomes and commits by a hostile device.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    trialogue_hostile::handshake::handshake(data);
});
