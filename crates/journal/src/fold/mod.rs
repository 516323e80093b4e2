//! The fold: from journals to the state of the lines.
//!
//! Every [`NodeState`] is folded from its own node's journal and nothing else, and a line's state is a join that is computed when
//! it is asked for. So every node that holds the same entries has the same state, in whatever order the journals came in.
//!
//! An entry that does not fit is *ignored with a reason* and changes nothing: the journals of others are not ours to refuse.
//! The same rules tell a node which statements of its own consoles to refuse ([`State::judge`]).

mod attach;
mod consult;
mod consultation;
mod course;
mod device;
mod duty;
mod enrolled;
mod floor;
mod forged;
mod group;
mod ignored;
mod kept;
mod keys;
mod line;
mod lines;
mod node;
mod on_line;
mod present;
mod relevant;
mod respond;
mod revoked;
#[cfg(test)]
mod scene;
mod seen;
mod sounding;
mod speaker;
mod staffed;
mod stage;
mod stated;
mod steward;
mod tested;
mod version;
mod voucher;
mod writings;
mod written;

pub use consult::{Attendance, Proposal};
pub use consultation::Consultation;
pub use device::Enrolment;
pub use duty::{Duty, OnDuty, Relieved};
pub use floor::{Floor, Prepared, Said};
pub use forged::Forgery;
pub use group::{Group, HandshakeRecord};
pub use ignored::Ignored;
pub use line::{LineState, Participant, Ring, RingResponse};
pub use node::NodeState;
pub use present::{OwnRing, Presence, TagsTold};
pub use respond::{Ended, Response};
pub use seen::Seen;
pub use tested::{Alive, Certified, StationTested, TestText, Tested};
pub use version::{FOLD_GOLDEN, FOLD_VERSION};
pub use written::{Circle, Receipt, Receipts, Stock, Writing};

use self::stated::Allowed;
use crate::entry::Body;
use crate::signed::VerifiedEntry;
use crate::statement::{DeclineReason, GroupId, Statement};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use trialogue_charter::{CallId, DeviceId, LineId, NodeId, OfficeId, PartyId, Precedence, VerifiedCharter};

/// What all journals together say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    charter: Arc<VerifiedCharter>,
    nodes: BTreeMap<NodeId, NodeState>,
    /// Revocations that came by another way than these journals.
    known: BTreeSet<(PartyId, DeviceId)>,
}

/// What an entry changed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Applied {
    /// A journal started, or a charter took effect for its node.
    Opened,
    /// A device was enrolled.
    Enrolled {
        /// The device.
        device: DeviceId,
    },
    /// A device is no longer accepted, and has left these lines.
    Revoked {
        /// The device.
        device: DeviceId,
        /// Lines that it was in on at the node.
        lines: Vec<LineId>,
    },
    /// A node lets a device in no more, or does again.
    Suspended {
        /// The device.
        device: DeviceId,
        /// No more.
        on: bool,
        /// Lines that it was in on there.
        lines: Vec<LineId>,
    },
    /// The number of consoles on watch changed.
    Staffed,
    /// A console rings a line.
    Rang {
        /// The line.
        line: LineId,
        /// The ring.
        call: CallId,
        /// Who rings.
        device: DeviceId,
    },
    /// A console answered, joined or came back.
    Answered {
        /// The line.
        line: LineId,
        /// What it answered.
        call: CallId,
        /// Who.
        device: DeviceId,
    },
    /// A console that is in at another node of its party has come over to this one.
    CameOver {
        /// The line.
        line: LineId,
        /// Who.
        device: DeviceId,
    },
    /// A party declined a ring.
    Declined {
        /// The line.
        line: LineId,
        /// The ring.
        call: CallId,
        /// Why.
        reason: DeclineReason,
        /// The console that declined; none: the node did, by policy.
        by: Option<DeviceId>,
    },
    /// A party fetches somebody to answer a ring.
    Acknowledged {
        /// The line.
        line: LineId,
        /// The ring.
        call: CallId,
        /// The console that said so.
        device: DeviceId,
    },
    /// A console hung up.
    Left {
        /// The line.
        line: LineId,
        /// Who.
        device: DeviceId,
        /// To answer a ring of this precedence on another line.
        cause: Option<Precedence>,
    },
    /// A console has confirmed a station, said that its principal is ready, come on, or wants a party dropped.
    Said {
        /// The line.
        line: LineId,
        /// Who.
        device: DeviceId,
    },
    /// A console has told those who hear it secrets by which they know its frames.
    Tagged {
        /// The line.
        line: LineId,
        /// Who.
        device: DeviceId,
    },
    /// A console is held, or is not any more.
    Held {
        /// The line.
        line: LineId,
        /// Which console.
        device: DeviceId,
        /// It is.
        on: bool,
        /// Who said so.
        by: DeviceId,
    },
    /// A party has taken one of its own consoles out of the call.
    Removed {
        /// The line.
        line: LineId,
        /// Which console.
        device: DeviceId,
        /// Who did.
        by: DeviceId,
    },
    /// A node's group on a line is at a new epoch.
    Moved {
        /// The line.
        line: LineId,
        /// The group.
        group: GroupId,
        /// The epoch that it is at now.
        epoch: u64,
        /// The group is new.
        created: bool,
        /// Who moved it.
        device: DeviceId,
    },
    /// A node has a ring.
    Received {
        /// The line.
        line: LineId,
        /// The ring.
        call: CallId,
    },
    /// A node's consoles sound.
    Ringing {
        /// The line.
        line: LineId,
        /// The ring.
        call: CallId,
        /// How many; 0: the station is unstaffed.
        consoles: u16,
    },
    /// A party has alerted people beyond its consoles, or tried to.
    Alerted {
        /// The line.
        line: LineId,
        /// The ring.
        call: CallId,
        /// It worked.
        done: bool,
    },
    /// A ring sounds at the next office of a party.
    Escalated {
        /// The line.
        line: LineId,
        /// The ring.
        call: CallId,
        /// Offices beyond the first.
        step: u8,
    },
    /// Frames were given to a node's consoles as a device's that are not its own.
    Forged {
        /// The line.
        line: LineId,
        /// Whose they were said to be.
        device: DeviceId,
    },
    /// A ring sounded in vain.
    Expired {
        /// The line.
        line: LineId,
        /// The ring.
        call: CallId,
    },
    /// A console in a call is out of touch.
    Lost {
        /// The line.
        line: LineId,
        /// Who.
        device: DeviceId,
    },
    /// A node started again: its consoles have left every line.
    Restarted,
    /// Somebody has taken the duty of an office, or goes on with it.
    TookDuty {
        /// The office.
        office: OfficeId,
        /// Who.
        device: DeviceId,
        /// Who was on duty until then.
        relieved: Option<DeviceId>,
    },
    /// A consultation was proposed, answered or withdrawn.
    Consulted {
        /// The line on which that was said.
        line: LineId,
        /// Who said it.
        device: DeviceId,
    },
    /// Who of those on duty is at the console changed.
    AtConsole,
    /// A node has measured its paths.
    PathsTested,
    /// A node has said what it holds of all journals.
    Seen,
    /// A node has told of the revocations in its journal.
    Listed,
    /// A console has written something, or said something about a writing.
    Written {
        /// On which line.
        line: LineId,
        /// Who.
        device: DeviceId,
    },
    /// A node has writings on disk.
    Stored,
    /// A station, a console or an officer has said something about a test of the line.
    Tested {
        /// Who.
        device: DeviceId,
    },
}

impl State {
    /// The state before any entry.
    pub fn new(charter: Arc<VerifiedCharter>) -> Self {
        let nodes = charter.nodes.iter().map(|node| (node.id.clone(), NodeState::new(node)));
        Self { nodes: nodes.collect(), charter, known: BTreeSet::new() }
    }

    /// The charter that the state is folded under.
    pub fn charter(&self) -> &Arc<VerifiedCharter> {
        &self.charter
    }

    /// What one node's journal says.
    pub fn node(&self, node: &NodeId) -> Option<&NodeState> {
        self.nodes.get(node)
    }

    /// What every node's journal says, by node id.
    pub fn nodes(&self) -> impl Iterator<Item = (&NodeId, &NodeState)> {
        self.nodes.iter()
    }

    /// Folds one entry, with the bodies that travelled beside it. Entries of one node come in that node's order; a console's
    /// fold may lack entries between (see [`State::relevant_entries`]), a node's may not (see [`crate::Chain`]).
    ///
    /// # Errors
    /// The reason why the entry changes nothing.
    pub fn apply<B: AsRef<[u8]>>(&mut self, entry: &VerifiedEntry, bodies: &[B]) -> Result<Applied, Ignored> {
        let claim = entry.entry();
        let node = self.nodes.get_mut(&claim.node).ok_or(Ignored::UnknownNode)?;
        // Of a retired node only its devices are remembered: nobody is in there any more, and who was revoked there stays revoked.
        let lasts = matches!(
            claim.body,
            Body::Opened { .. } | Body::Enrolled { .. } | Body::Revoked { .. } | Body::Suspended { .. }
        );
        if !lasts && !self.charter.serves(&claim.node) {
            return Err(Ignored::UnknownNode);
        }
        node.take(&self.charter, claim, bodies)
    }

    /// Would this statement of a console of `node` be accepted now? What a node asks before it journals one. Beyond the rules of the
    /// fold, an answer needs a call on the line: others may hang up while it travels, but nobody answers what was never there.
    /// `now_ms`: the time that the entry would have.
    ///
    /// # Errors
    /// The reason to tell the console.
    pub fn judge(&self, node: &NodeId, statement: &[u8], now_ms: u64) -> Result<Statement, Ignored> {
        let own = self.nodes.get(node).ok_or(Ignored::UnknownNode)?;
        let Allowed { statement, .. } = own.open(&self.charter, statement, now_ms)?;
        if self.is_revoked(&statement.device) {
            return Err(Ignored::Revoked);
        }
        if own.suspends(&statement.device) {
            return Err(Ignored::Suspended);
        }
        if let crate::Act::Ring { offers, .. } | crate::Act::Answer { offers, .. } | crate::Act::Attach { offers, .. } =
            &statement.act
            && offers.iter().any(|offer| self.charter.node(&offer.node).is_none())
        {
            return Err(Ignored::Malformed);
        }
        if let crate::Act::Answer { .. } = statement.act
            && self.in_on(&statement.line).is_empty()
        {
            return Err(Ignored::NotNow);
        }
        self.judge_among_others(own, &statement)?;
        self.judge_attendance(&statement, now_ms)?;
        self.judge_writing(own, &statement)?;
        Ok(statement)
    }

    /// Is a console of this office on watch, as its party's nodes say?
    pub fn is_staffed(&self, office: &OfficeId) -> bool {
        self.nodes.values().any(|node| node.staffed().get(office).is_some_and(|consoles| *consoles > 0))
    }

    /// Consoles on watch of a party for a line, as its nodes say: those that could answer.
    pub fn on_watch(&self, party: &PartyId, line: &LineId) -> u32 {
        let offices: Vec<&OfficeId> = self.charter.acting_offices(party, line).map(|office| &office.id).collect();
        let nodes = self.nodes.values().filter(|node| node.party == *party);
        nodes
            .flat_map(|node| node.staffed())
            .filter(|(office, _)| offices.contains(office))
            .map(|(_, n)| u32::from(*n))
            .sum()
    }
}
