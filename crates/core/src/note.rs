//! What the operator is told: counters and log lines, both without private data by their types.

use crate::io::ConsoleKey;
use trialogue_charter::{LineId, NodeId, PartyId};
use trialogue_journal::Level;
use trialogue_wire::console::Refusal;

/// Something worth counting. [`Count::name`] is the metric's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Count {
    /// A console was accepted.
    ConsoleAccepted,
    /// A console was refused at the door.
    ConsoleRefused,
    /// A console fell silent.
    ConsoleSilent,
    /// A console's statement was refused.
    StatementRefused,
    /// A statement was accepted.
    StatementAccepted,
    /// A console's message could not be read or was over a limit.
    ConsoleMalformed,
    /// An own entry could not be written to disk.
    Unrecorded,
    /// An entry of another node was taken.
    EntryTaken,
    /// An entry with a signature that does not hold, or by no node of the charter.
    EntryForged,
    /// A word of a node about the media of a console that it did not sign.
    WordForged,
    /// An entry that was already held.
    EntryRepeated,
    /// A node signed two different entries for one position.
    EntryForked,
    /// A verified entry that says something that its node may not say; it is kept and ignored.
    EntryIgnored,
    /// An entry that came before the ones it follows on.
    EntryGap,
    /// Entries of a journal had to wait because it had used up its budget.
    EntryWaits,
    /// An entry came without a body that it is nothing without.
    BodyMissing,
    /// A body that matches no reference of its entry.
    BodyStray,
    /// A chunk of an attachment that is not what was asked for.
    ChunkForged,
    /// A message of a link that could not be read or was over a limit.
    LinkMalformed,
    /// A link whose Hello was refused: other protocol, other node, other charter.
    LinkRefused,
    /// A ring of another party came in.
    RingReceived,
    /// A ring of another party ran out unanswered.
    RingExpired,
    /// A ring came to the next office of the own party.
    RingEscalated,
    /// People beyond the consoles were alerted to a ring.
    RingAlerted,
    /// They could not be.
    AlertFailed,
    /// A newer charter took effect.
    CharterTaken,
    /// A neighbour gave a charter that may not take effect.
    CharterRefused,
    /// A leg could not be made.
    LegRefused,
    /// A test of the line between two parties turned red.
    TestFailed,
    /// More than a bound allows was asked for.
    OverBound,
}

impl Count {
    /// The metric's name, without prefix.
    pub fn name(self) -> &'static str {
        match self {
            Count::ConsoleAccepted => "console_accepted",
            Count::ConsoleRefused => "console_refused",
            Count::ConsoleSilent => "console_silent",
            Count::StatementRefused => "statement_refused",
            Count::StatementAccepted => "statement_accepted",
            Count::ConsoleMalformed => "console_malformed",
            Count::Unrecorded => "unrecorded",
            Count::EntryTaken => "entry_taken",
            Count::EntryForged => "entry_forged",
            Count::WordForged => "word_forged",
            Count::EntryRepeated => "entry_repeated",
            Count::EntryForked => "entry_forked",
            Count::EntryIgnored => "entry_ignored",
            Count::EntryGap => "entry_gap",
            Count::EntryWaits => "entry_waits",
            Count::BodyMissing => "body_missing",
            Count::BodyStray => "body_stray",
            Count::ChunkForged => "chunk_forged",
            Count::LinkMalformed => "link_malformed",
            Count::LinkRefused => "link_refused",
            Count::RingReceived => "ring_received",
            Count::RingExpired => "ring_expired",
            Count::RingEscalated => "ring_escalated",
            Count::RingAlerted => "ring_alerted",
            Count::AlertFailed => "alert_failed",
            Count::CharterTaken => "charter_taken",
            Count::CharterRefused => "charter_refused",
            Count::LegRefused => "leg_refused",
            Count::TestFailed => "test_failed",
            Count::OverBound => "over_bound",
        }
    }
}

/// How much an operator should mind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Good to know.
    Info,
    /// Something was refused or lost; the rest works.
    Warn,
    /// Somebody must look now.
    Alarm,
}

/// One log line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// A console came on.
    ConsoleOn {
        /// Its key.
        console: ConsoleKey,
        /// It is on watch.
        on_watch: bool,
    },
    /// A console went.
    ConsoleOff {
        /// Its key.
        console: ConsoleKey,
    },
    /// A console, or what it said, was refused.
    Refused {
        /// Its key.
        console: ConsoleKey,
        /// Why.
        reason: Refusal,
    },
    /// A link is up: both sides said hello.
    LinkUp {
        /// To which node.
        node: NodeId,
    },
    /// A link is down.
    LinkDown {
        /// To which node.
        node: NodeId,
    },
    /// A link was refused or closed by this side.
    LinkRefused {
        /// To which node.
        node: NodeId,
        /// Why, and what to do.
        why: &'static str,
    },
    /// An entry was refused.
    EntryRefused {
        /// Who sent it.
        from: NodeId,
        /// Why.
        why: &'static str,
    },
    /// A node signed two different entries for one position: its journal key is in two places, or it was restored from
    /// an old copy, or it lies.
    Fork {
        /// Whose journal.
        node: NodeId,
        /// The position.
        seq: u64,
    },
    /// Others hold a history of the own journal that is not the one on this disk.
    OwnFork {
        /// The position.
        seq: u64,
    },
    /// A neighbour gives back own entries that this disk does not have.
    GivenBack {
        /// Who.
        from: NodeId,
        /// The first of them.
        seq: u64,
        /// Not at the start, but while the node ran: its machine was set back, or its journal key is in use elsewhere.
        running: bool,
    },
    /// A neighbour said that it holds more of the own journal, and did not show it.
    Unproven {
        /// Who.
        from: NodeId,
        /// How far it says it holds it.
        seq: u64,
    },
    /// All that others hold of the own journal is here again.
    CaughtUp {
        /// The last of its entries.
        seq: u64,
    },
    /// Another node has signed a history of this journal that is not the one held here: its node has shown two, or the
    /// other lies.
    Disputed {
        /// Whose journal.
        node: NodeId,
        /// How long it was then.
        seq: u64,
        /// Who signed the other history.
        by: NodeId,
    },
    /// A node passed on packets of another that are not those which came from that one itself. It is no relay for that
    /// node here any more.
    RelayLies {
        /// Whose packets.
        source: NodeId,
        /// Through whom they came.
        relay: NodeId,
    },
    /// The own journal cannot be written; calls go on unrecorded.
    Unrecorded {
        /// Position of the last entry that failed.
        seq: u64,
    },
    /// The own journal is written again.
    Recorded {
        /// Position of the last entry on disk.
        seq: u64,
    },
    /// A ring of another party came in.
    Ring {
        /// Whose.
        party: PartyId,
        /// On which line.
        line: LineId,
        /// How many consoles sound.
        consoles: u16,
    },
    /// A newer charter took effect.
    Charter {
        /// Its serial.
        serial: u64,
    },
    /// A neighbour gave a charter that may not take effect.
    CharterRefused {
        /// Who gave it.
        from: NodeId,
        /// Why not, with the remedy.
        why: String,
    },
    /// The charter in force does not have this node in service.
    Retired {
        /// The charter's serial.
        serial: u64,
    },
    /// A test of the line failed or stayed away twice in a row.
    TestFailed {
        /// Between this party
        a: PartyId,
        /// and this one.
        b: PartyId,
        /// What was tested.
        level: Level,
    },
    /// A test that failed before is good again.
    TestGood {
        /// Between this party
        a: PartyId,
        /// and this one.
        b: PartyId,
        /// What was tested.
        level: Level,
    },
    /// Something inside was not as it must be; the input was dropped.
    Fault {
        /// What.
        what: &'static str,
    },
}

impl Note {
    /// How much an operator should mind.
    pub fn weight(&self) -> Weight {
        match self {
            Note::ConsoleOn { .. } | Note::ConsoleOff { .. } | Note::LinkUp { .. } => Weight::Info,
            Note::Recorded { .. } | Note::Ring { .. } | Note::Charter { .. } => Weight::Info,
            Note::TestGood { .. } | Note::CaughtUp { .. } => Weight::Info,
            Note::GivenBack { running, .. } => {
                if *running {
                    Weight::Alarm
                } else {
                    Weight::Info
                }
            }
            Note::Unproven { .. } | Note::OwnFork { .. } | Note::RelayLies { .. } => Weight::Alarm,
            Note::Refused { .. } | Note::LinkDown { .. } => Weight::Warn,
            Note::LinkRefused { .. } | Note::EntryRefused { .. } => Weight::Warn,
            Note::CharterRefused { .. } | Note::Retired { .. } | Note::TestFailed { .. } => Weight::Alarm,
            Note::Fork { .. } | Note::Disputed { .. } | Note::Unrecorded { .. } | Note::Fault { .. } => Weight::Alarm,
        }
    }
}
