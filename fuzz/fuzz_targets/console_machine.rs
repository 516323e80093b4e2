//! A console whose own node says anything at all.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    trialogue_hostile::console::machine(data);
});
