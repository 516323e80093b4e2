//! Statements of this console: numbered, signed, sent, and followed until the node has journalled or refused them.

use crate::console::Console;
use crate::io::Event;
use crate::limits::{ACT_STALE_US, RETURN_US};
use crate::show::name_of;
use minicbor::bytes::ByteVec;
use std::collections::{BTreeMap, VecDeque};
use trialogue_charter::{LineId, NodeId};
use trialogue_journal::{Act, GroupId, Occasion, Statement};
use trialogue_wire::console::{Refusal, ToNode};

/// What a statement was for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To be in: ring, answer, come back.
    Enter,
    /// To be in at this site, in the call that it is in at the other one.
    Attach,
    /// Fresh key packages, or a ring to those who are missing, while in.
    Again,
    Decline,
    Acknowledge,
    Leave,
    /// Said about the call's parties and people by the officer.
    Stage,
    /// A principal comes on; said by the console itself.
    ComeOn,
    /// Said for the office or the party, outside of any call: duty and consultations.
    Standing,
    /// Says that this console lives; nobody waits for what becomes of it.
    Proof,
    /// Keys and receipts of the written line: nobody waits for what becomes of them.
    Written,
    /// What the party's archive says.
    Archive,
    /// The own writing of that number in the outbox.
    Write(u64),
    Handshake(GroupId),
    /// Secrets for those who hear this console: told again while the journal has them not.
    Tags,
}

pub(crate) struct Said {
    pub(crate) number: u64,
    pub(crate) line: LineId,
    pub(crate) purpose: Purpose,
    since_us: u64,
    act: Act,
    bodies: Vec<ByteVec>,
    /// None: there was no node yet to say it to.
    signed: Option<Signed>,
    /// It says anew what was refused because it had not been for this node, charter or time.
    again: bool,
}

/// A statement as signed.
struct Signed {
    bytes: Vec<u8>,
    node: NodeId,
    not_after_ms: u64,
}

#[derive(Default)]
pub(crate) struct Acts {
    last: u64,
    /// Not yet accepted or refused, in order.
    waiting: VecDeque<Said>,
    /// When this console last said that it leaves a line.
    left_us: BTreeMap<LineId, u64>,
    /// Something was said in this input.
    has_said: bool,
    /// Something else is to be said, after that has left.
    more: bool,
}

impl Acts {
    /// Does a statement for this purpose wait for the node?
    pub(crate) fn is_waiting(&self, line: &LineId, of: impl Fn(Purpose) -> bool) -> bool {
        self.waiting.iter().any(|said| said.line == *line && of(said.purpose))
    }

    /// Is the statement of that number on its way?
    pub(crate) fn is_said(&self, number: u64) -> bool {
        self.waiting.iter().any(|said| said.number == number)
    }

    /// Has this console left the line so lately that the fold may not show it yet?
    pub(crate) fn has_just_left(&self, line: &LineId, now_us: u64) -> bool {
        self.left_us.get(line).is_some_and(|at| now_us < at + RETURN_US)
    }

    /// A new input: what was said before has left.
    pub(crate) fn begin(&mut self) {
        (self.has_said, self.more) = (false, false);
    }

    /// May something be said that takes long to make? What was said in the same input leaves first: a browser encapsulates and signs a commit for tens of
    /// milliseconds, and sends nothing in that time. What is put off is due at once.
    pub(crate) fn may_follow(&mut self) -> bool {
        self.more |= self.has_said;
        !self.has_said
    }

    pub(crate) fn next_us(&self, now_us: u64) -> Option<u64> {
        self.more.then_some(now_us)
    }

    fn take(&mut self, number: u64) -> Option<Said> {
        let at = self.waiting.iter().position(|said| said.number == number)?;
        self.waiting.remove(at)
    }
}

impl Console {
    /// The number of the next statement.
    pub(crate) fn next_number(&self) -> u64 {
        let known = self.fold.as_ref().map_or(0, |fold| fold.last_number(&self.id));
        self.now_ms.max(self.acts.last.saturating_add(1)).max(known.saturating_add(1))
    }

    /// Says something on a line; returns its number. `bodies` are those that the act refers to.
    pub(crate) fn state(&mut self, line: &LineId, purpose: Purpose, act: Act, bodies: Vec<Vec<u8>>) -> u64 {
        if purpose == Purpose::Leave {
            self.acts.left_us.insert(line.clone(), self.now_us);
        }
        let bodies = bodies.into_iter().map(ByteVec::from).collect();
        let said = Said {
            number: self.next_number(),
            line: line.clone(),
            purpose,
            since_us: self.now_us,
            act,
            bodies,
            signed: None,
            again: false,
        };
        let number = said.number;
        self.speak(said);
        number
    }

    /// Signs it for the node in use, unless that was done, and sends it.
    fn speak(&mut self, mut said: Said) {
        self.acts.last = self.acts.last.max(said.number);
        if said.signed.is_none() {
            said.signed = self.occasion().map(|at| {
                let statement = Statement::new(self.id, said.number, &at, said.line.clone(), said.act.clone());
                Signed { bytes: statement.sign(&self.secret).0, node: at.node, not_after_ms: statement.not_after_ms }
            });
        }
        if let Some(signed) = said.signed.as_ref().filter(|_| self.link.is_up()) {
            let (statement, bodies) = (signed.bytes.clone(), said.bodies.clone());
            self.send(&ToNode::State { statement, bodies });
            self.acts.has_said = true;
        }
        self.acts.waiting.push_back(said);
    }

    /// Where and when something is said now: at the node in use, by the charter and about the time that it has told.
    fn occasion(&self) -> Option<Occasion> {
        let charter = self.fold.as_ref().map(|fold| fold.charter()).or(self.charter.as_ref())?.hash();
        Some(Occasion { node: self.node.clone()?, charter, now_ms: self.link.node_ms(self.now_us, self.now_ms) })
    }

    /// Says the same act for this node, charter and time. Given back: it can be said under its own number alone.
    fn say_anew(&mut self, mut said: Said) -> Option<Said> {
        // Keys and words that wait are bound to the number.
        if matches!(
            said.purpose,
            Purpose::Handshake(_) | Purpose::Tags | Purpose::Write(_) | Purpose::Archive | Purpose::Proof
        ) {
            return Some(said);
        }
        (said.number, said.signed, said.again) = (self.next_number(), None, true);
        self.speak(said);
        None
    }

    /// It was said for another node, or can be written down no more.
    fn is_past(&self, said: &Said) -> bool {
        let (Some(signed), Some(at)) = (&said.signed, self.occasion()) else { return false };
        signed.node != at.node || signed.not_after_ms < at.now_ms
    }

    /// The WebSocket is gone: what asks somebody for something is not made up for much later.
    pub(crate) fn acts_unsent(&mut self) {
        let stale = |said: &Said| {
            use Purpose::{Acknowledge, Decline, Proof, Standing};
            matches!(said.purpose, Decline | Acknowledge | Standing | Proof)
        };
        self.acts.waiting.retain(|said| !stale(said));
    }

    /// At another site: handshakes of the former one are nobody's any more, and what is brought up to the officer's wish is said anew.
    pub(crate) fn acts_elsewhere(&mut self) {
        let gone = |said: &Said| !matches!(said.purpose, Purpose::Enter | Purpose::Leave);
        self.acts.waiting.retain(|said| !gone(said));
    }

    /// Connected again, and the state is whole: what the journal does not have yet is said once more, in the same words as long as they can stand.
    pub(crate) fn acts_again(&mut self) {
        let known = self.fold.as_ref().map_or(0, |fold| fold.last_number(&self.id));
        for said in std::mem::take(&mut self.acts.waiting) {
            let asks = matches!(said.purpose, Purpose::Enter | Purpose::Again);
            if said.number <= known {
                // It counted, or was refused before another that counted: the fold tells which.
                self.act_settled(&said, said.purpose != Purpose::Enter);
            } else if asks && self.now_us > said.since_us + ACT_STALE_US {
                self.act_failed(said, Refusal::NotNow);
            } else if self.is_past(&said) {
                match self.say_anew(said) {
                    Some(Said { purpose: Purpose::Write(id), .. }) => self.writing_past(id),
                    Some(said) => self.act_failed(said, Refusal::Outdated),
                    None => {}
                }
            } else {
                self.speak(said);
            }
        }
    }

    pub(crate) fn act_accepted(&mut self, number: u64) {
        if let Some(said) = self.acts.take(number) {
            self.act_settled(&said, true);
        }
    }

    fn act_settled(&mut self, said: &Said, counted: bool) {
        if let (Purpose::Handshake(group), true) = (said.purpose, counted) {
            self.handshake_accepted(group, said.number);
        }
        if said.purpose == Purpose::Tags && counted {
            self.tags_accepted(said.number);
        }
        if said.purpose == Purpose::Archive {
            self.archive_settled(said.number, counted);
        }
    }

    /// `after_ms`: said again after that, it is taken.
    pub(crate) fn act_refused(&mut self, number: u64, reason: Refusal, after_ms: Option<u32>) {
        let Some(said) = self.acts.take(number) else { return };
        let asks = matches!(said.purpose, Purpose::Enter | Purpose::Again | Purpose::Decline | Purpose::Acknowledge);
        let stale = asks && self.now_us > said.since_us + ACT_STALE_US;
        if is_of_occasion(reason) && !said.again && !stale {
            // By now the node may have told its charter and its clock.
            self.log(Event::Refused(name_of(reason)));
            if let Some(said) = self.say_anew(said) {
                self.act_failed(said, reason);
            }
            return;
        }
        let after_us = after_ms.map(|ms| u64::from(ms) * 1_000);
        match (said.purpose, after_us) {
            (Purpose::Handshake(group), Some(after_us)) => self.handshake_refused(group, number, after_us),
            (Purpose::Write(id), Some(after_us)) => self.writing_later(id, number, after_us),
            _ => self.act_failed(said, reason),
        }
        if let Some(after_ms) = after_ms {
            self.troubles.try_later(after_ms);
        }
    }

    fn act_failed(&mut self, said: Said, reason: Refusal) {
        self.log(Event::Refused(name_of(reason)));
        match said.purpose {
            Purpose::Handshake(group) => self.handshake_refused(group, said.number, 0),
            // Sent again after a WebSocket was lost, it had counted the first time.
            Purpose::Archive if reason == Refusal::Replayed => self.archive_settled(said.number, true),
            _ if reason == Refusal::Replayed => {}
            Purpose::Again if reason != Refusal::NoSeat => {}
            Purpose::Enter | Purpose::Again => {
                if self.call.as_ref().is_some_and(|call| call.line == said.line) {
                    self.call_over(None);
                }
                self.troubles.refuse(&name_of(reason));
            }
            Purpose::Decline | Purpose::Acknowledge | Purpose::Standing => self.troubles.refuse(&name_of(reason)),
            Purpose::Stage => {
                self.forget_intent(&said.line);
                self.troubles.refuse(&name_of(reason));
            }
            // Another of the parties was faster with something else: it is tried again.
            Purpose::ComeOn => self.come_on_later(),
            // Sealed anew, under another number, it may stand.
            Purpose::Write(id) if is_of_occasion(reason) && self.writer.said_again.insert(id) => self.writing_past(id),
            Purpose::Write(id) => self.writing_refused(id),
            Purpose::Archive => self.archive_settled(said.number, false),
            Purpose::Leave | Purpose::Attach | Purpose::Proof | Purpose::Written => {}
            Purpose::Tags => self.tags_refused(),
        }
    }
}

/// The act may stand; it was said for another node, charter or time.
fn is_of_occasion(reason: Refusal) -> bool {
    matches!(reason, Refusal::OtherNode | Refusal::OtherCharter | Refusal::Outdated)
}
