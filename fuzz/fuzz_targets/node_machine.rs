//! A node whose consoles and neighbours say anything at all.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    trialogue_hostile::node::machine(data);
});
