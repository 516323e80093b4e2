//! Journals of nodes whose consoles say anything at all.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    trialogue_hostile::fold::fold(data);
});
