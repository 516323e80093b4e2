//! Media packets in a TCP stream (RFC 4571).
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    trialogue_hostile::leg::framing(data);
});
