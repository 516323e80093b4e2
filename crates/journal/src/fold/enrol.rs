//! A device is enrolled.

use super::device::Enrolment;
use super::node::NodeState;
use super::{Applied, Ignored};
use crate::limits::DEVICES_MAX;
use std::sync::Arc;
use trialogue_charter::{DeviceCertificate, DeviceId, VerifiedCharter};

impl NodeState {
    /// The chain of the certificate holds, it leads to the node's own party, and the voucher is new here: its first use wins.
    pub(super) fn enrol(
        &mut self,
        charter: &VerifiedCharter,
        device: &DeviceId,
        certificate: &[u8],
        seq: u64,
        time_ms: u64,
    ) -> Result<Applied, Ignored> {
        if self.has_barred(device) {
            return Err(Ignored::Revoked);
        }
        if self.devices.contains_key(device) {
            return Err(Ignored::AlreadyEnrolled);
        }
        if self.devices.len() >= DEVICES_MAX {
            return Err(Ignored::Full);
        }
        let verified = DeviceCertificate::verify(charter, certificate).map_err(|_| Ignored::Certificate)?;
        if verified.id != *device || verified.party != self.party {
            return Err(Ignored::Certificate);
        }
        if time_ms > verified.not_after_ms {
            return Err(Ignored::Late);
        }
        if self.vouchers.contains_key(&verified.voucher_id) {
            return Err(Ignored::VoucherUsed);
        }
        self.vouchers.insert(verified.voucher_id, *device);
        let enrolment =
            Enrolment { device: Arc::new(verified), seq, since_ms: time_ms, last_number: 0, last_stay: None };
        self.devices.insert(*device, enrolment);
        Ok(Applied::Enrolled { device: *device })
    }
}
