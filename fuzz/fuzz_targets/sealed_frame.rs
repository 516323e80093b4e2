//! A frame from a hostile node.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    trialogue_hostile::seals::frame(data);
});
