//! A console's offer (SDP).
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    trialogue_hostile::leg::offer(data);
});
