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
    /// The ringer is still in with it.
    live: bool,
    /// Somebody who acts for this party was in on the line meanwhile.
    met: bool,
    /// This node never had it while it went on, and it is old: the other site may have answered.
    late: bool,
    /// When it is written down that it was missed; none: it is not over yet.
    due_us: Option<u64>,
    /// It was written down.
    written: bool,
}

/// By whom as well: whoever rings draws the call's number, and may take that of another's ring.
type Key = (LineId, PartyId, CallId);

/// Rings of other parties that are not seen to.
#[derive(Default)]
pub(super) struct Unanswered {
    open: BTreeMap<Key, Open>,
    /// How often rings of each party on each line may be written down.
    buckets: BTreeMap<(LineId, PartyId), Bucket>,
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

    /// A console has rung, maybe long ago: also of what is over before anybody looks, because this node was out of
    /// reach, something is left.
    pub(super) fn rang(&mut self, ring: &Ring, pen: &Pen<'_>) {
        if ring.time_ms.saturating_add(MISSED_OLD_MS) >= pen.time_ms() {
            self.note(ring, pen);
        }
    }

    fn note(&mut self, ring: &Ring, pen: &Pen<'_>) {
        let (state, here) = (pen.ahead(), pen.here());
        let key = (ring.line.clone(), ring.party.clone(), ring.call);
        if self.open.contains_key(&key) || !is_rung(&ring.line, &ring.party, pen) {
            return;
        }
        let at_ms = ring.time_ms.min(pen.time_ms());
        if state.node(&here.node).is_some_and(|own| own.had_missed(&ring.line, &ring.party, &ring.call, at_ms)) {
            return;
        }
        // By the node that was rung from: another may have enrolled the device for another office.
        let enrolled = state.node(&ring.node).and_then(|node| node.devices().get(&ring.device));
        let Some(office) = enrolled.map(|known| known.device.office.clone()) else { return };
        let (party, precedence) = (ring.party.clone(), ring.precedence);
        let rang = Rang { party, office, precedence, at_ms, call_back_ms: None };
        self.open.insert(key, Open { rang, live: true, met: false, late: false, due_us: None, written: false });
    }

    fn look_by(&mut self, at_us: u64) {
        self.next_us = Some(self.next_us.map_or(at_us, |next_us| next_us.min(at_us)));
    }

    /// Takes up rings that go on, and writes down those that are over and that nobody came to, the most urgent first.
    pub(super) fn settle(&mut self, pen: &mut Pen<'_>) {
        self.next_us = None;
        let live = live(pen);
        live.iter().for_each(|ring| self.note(ring, pen));
        let live: BTreeSet<Key> = live.into_iter().map(|ring| (ring.line, ring.party, ring.call)).collect();
        let mut open: Vec<(Key, Open)> = std::mem::take(&mut self.open).into_iter().collect();
        open.sort_by_key(|(_, open)| std::cmp::Reverse((open.rang.precedence, open.rang.at_ms)));
        for (key, mut open) in open {
            open.live = live.contains(&key);
            if is_rung(&key.0, &key.1, pen) && self.goes_on(&key, &mut open, pen) {
                self.open.insert(key, open);
            }
        }
        self.make_room();
    }

    /// Of what is over and could not be written yet, of one party on one line, as many remain as are remembered of it:
    /// the most urgent, and of these the latest.
    fn make_room(&mut self) {
        let mut waiting: Vec<(&Key, &Open)> =
            self.open.iter().filter(|(_, open)| !open.live && !open.written).collect();
        waiting.sort_by_key(|(key, open)| std::cmp::Reverse((open.rang.precedence, open.rang.at_ms, key.2)));
        let mut held: BTreeMap<(&LineId, &PartyId), usize> = BTreeMap::new();
        let mut forgotten = Vec::new();
        for (key, _) in waiting {
            let held = held.entry((&key.0, &key.1)).or_default();
            *held += 1;
            if *held > MISSED_MAX {
                forgotten.push(key.clone());
            }
        }
        forgotten.iter().for_each(|key| drop(self.open.remove(key)));
    }

    /// Is there something left to do about a ring?
    fn goes_on(&mut self, (line, party, call): &Key, open: &mut Open, pen: &mut Pen<'_>) -> bool {
        let (here, now_us, live) = (pen.here(), pen.here().now.us, open.live);
        let state = pen.ahead();
        if open.written || state.node(&here.node).is_some_and(|own| own.has_missed(line, party, call)) {
            open.written = true;
            return live;
        }
        open.met |= live && state.in_on(line).iter().any(|participant| participant.acts_for(&here.party));
        // Once it is over, whoever comes in for another call has not come to this one; but the other site's word of
        // that time may come late.
        if open.met || ((open.due_us.is_none() || open.late) && state.is_settled(line, &here.party, call)) {
            open.due_us = None;
            return live;
        }
        let response = state.response(line, &here.party, call);
        if live && !response.is_over() {
            open.due_us = None;
            return true;
        }
        let due_us = open.due_us.unwrap_or_else(|| {
            let old = open.rang.at_ms.saturating_add(MISSED_LATE_MS) < pen.time_ms();
            open.late = old && !was_received(state, line, call, pen);
            now_us + if open.late { MISSED_LATE_US } else { MISSED_AFTER_US }
        });
        open.due_us = Some(due_us);
        if let RingResponse::Declined { call_back_ms, .. } = response {
            open.rang.call_back_ms = call_back_ms;
        }
        if now_us < due_us {
            self.look_by(due_us);
            return true;
        }
        let fresh = || Bucket::new(MISSED_BURST, MISSED_EVERY_US, now_us);
        let bucket = self.buckets.entry((line.clone(), party.clone())).or_insert_with(fresh);
        if !bucket.take(now_us) {
            let next_us = bucket.next_us();
            self.look_by(next_us);
            return true;
        }
        let body = Body::Missed { call: *call, line: line.clone(), rang: open.rang.clone() };
        open.written = pen.append(body, Vec::new(), After::Nothing).is_ok();
        if !open.written {
            // The journal takes nothing just now.
            self.look_by(now_us + MISSED_EVERY_US);
        }
        live || !open.written
    }
}

/// Rings of all lines whose ringer is still in.
pub(super) fn live(pen: &Pen<'_>) -> Vec<Ring> {
    let lines = pen.here().charter.lines.iter();
    lines.flat_map(|line| pen.ahead().rings(&line.id)).cloned().collect()
}

/// Has this node had the ring while it went on?
fn was_received(state: &State, line: &LineId, call: &CallId, pen: &Pen<'_>) -> bool {
    let own = state.node(&pen.here().node).and_then(|own| own.response(line, call));
    own.is_some_and(|response| response.received.is_some())
}

/// Does another party's ring on the line come to somebody of this one? Machines ring one another on a test line.
fn is_rung(line: &LineId, party: &PartyId, pen: &Pen<'_>) -> bool {
    let here = pen.here();
    let charter = &here.charter;
    let there = charter.offices_of_party_on_line(party, line).next().is_some();
    let rung = there && *party != here.party && !charter.is_test_line(line);
    rung && charter.acting_offices(&here.party, line).next().is_some()
}
