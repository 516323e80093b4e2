//! The own journal: entries are made, written by the shell, and only then count.

use crate::io::{ConsoleKey, Output};
use crate::ledger::{Held, plain, weight};
use crate::limits::UNRECORDED_MAX;
use crate::machine::Machine;
use crate::note::{Count, Note};
use crate::revoke::{Errand, Fate};
use minicbor::bytes::ByteVec;
use trialogue_charter::Hash;
use trialogue_journal::fold::NodeState;
use trialogue_journal::{Body, Journal, VerifiedEntry};
use trialogue_wire::Bundle;
use trialogue_wire::console::ToConsole;

/// What happens once an entry is on disk.
pub(crate) enum After {
    /// Nothing beside its taking effect.
    Nothing,
    /// The console is told that its statement was taken.
    Statement { console: ConsoleKey, number: u64 },
    /// The console is let in.
    Enrolled(ConsoleKey),
    /// Whoever asked for it is told.
    Errand(Errand),
}

/// An own entry that the disk has not confirmed.
pub(crate) struct Pending {
    seq: u64,
    since_us: u64,
    /// Serial of the charter under which it was made.
    serial: u64,
    entry: VerifiedEntry,
    after: After,
}

impl Pending {
    pub(crate) fn body(&self) -> &Body {
        &self.entry.entry().body
    }
}

/// Too much waits for the disk.
pub(crate) struct Full;

impl Machine {
    /// Makes the next own entry and asks for it to be written. The caller has checked against `ahead` that it may be said.
    pub(crate) fn append(&mut self, body: Body, bodies: Vec<ByteVec>, after: After) -> Result<(), Full> {
        let head = self.ledger.head(&self.here.node);
        if self.is_retired() || self.is_opening() || head.saturating_sub(self.recorded) >= UNRECORDED_MAX as u64 {
            self.count(Count::OverBound);
            return Err(Full);
        }
        let restarts = matches!(body, Body::Restarted {});
        let time_ms =
            if restarts { self.pace.restarts_ms(self.here.now.us, self.here.now.wall_ms) } else { self.time_ms() };
        let entry = self.writer.append(time_ms, body);
        let signed = entry.sign(&self.here.secret).0;
        // Verified like anyone's: what others would refuse must not be written.
        let Ok(entry) = VerifiedEntry::open(&signed, &self.here.charter) else {
            self.writer = Journal::resume(self.here.node.clone(), head, self.chain.head(&self.here.node));
            self.log(Note::Fault { what: "an own entry does not verify and was not written" });
            return Err(Full);
        };
        if !self.append_signed(Bundle { entry: signed, bodies }, entry, after) {
            self.log(Note::Fault { what: "an own entry does not follow on the own journal" });
        }
        Ok(())
    }

    /// The time that an entry would have now, milliseconds since 1970 UTC: by this consoles say how long their acts may stand.
    pub fn time_ms(&self) -> u64 {
        self.pace.now_ms(self.here.now.us, self.here.now.wall_ms)
    }

    /// A clock that leaps is told to the consoles, whose acts would be refused.
    pub(crate) fn tell_clock(&mut self) {
        let Some(time_ms) = self.pace.untold(self.here.now.us, self.here.now.wall_ms) else { return };
        for key in self.devices.values().copied().collect::<Vec<_>>() {
            self.send_console(key, &ToConsole::Clock { time_ms });
        }
    }

    /// Takes the next own entry, made now or given back by a neighbour. False: it does not follow.
    pub(crate) fn append_signed(&mut self, bundle: Bundle, entry: VerifiedEntry, after: After) -> bool {
        let seq = entry.entry().seq;
        let node = self.here.node.clone();
        if self.chain.accept(&entry).is_err() {
            return false;
        }
        self.writer = Journal::resume(node.clone(), seq, entry.hash());
        let references = entry.entry().bodies();
        let lasting = matches!(entry.entry().body, Body::Enrolled { .. });
        self.budgets.entry_taken(&node, weight(&bundle), self.here.now.us);
        for body in &bundle.bodies {
            self.keep_body(&node, Hash::of(body), body.clone(), lasting);
        }
        self.ledger.push(&node, Held { entry: bundle.entry.clone(), bodies: references });
        self.hold(&entry);
        if self.ahead.apply(&entry, &plain(&bundle.bodies)).is_err() {
            self.log(Note::Fault { what: "an own entry does not fit the own journal" });
        }
        self.pace.note(self.ahead.node(&node).map_or(0, NodeState::latest_ms), self.here.now.us);
        self.pending.push_back(Pending {
            seq,
            since_us: self.here.now.us,
            serial: self.here.charter.serial,
            entry,
            after,
        });
        self.push_out(Output::Append { seq, bundle });
        true
    }

    /// The disk has the own journal up to here.
    pub(crate) fn appended(&mut self, up_to: u64) {
        self.recorded = self.recorded.max(up_to.min(self.ledger.head(&self.here.node)));
        self.ledger.recorded(self.recorded);
        if self.failing && self.recorded == self.ledger.head(&self.here.node) {
            self.failing = false;
            self.log(Note::Recorded { seq: self.recorded });
        }
        self.release(up_to, false);
    }

    /// The disk could not take the own journal up to here. A record must never stop an emergency.
    pub(crate) fn append_failed(&mut self, up_to: u64) {
        if !std::mem::replace(&mut self.failing, true) {
            self.log(Note::Unrecorded { seq: up_to });
        }
        self.release(up_to, true);
    }

    /// What the disk was silent about for too long goes out all the same.
    pub(crate) fn appends_overdue(&mut self) {
        let patience = crate::limits::DISK_PATIENCE_US;
        let late = self.pending.iter().take_while(|p| self.here.now.us >= p.since_us + patience).last();
        if let Some(seq) = late.map(|pending| pending.seq) {
            self.append_failed(seq);
        }
    }

    /// When [`Machine::appends_overdue`] is due.
    pub(crate) fn next_append_us(&self) -> Option<u64> {
        self.pending.front().map(|pending| pending.since_us + crate::limits::DISK_PATIENCE_US)
    }

    /// Lets entries take effect: in the state, at the consoles, on the links.
    fn release(&mut self, up_to: u64, unrecorded: bool) {
        let mut fresh = Vec::new();
        while let Some(pending) = self.pending.pop_front_if(|pending| pending.seq <= up_to) {
            let bundle = self.ledger.bundle(&self.here.node, pending.seq);
            let bodies = bundle.as_ref().map_or(&[][..], |bundle| &bundle.bodies);
            // An amendment that came between may have made it void.
            if self.state.apply(&pending.entry, &plain(bodies)).is_err() && pending.serial == self.here.charter.serial {
                self.log(Note::Fault { what: "a released entry does not fit the own journal" });
            }
            self.released = pending.seq;
            if unrecorded {
                self.count(Count::Unrecorded);
            }
            match pending.after {
                After::Nothing => {}
                After::Statement { console, number } => {
                    self.count(Count::StatementAccepted);
                    if self.consoles.contains_key(&console) {
                        self.send_console(console, &ToConsole::Accepted { number, unrecorded });
                    }
                }
                After::Enrolled(console) => self.enrolled(console),
                After::Errand(errand) => {
                    let fate = if unrecorded { Fate::Unrecorded } else { Fate::Written };
                    self.push_out(Output::Errand { errand, fate });
                }
            }
            fresh.extend(bundle.map(|bundle| self.fresh(&pending.entry, bundle)));
            self.applied(pending.entry.entry());
        }
        self.feed(&fresh);
    }
}
