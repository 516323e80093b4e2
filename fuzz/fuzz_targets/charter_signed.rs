//! Signed bytes of either kind.
#![no_main]

use libfuzzer_sys::fuzz_target;
use trialogue_charter::cose::{Many, domain, open1, peek1};

fuzz_target!(|data: &[u8]| {
    let _ = peek1(data);
    assert!(open1(&[7; 32], domain::ENTRY, data).is_err());
    if let Ok(many) = Many::decode(data, 1 << 20) {
        assert_eq!(many.encode(), data);
    }
});
