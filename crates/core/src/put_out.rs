//! Devices that are accepted no more: what a person asks of this node about one, and that it goes at once.

use crate::journals::Pen;
use crate::machine::Machine;
use crate::revocations::{Errand, Fate, NotDone, Revocations, answer, may_write};
use trialogue_charter::DeviceId;
use trialogue_wire::console::Refusal;

impl Machine {
    /// The root of a party, any party, accepts a device no more.
    pub(crate) fn revoke(&mut self, revocation: Vec<u8>, errand: Errand) {
        self.do_errand(errand, |pen| Revocations::revoke(pen, revocation, errand));
    }

    /// The operator lets a device in no more at this node, or does again.
    pub(crate) fn suspend(&mut self, device: DeviceId, on: bool, errand: Errand) {
        self.do_errand(errand, |pen| Revocations::suspend(pen, device, on, errand));
    }

    fn do_errand(&mut self, errand: Errand, act: impl FnOnce(&mut Pen<'_>) -> Result<Option<Fate>, NotDone>) {
        let restored = self.waits_restored();
        let mut pen = self.pen();
        let done = may_write(&pen, restored).and_then(|()| act(&mut pen));
        answer(&mut pen, errand, done);
    }

    /// Who is accepted no more goes at once.
    pub(crate) fn put_out(&mut self) {
        let state = self.journals.state();
        let out = self.devices.iter().filter_map(|(device, console)| {
            let suspended = || state.node(&self.here.node).is_some_and(|own| own.suspends(device));
            let reason = if state.is_revoked(device) {
                Refusal::Revoked
            } else if suspended() {
                Refusal::Suspended
            } else {
                return None;
            };
            Some((*device, *console, reason))
        });
        for (device, console, reason) in out.collect::<Vec<_>>() {
            self.refuse_console(console, reason);
            self.close_leg(&device);
        }
    }
}
