//! A proof or a signed head from a stranger.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    trialogue_hostile::record::proof(data);
});
