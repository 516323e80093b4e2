//! A control stream from a hostile node: any bytes, in any pieces.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    trialogue_hostile::wire::stream(data);
});
