//! Lines on an endpoint's standard input.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    trialogue_hostile::settings::commands(data);
});
