//! Rings of other parties: taken, sounded at the consoles on watch, expired.

use crate::append::After;
use crate::bucket::Bucket;
use crate::io::Output;
use crate::limits::{PROMISE_US, RING_EVERY_US, RINGS_BURST, STAFFED_US, UNSTAFFED_US};
use crate::machine::Machine;
use crate::note::{Count, Note};
use std::collections::BTreeSet;
use trialogue_charter::{CallId, LineId};
use trialogue_journal::Body;
use trialogue_journal::fold::Ring;

/// A ring that sounds at this party, as far as this node has said so.
pub(crate) struct Sounding {
    since_us: u64,
    /// Expires then, counted from this node's own receipt: the clocks of others do not matter.
    pub(crate) until_us: u64,
    /// How many consoles were said to sound, and when that may be said again.
    told: Option<u16>,
    next_us: u64,
    /// The last promise to answer: position of its entry, and until when the ring goes on for it.
    promised: Option<(u64, u64)>,
    /// When people beyond the consoles are alerted; none: they were, or there are no means.
    alert_us: Option<u64>,
    /// When it came to its last office here, and when it comes to the next; none: there is no other.
    stepped_us: u64,
    escalate_us: Option<u64>,
}

impl Sounding {
    /// When it needs attention; `now`: it has been seen to already until then.
    pub(crate) fn due_us(&self, now: u64) -> u64 {
        let next = Some(self.next_us).filter(|next| *next > now);
        let alert = self.alert_us.filter(|alert| *alert > now);
        let escalate = self.escalate_us.filter(|escalate| *escalate > now);
        [next, alert, escalate].into_iter().flatten().fold(self.until_us, u64::min)
    }
}

impl Machine {
    /// Says of every ring that sounds what is so, and ends what has sounded long enough.
    pub(crate) fn settle_rings(&mut self) {
        let now = self.now.us;
        let is_due = |s: &Sounding| {
            now >= s.until_us
                || now >= s.next_us
                || [s.alert_us, s.escalate_us].into_iter().flatten().any(|at| now >= at)
        };
        let due = self.sounding.values().any(is_due);
        if !std::mem::take(&mut self.lines_changed) && !due {
            return;
        }
        let mut live = BTreeSet::new();
        for line in self.charter.lines.iter().map(|line| line.id.clone()).collect::<Vec<_>>() {
            if self.charter.offices_of_party_on_line(&self.party, &line).next().is_none() {
                continue;
            }
            for ring in self.ahead.sounding_on(&self.party, &line) {
                live.insert(ring.call);
                self.settle_ring(&ring);
            }
        }
        self.sounding.retain(|call, _| live.contains(call));
    }

    fn settle_ring(&mut self, ring: &Ring) {
        let (call, line, now) = (ring.call, ring.line.clone(), self.now.us);
        if !self.sounding.contains_key(&call) && !self.receive(ring) {
            return;
        }
        let consoles = self.sounding_at(&line, &call);
        let promised_us = self.promised_us(&line, &call);
        let Some(sounding) = self.sounding.get_mut(&call) else { return };
        sounding.until_us = sounding.until_us.max(promised_us.unwrap_or(0));
        if now >= sounding.until_us {
            // One that cannot be written is tried again; meanwhile the consoles' own count has ended the sound.
            sounding.until_us = now + STAFFED_US;
            if self.append(Body::Expired { call, line }, Vec::new(), After::Nothing).is_ok() {
                self.count(Count::RingExpired);
            }
            return;
        }
        if sounding.promised.is_some() {
            // Somebody knows of it.
            (sounding.alert_us, sounding.escalate_us) = (None, None);
        } else if consoles == 0 {
            // Nobody hears it: not before consoles that were cut off with it had time to come back.
            if sounding.escalate_us.is_none() {
                sounding.alert_us = sounding.alert_us.map(|at| at.min(sounding.since_us + UNSTAFFED_US));
            }
            sounding.escalate_us = sounding.escalate_us.map(|at| at.min(sounding.stepped_us + UNSTAFFED_US));
        }
        if sounding.escalate_us.is_some_and(|at| now >= at) {
            (sounding.stepped_us, sounding.escalate_us) = (now, None);
            return self.escalate(ring);
        }
        if sounding.alert_us.is_some_and(|at| now >= at) {
            sounding.alert_us = None;
            let (party, precedence) = (ring.party.clone(), ring.precedence);
            self.push_out(Output::Alert { call, line: line.clone(), party, precedence, consoles });
        }
        let Some(sounding) = self.sounding.get_mut(&call) else { return };
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
        let (call, line) = (ring.call, ring.line.clone());
        let rung = self.ahead.rung_offices(&self.party, &line, &call).count();
        let all = self.charter.offices_of_party_on_line(&self.party, &line).count();
        if rung < all
            && let Ok(step) = u8::try_from(rung)
            && self.append(Body::Escalated { call, line: line.clone(), step }, Vec::new(), After::Nothing).is_ok()
        {
            self.count(Count::RingEscalated);
            let next_us = self.now.us + u64::from(self.charter.policy.escalate_seconds) * 1_000_000;
            if let Some(sounding) = self.sounding.get_mut(&call) {
                sounding.escalate_us = Some(next_us).filter(|_| rung + 1 < all);
            }
            self.lines_changed = true;
        }
    }

    /// How many consoles on watch a ring sounds at: those of the offices that it has come to.
    fn sounding_at(&self, line: &LineId, call: &CallId) -> u16 {
        let offices: BTreeSet<_> = self.ahead.rung_offices(&self.party, line, call).map(|office| &office.id).collect();
        let watching = self.consoles.values().filter_map(|console| console.watch());
        let count = watching.filter(|device| offices.contains(&device.office)).count();
        u16::try_from(count).unwrap_or(u16::MAX)
    }

    /// Until when a ring goes on because this party has promised to answer it: a ring's length beyond the time that it named, and never
    /// longer than [`PROMISE_US`] from when that was said.
    fn promised_us(&mut self, line: &LineId, call: &CallId) -> Option<u64> {
        let own = self.ahead.node(&self.node)?;
        let said = own.response(line, call).filter(|response| response.ended.is_none())?.acknowledged?;
        let (now_us, wall_ms) = (self.now.us, self.now.wall_ms);
        let ring_us = u64::from(self.charter.policy.ring_seconds) * 1_000_000;
        let sounding = self.sounding.get_mut(call)?;
        // Taken once per promise: a wall clock that jumps later changes nothing.
        if sounding.promised.is_none_or(|(seq, _)| seq != said.seq) {
            let wait_us = said.ready_ms.saturating_sub(wall_ms).saturating_mul(1_000).min(PROMISE_US);
            sounding.promised = Some((said.seq, now_us + wait_us + ring_us));
        }
        sounding.promised.map(|(_, until_us)| until_us)
    }

    /// People were alerted, or could not be: the caller is told, if the ring still sounds.
    pub(crate) fn alerted(&mut self, call: CallId, line: LineId, done: bool) {
        if self.sounding.contains_key(&call) {
            let _ = self.append(Body::Alerted { call, line, done }, Vec::new(), After::Nothing);
        }
        self.count(if done { Count::RingAlerted } else { Count::AlertFailed });
    }

    /// Begins to sound a ring, and says that it came in, if that was not said before a restart.
    fn receive(&mut self, ring: &Ring) -> bool {
        let (call, line, now) = (ring.call, ring.line.clone(), self.now.us);
        let fresh = || Bucket::new(RINGS_BURST, RING_EVERY_US, now);
        if !self.ring_buckets.entry(ring.node.clone()).or_insert_with(fresh).take(now) {
            // A node that floods rings is heard more slowly, and only that node.
            self.count(Count::OverBound);
            self.lines_changed = true;
            return false;
        }
        let said = self.ahead.node(&self.node).and_then(|own| own.response(&line, &call)).cloned();
        if said.as_ref().is_none_or(|response| response.received.is_none()) {
            let _ = self.append(Body::Received { call, line: line.clone() }, Vec::new(), After::Nothing);
            self.count(Count::RingReceived);
        }
        let until_us = now + u64::from(self.charter.policy.ring_seconds) * 1_000_000;
        let told = said.as_ref().and_then(|response| response.ringing).map(|(consoles, _)| consoles);
        let alert_us = now + u64::from(self.charter.policy.alert_seconds) * 1_000_000;
        let alert_us = Some(alert_us).filter(|_| self.alerts && said.is_none_or(|response| response.alerted.is_none()));
        let seconds = u64::from(self.charter.policy.escalate_seconds);
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
        self.sounding.insert(call, sounding);
        true
    }
}
