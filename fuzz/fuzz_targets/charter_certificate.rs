//! A device certificate or voucher from a stranger, under a real charter.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    trialogue_hostile::charter::certificate(data);
});
