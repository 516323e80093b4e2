//! A console's offer for its leg.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    trialogue_hostile::leg::offer(data);
});
