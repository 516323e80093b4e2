//! What people paste and copy: enrolment links, key files, addresses, ids, names.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    trialogue_hostile::text::text(data);
});
