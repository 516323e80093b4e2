//! A charter from a stranger: the signed file, and its content as if a file held it.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    trialogue_hostile::charter::decode(data);
});
