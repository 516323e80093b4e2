//! Do the nodes' clocks agree with the order in which their entries came to each other?
//!
//! Times are claims. Heads are not: when a node signs for entry 41 of another's journal, that entry was written by
//! then, and nobody can sign for one that is not yet. So each entry stands between two of every other node: the last
//! that its own node held before it wrote it, and the first with which the other signed for it. A time outside of that
//! contradicts the other's clock. Which of the two is wrong nobody can say from two nodes; the third one's clock does.

use crate::limits::CLOCKS_TOLD_MS;
use crate::utc::Utc;
use std::collections::BTreeMap;
use std::fmt;
use trialogue_charter::NodeId;
use trialogue_journal::{Body, Entry};

/// Entries of one journal, one after the other, that their own node's clock and another's date differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Apart {
    /// Whose entries.
    pub node: NodeId,
    /// The first.
    pub from: u64,
    /// The last.
    pub to: u64,
    /// By whose clock they were written at another time; the node itself where its own clock was set back.
    pub by: NodeId,
    /// Whether they are dated too early, or too late.
    pub early: bool,
    /// How far apart the clocks are at the least, where they are furthest: milliseconds.
    pub least_ms: u64,
    /// So many more times entries of this journal are off to this side by that clock, each by less.
    pub more: u64,
}

impl fmt::Display for Apart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { node, from, to, by, early, least_ms, more } = self;
        let entries = if from == to { format!("entry {from}") } else { format!("entries {from} to {to}") };
        let side = if *early { "earlier" } else { "later" };
        let far = Span(*least_ms);
        if node == by {
            write!(f, "{entries} of {node} are dated up to {far} {side} than what stands before them")?;
        } else {
            write!(
                f,
                "{entries} of {node} are dated {far} {side} or more than they were written by the clock of {by}"
            )?;
        }
        if *more > 0 { write!(f, ", and {more} times more by less") } else { Ok(()) }
    }
}

/// A length of time for people: `3 s`, `58 min`, `26 h`.
struct Span(u64);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 / 1_000 {
            seconds @ 0..=119 => write!(f, "{seconds} s"),
            seconds @ 120..=7_199 => write!(f, "{} min", seconds / 60),
            seconds => write!(f, "{} h", seconds / 3_600),
        }
    }
}

/// When an entry was written by another node's clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bracket {
    /// Whose.
    pub by: NodeId,
    /// Not before this; none: nothing of it was held.
    pub after: Option<Utc>,
    /// Not after this; none: it has not signed for it.
    pub before: Option<Utc>,
}

impl fmt::Display for Bracket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = &self.by;
        match (self.after, self.before) {
            (Some(after), Some(before)) => write!(f, "by the clock of {by} between {after} and {before}"),
            (Some(after), None) => write!(f, "by the clock of {by} after {after}"),
            (None, Some(before)) => write!(f, "by the clock of {by} before {before}"),
            (None, None) => write!(f, "by the clock of {by} at no known time"),
        }
    }
}

/// The times of all whole journals, 8 bytes an entry, and how each grew in the other's: 16 bytes for each entry by
/// which a node first signs for more of another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Clocks {
    times: BTreeMap<NodeId, Vec<u64>>,
    /// By who has signed and for whose journal: in which entry, up to which entry. Both only grow.
    held: BTreeMap<(NodeId, NodeId), Vec<(u64, u64)>>,
}

impl Clocks {
    /// The next entry of a journal of which nothing is missing before it.
    pub(crate) fn take(&mut self, entry: &Entry) {
        let times = self.times.entry(entry.node.clone()).or_default();
        if times.len() as u64 + 1 != entry.seq {
            return;
        }
        times.push(entry.time_ms);
        let Body::Seen { heads, .. } = &entry.body else { return };
        for head in heads.iter().filter(|head| head.node != entry.node) {
            let held = self.held.entry((entry.node.clone(), head.node.clone())).or_default();
            if held.last().is_none_or(|(_, size)| *size < head.size) {
                held.push((entry.seq, head.size));
            }
        }
    }

    /// Where clocks are apart by more than [`CLOCKS_TOLD_MS`], the furthest first: of each journal, clock and side one,
    /// so that nobody's own many faults hide what two others agree on. Linear in entries for each pair of nodes.
    pub fn apart(&self) -> Vec<Apart> {
        let mut all = Vec::new();
        for node in self.times.keys() {
            self.set_back(node, &mut all);
            for by in self.times.keys().filter(|by| *by != node) {
                self.between(node, by, &mut all);
            }
        }
        all.sort_by(|a, b| (b.least_ms, &a.node, &a.by).cmp(&(a.least_ms, &b.node, &b.by)));
        all
    }

    /// When an entry was written by the clocks of others that contradict its own.
    pub fn against(&self, node: &NodeId, seq: u64) -> Vec<Bracket> {
        let Some(time) = self.time(node, seq) else { return Vec::new() };
        let others = self.times.keys().filter(|by| *by != node);
        let brackets = others.map(|by| {
            let bound = |time: Option<u64>| time.map(Utc);
            let pair = self.pair(node, by);
            Bracket { by: by.clone(), after: bound(pair.after(seq)), before: bound(pair.before(seq)) }
        });
        brackets.filter(|found| off(time, found.after.map(|t| t.0), found.before.map(|t| t.0)).is_some()).collect()
    }

    fn time(&self, node: &NodeId, seq: u64) -> Option<u64> {
        time(self.times(node), seq)
    }

    fn times(&self, node: &NodeId) -> &[u64] {
        self.times.get(node).map_or(&[], Vec::as_slice)
    }

    fn held(&self, by: &NodeId, of: &NodeId) -> &[(u64, u64)] {
        self.held.get(&(by.clone(), of.clone())).map_or(&[], Vec::as_slice)
    }

    /// What two journals say of each other.
    fn pair(&self, node: &NodeId, by: &NodeId) -> Pair<'_> {
        Pair { times: self.times(by), held: self.held(node, by), signed: self.held(by, node) }
    }

    fn between(&self, node: &NodeId, by: &NodeId, all: &mut Vec<Apart>) {
        let pair = self.pair(node, by);
        let found = self.times(node).iter().zip(1..).filter_map(|(time, seq)| {
            let (early, ms) = off(*time, pair.after(seq), pair.before(seq))?;
            Some((seq, early, ms))
        });
        worst(node, by, found, all);
    }

    /// Where its own times go back.
    fn set_back(&self, node: &NodeId, all: &mut Vec<Apart>) {
        let mut latest = 0;
        let found = self.times(node).iter().zip(1..).filter_map(|(time, seq)| {
            latest = latest.max(*time);
            Some((seq, true, latest - time)).filter(|(.., ms)| *ms > CLOCKS_TOLD_MS)
        });
        worst(node, node, found, all);
    }
}

/// The clock of one node, and how its journal and another's grew in each other.
struct Pair<'a> {
    /// By that clock.
    times: &'a [u64],
    /// What the other's journal signs for of it.
    held: &'a [(u64, u64)],
    /// What it signs for of the other's.
    signed: &'a [(u64, u64)],
}

impl Pair<'_> {
    /// The time of the last entry for which the other's journal has signed up to its entry `seq`.
    fn after(&self, seq: u64) -> Option<u64> {
        let at = self.held.partition_point(|(at, _)| *at <= seq).checked_sub(1)?;
        time(self.times, self.held[at].1)
    }

    /// The time of the first entry that signs for entry `seq` of the other's.
    fn before(&self, seq: u64) -> Option<u64> {
        let (at, _) = self.signed.get(self.signed.partition_point(|(_, size)| *size < seq))?;
        time(self.times, *at)
    }
}

/// The time of an entry, from 1.
fn time(times: &[u64], seq: u64) -> Option<u64> {
    times.get(usize::try_from(seq.checked_sub(1)?).ok()?).copied()
}

/// Whether a time is outside of its bounds by more than clocks may differ: too early, and by how much.
fn off(time: u64, after: Option<u64>, before: Option<u64>) -> Option<(bool, u64)> {
    let early = after.map_or(0, |after| after.saturating_sub(time));
    let late = before.map_or(0, |before| time.saturating_sub(before));
    let found = if early >= late { (true, early) } else { (false, late) };
    Some(found).filter(|(_, ms)| *ms > CLOCKS_TOLD_MS)
}

/// Entries one after the other that are off to the same side are one stretch; of each side the furthest is kept, and
/// the others are counted.
fn worst(node: &NodeId, by: &NodeId, found: impl Iterator<Item = (u64, bool, u64)>, all: &mut Vec<Apart>) {
    let mut sides: [Option<Apart>; 2] = [None, None];
    let mut keep = |stretch: Option<(u64, u64, bool, u64)>| {
        let Some((from, to, early, least_ms)) = stretch else { return };
        let side = &mut sides[usize::from(early)];
        let more = side.as_ref().map_or(0, |known| known.more + 1);
        match side {
            Some(known) if known.least_ms >= least_ms => known.more = more,
            _ => *side = Some(Apart { node: node.clone(), from, to, by: by.clone(), early, least_ms, more }),
        }
    };
    let mut last: Option<(u64, u64, bool, u64)> = None;
    for (seq, early, ms) in found {
        match &mut last {
            Some((_, to, side, most)) if *to + 1 == seq && *side == early => (*to, *most) = (seq, ms.max(*most)),
            _ => keep(last.replace((seq, seq, early, ms))),
        }
    }
    keep(last);
    all.extend(sides.into_iter().flatten());
}
