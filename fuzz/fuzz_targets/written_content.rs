//! A content of the written line, open or sealed, from a hostile writer or node.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    trialogue_hostile::written::content(data);
});
