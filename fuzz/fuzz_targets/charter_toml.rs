//! A party's `charter.toml`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    trialogue_hostile::settings::charter_toml(data);
});
