//! Says something: signs it for the node in use, unless that was done, and sends it.

use super::settled::is_of_occasion;
use super::{Acts, How, Purpose, Said, Settled, Signed};
use crate::io::Event;
use crate::limits::{ACT_STALE_US, WAITING_MAX};
use crate::now::Now;
use crate::outputs::Outputs;
use minicbor::bytes::ByteVec;
use trialogue_charter::{DeviceId, DeviceSecret, LineId};
use trialogue_journal::{Act, Occasion, Statement};
use trialogue_wire::console::{Refusal, ToNode};

/// What it takes to say something now. It calls nobody back: what becomes of a statement is told by [`Settled`].
pub(crate) struct Speaker<'a> {
    pub(crate) acts: &'a mut Acts,
    pub(crate) secret: &'a DeviceSecret,
    /// The id of that secret: working it out makes the keys anew.
    pub(crate) device: DeviceId,
    /// For which node, under which charter and about when; none: no node is known yet.
    pub(crate) at: Option<Occasion>,
    /// Number of the last statement of this device that the journals show.
    pub(crate) known: u64,
    /// Of the WebSocket, while it is up; none: nothing is sent, and what is said waits.
    pub(crate) slot: Option<u8>,
    pub(crate) out: &'a mut Outputs,
    pub(crate) now: Now,
}

impl Speaker<'_> {
    /// The number of the next statement.
    pub(crate) fn next_number(&self) -> u64 {
        self.now.ms.max(self.acts.last.saturating_add(1)).max(self.known.saturating_add(1))
    }

    /// Says something on a line; returns its number. `bodies` are those that the act refers to.
    pub(crate) fn say(&mut self, line: &LineId, purpose: Purpose, act: Act, bodies: Vec<Vec<u8>>) -> u64 {
        if purpose == Purpose::Leave {
            self.acts.left_us.insert(line.clone(), self.now.us);
        }
        let bodies = bodies.into_iter().map(ByteVec::from).collect();
        let said = Said {
            number: self.next_number(),
            line: line.clone(),
            purpose,
            since_us: self.now.us,
            act,
            bodies,
            signed: None,
            again: false,
        };
        let number = said.number;
        self.speak(said);
        number
    }

    /// Connected again, and the state is whole: what the journal does not have yet is said once more, in the same words
    /// as long as they can stand. What is settled by that comes back.
    pub(crate) fn again(&mut self) -> Vec<Settled> {
        let mut settled = Vec::new();
        for said in std::mem::take(&mut self.acts.waiting) {
            let enters = matches!(said.purpose, Purpose::Enter | Purpose::Again);
            if said.number <= self.known {
                settled.push(Settled::of(&said, How::Counted));
            } else if enters && self.is_stale(&said) {
                settled.push(self.fail(&said, Refusal::NotNow));
            } else if self.is_past(&said) {
                settled.extend(self.say_anew(said).map(|said| match said.purpose {
                    Purpose::Write(_) => Settled::of(&said, How::Past),
                    _ => self.fail(&said, Refusal::Outdated),
                }));
            } else {
                self.speak(said);
            }
        }
        settled
    }

    /// The node has refused the statement of that number. `after_ms`: said again after that, it is taken. None: it was
    /// said anew, or is not known.
    #[must_use]
    pub(crate) fn refused(&mut self, number: u64, reason: Refusal, after_ms: Option<u32>) -> Option<Settled> {
        let said = self.acts.take(number)?;
        let stale = said.purpose.asks() && self.is_stale(&said);
        if is_of_occasion(reason) && !said.again && !stale {
            // By now the node may have told its charter and its clock.
            self.out.log(Event::Refused(reason));
            let said = self.say_anew(said)?;
            return Some(self.fail(&said, reason));
        }
        Some(match (said.purpose, after_ms) {
            (Purpose::Handshake(_) | Purpose::Circle(_) | Purpose::Write(_), Some(ms)) => {
                Settled::of(&said, How::Later(u64::from(ms) * 1_000))
            }
            _ => self.fail(&said, reason),
        })
    }

    fn fail(&mut self, said: &Said, reason: Refusal) -> Settled {
        self.out.log(Event::Refused(reason));
        Settled::of(said, How::Refused(reason))
    }

    fn speak(&mut self, mut said: Said) {
        self.acts.last = self.acts.last.max(said.number);
        if said.signed.is_none() {
            said.signed = self.at.as_ref().map(|at| {
                let statement = Statement::new(self.device, said.number, at, said.line.clone(), said.act.clone());
                let (node, not_after_ms) = (at.node.clone(), statement.not_after_ms);
                Signed { bytes: statement.sign(self.secret).0, node, not_after_ms }
            });
        }
        if let (Some(signed), Some(slot)) = (&said.signed, self.slot) {
            let (statement, bodies) = (signed.bytes.clone(), said.bodies.clone());
            self.out.send(slot, &ToNode::State { statement, bodies });
            self.acts.has_said = true;
        }
        self.acts.waiting.push_back(said);
        if self.acts.waiting.len() > WAITING_MAX {
            self.acts.waiting.pop_front();
        }
    }

    /// Says the same act for this node, charter and time. Given back: it can be said under its own number alone.
    fn say_anew(&mut self, mut said: Said) -> Option<Said> {
        if said.purpose.is_bound() {
            return Some(said);
        }
        (said.number, said.signed, said.again) = (self.next_number(), None, true);
        self.speak(said);
        None
    }

    fn is_stale(&self, said: &Said) -> bool {
        self.now.us > said.since_us + ACT_STALE_US
    }

    /// It was said for another node, or can be written down no more.
    fn is_past(&self, said: &Said) -> bool {
        let (Some(signed), Some(at)) = (&said.signed, &self.at) else { return false };
        signed.node != at.node || signed.not_after_ms < at.now_ms
    }
}
