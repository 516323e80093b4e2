//! Entries and statements from a stranger, and payloads that a faulty signer has signed.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    trialogue_hostile::journal::entry(data);
});
