//! What the operator asks on the node's own machine, and the security officer from a browser.

use super::Control;
use crate::admin::{DeviceInfo, Reply, Request};
use trialogue_charter::DeviceId;
use trialogue_core::Input;

impl Control {
    pub(super) fn asked(&mut self, request: Request, by: &'static str) -> Reply {
        match request {
            Request::Devices => Reply::Devices { devices: self.devices() },
            Request::Revoke { device } => self.revoke(&device, by),
            Request::Install { charter } => self.install(&charter),
        }
    }

    fn devices(&self) -> Vec<DeviceInfo> {
        let state = self.machine.state();
        let Some(own) = state.node(&self.node) else { return Vec::new() };
        let mut all: Vec<_> = own.devices().iter().collect();
        all.sort_by_key(|(_, enrolment)| enrolment.seq);
        let info = |(id, enrolment): (&DeviceId, &trialogue_journal::fold::Enrolment)| DeviceInfo {
            device: id.to_string(),
            person: enrolment.device.person.as_str().to_owned(),
            office: enrolment.device.office.to_string(),
            since_ms: enrolment.since_ms,
            revoked: state.is_revoked(id),
        };
        all.into_iter().map(info).collect()
    }

    fn revoke(&mut self, device: &str, by: &'static str) -> Reply {
        let refused = |why: &str| Reply::Refused { why: why.to_owned() };
        let bytes = hex::decode(device).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        let Some(id) = bytes.map(DeviceId) else {
            return refused("a device id is 64 hexadecimal digits; `trialogue device list` shows them");
        };
        let known = |control: &Self| {
            let own = control.machine.state().node(&control.node)?;
            own.devices().get(&id).map(|enrolment| enrolment.revoked.is_some())
        };
        match known(self) {
            None => {
                return refused(
                    "no such device is enrolled at this node; `trialogue device list` shows those that are",
                );
            }
            Some(true) => return Reply::Done,
            Some(false) => {}
        }
        self.input(Input::Revoke { device: id });
        self.counters.count("device_revoked");
        tracing::warn!("a device was revoked by {by}");
        Reply::Done
    }
}
