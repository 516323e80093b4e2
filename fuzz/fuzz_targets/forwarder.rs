//! Media packets of hostile consoles and nodes at the forwarder.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    trialogue_hostile::forward::forward(data);
});
