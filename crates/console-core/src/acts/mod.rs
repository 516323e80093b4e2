//! Statements of this console: numbered, signed, sent, and followed until the node has journalled or refused them.

mod settled;
mod speaker;
#[cfg(test)]
mod tests;

use crate::limits::RETURN_US;
use minicbor::bytes::ByteVec;
use std::collections::{BTreeMap, VecDeque};
use trialogue_charter::{LineId, NodeId};
use trialogue_journal::{Act, GroupId};

pub(crate) use settled::{How, Settled, is_of_occasion};
pub(crate) use speaker::Speaker;

/// What a statement was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// People of a party whose ring was missed are in together with those of the own one; said by the console itself.
    CalledBack,
    /// Says that this console lives; nobody waits for what becomes of it.
    Proof,
    /// Keys of the written line: nobody waits for what becomes of them.
    Written,
    /// Writings were shown here.
    Shown,
    /// What the party's archive says.
    Archive,
    /// A circle for the own writing of that number in the outbox, which counts only after it.
    Circle(u64),
    /// The own writing of that number in the outbox.
    Write(u64),
    Handshake(GroupId),
    /// Secrets for those who hear this console: told again while the journal has them not.
    Tags,
}

impl Purpose {
    /// Keys and words that it names are bound to the statement's number: the same act cannot be said under another.
    fn is_bound(self) -> bool {
        matches!(self, Self::Handshake(_) | Self::Tags | Self::Write(_) | Self::Archive | Self::Proof)
    }

    /// It asks somebody for something now: much later it is not said any more.
    fn asks(self) -> bool {
        matches!(self, Self::Enter | Self::Again | Self::Decline | Self::Acknowledge)
    }
}

/// A statement that the node has neither accepted nor refused yet.
struct Said {
    number: u64,
    line: LineId,
    purpose: Purpose,
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

/// Statements on their way, at most [`crate::limits::WAITING_MAX`]; each is taken out when the node, or the state that
/// it tells, has settled it.
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

    /// May something be said that takes long to make? What was said in the same input leaves first: a browser
    /// encapsulates and signs a commit for tens of milliseconds, and sends nothing in that time. What is put off is due
    /// at once.
    pub(crate) fn may_follow(&mut self) -> bool {
        self.more |= self.has_said;
        !self.has_said
    }

    pub(crate) fn next_us(&self, now_us: u64) -> Option<u64> {
        self.more.then_some(now_us)
    }

    /// The WebSocket is gone: what asks somebody for something is not made up for much later.
    pub(crate) fn unsent(&mut self) {
        use Purpose::{Acknowledge, CalledBack, Decline, Proof, Standing};
        self.waiting.retain(|said| !matches!(said.purpose, Decline | Acknowledge | Standing | CalledBack | Proof));
    }

    /// At another site: handshakes of the former one are nobody's any more, and what is brought up to the officer's
    /// wish is said anew.
    pub(crate) fn elsewhere(&mut self) {
        self.waiting.retain(|said| matches!(said.purpose, Purpose::Enter | Purpose::Leave));
    }

    /// The node has journalled it.
    #[must_use]
    pub(crate) fn accepted(&mut self, number: u64) -> Option<Settled> {
        self.take(number).map(|said| Settled::of(&said, How::Counted))
    }

    fn take(&mut self, number: u64) -> Option<Said> {
        let at = self.waiting.iter().position(|said| said.number == number)?;
        self.waiting.remove(at)
    }
}
