//! Messages from a hostile console, node or link.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    trialogue_hostile::wire::messages(data);
});
