//! An operator's `node.toml`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    trialogue_hostile::settings::node_toml(data);
});
