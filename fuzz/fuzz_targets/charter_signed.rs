//! Signed bytes of either kind.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    trialogue_hostile::charter::signed(data);
});
