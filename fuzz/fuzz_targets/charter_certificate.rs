//! A device certificate or voucher from a stranger, under a real charter.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use trialogue_charter::cose::Many;
use trialogue_charter::fixture::Trilateral;
use trialogue_charter::{DeviceCertificate, Suite, Voucher};

static THREE: LazyLock<Trilateral> = LazyLock::new(|| Trilateral::new(Suite::Cnsa2));

fuzz_target!(|data: &[u8]| {
    for bytes in [data.to_vec(), Many::new(data.to_vec()).encode()] {
        assert!(Voucher::open(&THREE.charter, &bytes).is_err());
        assert!(DeviceCertificate::verify(&THREE.charter, &bytes).is_err());
    }
});
