//! What the officer does.

use super::{Console, Parts};
use crate::acts::Purpose;
use crate::around::Around;
use crate::call::{self, Call};
use crate::duty;
use crate::keys::Keys;
use crate::now::WallMs;
use crate::rings;
use crate::trial::{self, Language};
use crate::view::{Command, DeclineReason, Refusal};
use crate::written::{NewMessage, tongue};
use trialogue_charter::{CallId, DeviceId, LineId, OfficeId, PartyId, Precedence};
use trialogue_journal::Act;
use trialogue_journal::fold::Consultation;

impl Console {
    /// A new call's id; none if the platform has no random numbers.
    fn new_call(&mut self) -> Option<CallId> {
        call::new_id(&mut self.chance)
    }

    pub(super) fn command(&mut self, command: Command) {
        match command {
            Command::Ring { line, precedence } => self.ring(line, precedence.into()),
            Command::Acknowledge { line, ready_ms } => self.acknowledge(line, ready_ms),
            Command::Answer { line } => self.answer(line),
            Command::Decline { line, reason, call_back_ms, deputy } => self.decline(line, reason, call_back_ms, deputy),
            Command::DismissMissed { line, party, calls } => self.dismiss_missed(line, &party, &calls),
            Command::Propose { line, subject, level, at_ms, precedence } => {
                self.propose(line, subject, level, at_ms, precedence.into())
            }
            Command::Attend { id, office, at_ms } => self.attend(&id, office, at_ms),
            Command::Withdraw { id } => self.withdraw(&id),
            Command::Begin { id } => self.begin(&id),
            Command::TakeDuty { until_ms } => self.take_duty(until_ms),
            Command::Resume { line } => self.call.resume_on(LineId::new(line).ok()),
            Command::SendTest { line, number, language } => self.send_test(line, number, language),
            Command::Certify { id, language, translation } => self.certify(&id, language, &translation),
            Command::OpenWritten { line } => self.writer.open(line),
            Command::Write { line, language, text, traffic, precedence, marking, answer_by_ms, answers } => {
                let Ok(answer_by_ms) = WallMs::asked(answer_by_ms) else { return self.refuse(Refusal::Time) };
                let (text, traffic, precedence) = (tongue(language, &text), traffic.into(), precedence.into());
                self.write(NewMessage { line, text, marking, traffic, precedence, answer_by_ms, answers });
            }
            Command::Translate { id, language, text, machine } => self.translate(&id, tongue(language, &text), machine),
            Command::CertifyTranslation { id } => self.certify_translation(&id),
            Command::Shown { ids } => {
                let Parts { writer, mut around, .. } = self.parts();
                writer.on_screen(&ids, &mut around);
            }
            Command::AcknowledgeMessage { id, language, read_back } => {
                let said = !read_back.trim().is_empty();
                self.acknowledge_message(&id, said.then(|| tongue(language, &read_back)))
            }
            Command::WriteReadout { line, replaces, texts } => self.write_readout(&line, replaces, &texts),
            Command::ApproveReadout { id } => self.approve_readout(&id),
            Command::KeepDraft { line, draft } => {
                let Parts { writer, mut around, .. } = self.parts();
                writer.keep_draft(&line, draft, &mut around);
            }
            Command::KeepScratch { line, key, text } => self.writer.keep_scratch(&line, key, text),
            Command::Earlier => self.writer.want_earlier(),
            Command::Detach { line, at } => {
                let Parts { writer, mut around, .. } = self.parts();
                writer.detach(&line, at, &mut around);
            }
            Command::SaveFile { id, at } => self.save_file(&id, at),
            Command::StopSaving => self.writer.stop_saving(),
            Command::Unsend { id } => self.unsend(&id),
            Command::HangUp => {
                // Also out of a call that it was still coming back to.
                self.call.resume_on(None);
                let Parts { keys, call, mut around, .. } = self.parts();
                call.hang_up(None, keys, &mut around);
            }
            Command::Confirm { party } => {
                self.of_party(&party, |call, party, keys, around| call.confirm(party, keys, around.at));
            }
            Command::Ready { ready } => {
                let Parts { call, around, .. } = self.parts();
                let done = call.ready(ready, around.at);
                self.done(done);
            }
            Command::ReadyWithout { party } => {
                self.of_party(&party, |call, party, _, around| call.ready_without(&party, around.at));
            }
            Command::Hold { device: None, on } => self.call.hold(on),
            Command::Hold { device: Some(device), on } => self.dispose(&device, |device| Act::Hold { device, on }),
            Command::Remove { device } => self.dispose(&device, |device| Act::Remove { device }),
            Command::Drop { party, on } => {
                self.of_party(&party, |call, party, _, around| call.wish_dropped(party, on, around.at));
            }
            Command::TakeOver { line } => self.take_over(line),
            Command::Sending { voice, picture } => {
                let Parts { call, mut around, .. } = self.parts();
                call.sends(voice, picture, &mut around);
            }
            Command::Sound { on } => self.can_sound = on,
            Command::Dismiss { line: Some(line) } => self.call.dismiss(&line),
            Command::Dismiss { line: None } => self.troubles.dismiss(),
        }
    }

    /// The line, if this console may act on it now.
    pub(super) fn act_on(&mut self, line: String) -> Option<LineId> {
        if !self.sites.is_up() {
            self.troubles.not_connected();
            return None;
        }
        let id = LineId::new(line).ok();
        let (charter, me) = (self.agreed.charter()?, self.agreed.me()?);
        let id = id.filter(|id| charter.is_on_line(&me.office, id));
        if id.is_none() {
            self.refuse(Refusal::NotOnLine);
        } else {
            self.troubles.acted();
        }
        id
    }

    pub(super) fn refuse(&mut self, reason: Refusal) {
        self.troubles.refuse(reason);
    }

    fn ring(&mut self, line: String, precedence: Precedence) {
        let Some(line) = self.act_on(line) else { return };
        if !self.roster().acts_for_party() {
            return self.refuse(Refusal::Role);
        }
        let may =
            self.agreed.charter().zip(self.agreed.me()).and_then(|(charter, me)| charter.authority(&me.office, &line));
        if may.is_none_or(|up_to| precedence > up_to) {
            return self.refuse(Refusal::AboveAuthority);
        }
        if let Some(call) = self.new_call() {
            self.enter(line, call, Some(precedence));
        }
    }

    fn acknowledge(&mut self, line: String, ready_ms: f64) {
        let Some(line) = self.act_on(line) else { return };
        if !self.roster().acts_for_party() {
            return self.refuse(Refusal::Role);
        }
        let (Some(fold), Some(me)) = (self.sites.fold(), self.agreed.me()) else { return };
        let rings = fold.sounding_on(&me.party, &line);
        let Some(ready) = WallMs::named(ready_ms).filter(|_| !rings.is_empty()) else {
            return self.refuse(Refusal::NotNow);
        };
        for ring in rings {
            let act = Act::Acknowledge { call: ring.call, ready_ms: ready.get() };
            self.say(&line, Purpose::Acknowledge, act, Vec::new());
        }
    }

    fn answer(&mut self, line: String) {
        let Some(line) = self.act_on(line) else { return };
        if self.rings.is_too_early(self.roster(), &line, self.call.engaged(self.roster()), self.now()) {
            return self.refuse(Refusal::NotNow);
        }
        match self.sites.fold().and_then(|fold| fold.line(&line).call) {
            Some(call) => self.enter(line, call, None),
            None => self.refuse(Refusal::NotNow),
        }
    }

    fn decline(&mut self, line: String, reason: DeclineReason, call_back_ms: Option<f64>, deputy: Option<String>) {
        let Some(line) = self.act_on(line) else { return };
        if !self.roster().acts_for_party() {
            return self.refuse(Refusal::Role);
        }
        // What cannot be said as it was meant is not said: without its time or its office the same word would be
        // another one.
        let Ok(call_back_ms) = WallMs::asked(call_back_ms) else { return self.refuse(Refusal::Time) };
        let Ok(deputy) = deputy.map(OfficeId::new).transpose() else { return self.refuse(Refusal::OtherOffice) };
        let (Some(fold), Some(me)) = (self.sites.fold(), self.agreed.me()) else { return };
        let rings = fold.sounding_on(&me.party, &line);
        if rings.is_empty() {
            return self.refuse(Refusal::NotNow);
        }
        for ring in rings {
            let (reason, deputy) = (reason.into(), deputy.clone());
            let act = Act::Decline { call: ring.call, reason, call_back_ms, deputy };
            self.say(&line, Purpose::Decline, act, Vec::new());
        }
    }

    fn dismiss_missed(&mut self, line: String, party: &str, calls: &[String]) {
        let Some(line) = self.act_on(line) else { return };
        let act = rings::dismiss(self.roster(), &line, party, calls);
        self.say_standing(&line, act);
    }

    fn propose(&mut self, line: String, subject: String, level: String, at_ms: f64, precedence: Precedence) {
        let Some(line) = self.act_on(line) else { return };
        match duty::propose(self.roster(), &line, subject, level, at_ms, precedence, self.now()) {
            Ok(act) => {
                if let Some(id) = self.new_call() {
                    self.say_standing(&line, Ok(act(id)));
                }
            }
            Err(reason) => self.refuse(reason),
        }
    }

    fn attend(&mut self, id: &str, office: Option<String>, at_ms: Option<f64>) {
        let Some(waiting) = self.consultation(id) else { return };
        let line = duty::line_for(self.roster(), &waiting).map(ToString::to_string);
        let Some(line) = line.and_then(|line| self.act_on(line)) else { return };
        self.say_standing(&line, duty::attend(&waiting, office, at_ms, self.now()));
    }

    fn withdraw(&mut self, id: &str) {
        let Some(waiting) = self.consultation(id) else { return };
        let Some(line) = self.act_on(waiting.proposal.line.to_string()) else { return };
        self.say_standing(&line, duty::withdraw(self.roster(), &waiting));
    }

    /// The consultation becomes the call.
    fn begin(&mut self, id: &str) {
        let Some(waiting) = self.consultation(id) else { return };
        let Some(level) = self.act_on(waiting.proposal.level.to_string()) else { return };
        let Some(fresh) = self.new_call() else { return };
        match duty::begin(self.roster(), &waiting, fresh, self.now()) {
            Ok((call, precedence)) => self.enter(level, call, Some(precedence)),
            Err(reason) => self.refuse(reason),
        }
    }

    fn take_duty(&mut self, until_ms: f64) {
        let line = self.roster().own_line().map(ToString::to_string);
        let Some(line) = line.and_then(|line| self.act_on(line)) else { return };
        self.say_standing(&line, duty::take(until_ms, self.now()));
    }

    fn send_test(&mut self, line: String, number: u16, language: Language) {
        let Some(line) = self.act_on(line) else { return };
        self.say_standing(&line, trial::send(self.roster(), number, language));
    }

    fn certify(&mut self, id: &str, language: Language, translation: &str) {
        let Some((line, text)) = trial::find(self.roster(), id) else { return self.refuse(Refusal::NotNow) };
        let Some(line) = self.act_on(line.to_string()) else { return };
        self.say_standing(&line, trial::certify(self.roster(), text, language, translation));
    }

    /// The consultation that a command names.
    fn consultation(&mut self, id: &str) -> Option<Consultation> {
        let found = duty::find(self.roster(), id, self.now());
        if found.is_none() {
            self.refuse(Refusal::NoConsultation);
        }
        found
    }

    /// Says something for the office or the party, or shows why not.
    fn say_standing(&mut self, line: &LineId, act: Result<Act, Refusal>) {
        match act {
            Ok(act) => drop(self.say(line, Purpose::Standing, act, Vec::new())),
            Err(reason) => self.refuse(reason),
        }
    }

    /// Comes into a call: rings with a precedence, or answers.
    fn enter(&mut self, line: LineId, call: CallId, ring: Option<Precedence>) {
        let Parts { keys, call: held, mut around, .. } = self.parts();
        held.enter(line, call, ring, keys, &mut around);
    }

    fn take_over(&mut self, line: String) {
        let Some(line) = self.act_on(line) else { return };
        let Parts { keys, call, mut around, .. } = self.parts();
        let done = call.take_over(line, keys, &mut around);
        self.done(done);
    }

    /// Something about another party in the call.
    fn of_party(
        &mut self,
        party: &str,
        act: impl FnOnce(&mut Call, PartyId, &Keys, &Around<'_>) -> Result<(), Refusal>,
    ) {
        let Some(line) = self.call.line().map(ToString::to_string) else { return };
        let Some(line) = self.act_on(line) else { return };
        let Parts { keys, call, around, .. } = self.parts();
        let done = match call::other_party(party, &line, around.at) {
            Ok(Some(party)) => act(call, party, keys, &around),
            Ok(None) => Ok(()),
            Err(reason) => Err(reason),
        };
        self.done(done);
    }

    /// Something about another member of the call, named by its id in hex.
    fn dispose(&mut self, device: &str, act: impl FnOnce(DeviceId) -> Act) {
        let device = match self.call.member(device) {
            Ok(device) => device,
            Err(reason) => return self.refuse(reason),
        };
        let Some(line) = self.call.line().map(ToString::to_string) else { return };
        if self.act_on(line).is_some() {
            let Parts { call, mut around, .. } = self.parts();
            let done = call.dispose(device, act(device), &mut around);
            self.done(done);
        }
    }

    /// Shows why something was not done.
    pub(super) fn done(&mut self, done: Result<(), Refusal>) {
        if let Err(reason) = done {
            self.refuse(reason);
        }
    }
}
