//! Rings of other parties: taken, sounded at the consoles on watch, expired.

mod missed;
#[cfg(test)]
mod tests;
mod turns;

use crate::consoles::Consoles;
use crate::here::Here;
use crate::io::Output;
use crate::journals::{After, Pen};
use crate::limits::{ALERT_AGAIN_US, ALERT_REPEAT_US, STAFFED_US, UNSTAFFED_US};
use crate::links::Links;
use crate::note::{Count, Note};
use crate::stays::end_gone;
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{CallId, LineId};
use trialogue_journal::Body;
use trialogue_journal::fold::Ring;
use trialogue_journal::limits::PROMISE_MS;

/// A ring that sounds at this party, as far as this node has said so.
struct Sounding {
    since_us: u64,
    /// Expires then, counted from this node's own receipt: the clocks of others do not matter.
    until_us: u64,
    /// How many consoles were said to sound, and when that may be said again.
    told: Option<u16>,
    next_us: u64,
    /// The last promise to answer.
    promised: Option<Promise>,
    /// When people beyond the consoles are alerted; none: that is under way, or there are no means.
    alert_us: Option<u64>,
    /// They were before, or it was tried.
    alerted: bool,
    /// When it came to its last office here, and when it comes to the next; none: there is no other.
    stepped_us: u64,
    escalate_us: Option<u64>,
}

/// Somebody is being fetched.
#[derive(Clone, Copy)]
struct Promise {
    /// Position of the entry that says so.
    seq: u64,
    /// When the answer is expected, by this node's own count.
    ready_us: u64,
}

impl Sounding {
    fn instants_us(&self) -> impl Iterator<Item = u64> {
        [Some(self.until_us), Some(self.next_us), self.alert_us, self.escalate_us].into_iter().flatten()
    }

    fn is_due(&self, now: u64) -> bool {
        self.instants_us().any(|at| now >= at)
    }

    /// When it needs attention; `now`: it has been seen to already until then.
    fn due_us(&self, now: u64) -> u64 {
        self.instants_us().filter(|at| *at > now).fold(self.until_us, u64::min)
    }
}

/// Rings of other parties, as far as this node has said that they came.
#[derive(Default)]
pub(crate) struct Rings {
    /// By line as well: whoever rings draws the call's number, and may take that of another line's call.
    sounding: BTreeMap<(LineId, CallId), Sounding>,
    turns: turns::RingTurns,
    unanswered: missed::Unanswered,
}

/// Where a ring is heard.
#[derive(Clone, Copy)]
pub(crate) struct Watching<'a> {
    pub(crate) consoles: &'a Consoles,
    pub(crate) links: &'a Links,
}

impl Watching<'_> {
    /// How many consoles on watch a ring sounds at: those of the offices that it has come to.
    fn here(self, line: &LineId, call: &CallId, pen: &Pen<'_>) -> u16 {
        let rung = pen.ahead().rung_offices(&pen.here().party, line, call);
        let offices: BTreeSet<_> = rung.map(|office| &office.id).collect();
        let count = self.consoles.watching().filter(|device| offices.contains(&device.office)).count();
        u16::try_from(count).unwrap_or(u16::MAX)
    }

    /// A node of the own party that this one is linked with has a console on watch for the line.
    fn elsewhere(self, line: &LineId, pen: &Pen<'_>) -> bool {
        let here = pen.here();
        let offices: Vec<_> = here.charter.acting_offices(&here.party, line).map(|office| &office.id).collect();
        let siblings = self.links.neighbours().filter(|node| here.is_sibling(node));
        let mut staffed = siblings.filter_map(|node| pen.state().node(node)).flat_map(|node| node.staffed());
        staffed.any(|(office, count)| *count > 0 && offices.contains(&office))
    }
}

impl Rings {
    /// When [`Rings::settle`] is due, in microseconds.
    pub(crate) fn next_us(&self, here: &Here) -> Option<u64> {
        let sounding = self.sounding.values().map(|sounding| sounding.due_us(here.now.us));
        sounding.chain(self.turns.next_us()).chain(self.unanswered.next_us()).min()
    }

    /// The node is in service no more.
    pub(crate) fn retire(&mut self) {
        self.sounding.clear();
        self.unanswered = missed::Unanswered::default();
    }

    /// Says of every ring that sounds what is so, and ends what has sounded long enough.
    pub(crate) fn settle(&mut self, watching: Watching<'_>, pen: &mut Pen<'_>) {
        let (here, now) = (pen.here(), pen.here().now.us);
        let due = self.turns.begin(now)
            || self.unanswered.is_due(now)
            || self.sounding.values().any(|sounding| sounding.is_due(now));
        if !std::mem::take(&mut pen.out.changed.lines) && !due {
            return;
        }
        let mut rings = Vec::new();
        for line in here.charter.lines.iter().map(|line| line.id.clone()).collect::<Vec<_>>() {
            if here.charter.offices_of_party_on_line(&here.party, &line).next().is_none() {
                continue;
            }
            rings.extend(pen.ahead().sounding_on(&here.party, &line));
        }
        self.turns.sort(&mut rings);
        rings.iter().for_each(|ring| self.settle_one(ring, watching, pen));
        let live: BTreeSet<_> = rings.into_iter().map(|ring| (ring.line, ring.call)).collect();
        self.sounding.retain(|at, _| live.contains(at));
        self.unanswered.settle(pen);
    }

    /// Rings that went on when the node stopped: they may be over before [`Rings::settle`] is called for the first
    /// time.
    pub(crate) fn restored(&mut self, pen: &Pen<'_>) {
        missed::live(pen).iter().for_each(|ring| self.rang(ring, pen));
    }

    /// A console of another party rings. It may be over before [`Rings::settle`] is called.
    pub(crate) fn rang(&mut self, ring: &Ring, pen: &Pen<'_>) {
        self.unanswered.rang(ring, pen);
    }

    fn settle_one(&mut self, ring: &Ring, watching: Watching<'_>, pen: &mut Pen<'_>) {
        let (here, call, line, now) = (pen.here(), ring.call, ring.line.clone(), pen.here().now.us);
        let at = (line.clone(), call);
        if !self.sounding.contains_key(&at) && !self.receive(ring, pen) {
            return;
        }
        let consoles = watching.here(&line, &call, pen);
        let ring_us = u64::from(here.charter.policy.ring_seconds) * 1_000_000;
        let promise = self.promise(&line, &call, pen);
        let heard_elsewhere = consoles == 0 && watching.elsewhere(&line, pen);
        let Some(sounding) = self.sounding.get_mut(&at) else { return };
        sounding.until_us = sounding.until_us.max(promise.map_or(0, |promise| promise.ready_us + ring_us));
        if now >= sounding.until_us {
            // One that cannot be written is tried again; meanwhile the consoles' own count has ended the sound.
            sounding.until_us = now + STAFFED_US;
            if pen.append(Body::Expired { call, line }, Vec::new(), After::Nothing).is_ok() {
                pen.out.count(Count::RingExpired);
            }
            return;
        }
        if let Some(promise) = promise.filter(|promise| now < promise.ready_us) {
            // Somebody knows of it. Should nobody come by then, the search for another goes on.
            sounding.alert_us = sounding.alert_us.map(|at| at.max(promise.ready_us));
            sounding.escalate_us = sounding.escalate_us.map(|at| at.max(promise.ready_us));
        } else if consoles == 0 && !heard_elsewhere {
            // Nobody hears it: not before consoles that were cut off with it had time to come back.
            if sounding.escalate_us.is_none() && !sounding.alerted {
                sounding.alert_us = sounding.alert_us.map(|at| at.min(sounding.since_us + UNSTAFFED_US));
            }
            sounding.escalate_us = sounding.escalate_us.map(|at| at.min(sounding.stepped_us + UNSTAFFED_US));
        }
        if sounding.escalate_us.is_some_and(|at| now >= at) {
            return self.escalate(ring, pen);
        }
        if sounding.alert_us.is_some_and(|at| now >= at) {
            (sounding.alert_us, sounding.alerted) = (None, true);
            let (party, precedence) = (ring.party.clone(), ring.precedence);
            pen.out.push(Output::Alert { call, line: line.clone(), party, precedence, consoles });
        }
        let Some(sounding) = self.sounding.get_mut(&at) else { return };
        if sounding.told == Some(consoles) || now < sounding.next_us {
            return;
        }
        let first = sounding.told.is_none();
        sounding.told = Some(consoles);
        sounding.next_us = now + STAFFED_US;
        let _ = pen.append(Body::Ringing { call, line: line.clone(), consoles }, Vec::new(), After::Nothing);
        if first {
            pen.out.log(Note::Ring { party: ring.party.clone(), line, consoles });
        }
    }

    /// The ring sounds at the party's next office as well, if there is one.
    fn escalate(&mut self, ring: &Ring, pen: &mut Pen<'_>) {
        let (here, call, line, now) = (pen.here(), ring.call, ring.line.clone(), pen.here().now.us);
        let at = (line.clone(), call);
        let rung = pen.ahead().rung_offices(&here.party, &line, &call).count();
        let all = here.charter.acting_offices(&here.party, &line).count();
        let seconds = u64::from(here.charter.policy.escalate_seconds);
        let next_us = match u8::try_from(rung) {
            Ok(step) if rung < all => {
                if pen.append(Body::Escalated { call, line, step }, Vec::new(), After::Nothing).is_ok() {
                    pen.out.count(Count::RingEscalated);
                    Some(now + seconds * 1_000_000).filter(|_| rung + 1 < all)
                } else {
                    // The journal takes nothing just now: tried again, so that the next office is not forgotten.
                    Some(now + STAFFED_US)
                }
            }
            _ => None,
        };
        if let Some(sounding) = self.sounding.get_mut(&at) {
            (sounding.stepped_us, sounding.escalate_us) = (now, next_us);
        }
        pen.out.changed.lines = true;
    }

    /// What this party has promised about a ring: when it will be answered, and until when the ring goes on for it,
    /// which is a ring's length longer. Never longer than [`PROMISE_MS`] from when that was said.
    fn promise(&mut self, line: &LineId, call: &CallId, pen: &Pen<'_>) -> Option<Promise> {
        let here = pen.here();
        let own = pen.ahead().node(&here.node)?;
        let said = own.response(line, call).filter(|response| response.ended.is_none())?.acknowledged?;
        let now_us = here.now.us;
        let sounding = self.sounding.get_mut(&(line.clone(), *call))?;
        // As long as it was when it was said, from when this run first sees it: a clock that is wrong or jumps changes
        // nothing.
        if sounding.promised.is_none_or(|promise| promise.seq != said.seq) {
            let wait_us = said.wait_ms.min(PROMISE_MS) * 1_000;
            sounding.promised = Some(Promise { seq: said.seq, ready_us: now_us + wait_us });
        }
        sounding.promised
    }

    /// People were alerted, or could not be: the caller is told, if the ring still sounds. They are alerted again while
    /// it does: soon if nobody could be told, and after a while where somebody was and has not come.
    pub(crate) fn alerted(&mut self, call: CallId, line: LineId, done: bool, pen: &mut Pen<'_>) {
        if let Some(sounding) = self.sounding.get_mut(&(line.clone(), call)) {
            let here = pen.here();
            sounding.alert_us = Some(here.now.us + if done { ALERT_REPEAT_US } else { ALERT_AGAIN_US });
            let own = pen.ahead().node(&here.node).and_then(|own| own.response(&line, &call));
            let said = own.and_then(|response| response.alerted).map(|(done, _)| done);
            // What was done stays done, whatever a later attempt comes to.
            if said.is_none_or(|before| done && !before) {
                let _ = pen.append(Body::Alerted { call, line, done }, Vec::new(), After::Nothing);
            }
        }
        pen.out.count(if done { Count::RingAlerted } else { Count::AlertFailed });
    }

    /// Begins to sound a ring, and says that it came in, if that was not said before a restart.
    fn receive(&mut self, ring: &Ring, pen: &mut Pen<'_>) -> bool {
        let (here, call, line, now) = (pen.here(), ring.call, ring.line.clone(), pen.here().now.us);
        if !self.turns.take(&ring.node, ring.device, now) {
            // A node that floods rings is heard more slowly, and only that node.
            pen.out.count(Count::OverBound);
            pen.out.changed.lines = true;
            return false;
        }
        let said = pen.ahead().node(&here.node).and_then(|own| own.response(&line, &call)).cloned();
        if said.as_ref().is_none_or(|response| response.received.is_none()) {
            end_gone(&line, pen);
            let _ = pen.append(Body::Received { call, line: line.clone() }, Vec::new(), After::Nothing);
            pen.out.count(Count::RingReceived);
        }
        let until_us = now + u64::from(here.charter.policy.ring_seconds) * 1_000_000;
        let told = said.as_ref().and_then(|response| response.ringing).map(|(consoles, _)| consoles);
        // Before a restart people were alerted, or not: what failed then is tried soon.
        let before = said.and_then(|response| response.alerted).map(|(done, _)| done);
        let wait_us = match before {
            None => u64::from(here.charter.policy.alert_seconds) * 1_000_000,
            Some(false) => ALERT_AGAIN_US,
            Some(true) => ALERT_REPEAT_US,
        };
        let alert_us = Some(now + wait_us).filter(|_| here.alerts && !here.charter.is_test_line(&line));
        let seconds = u64::from(here.charter.policy.escalate_seconds);
        let escalate_us = Some(now + seconds * 1_000_000).filter(|_| seconds > 0);
        let sounding = Sounding {
            since_us: now,
            stepped_us: now,
            until_us,
            told,
            next_us: now,
            promised: None,
            alert_us,
            alerted: before.is_some(),
            escalate_us,
        };
        self.sounding.insert((line, call), sounding);
        true
    }
}
