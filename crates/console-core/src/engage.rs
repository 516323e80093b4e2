//! The call that this console is in: from the officer's ring or answer until it hangs up, through cuts in between.

use crate::acts::Purpose;
use crate::console::{Console, Parts};
use crate::keys::{Offered, Seat};
use crate::limits::*;
use crate::stage::Intent;
use crate::view::Outcome;
use std::collections::{BTreeMap, VecDeque};
use trialogue_charter::{CallId, DeviceId, LineId, PartyId, Precedence};
use trialogue_journal::Act;
use trialogue_journal::fold::RingResponse;
use trialogue_journal::limits::PROMISE_MS;

/// What a member says of what it sends; cosmetic.
#[derive(Clone, Copy, Default)]
pub(crate) struct Sends {
    pub(crate) voice: bool,
    pub(crate) picture: bool,
}

/// How the last call of this console on a line ended.
pub(crate) struct Ended {
    pub(crate) outcome: Outcome,
    /// What each party did with the own ring.
    pub(crate) answers: BTreeMap<PartyId, RingResponse>,
}

pub(crate) struct Engaged {
    pub(crate) line: LineId,
    pub(crate) call: CallId,
    /// The own ring that waits for others, and when it began.
    pub(crate) rang: Option<(CallId, u64)>,
    /// How urgent the own ring was; routine if this console answered.
    pub(crate) precedence: Precedence,
    /// Until when a party's promise to answer is waited for.
    promised_us: Option<u64>,
    /// The fold has shown this console in.
    pub(crate) seated: bool,
    pub(crate) since_ms: Option<u64>,
    /// The node, which listens only to those who are in, has heard what is sent.
    told: bool,
    had_others: bool,
    alone_us: Option<u64>,
    /// The last of the others hung up (it was not lost).
    they_left: bool,
    pub(crate) returned_us: u64,
    /// The others who are in.
    pub(crate) others: BTreeMap<DeviceId, Sends>,
    /// Who hung up last, and for which ring.
    pub(crate) departures: VecDeque<(DeviceId, Option<Precedence>)>,
    /// What the officer has said about the call's parties and people.
    pub(crate) stage: Intent,
}

impl Engaged {
    /// A member has hung up.
    pub(crate) fn hung_up(&mut self, device: DeviceId, cause: Option<Precedence>) {
        self.they_left = true;
        self.departures.retain(|(other, _)| *other != device);
        self.departures.push_back((device, cause));
        if self.departures.len() > DEPARTURES_MAX {
            self.departures.pop_front();
        }
    }

    /// What the keys are told of it.
    pub(crate) fn seat(&self) -> Seat<'_> {
        Seat { line: &self.line, call: self.call, precedence: self.precedence }
    }
}

impl Console {
    /// The line of the call that this console is in, and how urgent that is: as the most urgent of its rings. None
    /// where the charter has the line no more.
    pub(crate) fn engaged(&self) -> Option<(&LineId, Precedence)> {
        let (call, charter) = (self.call.as_ref()?, self.charter.as_ref()?);
        charter.line(&call.line)?;
        let rings = self.sites.fold().map(|fold| fold.rings(&call.line)).unwrap_or_default();
        let rung = rings.iter().map(|ring| ring.precedence).max().unwrap_or_default();
        Some((&call.line, rung.max(call.precedence)))
    }

    pub(crate) fn enter(&mut self, line: LineId, call: CallId, ring: Option<Precedence>) {
        let rang = ring.map(|_| (call, self.now_us));
        self.outcomes.remove(&line);
        let same = self.call.as_ref().is_some_and(|held| held.line == line);
        if same && let Some(precedence) = ring {
            return self.ring_again(call, precedence);
        }
        if same {
            return;
        }
        if self.call.is_some() {
            let rings = self.sites.fold().map(|fold| fold.rings(&line)).unwrap_or_default();
            self.leave(None, rings.iter().map(|ring| ring.precedence).max());
        }
        let Parts { keys, around, .. } = self.parts();
        let offered = keys.offer(&around);
        self.say_in(&line, call, ring, Purpose::Enter, offered);
        self.call = Some(Engaged {
            line,
            call,
            rang,
            precedence: ring.unwrap_or_default(),
            promised_us: None,
            seated: false,
            since_ms: None,
            told: false,
            had_others: false,
            alone_us: None,
            they_left: false,
            returned_us: self.now_us,
            others: BTreeMap::new(),
            departures: VecDeque::new(),
            stage: Intent::default(),
        });
    }

    pub(crate) fn say_in(
        &mut self,
        line: &LineId,
        call: CallId,
        ring: Option<Precedence>,
        purpose: Purpose,
        offered: Offered,
    ) {
        let (act, bodies) = offered.entering(call, ring);
        self.say(line, purpose, act, bodies);
    }

    /// Rings those who are missing, from within the call.
    fn ring_again(&mut self, call: CallId, precedence: Precedence) {
        let is_in = self.participants().iter().any(|participant| participant.device == self.id);
        let Some(mut held) = self.call.take() else { return };
        held.rang = Some((call, self.now_us));
        held.precedence = precedence;
        // Once it is in, its key packages stand, and those that the journal does not have yet go by themselves: a ring
        // waits for no budget.
        let offered = if is_in { Offered::default() } else { self.keys.offered() };
        self.say_in(&held.line, call, Some(precedence), Purpose::Again, offered);
        self.call = Some(held);
    }

    /// The officer hangs up, or the call has ended by itself: nothing is sent from this instant on.
    pub(crate) fn hang_up(&mut self, outcome: Option<Outcome>) {
        self.leave(outcome, None);
    }

    /// As hanging up; `cause`: the officer goes to another line, to a ring of this precedence.
    fn leave(&mut self, outcome: Option<Outcome>, cause: Option<Precedence>) {
        if let Some(call) = &self.call {
            let line = call.line.clone();
            self.say(&line, Purpose::Leave, Act::Leave { cause }, Vec::new());
            self.call_over(outcome);
        }
    }

    /// This console is in no call any more.
    pub(crate) fn call_over(&mut self, outcome: Option<Outcome>) {
        if let Some(call) = self.call.take()
            && let Some(outcome) = outcome
        {
            let answers = self.answers(&call).into_iter().collect();
            self.outcomes.insert(call.line, Ended { outcome, answers });
        }
        let Parts { keys, mut around, .. } = self.parts();
        keys.end_call(&mut around);
    }

    /// Follows what the fold says about the call.
    pub(crate) fn settle_call(&mut self) {
        self.leave_strays();
        if self.is_dropped() {
            return self.hang_up(Some(Outcome::Dropped));
        }
        let participants = self.participants();
        let (now_ms, id) = (self.now_ms, self.id);
        let Some(held) = &mut self.call else { return };
        let seated = participants.iter().any(|participant| participant.device == id);
        held.seated |= seated;
        if let Some(fold) = self.sites.fold()
            && seated
            && let Some(call) = fold.line(&held.line).call
        {
            held.call = call;
        }
        let others: Vec<DeviceId> = participants.iter().map(|p| p.device).filter(|device| *device != id).collect();
        held.others.retain(|device, _| others.contains(device));
        for device in &others {
            held.others.entry(*device).or_default();
        }
        if !others.is_empty() && (seated || held.seated) {
            held.had_others = true;
            held.they_left = false;
            held.alone_us = None;
            held.since_ms.get_or_insert(now_ms);
        }
        let (seated_once, alone) = (held.seated, others.is_empty());
        let told = std::mem::replace(&mut held.told, seated);
        let Parts { keys, around, .. } = self.parts();
        keys.members_are(&others, &around);
        if seated && !told {
            self.tell_sending();
        }
        if seated_once && !seated {
            self.come_back(alone);
        } else if seated && alone {
            self.alone();
        }
    }

    /// The platform started anew in the middle of a call that nobody has hung up: back in, with fresh keys, if others
    /// are still there.
    pub(crate) fn resume_call(&mut self) {
        if !self.sites.is_up() {
            return;
        }
        let Some(line) = self.resume.take() else { return };
        let Some(fold) = self.sites.fold().filter(|_| self.call.is_none()) else { return };
        let others = fold.in_on(&line).iter().any(|participant| participant.device != self.id);
        let Some(call) = fold.line(&line).call.filter(|_| others) else { return };
        if self.elsewhere(&line).is_none() {
            self.enter(line, call, None);
        }
    }

    /// The fold has this console in on a line where it is in no call: left over from before a restart.
    fn leave_strays(&mut self) {
        if !self.sites.is_up() {
            return;
        }
        let (Some(fold), Some(node)) = (self.sites.fold(), self.sites.node()) else { return };
        let lines = fold.node(node).map(|node| node.lines_of(&self.id)).unwrap_or_default();
        for line in lines {
            let mine = self.call.as_ref().is_some_and(|call| call.line == line);
            let said = self.acts.is_waiting(&line, |_| true) || self.acts.has_just_left(&line, self.now_us);
            if !mine && !said {
                self.say(&line, Purpose::Leave, Act::Leave { cause: None }, Vec::new());
            }
        }
    }

    /// The node lost this console, or started again, and the officer did not hang up.
    fn come_back(&mut self, alone: bool) {
        let Some(held) = &self.call else { return };
        let line = held.line.clone();
        let busy = self.acts.is_waiting(&line, |_| true) || self.now_us < held.returned_us + RETURN_US;
        if busy || !self.sites.is_up() {
            return;
        }
        if self.elsewhere(&line).is_some() {
            return self.call_over(Some(Outcome::HandedOver));
        }
        let rings = alone && !held.had_others && held.rang.is_some();
        if alone && !rings {
            return self.call_over(Some(Outcome::Ended));
        }
        let on_line = self.sites.fold().and_then(|fold| fold.line(&line).call);
        let next = if rings { self.new_call() } else { on_line };
        let Some(call) = next else { return };
        self.come_in_anew(call, rings);
    }

    /// Comes in anew, with fresh key packages: everybody's keys towards this console are made again.
    pub(crate) fn come_in_anew(&mut self, call: CallId, ring: bool) {
        let Parts { keys, around, .. } = self.parts();
        let offered = keys.offer(&around);
        let now_us = self.now_us;
        let Some(held) = &mut self.call else { return };
        held.returned_us = now_us;
        if ring {
            held.rang = Some((call, now_us));
        }
        let line = held.line.clone();
        let precedence = held.precedence;
        self.say_in(&line, call, ring.then_some(precedence), Purpose::Again, offered);
        self.sites.renew_leg();
    }

    /// Nobody else is in: is it still worth waiting?
    fn alone(&mut self) {
        let (Some(charter), Some(held)) = (&self.charter, &self.call) else { return };
        let answers: Vec<RingResponse> = self.answers(held).into_iter().map(|(_, answer)| answer).collect();
        let patience = u64::from(charter.policy.ring_seconds) * 1_000_000 + SILENT_GRACE_US;
        // A promise is waited for by the wall clock, in which it was made, and a ring's patience beyond.
        let promised = answers.iter().filter_map(|answer| match answer {
            RingResponse::Acknowledged { ready_ms, .. } => Some(ready_ms.saturating_add(patience / 1_000)),
            _ => None,
        });
        let left_ms = promised.max().map_or(0, |until_ms| until_ms.saturating_sub(self.now_ms)).min(PROMISE_MS);
        let promised_us = (left_ms > 0).then(|| self.now_us + left_ms * 1_000);
        let late = held.rang.is_none_or(|(_, since)| {
            let end = since + patience;
            self.now_us >= end && (promised_us.is_none() || self.now_us >= end + PROMISE_MS * 1_000)
        });
        let waiting = !late && !answers.iter().all(RingResponse::is_over);
        let Some(held) = &mut self.call else { return };
        held.promised_us = promised_us;
        let alone_us = *held.alone_us.get_or_insert(self.now_us);
        if waiting {
            return;
        }
        let outcome = if held.had_others {
            if !held.they_left && self.now_us < alone_us + ALONE_US {
                return;
            }
            // Why the last of them went.
            let away = held.departures.back().is_some_and(|(_, cause)| cause.is_some());
            if held.they_left && away { Outcome::CalledAway } else { Outcome::Ended }
        } else if !answers.is_empty() && answers.iter().all(|answer| matches!(answer, RingResponse::Declined { .. })) {
            Outcome::Declined
        } else if held.rang.is_some() {
            Outcome::Unanswered
        } else {
            Outcome::Ended
        };
        self.hang_up(Some(outcome));
    }

    /// What each other party on the line did with the own ring; nothing if this console did not ring.
    fn answers(&self, held: &Engaged) -> Vec<(PartyId, RingResponse)> {
        let (Some(fold), Some(charter), Some(me), Some((ring, _))) =
            (self.sites.fold(), &self.charter, &self.me, held.rang)
        else {
            return Vec::new();
        };
        let parties = charter.parties_on_line(&held.line).filter(|party| party.id != me.party);
        parties.map(|party| (party.id.clone(), fold.response(&held.line, &party.id, &ring))).collect()
    }

    pub(crate) fn call_next_us(&self) -> Option<u64> {
        let held = self.call.as_ref()?;
        let seconds = self.charter.as_ref().map_or(60, |charter| u64::from(charter.policy.ring_seconds));
        let ring = held.rang.map(|(_, since)| since + seconds * 1_000_000 + SILENT_GRACE_US);
        let ring = ring.filter(|at| *at > self.now_us);
        let alone = held.alone_us.map(|since| since + ALONE_US).filter(|at| *at > self.now_us);
        let back = Some(held.returned_us + RETURN_US).filter(|at| *at > self.now_us);
        let promised = held.promised_us.filter(|at| *at > self.now_us);
        [promised, ring, alone, back].into_iter().flatten().min()
    }

    /// A member says what it sends; cosmetic.
    pub(crate) fn says(&mut self, device: DeviceId, voice: bool, picture: bool) {
        if let Some(sends) = self.call.as_mut().and_then(|call| call.others.get_mut(&device)) {
            *sends = Sends { voice, picture };
        }
    }
}
