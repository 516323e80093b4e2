//! Rings that nobody of the party has answered: noted while they go on, and written down once they are over, so that
//! somebody calls back.

use crate::bucket::Bucket;
use crate::journals::{After, Pen};
use crate::limits::{MISSED_AFTER_US, MISSED_BURST, MISSED_EVERY_US, MISSED_LATE_MS, MISSED_LATE_US, MISSED_OLD_MS};
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{CallId, LineId, PartyId};
use trialogue_journal::fold::{Ring, RingResponse, State};
use trialogue_journal::limits::MISSED_MAX;
use trialogue_journal::{Body, Rang};

/// A ring of another party, from when it was first seen until it is over and seen to.
struct Open {
    rang: Rang,
    /// Somebody who acts for this party was in on the line meanwhile.
    met: bool,
    /// When it is written down that it was missed; none: it is not over yet.
    due_us: Option<u64>,
}

/// Rings of other parties that are not seen to.
#[derive(Default)]
pub(super) struct Unanswered {
    open: BTreeMap<(LineId, CallId), Open>,
    /// How often rings of each party may be written down.
    buckets: BTreeMap<PartyId, Bucket>,
    /// When to look again.
    next_us: Option<u64>,
}

impl Unanswered {
    /// When [`Unanswered::settle`] is due, in microseconds.
    pub(super) fn next_us(&self) -> Option<u64> {
        self.next_us
    }

    pub(super) fn is_due(&self, now_us: u64) -> bool {
        self.next_us.is_some_and(|at_us| now_us >= at_us)
    }

    /// A console rings: also of what is over before anybody looks, because its node was out of reach, something is
    /// left.
    pub(super) fn rang(&mut self, ring: &Ring, pen: &Pen<'_>) {
        let (state, here) = (pen.ahead(), pen.here());
        let now_ms = pen.time_ms();
        let rung = is_rung(ring, pen) && ring.time_ms.saturating_add(MISSED_OLD_MS) >= now_ms;
        if !rung || self.open.contains_key(&(ring.line.clone(), ring.call)) {
            return;
        }
        let Some(office) = state.known_device(&ring.device).map(|device| device.office.clone()) else { return };
        if state.node(&here.node).is_some_and(|own| own.has_missed(&ring.line, &ring.party, &ring.call)) {
            return;
        }
        let rang = Rang {
            party: ring.party.clone(),
            office,
            precedence: ring.precedence,
            at_ms: ring.time_ms.min(now_ms),
            call_back_ms: None,
        };
        self.open.insert((ring.line.clone(), ring.call), Open { rang, met: false, due_us: None });
    }

    fn look_by(&mut self, at_us: u64) {
        self.next_us = Some(self.next_us.map_or(at_us, |next_us| next_us.min(at_us)));
    }

    /// Takes up rings that go on, and writes down those that are over and that nobody came to.
    pub(super) fn settle(&mut self, pen: &mut Pen<'_>) {
        self.next_us = None;
        let lines: Vec<LineId> = pen.here().charter.lines.iter().map(|line| line.id.clone()).collect();
        let live: Vec<Ring> = lines.iter().flat_map(|line| pen.ahead().rings(line).to_vec()).collect();
        live.iter().for_each(|ring| self.rang(ring, pen));
        let live: BTreeSet<(LineId, CallId)> = live.into_iter().map(|ring| (ring.line, ring.call)).collect();
        for (at, mut open) in std::mem::take(&mut self.open) {
            if self.goes_on(&at, &mut open, live.contains(&at), pen) {
                self.open.insert(at, open);
            }
        }
        self.forget_oldest();
    }

    /// What is over and could not be written yet, of one party on one line, is no more than what is remembered of it.
    fn forget_oldest(&mut self) {
        let mut over: BTreeMap<(&LineId, &PartyId), Vec<(u64, CallId)>> = BTreeMap::new();
        for ((line, call), open) in self.open.iter().filter(|(_, open)| open.due_us.is_some()) {
            over.entry((line, &open.rang.party)).or_default().push((open.rang.at_ms, *call));
        }
        let mut forgotten = Vec::new();
        for ((line, _), mut rings) in over.into_iter().filter(|(_, rings)| rings.len() > MISSED_MAX) {
            rings.sort_unstable();
            rings.truncate(rings.len() - MISSED_MAX);
            forgotten.extend(rings.into_iter().map(|(_, call)| (line.clone(), call)));
        }
        forgotten.iter().for_each(|at| drop(self.open.remove(at)));
    }

    /// Is there something left to do about a ring?
    fn goes_on(&mut self, (line, call): &(LineId, CallId), open: &mut Open, live: bool, pen: &mut Pen<'_>) -> bool {
        let (here, now_us) = (pen.here(), pen.here().now.us);
        let state = pen.ahead();
        if state.node(&here.node).is_some_and(|own| own.has_missed(line, &open.rang.party, call)) {
            return live;
        }
        open.met |= live && state.in_on(line).iter().any(|participant| participant.acts_for(&here.party));
        if open.met || state.is_settled(line, &here.party, call) {
            open.due_us = None;
            return live;
        }
        let response = state.response(line, &here.party, call);
        if live && !response.is_over() {
            open.due_us = None;
            return true;
        }
        open.rang.call_back_ms = match response {
            RingResponse::Declined { call_back_ms, .. } => call_back_ms,
            _ => None,
        };
        let late =
            open.rang.at_ms.saturating_add(MISSED_LATE_MS) < pen.time_ms() && !was_received(state, line, call, pen);
        let wait_us = if late { MISSED_LATE_US } else { MISSED_AFTER_US };
        let due_us = *open.due_us.get_or_insert(now_us + wait_us);
        if now_us < due_us {
            self.look_by(due_us);
            return true;
        }
        let fresh = || Bucket::new(MISSED_BURST, MISSED_EVERY_US, now_us);
        let bucket = self.buckets.entry(open.rang.party.clone()).or_insert_with(fresh);
        if !bucket.take(now_us) {
            let next_us = bucket.next_us();
            self.look_by(next_us);
            return true;
        }
        let body = Body::Missed { call: *call, line: line.clone(), rang: open.rang.clone() };
        let written = pen.append(body, Vec::new(), After::Nothing).is_ok();
        if !written {
            // The journal takes nothing just now.
            self.look_by(now_us + MISSED_EVERY_US);
        }
        live || !written
    }
}

/// Has this node had the ring while it went on?
fn was_received(state: &State, line: &LineId, call: &CallId, pen: &Pen<'_>) -> bool {
    let own = state.node(&pen.here().node).and_then(|own| own.response(line, call));
    own.is_some_and(|response| response.received.is_some())
}

/// Is it another party's ring, for somebody of this one? Machines ring one another on a test line.
fn is_rung(ring: &Ring, pen: &Pen<'_>) -> bool {
    let here = pen.here();
    let charter = &here.charter;
    let rung = ring.party != here.party && !charter.is_test_line(&ring.line);
    rung && charter.acting_offices(&here.party, &ring.line).next().is_some()
}
