//! What an entry changed.

use crate::statement::{DeclineReason, GroupId};
use trialogue_charter::{CallId, DeviceId, LineId, OfficeId, Precedence};

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
    /// A node has missed a ring.
    Missed {
        /// The line.
        line: LineId,
        /// The ring.
        call: CallId,
    },
    /// A console has dismissed missed rings.
    Dismissed {
        /// The line.
        line: LineId,
        /// Who.
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
