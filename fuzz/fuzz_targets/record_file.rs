//! An exported record from a stranger.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    trialogue_hostile::record::file(data);
});
