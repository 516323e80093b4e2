//! What consoles say, handed on to the parts whose it is, and what follows for the others when one comes or goes.

use super::Machine;
use crate::budgets::Budgets;
use crate::consoles::{Accepted, Around, Consoles, Fresh, Gone, Proven, Said, refuse_statement};
use crate::io::ConsoleKey;
use crate::journals::{After, Pen};
use crate::out::Out;
use crate::revocations::{Errand, Fate, NotDone, Revocations, answer, may_write};
use crate::statements::{Judged, Rules};
use minicbor::bytes::ByteVec;
use trialogue_charter::DeviceId;
use trialogue_journal::UnverifiedStatement;
use trialogue_wire::console::{Refusal, Site, ToConsole, ToNode};
use trialogue_wire::word::What;

impl Machine {
    /// Where else consoles find their party, the preferred one first: told to each that logs in from now on. Beyond
    /// [`trialogue_wire::limits::SITES_MAX`] none is.
    pub fn set_sites(&mut self, sites: Vec<Site>) {
        self.consoles.set_sites(sites);
    }

    /// What consoles take.
    pub(super) fn for_consoles(&mut self) -> (&mut Consoles, Around<'_>, &mut Budgets, &mut Out) {
        let around = Around { here: &self.here, journals: &self.journals, links: &self.links };
        (&mut self.consoles, around, &mut self.budgets, &mut self.out)
    }

    /// WebSockets are gone: the parts that keep something of each follow. A device keeps its leg and its place in a
    /// call until it counts as lost.
    pub(super) fn consoles_gone(&mut self, gone: impl IntoIterator<Item = Gone>) {
        for Gone { console, was_known, left } in gone {
            self.alive.went(console);
            self.media.console_gone(console);
            if let Some(device) = left
                && !self.media.keeps(device, &self.here, &self.journals)
            {
                self.close_leg(&device);
            }
            if was_known {
                self.watch.changed(&self.here, &mut self.out);
            }
        }
    }

    pub(super) fn console_opened(&mut self, key: ConsoleKey, nonce: [u8; 32]) {
        let gone = self.consoles.open(key, nonce, &self.here, &mut self.out);
        self.consoles_gone(gone);
    }

    pub(super) fn console_closed(&mut self, key: ConsoleKey) {
        let gone = self.consoles.close(key, &mut self.out);
        self.consoles_gone(gone);
    }

    /// Turns a console away.
    pub(super) fn refuse_console(&mut self, key: ConsoleKey, reason: Refusal) {
        let gone = self.consoles.refuse(key, reason, &mut self.out);
        self.consoles_gone(gone);
    }

    /// The media thread could make no leg of what a console offered.
    pub(super) fn leg_refused(&mut self, key: ConsoleKey) {
        self.media.refused(key, &mut self.out);
        if self.consoles.has(key) {
            self.refuse_console(key, Refusal::Malformed);
        }
    }

    /// Strangers that took too long, and consoles that fell silent.
    pub(super) fn consoles_overdue(&mut self) {
        while let Some(gone) = self.consoles.drop_late(&self.here, &mut self.out) {
            self.consoles_gone([gone]);
        }
    }

    pub(super) fn console_message(&mut self, key: ConsoleKey, bytes: &[u8]) {
        let open = !self.catch_up.is_opening();
        let (consoles, around, budgets, out) = self.for_consoles();
        match consoles.said(key, bytes, open, around, budgets, out) {
            Said::Nothing => {}
            Said::Refused(gone) => self.consoles_gone(gone),
            Said::Proves(message) => self.admit(key, message),
            Said::IsBehind(serial) => {
                // What lies between its charter and the one of its challenge.
                for charter in self.amendment.lineage().after(serial) {
                    self.out.console(key, &ToConsole::Charter { charter: charter.bytes().to_vec() });
                }
            }
            Said::Says(device, message) => self.console_said(key, device, message),
        }
    }

    /// What was said while nothing could be written.
    pub(super) fn said_meanwhile(&mut self) {
        for (key, message) in self.consoles.said_meanwhile() {
            if let Some(device) = self.consoles.device(key) {
                self.console_said(key, device, message);
            }
        }
    }

    fn console_said(&mut self, key: ConsoleKey, device: DeviceId, message: ToNode) {
        match message {
            ToNode::State { statement, bodies } => self.take_statement(key, device, statement, bodies),
            ToNode::Offer { offer, leg } => self.media.offered(key, device, leg, offer, &mut self.out),
            ToNode::KeyFrame { device } => self.want_key_frame(device),
            ToNode::Forged { device: speaker } => {
                self.media.frame_was_forged(speaker, &self.here, self.journals.state(), &mut self.out);
            }
            ToNode::Want { hashes } => {
                let (consoles, around, budgets, out) = self.for_consoles();
                consoles.give_bodies((key, device), &hashes, around, budgets, out);
            }
            ToNode::Lacking { hashes } => self.chunks.asked(key, hashes, &self.journals, &mut self.out),
            ToNode::Earlier { writings } => {
                let (consoles, around, _, out) = self.for_consoles();
                consoles.tell_earlier(key, writings, around, out);
            }
            ToNode::Chunk { bytes } => {
                self.chunks.given((key, device), bytes, &self.here, &mut self.journals, &mut self.out);
            }
            ToNode::Sending { line, voice, picture } => {
                let (media, at, out) = self.for_media();
                media.sends(device, line, What::Sending { voice, picture }, at, out);
            }
            ToNode::Watch { on } => {
                if self.consoles.watches(key, on) {
                    self.watch.changed(&self.here, &mut self.out);
                }
            }
            ToNode::Sound { on } => {
                if self.consoles.sounds(key, on) {
                    self.watch.changed(&self.here, &mut self.out);
                }
            }
            ToNode::Ping { .. } | ToNode::Prove { .. } | ToNode::Behind { .. } | ToNode::Next {} => {}
        }
    }

    fn take_statement(&mut self, key: ConsoleKey, device: DeviceId, statement: Vec<u8>, bodies: Vec<ByteVec>) {
        let Ok(said) = UnverifiedStatement::decode(&statement) else {
            return self.refuse_console(key, Refusal::Malformed);
        };
        if let Err((reason, wait_us)) = self.write_statement((key, device), &said, bodies) {
            let (_, around, _, out) = self.for_consoles();
            refuse_statement((key, said.claim().number), reason, wait_us, around, out);
        }
    }

    /// Writes it, or says why not, and for how long that is so if it is a matter of time.
    fn write_statement(
        &mut self,
        (key, device): (ConsoleKey, DeviceId),
        said: &UnverifiedStatement,
        bodies: Vec<ByteVec>,
    ) -> Result<(), (Refusal, Option<u64>)> {
        let rules = Rules { here: &self.here, journals: &self.journals, chunks: &self.chunks };
        let judged = rules.judge((key, device), said, bodies, &mut self.alive);
        let Judged { statement, bodies, need } = judged.map_err(|reason| (reason, None))?;
        let now_us = self.here.now.us;
        let bytes = said.bytes().len() + bodies.iter().map(|body| body.len()).sum::<usize>();
        let may = self.budgets.state(&self.here.node, device, bytes, need, now_us);
        may.map_err(|wait_us| (Refusal::Busy, Some(wait_us)))?;
        let after = After::Statement { console: key, number: statement.number };
        self.pen().append_said(&statement, bodies, after).map_err(|_| (Refusal::Busy, None))?;
        self.budgets.stated(device, bytes, now_us);
        Ok(())
    }

    fn admit(&mut self, key: ConsoleKey, message: ToNode) {
        if self.catch_up.waits_restored() {
            // It may last: the person is told, and the console comes again.
            return self.refuse_console(key, Refusal::CatchingUp);
        }
        if self.catch_up.is_opening() {
            return self.consoles.is_early(key, message);
        }
        let (consoles, around, _, out) = self.for_consoles();
        match consoles.prove(key, message, around, out) {
            Proven::Refused(gone) => self.consoles_gone(gone),
            Proven::Accepted(accepted) => self.console_accepted(accepted),
            Proven::Enrols { body, certificate } => {
                if self.pen().append(body, vec![certificate.into()], After::Enrolled(key)).is_err() {
                    self.refuse_console(key, Refusal::Busy);
                }
            }
        }
    }

    /// The journal is open: those who came early are looked at now.
    pub(super) fn admit_early(&mut self) {
        for key in self.consoles.keys() {
            if let Some(message) = self.consoles.take_early(key) {
                self.admit(key, message);
            }
        }
    }

    /// The enrolment of a console was written.
    pub(super) fn enrolled(&mut self, key: ConsoleKey) {
        let (consoles, around, _, out) = self.for_consoles();
        if let Some(accepted) = consoles.enrolled(key, around, out) {
            self.console_accepted(accepted);
        }
    }

    fn console_accepted(&mut self, Accepted { console, device, older }: Accepted) {
        self.consoles_gone(older);
        self.media.is_not_lost(&device);
        self.media.tell_places(console, &device, &mut self.out);
        if let Some((device, seed)) = self.consoles.on_watch(console) {
            self.alive.came(console, device, seed, &self.here);
        }
        self.watch.changed(&self.here, &mut self.out);
    }

    /// Tells all consoles new entries.
    pub(super) fn feed(&mut self, fresh: &[Fresh]) {
        for key in self.consoles.here().map(|(_, key)| key).collect::<Vec<_>>() {
            let gone = self.consoles.tell_fresh(key, fresh, &self.journals, &mut self.out);
            self.consoles_gone(gone);
        }
    }

    /// A clock that leaps is told to the consoles, whose acts would be refused.
    pub(super) fn tell_clock(&mut self) {
        if let Some(time_ms) = self.journals.untold_ms(&self.here) {
            self.consoles.tell_all(&ToConsole::Clock { time_ms }, &mut self.out);
        }
    }

    /// The root of a party, any party, accepts a device no more.
    pub(super) fn revoke(&mut self, revocation: Vec<u8>, errand: Errand) {
        self.do_errand(errand, |pen| Revocations::revoke(pen, revocation, errand));
    }

    /// The operator lets a device in no more at this node, or does again.
    pub(super) fn suspend(&mut self, device: DeviceId, on: bool, errand: Errand) {
        self.do_errand(errand, |pen| Revocations::suspend(pen, device, on, errand));
    }

    fn do_errand(&mut self, errand: Errand, act: impl FnOnce(&mut Pen<'_>) -> Result<Option<Fate>, NotDone>) {
        let restored = self.catch_up.waits_restored();
        let mut pen = self.pen();
        let done = may_write(&pen, restored).and_then(|()| act(&mut pen));
        answer(&mut pen, errand, done);
    }

    /// Who is accepted no more goes at once.
    pub(super) fn put_out(&mut self) {
        for (device, console, reason) in self.consoles.barred(self.journals.state(), &self.here) {
            self.refuse_console(console, reason);
            self.close_leg(&device);
        }
    }
}
