//! The machine: its parts, its inputs, and the order in which it settles after each.

mod command;
mod heard;
mod log_in;
mod moves;
mod written;

use crate::acts::{Acts, Purpose, Speaker};
use crate::agreed::{Agreed, Followed};
use crate::around::Around;
use crate::authority::AuthorityView;
use crate::bodies::Bodies;
use crate::call::Call;
use crate::duty::Duty;
use crate::identity::{EnrolError, Identity};
use crate::io::{Event, Input, Output};
use crate::keys::{Keys, Seat};
use crate::now::Now;
use crate::outputs::Outputs;
use crate::revocations::{Learnt, Revocations};
use crate::rings::Rings;
use crate::roster::Roster;
use crate::show::Screen;
use crate::sites::{self, Site, Sites};
use crate::trial::Trial;
use crate::trouble::Troubles;
use crate::view::View;
use crate::written::Writer;
use trialogue_charter::{DeviceId, DeviceSecret, LineId, PartyId};
use trialogue_e2ee::Chance;
use trialogue_journal::{Act, Entry, Occasion, State};
use trialogue_wire::console::ToNode;

/// One console of one officer. See the crate's calling contract.
pub struct Console {
    secret: DeviceSecret,
    id: DeviceId,
    on_watch: bool,
    can_sound: bool,
    agreed: Agreed,
    revocations: Revocations,
    now_us: u64,
    now_ms: u64,
    bodies: Bodies,
    acts: Acts,
    call: Call,
    keys: Keys,
    sites: Sites,
    troubles: Troubles,
    rings: Rings,
    duty: Duty,
    trial: Trial,
    writer: Writer,
    shown: View,
    chance: Chance,
    out: Outputs,
}

/// Parts of the console beside each other, and what each is told of everything around it.
struct Parts<'a> {
    keys: &'a mut Keys,
    call: &'a mut Call,
    writer: &'a mut Writer,
    around: Around<'a>,
}

impl Console {
    /// A console that is not connected yet. `held_charter` is what [`Output::Charter`] gave last; `on_watch`: rings
    /// sound here; `chance`: where all keys, and numbers of calls and legs, come from.
    ///
    /// # Errors
    /// [`EnrolError::Stored`] if the identity cannot be used.
    pub fn new(
        identity: Identity,
        held_charter: Option<Vec<u8>>,
        on_watch: bool,
        chance: Chance,
    ) -> Result<Self, EnrolError> {
        let secret = DeviceSecret::from_seed(&identity.secret);
        let mut console = Self {
            id: secret.id(),
            secret,
            on_watch,
            can_sound: true,
            agreed: Agreed::new(identity.root, identity.certificate),
            revocations: Revocations::default(),
            now_us: 0,
            now_ms: 0,
            bodies: Bodies::default(),
            acts: Acts::default(),
            call: Call::default(),
            keys: Keys::default(),
            sites: Sites::default(),
            troubles: Troubles::default(),
            rings: Rings::default(),
            duty: Duty::default(),
            trial: Trial::default(),
            writer: Writer::default(),
            shown: View::default(),
            chance,
            out: Outputs::default(),
        };
        let held = held_charter.map(|bytes| console.agreed.recall(&bytes)).transpose();
        if let Some(held) = held.map_err(|_| EnrolError::Stored)?.flatten() {
            console.take_charter(0, held);
        }
        console.show();
        Ok(console)
    }

    /// Takes one input. `now_us` is a monotonic clock in microseconds, `now_ms` the wall clock in milliseconds since
    /// 1970 UTC.
    pub fn handle(&mut self, now_us: u64, now_ms: u64, input: Input) {
        self.now_us = self.now_us.max(now_us);
        self.now_ms = now_ms;
        self.acts.begin();
        let learnt = self
            .revocations
            .read(self.agreed.charter().map(|charter| &**charter), Now { us: self.now_us, ms: self.now_ms });
        self.know_learnt(learnt);
        let idle = matches!(input, Input::Tick);
        // What a frame says of its number settles nothing, and takes nothing that is due from the next input.
        if !matches!(input, Input::Heard { .. }) {
            self.writer.begin(idle);
        }
        self.sites.note_time(self.now_us);
        match input {
            Input::At { slot, input } => self.happened_at(slot, *input),
            Input::Opened
            | Input::Received(_)
            | Input::Closed
            | Input::LegOffer { .. }
            | Input::LegUp { .. }
            | Input::LegDown { .. }
            | Input::LegUnfit { .. }
            | Input::LegHeard { .. } => self.happened_at(0, input),
            Input::Network => self.network_changed(),
            Input::Command(command) => self.command(command),
            // Said often, and changes nothing that is shown.
            Input::Heard { highest } => return self.keys.heard(highest),
            Input::Suspect { device, what } => {
                let Parts { keys, mut around, .. } = self.parts();
                keys.suspect(device, what, &mut around);
            }
            Input::WorkerRestarted => self.worker_restarted(),
            Input::ArchiveSay(word) => {
                let Parts { writer, mut around, .. } = self.parts();
                writer.archive_say(word, &mut around.speaker);
            }
            Input::Kept { version } => self.writer.kept(version),
            Input::Chunk { hash, bytes } => {
                let Parts { writer, mut around, .. } = self.parts();
                writer.chunk_read(hash, bytes, &mut around);
            }
            // The media worker has sealed and opened a frame.
            Input::Proven { nonce } => self.prove(Act::Alive { nonce }),
            Input::StationTested { results } => self.prove(Act::StationTested { results }),
            Input::Tick => {}
        }
        if self.revocations.settle(self.now()) && self.writer.is_on() {
            self.revocations.kept(Now { us: self.now_us, ms: self.now_ms });
            self.writer.change();
        }
        self.settle_sites();
        self.settle();
        if idle && self.acts.may_follow() {
            let in_call = self.call.is_on();
            let Parts { keys, mut around, .. } = self.parts();
            keys.make_package(in_call, &mut around);
        }
        self.show();
    }

    /// Where the platform reaches the first site: the web origin of its page, or of the address that a native console
    /// was given, as `https://host` or `https://host:port`. It is signed with each log-in. Say it once, before the
    /// first input.
    pub fn reached_at(&mut self, origin: &str) {
        self.sites.reached_at(origin);
    }

    /// The next thing to do, until `None`.
    pub fn poll(&mut self) -> Option<Output> {
        self.out.poll()
    }

    /// When to call [`Console::handle`] with [`Input::Tick`], in microseconds of the monotonic clock.
    #[must_use]
    pub fn next_timeout(&self) -> Option<u64> {
        let due = [
            self.call.next_timeout(self.roster(), self.now()),
            self.acts.next_us(self.now_us),
            self.keys.next_timeout(self.roster(), self.sites.is_up(), self.call.is_on(), self.now()),
            self.bodies.next_us().filter(|_| self.sites.is_up()),
            self.duty.next_timeout(self.roster(), self.now()),
            self.sites.next_timeout(self.now_us, self.call.is_on()),
            self.trial.next_timeout(self.roster(), self.now()),
            self.writer.next_timeout(self.roster(), self.sites.is_up(), self.now()),
            self.revocations.next_timeout(self.now()),
            self.rings.next_timeout(self.roster(), self.now()),
        ];
        due.into_iter().flatten().min()
    }

    /// What is on screen now.
    #[must_use]
    pub fn view(&self) -> &View {
        &self.shown
    }

    /// How often the line is tested, by the charter that is held.
    #[must_use]
    pub fn schedule(&self) -> Option<trialogue_charter::Tests> {
        self.agreed.charter().map(|charter| charter.policy.tests)
    }

    /// Who may do what, by the charter that this console has verified; none before it has one.
    #[must_use]
    pub fn authority(&self) -> Option<AuthorityView> {
        self.agreed.authority()
    }

    /// This console's device.
    #[must_use]
    pub fn device(&self) -> DeviceId {
        self.id
    }

    /// Brings everything that follows from the state up to date, in the order in which one thing rests on another.
    fn settle(&mut self) {
        if !self.sites.is_syncing() {
            // First: a place that nobody comes back to is given up next.
            self.settle_resume();
            self.settle_place();
            self.settle_call();
            self.note_calls();
            self.settle_missed();
            self.with_keys(Keys::follow);
            let take_long: [fn(&mut Keys, Seat<'_>, &mut Around<'_>); 3] = [Keys::lead, Keys::renew, Keys::tell_tags];
            for takes_long in take_long {
                if self.acts.may_follow() {
                    self.with_keys(takes_long);
                }
            }
            self.note_consultations();
            self.note_tests();
        }
        self.settle_keys();
        self.with_keys(Keys::refresh);
        self.settle_leg(self.sites.active_slot());
        if !self.sites.is_syncing() {
            self.settle_ringing();
        }
        // Last: what is written takes the longest to read, and nobody waits beside it as beside a ring.
        self.settle_written();
        self.ask_bodies();
    }

    /// The state before any entry, with every revocation that this console remembers.
    fn new_fold(&self) -> Option<State> {
        let mut fold = State::new(self.agreed.charter().cloned()?);
        self.revocations.tell(&mut fold);
        Some(fold)
    }

    /// Has the root of its party revoked the device, as far as this console knows?
    #[must_use]
    pub fn knows_revoked(&self, party: &PartyId, device: &DeviceId) -> bool {
        self.revocations.has(party, device)
    }

    /// An entry that verifies, told at a site, says something of revocations.
    fn note_revocations(&mut self, slot: u8, entry: &Entry) {
        let Some(site) = self.sites.of(slot) else { return };
        let at = Roster::told(self.id, &self.agreed, site);
        let learnt = self.revocations.note(entry, at, Now { us: self.now_us, ms: self.now_ms });
        self.know_learnt(learnt);
    }

    /// It holds in every state that this console has, and in all that it will have.
    fn know_learnt(&mut self, Learnt(devices): Learnt) {
        if !devices.is_empty() {
            self.writer.change();
        }
        for (party, device) in devices {
            if self.sites.know_revoked(&party, device) {
                self.keys.revoked(&device);
            }
        }
    }

    fn note_calls(&mut self) {
        let at = Roster::told(self.id, &self.agreed, self.sites.active());
        self.rings.note_calls(at, Now { us: self.now_us, ms: self.now_ms });
    }

    fn note_consultations(&mut self) {
        let at = Roster::told(self.id, &self.agreed, self.sites.active());
        self.duty.note(at, self.sites.is_up(), Now { us: self.now_us, ms: self.now_ms });
    }

    fn note_tests(&mut self) {
        let at = Roster::told(self.id, &self.agreed, self.sites.active());
        self.trial.note(at, Now { us: self.now_us, ms: self.now_ms });
    }

    /// Rings that were missed are seen to once people of both parties are in on the line together.
    fn settle_missed(&mut self) {
        let at = Roster::told(self.id, &self.agreed, self.sites.active());
        let Some(line) = self.call.line().cloned().filter(|_| self.sites.is_up()) else { return };
        if let Some(act) = self.rings.called_back(at, &line, Now { us: self.now_us, ms: self.now_ms }) {
            self.say(&line, Purpose::CalledBack, act, Vec::new());
        }
    }

    fn settle_ringing(&mut self) {
        let at = Roster::told(self.id, &self.agreed, self.sites.active());
        let (engaged, now) = (self.call.line(), Now { us: self.now_us, ms: self.now_ms });
        if let Some(ringing) = self.rings.settle(at, self.on_watch, engaged, now) {
            self.push(Output::Ringing(ringing));
        }
    }

    /// A charter that a site has told takes effect.
    fn take_charter(&mut self, slot: u8, followed: Followed) {
        let charter = followed.charter().clone();
        if self.agreed.charter().map(|held| held.suite()) != Some(charter.suite()) {
            let suite = charter.suite();
            let Parts { keys, mut around, .. } = self.parts();
            keys.begin(suite, &mut around);
        }
        self.keys.charter_is(&charter);
        let before = self.agreed.take(followed);
        let learnt = self.revocations.under(before.as_deref(), &charter, self.now());
        self.know_learnt(learnt);
        let blank = self.new_fold();
        if let Some(site) = self.sites.of_mut(slot) {
            site.begin(blank);
        }
    }

    /// What it takes to say something now: for the node in use, by the charter and about the time that it has told.
    fn speaker(&mut self) -> Speaker<'_> {
        self.parts().around.speaker
    }

    /// The parts that say something, and what they are told of everything around them.
    fn parts(&mut self) -> Parts<'_> {
        let now = Now { us: self.now_us, ms: self.now_ms };
        let at = Roster::told(self.id, &self.agreed, self.sites.active());
        let node_ms = self.sites.node_ms(now);
        let charter = self.sites.fold().map(|fold| fold.charter()).or(self.agreed.charter());
        let occasion = charter.zip(self.sites.node()).map(|(charter, node)| Occasion {
            node: node.clone(),
            charter: charter.hash(),
            now_ms: node_ms,
        });
        let speaker = Speaker {
            acts: &mut self.acts,
            secret: &self.secret,
            device: self.id,
            at: occasion,
            known: self.sites.fold().map_or(0, |fold| fold.last_number(&self.id)),
            slot: self.sites.is_up().then_some(self.sites.active_slot()),
            out: &mut self.out,
            now,
        };
        let (revocations, bodies, chance) = (&self.revocations, &mut self.bodies, &mut self.chance);
        let around = Around { at, now, node_ms, revocations, bodies, chance, speaker };
        Parts { keys: &mut self.keys, call: &mut self.call, writer: &mut self.writer, around }
    }

    /// Something for the keys to do in a call.
    fn with_keys(&mut self, act: impl FnOnce(&mut Keys, Seat<'_>, &mut Around<'_>)) {
        let Parts { keys, call, mut around, .. } = self.parts();
        if let Some(seat) = call.seat() {
            act(keys, seat, &mut around);
        }
    }

    /// Brings the media worker up to date.
    fn settle_keys(&mut self) {
        let (syncing, heard) = (self.sites.is_syncing(), self.call.own_floor(self.roster()).is_open());
        let Parts { keys, call, mut around, .. } = self.parts();
        match call.seat() {
            // The roster is being told anew.
            seat if syncing => keys.settle_told_anew(seat, &mut around),
            Some(seat) => keys.settle(seat, heard, &mut around),
            None => {}
        }
    }

    /// Back in the call of before a restart.
    fn settle_resume(&mut self) {
        let Parts { keys, call, mut around, .. } = self.parts();
        call.settle_resume(keys, &mut around);
    }

    /// Follows what the fold says about the call, and brings it up to what the officer has said there.
    fn settle_call(&mut self) {
        let Parts { keys, call, mut around, .. } = self.parts();
        let anew = call.settle(keys, &mut around);
        call.settle_stage(keys.is_able(), &mut around);
        if anew {
            self.sites.renew_leg();
        }
    }

    /// This console is let in no more: it is in no call either.
    fn call_over(&mut self) {
        let Parts { keys, call, mut around, .. } = self.parts();
        call.over(None, keys, &mut around);
    }

    /// Tells the others what is sent.
    fn tell_sending(&mut self) {
        let Parts { call, mut around, .. } = self.parts();
        call.tell_sending(&mut around);
    }

    /// A new media worker: it gets every key again, and is told who is at which place.
    fn worker_restarted(&mut self) {
        if self.keys.worker_restarted()
            && let Some((site, mut around)) = self.at(self.sites.active_slot())
        {
            site.leg().tell_places(&mut around);
        }
    }

    /// Says something on a line; returns its number. `bodies` are those that the act refers to.
    fn say(&mut self, line: &LineId, purpose: Purpose, act: Act, bodies: Vec<Vec<u8>>) -> u64 {
        self.speaker().say(line, purpose, act, bodies)
    }

    /// Says that this console lives, or how it hears: nobody waits for it, and it belongs to no line.
    fn prove(&mut self, act: Act) {
        let line = self.roster().own_line().cloned();
        if let (Some(line), true) = (line, self.sites.is_up()) {
            self.say(&line, Purpose::Proof, act, Vec::new());
        }
    }

    fn show(&mut self) {
        let screen = Screen {
            at: self.roster(),
            now: self.now(),
            on_watch: self.on_watch,
            sites: &self.sites,
            call: &self.call,
            keys: &self.keys,
            rings: &self.rings,
            duty: &self.duty,
            trial: &self.trial,
            writer: &self.writer,
            revocations: &self.revocations,
            troubles: &self.troubles,
        };
        let view = screen.view();
        if view != self.shown {
            self.shown = view.clone();
            self.push(Output::View(Box::new(view)));
        }
    }

    /// Who is who, as the site in use has told it.
    fn roster(&self) -> Roster<'_> {
        Roster::told(self.id, &self.agreed, self.sites.active())
    }

    fn now(&self) -> Now {
        Now { us: self.now_us, ms: self.now_ms }
    }

    /// One of the sites, and what it is told of everything around it.
    fn at(&mut self, slot: u8) -> Option<(&mut Site, sites::Around<'_>)> {
        let around = sites::Around {
            now: Now { us: self.now_us, ms: self.now_ms },
            in_call: self.call.is_on(),
            active: self.sites.is_active(slot),
            stalled: self.sites.is_stalled(self.now_us),
            slot,
            chance: &mut self.chance,
            out: &mut self.out,
        };
        Some((self.sites.of_mut(slot)?, around))
    }

    /// About the site in use, where it is about one.
    fn push(&mut self, output: Output) {
        self.out.at(self.sites.active_slot(), output);
    }

    fn log(&mut self, event: Event) {
        self.out.log(event);
    }

    fn send(&mut self, message: &ToNode) {
        self.out.send(self.sites.active_slot(), message);
    }
}
