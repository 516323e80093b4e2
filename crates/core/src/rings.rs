//! Rings of other parties: taken, sounded at the consoles on watch, expired.

use crate::io::Output;
use crate::journals::After;
use crate::limits::{STAFFED_US, UNSTAFFED_US};
use crate::machine::Machine;
use crate::note::{Count, Note};
use std::collections::BTreeSet;
use trialogue_charter::{CallId, LineId};
use trialogue_journal::Body;
use trialogue_journal::fold::Ring;
use trialogue_journal::limits::PROMISE_MS;

/// A ring that sounds at this party, as far as this node has said so.
pub(crate) struct Sounding {
    since_us: u64,
    /// Expires then, counted from this node's own receipt: the clocks of others do not matter.
    pub(crate) until_us: u64,
    /// How many consoles were said to sound, and when that may be said again.
    told: Option<u16>,
    next_us: u64,
    /// The last promise to answer.
    promised: Option<Promise>,
    /// When people beyond the consoles are alerted; none: they were, or there are no means.
    alert_us: Option<u64>,
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
    /// When it needs attention; `now`: it has been seen to already until then.
    fn due_us(&self, now: u64) -> u64 {
        let next = Some(self.next_us).filter(|next| *next > now);
        let alert = self.alert_us.filter(|alert| *alert > now);
        let escalate = self.escalate_us.filter(|escalate| *escalate > now);
        [next, alert, escalate].into_iter().flatten().fold(self.until_us, u64::min)
    }
}

impl Machine {
    /// When [`Machine::settle_rings`] is due.
    pub(crate) fn next_ring_us(&self) -> Option<u64> {
        let sounding = self.sounding.values().map(|sounding| sounding.due_us(self.here.now.us));
        sounding.chain(self.ring_turns.next_us()).min()
    }

    /// Says of every ring that sounds what is so, and ends what has sounded long enough.
    pub(crate) fn settle_rings(&mut self) {
        let now = self.here.now.us;
        let is_due = |s: &Sounding| {
            now >= s.until_us
                || now >= s.next_us
                || [s.alert_us, s.escalate_us].into_iter().flatten().any(|at| now >= at)
        };
        let due = self.ring_turns.begin(now) || self.sounding.values().any(is_due);
        if !std::mem::take(&mut self.out.changed.lines) && !due {
            return;
        }
        let mut rings = Vec::new();
        for line in self.here.charter.lines.iter().map(|line| line.id.clone()).collect::<Vec<_>>() {
            if self.here.charter.offices_of_party_on_line(&self.here.party, &line).next().is_none() {
                continue;
            }
            rings.extend(self.journals.ahead().sounding_on(&self.here.party, &line));
        }
        self.ring_turns.sort(&mut rings);
        rings.iter().for_each(|ring| self.settle_ring(ring));
        let live: BTreeSet<_> = rings.into_iter().map(|ring| (ring.line, ring.call)).collect();
        self.sounding.retain(|at, _| live.contains(at));
    }

    fn settle_ring(&mut self, ring: &Ring) {
        let (call, line, now) = (ring.call, ring.line.clone(), self.here.now.us);
        let at = (line.clone(), call);
        if !self.sounding.contains_key(&at) && !self.receive(ring) {
            return;
        }
        let consoles = self.sounding_at(&line, &call);
        let ring_us = u64::from(self.here.charter.policy.ring_seconds) * 1_000_000;
        let promise = self.promise(&line, &call);
        let heard_elsewhere = consoles == 0 && self.sibling_watches(&line);
        let Some(sounding) = self.sounding.get_mut(&at) else { return };
        sounding.until_us = sounding.until_us.max(promise.map_or(0, |promise| promise.ready_us + ring_us));
        if now >= sounding.until_us {
            // One that cannot be written is tried again; meanwhile the consoles' own count has ended the sound.
            sounding.until_us = now + STAFFED_US;
            if self.append(Body::Expired { call, line }, Vec::new(), After::Nothing).is_ok() {
                self.count(Count::RingExpired);
            }
            return;
        }
        if let Some(promise) = promise.filter(|promise| now < promise.ready_us) {
            // Somebody knows of it. Should nobody come by then, the search for another goes on.
            sounding.alert_us = sounding.alert_us.map(|at| at.max(promise.ready_us));
            sounding.escalate_us = sounding.escalate_us.map(|at| at.max(promise.ready_us));
        } else if consoles == 0 && !heard_elsewhere {
            // Nobody hears it: not before consoles that were cut off with it had time to come back.
            if sounding.escalate_us.is_none() {
                sounding.alert_us = sounding.alert_us.map(|at| at.min(sounding.since_us + UNSTAFFED_US));
            }
            sounding.escalate_us = sounding.escalate_us.map(|at| at.min(sounding.stepped_us + UNSTAFFED_US));
        }
        if sounding.escalate_us.is_some_and(|at| now >= at) {
            return self.escalate(ring);
        }
        if sounding.alert_us.is_some_and(|at| now >= at) {
            sounding.alert_us = None;
            let (party, precedence) = (ring.party.clone(), ring.precedence);
            self.push_out(Output::Alert { call, line: line.clone(), party, precedence, consoles });
        }
        let Some(sounding) = self.sounding.get_mut(&at) else { return };
        if sounding.told == Some(consoles) || now < sounding.next_us {
            return;
        }
        let first = sounding.told.is_none();
        sounding.told = Some(consoles);
        sounding.next_us = now + STAFFED_US;
        let _ = self.append(Body::Ringing { call, line: line.clone(), consoles }, Vec::new(), After::Nothing);
        if first {
            self.log(Note::Ring { party: ring.party.clone(), line, consoles });
        }
    }

    /// The ring sounds at the party's next office as well, if there is one.
    fn escalate(&mut self, ring: &Ring) {
        let (call, line, now) = (ring.call, ring.line.clone(), self.here.now.us);
        let at = (line.clone(), call);
        let rung = self.journals.ahead().rung_offices(&self.here.party, &line, &call).count();
        let all = self.here.charter.acting_offices(&self.here.party, &line).count();
        let seconds = u64::from(self.here.charter.policy.escalate_seconds);
        let next_us = match u8::try_from(rung) {
            Ok(step) if rung < all => {
                if self.append(Body::Escalated { call, line, step }, Vec::new(), After::Nothing).is_ok() {
                    self.count(Count::RingEscalated);
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
        self.out.changed.lines = true;
    }

    /// How many consoles on watch a ring sounds at: those of the offices that it has come to.
    fn sounding_at(&self, line: &LineId, call: &CallId) -> u16 {
        let offices: BTreeSet<_> =
            self.journals.ahead().rung_offices(&self.here.party, line, call).map(|office| &office.id).collect();
        let watching = self.consoles.values().filter_map(|console| console.watch());
        let count = watching.filter(|device| offices.contains(&device.office)).count();
        u16::try_from(count).unwrap_or(u16::MAX)
    }

    /// What this party has promised about a ring: when it will be answered, and until when the ring goes on for it, which is a ring's length
    /// longer. Never longer than [`PROMISE_MS`] from when that was said.
    fn promise(&mut self, line: &LineId, call: &CallId) -> Option<Promise> {
        let own = self.journals.ahead().node(&self.here.node)?;
        let said = own.response(line, call).filter(|response| response.ended.is_none())?.acknowledged?;
        let now_us = self.here.now.us;
        let sounding = self.sounding.get_mut(&(line.clone(), *call))?;
        // As long as it was when it was said, from when this run first sees it: a clock that is wrong or jumps changes nothing.
        if sounding.promised.is_none_or(|promise| promise.seq != said.seq) {
            let wait_us = said.wait_ms.min(PROMISE_MS) * 1_000;
            sounding.promised = Some(Promise { seq: said.seq, ready_us: now_us + wait_us });
        }
        sounding.promised
    }

    /// People were alerted, or could not be: the caller is told, if the ring still sounds.
    pub(crate) fn alerted(&mut self, call: CallId, line: LineId, done: bool) {
        if self.sounding.contains_key(&(line.clone(), call)) {
            let _ = self.append(Body::Alerted { call, line, done }, Vec::new(), After::Nothing);
        }
        self.count(if done { Count::RingAlerted } else { Count::AlertFailed });
    }

    /// Begins to sound a ring, and says that it came in, if that was not said before a restart.
    fn receive(&mut self, ring: &Ring) -> bool {
        let (call, line, now) = (ring.call, ring.line.clone(), self.here.now.us);
        if !self.ring_turns.take(&ring.node, ring.device, now) {
            // A node that floods rings is heard more slowly, and only that node.
            self.count(Count::OverBound);
            self.out.changed.lines = true;
            return false;
        }
        let said = self.journals.ahead().node(&self.here.node).and_then(|own| own.response(&line, &call)).cloned();
        if said.as_ref().is_none_or(|response| response.received.is_none()) {
            let _ = self.append(Body::Received { call, line: line.clone() }, Vec::new(), After::Nothing);
            self.count(Count::RingReceived);
        }
        let until_us = now + u64::from(self.here.charter.policy.ring_seconds) * 1_000_000;
        let told = said.as_ref().and_then(|response| response.ringing).map(|(consoles, _)| consoles);
        let alert_us = now + u64::from(self.here.charter.policy.alert_seconds) * 1_000_000;
        let people = !self.here.charter.is_test_line(&line);
        let alert_us = Some(alert_us)
            .filter(|_| people && self.here.alerts && said.is_none_or(|response| response.alerted.is_none()));
        let seconds = u64::from(self.here.charter.policy.escalate_seconds);
        let escalate_us = Some(now + seconds * 1_000_000).filter(|_| seconds > 0);
        let sounding = Sounding {
            since_us: now,
            stepped_us: now,
            until_us,
            told,
            next_us: now,
            promised: None,
            alert_us,
            escalate_us,
        };
        self.sounding.insert((line, call), sounding);
        true
    }
}
