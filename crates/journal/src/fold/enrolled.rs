//! Devices that one node has enrolled.

use super::device::{Enrolment, Stay};
use super::kept::in_a_row;
use super::speaker::{At, Own};
use super::{Applied, Ignored};
use crate::limits::{DEVICES_MAX, FRESH_DEVICES_MAX};
use std::collections::BTreeMap;
use std::sync::Arc;
use trialogue_charter::{DeviceCertificate, DeviceId, LineId, VoucherId};

/// Devices, and the vouchers that made them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Enrolled {
    devices: BTreeMap<DeviceId, Enrolment>,
    /// Vouchers, each with the device that it made.
    vouchers: BTreeMap<VoucherId, DeviceId>,
}

in_a_row!(Enrolled { devices, vouchers });

impl Enrolled {
    /// All of them, revoked ones too.
    pub(super) fn all(&self) -> &BTreeMap<DeviceId, Enrolment> {
        &self.devices
    }

    pub(super) fn get(&self, device: &DeviceId) -> Option<&Enrolment> {
        self.devices.get(device)
    }

    pub(super) fn has(&self, device: &DeviceId) -> bool {
        self.devices.contains_key(device)
    }

    /// The device that a voucher made here.
    pub(super) fn made_by(&self, voucher: &VoucherId) -> Option<&DeviceId> {
        self.vouchers.get(voucher)
    }

    /// The chain of the certificate holds, it leads to the node's own party, and the voucher is new here: its first use
    /// wins.
    pub(super) fn enrol(
        &mut self,
        own: Own<'_>,
        device: &DeviceId,
        certificate: &[u8],
        at: At,
    ) -> Result<Applied, Ignored> {
        if self.has(device) {
            return Err(Ignored::AlreadyEnrolled);
        }
        if self.devices.len() >= DEVICES_MAX {
            return Err(Ignored::Full);
        }
        let verified = DeviceCertificate::verify(own.charter, certificate).map_err(|_| Ignored::Certificate)?;
        if verified.id != *device || verified.party != *own.party {
            return Err(Ignored::Certificate);
        }
        if at.time_ms > verified.not_after_ms {
            return Err(Ignored::Late);
        }
        if self.vouchers.contains_key(&verified.voucher_id) {
            return Err(Ignored::VoucherUsed);
        }
        self.vouchers.insert(verified.voucher_id, *device);
        let (seq, since_ms) = (at.seq, at.time_ms);
        let enrolment = Enrolment { device: Arc::new(verified), seq, since_ms, last_number: 0, last_stay: None };
        self.devices.insert(*device, enrolment);
        Ok(Applied::Enrolled { device: *device })
    }

    /// The device has said something with this number.
    pub(super) fn says(&mut self, device: &DeviceId, number: u64) {
        if let Some(known) = self.devices.get_mut(device) {
            known.last_number = number;
        }
    }

    /// It has come in on a line, by the entry at this position.
    pub(super) fn comes_in(&mut self, device: &DeviceId, line: &LineId, number: u64, seq: u64) {
        if let Some(known) = self.devices.get_mut(device) {
            known.last_stay = Some(Stay { line: line.clone(), number, seq, end: None });
        }
    }

    /// It is no more in on the line.
    pub(super) fn leaves(&mut self, device: &DeviceId, line: &LineId, seq: u64) {
        let stay = self.devices.get_mut(device).and_then(|known| known.last_stay.as_mut());
        if let Some(stay) = stay.filter(|stay| stay.line == *line) {
            stay.end = Some(seq);
        }
    }

    /// Positions of the newest enrolments of those that are accepted, up to the bound.
    pub(super) fn newest(&self, accepted: impl Fn(&DeviceId) -> bool) -> impl Iterator<Item = u64> {
        let accepted = self.devices.iter().filter(|(id, _)| accepted(id));
        let mut newest: Vec<u64> = accepted.map(|(_, known)| known.seq).collect();
        newest.sort_unstable_by(|a, b| b.cmp(a));
        newest.into_iter().take(FRESH_DEVICES_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::{Console, THREE, at, duty, line, own, party};
    use super::*;

    fn enrol(enrolled: &mut Enrolled, of: &str, console: &Console, seq: u64) -> Result<Applied, Ignored> {
        enrolled.enrol(own(&party(of)), &console.id(), &console.certificate, at(seq))
    }

    #[test]
    fn a_device_is_enrolled_once_at_a_node_of_its_party() {
        let (mut enrolled, japan) = (Enrolled::default(), Console::new("jpn-duty", 1));
        assert_eq!(enrol(&mut enrolled, "KOR", &japan, 1), Err(Ignored::Certificate), "of another party");
        assert_eq!(enrol(&mut enrolled, "JPN", &japan, 2), Ok(Applied::Enrolled { device: japan.id() }));
        assert_eq!(enrolled.get(&japan.id()).map(|known| (known.seq, known.since_ms)), Some((2, 2_000)));
        assert_eq!(enrol(&mut enrolled, "JPN", &japan, 3), Err(Ignored::AlreadyEnrolled));
        let other = Console { certificate: japan.certificate.clone(), ..Console::new("jpn-duty", 2) };
        assert_eq!(enrol(&mut enrolled, "JPN", &other, 4), Err(Ignored::Certificate), "of another device");
    }

    #[test]
    fn a_voucher_makes_one_device() -> Result<(), trialogue_charter::CertificateError> {
        let (mut enrolled, first) = (Enrolled::default(), Console::new("jpn-duty", 1));
        let secret = trialogue_charter::DeviceSecret::from_seed(&[9; 32]);
        let (certificate, device) = THREE.enrolment("jpn-duty", 1).certify(&THREE.charter, &secret, 0)?;
        let second = Console { certificate, device };
        assert!(enrol(&mut enrolled, "JPN", &first, 1).is_ok());
        assert_eq!(enrol(&mut enrolled, "JPN", &second, 2), Err(Ignored::VoucherUsed));
        assert_eq!(enrolled.made_by(&first.device.voucher_id), Some(&first.id()));
        assert!(!enrolled.has(&second.id()));
        Ok(())
    }

    #[test]
    fn the_last_stay_ends_where_it_is() {
        let (mut enrolled, japan) = (Enrolled::default(), Console::new("jpn-duty", 1));
        assert!(enrol(&mut enrolled, "JPN", &japan, 1).is_ok());
        enrolled.says(&japan.id(), 7);
        enrolled.comes_in(&japan.id(), &duty(), 7, 5);
        let stay = |enrolled: &Enrolled| enrolled.get(&japan.id()).and_then(|known| known.last_stay.clone());
        enrolled.leaves(&japan.id(), &line("another"), 6);
        assert_eq!(stay(&enrolled).map(|stay| (stay.number, stay.seq, stay.end)), Some((7, 5, None)));
        enrolled.leaves(&japan.id(), &duty(), 8);
        assert_eq!(stay(&enrolled).and_then(|stay| stay.end), Some(8));
        assert_eq!(enrolled.get(&japan.id()).map(|known| known.last_number), Some(7));
    }

    #[test]
    fn the_newest_that_are_accepted_come_first() {
        let mut enrolled = Enrolled::default();
        let consoles = [1, 2, 3].map(|number| Console::new("jpn-duty", number));
        for (seq, console) in (10..).zip(&consoles) {
            assert!(enrol(&mut enrolled, "JPN", console, seq).is_ok());
        }
        let newest: Vec<u64> = enrolled.newest(|id| *id != consoles[1].id()).collect();
        assert_eq!(newest, [12, 10]);
    }
}
