//! A device is enrolled, or revoked.

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
        if let Some(known) = self.devices.get(device) {
            return Err(if known.revoked.is_some() { Ignored::Revoked } else { Ignored::AlreadyEnrolled });
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
        let enrolment = Enrolment {
            device: Arc::new(verified),
            seq,
            since_ms: time_ms,
            revoked: None,
            last_number: 0,
            last_stay: None,
        };
        self.devices.insert(*device, enrolment);
        Ok(Applied::Enrolled { device: *device })
    }

    /// From here on the device says nothing more, and it has left every line.
    pub(super) fn revoke(&mut self, device: &DeviceId, seq: u64) -> Result<Applied, Ignored> {
        let known = self.devices.get_mut(device).ok_or(Ignored::UnknownDevice)?;
        if known.revoked.is_some() {
            return Err(Ignored::Revoked);
        }
        known.revoked = Some(seq);
        self.duties.retain(|_, duty| duty.by != *device);
        self.proposals.retain(|_, proposal| proposal.by != *device);
        self.attendances.retain(|_, attendance| attendance.by != *device);
        let lines = self.lines_of(device);
        for line in &lines {
            self.depart(device, line, seq);
        }
        Ok(Applied::Revoked { device: *device, lines })
    }
}
