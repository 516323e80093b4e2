//! What is wrong with a record, in which entry of which journal, and what it proves against whom.

use crate::placing::Misplaced;
use crate::utc::Utc;
use std::fmt;
use trialogue_charter::{Hash, NodeId};

/// How much a finding says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Something is not there that others have signed for. It may only not have come yet.
    Incomplete,
    /// The file is not what was signed. It proves nothing against a node: whoever had the file may have done it.
    Altered,
    /// A node has signed what cannot both be true, or what was not so.
    Proof,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// From here on the file cannot be read.
    Unreadable {
        /// Number of the item, from 1.
        item: u64,
    },
    /// The cover: what the first item says of the file is not so.
    Header {
        /// Why.
        why: &'static str,
    },
    /// The last item does not name the bytes before it.
    Digest,
    /// The signature over the file does not hold.
    Seal {
        /// Why.
        why: &'static str,
    },
    /// By its own clock a node has signed the file before the last entry that it has written.
    SealTime {
        /// Which.
        node: NodeId,
        /// When it signed, milliseconds since 1970 UTC.
        sealed_ms: u64,
        /// The time of its last entry.
        last_ms: u64,
    },
    /// Nobody has signed the file as a whole.
    Unsealed,
    /// A charter that no journal in the file which may say so says was in force.
    NotInForce {
        /// Which.
        charter: Hash,
    },
    /// A charter that a journal put in force last is not there.
    NoCharter {
        /// Which.
        charter: Hash,
        /// Whose journal.
        node: NodeId,
        /// Position.
        seq: u64,
    },
    /// What is kept as evidence contradicts nothing.
    Evidence {
        /// Number of the item, from 1.
        item: u64,
    },
    /// An entry of a node that no charter here has that counts.
    UnknownNode {
        /// Which.
        node: NodeId,
        /// Position.
        seq: u64,
    },
    /// A certificate stands beside an entry that enrols nobody.
    Certificate {
        /// Whose journal.
        node: NodeId,
        /// Position.
        seq: u64,
    },
    /// The ML-DSA-87 signature of heads does not hold.
    Head {
        /// Whose journal.
        node: NodeId,
        /// Position.
        seq: u64,
    },
    /// For long its node has not signed its newest entries with ML-DSA-87.
    Uncovered {
        /// Whose journal.
        node: NodeId,
        /// Last entry that is covered; 0: none.
        covered: u64,
        /// Last entry.
        last: u64,
    },
    /// An item stands where it may not.
    Order {
        /// Number of the item, from 1.
        item: u64,
    },
    /// The file has no end.
    NoEnd,
    /// A charter that the auditor's does not lead to, or that does not lead to it.
    Charter {
        /// Number of the item, from 1.
        item: u64,
        /// Why.
        why: String,
    },
    /// Bytes in the place of an entry.
    Malformed {
        /// Number of the item, from 1.
        item: u64,
        /// Whose journal it stands in, and after which position, if one is known.
        after: Option<(NodeId, u64)>,
    },
    /// The signature does not hold.
    Forged {
        /// Whose journal.
        node: NodeId,
        /// Position.
        seq: u64,
    },
    /// Entries between others are not there.
    Removed {
        /// Whose journal.
        node: NodeId,
        /// First position.
        from: u64,
        /// Last position.
        to: u64,
    },
    /// An entry stands after one that it comes before.
    Reordered {
        /// Whose journal.
        node: NodeId,
        /// Its position.
        seq: u64,
        /// The position after which it stands.
        after: u64,
    },
    /// An entry is signed with a key that its node had replaced.
    FormerKey {
        /// Whose journal.
        node: NodeId,
        /// Position.
        seq: u64,
    },
    /// A certificate is not beside the entry that enrols its device.
    NoCertificate {
        /// Whose journal.
        node: NodeId,
        /// Position.
        seq: u64,
    },
    /// The end of a journal, or all of it, is not there.
    Truncated {
        /// Whose journal.
        node: NodeId,
        /// Last position that is there; 0: none.
        held: u64,
        /// Last position that was seen.
        seen: u64,
        /// Who has signed that.
        by: NodeId,
        /// In which entry of its journal.
        by_seq: u64,
    },
    /// A node has signed two entries that cannot stand in one journal.
    TwoHistories {
        /// Which node.
        node: NodeId,
        /// Position at which they differ.
        seq: u64,
        /// One, as signed.
        one: Vec<u8>,
        /// The other, as signed.
        other: Vec<u8>,
    },
    /// A node has signed a head of a journal that is not the journal in the file.
    Disputed {
        /// Whose journal.
        node: NodeId,
        /// Of how many entries.
        size: u64,
        /// Who has signed the other head; the journal's node itself, or another one.
        by: NodeId,
        /// In which entry of its journal.
        by_seq: u64,
    },
    /// A node has put into its journal what the device that it names did not sign.
    Statement {
        /// Which node.
        node: NodeId,
        /// Position.
        seq: u64,
    },
    /// A node has put a statement into its journal that may not stand there, or not then: one that is another node's,
    /// too.
    Misplaced {
        /// Which node.
        node: NodeId,
        /// Position.
        seq: u64,
        /// Why.
        why: Misplaced,
    },
}

impl Finding {
    /// How much it says.
    pub fn weight(&self) -> Weight {
        match self {
            Finding::NoEnd
            | Finding::Truncated { .. }
            | Finding::Unsealed
            | Finding::SealTime { .. }
            | Finding::NotInForce { .. }
            | Finding::NoCharter { .. }
            | Finding::Uncovered { .. } => Weight::Incomplete,
            Finding::TwoHistories { .. }
            | Finding::Disputed { .. }
            | Finding::Statement { .. }
            | Finding::Misplaced { .. } => Weight::Proof,
            _ => Weight::Altered,
        }
    }

    /// A word for programs.
    pub fn kind(&self) -> &'static str {
        match self {
            Finding::Unreadable { .. } => "unreadable",
            Finding::Header { .. } => "header",
            Finding::Digest => "digest",
            Finding::Seal { .. } => "seal",
            Finding::Unsealed => "unsealed",
            Finding::SealTime { .. } => "seal_time",
            Finding::NotInForce { .. } => "not_in_force",
            Finding::NoCharter { .. } => "no_charter",
            Finding::Evidence { .. } => "evidence",
            Finding::UnknownNode { .. } => "unknown_node",
            Finding::Certificate { .. } => "certificate",
            Finding::Head { .. } => "head",
            Finding::Uncovered { .. } => "uncovered",
            Finding::Order { .. } => "order",
            Finding::NoEnd => "no_end",
            Finding::Charter { .. } => "charter",
            Finding::Malformed { .. } => "malformed",
            Finding::Forged { .. } => "forged",
            Finding::Removed { .. } => "removed",
            Finding::Reordered { .. } => "reordered",
            Finding::FormerKey { .. } => "former_key",
            Finding::NoCertificate { .. } => "no_certificate",
            Finding::Truncated { .. } => "truncated",
            Finding::TwoHistories { .. } => "two_histories",
            Finding::Disputed { .. } => "disputed",
            Finding::Statement { .. } => "statement",
            Finding::Misplaced { .. } => "misplaced",
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Finding::Unreadable { item } => write!(
                f,
                "the file cannot be read from item {item} on: it is damaged there; what stands before it was verified"
            ),
            Finding::Header { why } => {
                write!(f, "the first item does not say what this file is: {why}; get the file again from the node")
            }
            Finding::Digest => f.write_str(
                "the last item does not name the bytes before it: this copy was altered after it was exported; get it again from the node",
            ),
            Finding::Seal { why } => write!(
                f,
                "the signature over the whole file does not hold: {why}; this copy was altered, or was not exported by the node that it names"
            ),
            Finding::SealTime { node, sealed_ms, last_ms } => write!(
                f,
                "{node} says that it signed the whole file at {}, and its own last entry is of {}: its clock was set back, or the time is not true; export again when the clock is right",
                Utc(*sealed_ms),
                Utc(*last_ms)
            ),
            Finding::Unsealed => f.write_str(
                "nobody has signed the file as a whole, so that something may have been left out of it unseen: export it with --config, at the node itself",
            ),
            Finding::NotInForce { charter } => write!(
                f,
                "no journal in this record that may say so says that the charter with the hash {charter} was ever in force: verify with one that was installed, and with a record that reaches so far"
            ),
            Finding::NoCharter { charter, node, seq } => write!(
                f,
                "the charter with the hash {charter}, which {node} says in entry {seq} of its journal is in force, is not in this copy: give it as the one that you trust, or get the whole file; if it was agreed just now, export again"
            ),
            Finding::Evidence { item } => write!(
                f,
                "item {item} stands as evidence and contradicts nothing in the journals: the file was put together by something else than an export"
            ),
            Finding::UnknownNode { node, seq } => write!(
                f,
                "entry {seq} names the node {node}, which no charter in this record has that was in force: nothing in it can be verified"
            ),
            Finding::Certificate { node, seq } => write!(
                f,
                "a certificate stands beside entry {seq} of the journal of {node}, which enrols nobody: this copy was altered"
            ),
            Finding::Head { node, seq } => write!(
                f,
                "the ML-DSA-87 signature in entry {seq} of the journal of {node} does not hold: whoever made that entry had the node's Ed25519 key, or a quantum computer, and not its other key"
            ),
            Finding::Uncovered { node, covered, last } if covered >= last => write!(
                f,
                "the journal of {node} has been without a signature by its ML-DSA-87 key for longer than two hours, and was signed for later: ask that party why its node did not sign"
            ),
            Finding::Uncovered { node, covered, last } => write!(
                f,
                "entries {} to {last} of the journal of {node} have been without a signature by its ML-DSA-87 key for longer than two hours: ask that party why its node does not sign",
                covered.saturating_add(1)
            ),
            Finding::Order { item } => {
                write!(
                    f,
                    "item {item} stands where none of its kind may: the file was put together by something else than an export"
                )
            }
            Finding::NoEnd => {
                f.write_str("the file ends before its end: it was cut off; export it again, or ask for the whole file")
            }
            Finding::Charter { item, why } => write!(f, "the charter in item {item} is not taken: {why}"),
            Finding::Malformed { item, after: Some((node, seq)) } => write!(
                f,
                "item {item}, after entry {seq} of the journal of {node}, is no entry in its deterministic form: this copy was altered or damaged"
            ),
            Finding::Malformed { item, after: None } => {
                write!(f, "item {item} is no entry in its deterministic form: this copy was altered or damaged")
            }
            Finding::Forged { node, seq } => write!(
                f,
                "entry {seq} of the journal of {node} is not what {node} signed: this copy was altered after it was signed; it proves nothing against {node}"
            ),
            Finding::Removed { node, from, to } if from == to => {
                write!(
                    f,
                    "entry {from} of the journal of {node} was removed from this copy: the chain of the entries after it needs it"
                )
            }
            Finding::Removed { node, from, to } => write!(
                f,
                "entries {from} to {to} of the journal of {node} were removed from this copy: the chain of the entries after them needs them"
            ),
            Finding::Reordered { node, seq, after } => write!(
                f,
                "entry {seq} of the journal of {node} stands after entry {after}: this copy was reordered, or an entry repeated in it"
            ),
            Finding::FormerKey { node, seq } => write!(
                f,
                "entry {seq} of the journal of {node} is signed with a key that {node} had replaced: whoever has the old key may have made it"
            ),
            Finding::NoCertificate { node, seq } => write!(
                f,
                "the certificate of the device that entry {seq} of the journal of {node} enrols was removed from this copy: what the device says cannot be verified"
            ),
            Finding::Truncated { node, held, seen, by, by_seq } => write!(
                f,
                "entries {} to {seen} of the journal of {node} are not in this copy, and {by} has signed in entry {by_seq} of its journal that it held them: they were removed, or had not come yet; compare with another party's record",
                held.saturating_add(1)
            ),
            Finding::TwoHistories { node, seq, .. } => write!(
                f,
                "{node} has signed two histories that differ at entry {seq}: the two signed entries prove against {node} that its key made both"
            ),
            Finding::Disputed { node, size, by, by_seq } if node == by => write!(
                f,
                "{node} has signed in entry {by_seq} of its journal that its first {size} entries were other ones than those in this copy: that proves against {node} that it has rewritten its history"
            ),
            Finding::Disputed { node, size, by, by_seq } => write!(
                f,
                "{by} has signed in entry {by_seq} of its journal that the first {size} entries of {node} were other ones than those in this copy: {node} has shown two histories, or {by} has signed what it did not see; the record of a third node says which"
            ),
            Finding::Misplaced { node, seq, why } => write!(
                f,
                "entry {seq} of the journal of {node} contains a statement that {}: it counts for nothing, and proves against {node} that it has let somebody seem to say it there and then",
                why.text()
            ),
            Finding::Statement { node, seq } => write!(
                f,
                "entry {seq} of the journal of {node} contains a statement that the device it names did not sign, or of a device that was not enrolled there: it proves against {node} that it has put words into somebody's mouth"
            ),
        }
    }
}
