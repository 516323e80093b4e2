//! What one node's journal says about writings: its consoles' key packages, circles, writings, and their word about anybody's writings.

use super::node::NodeState;
use super::{Applied, Ignored};
use crate::entry::BodyRef;
use crate::limits::*;
use crate::statement::{Act, GroupId, Statement};
use crate::writing::{Kind, Written};
use minicbor::{Decode, Encode};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{DeviceId, Hash, LineId, Role, VerifiedCharter};

/// All of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub(super) struct Writings {
    #[n(0)]
    pub(super) stock: BTreeMap<DeviceId, Stock>,
    #[n(1)]
    pub(super) circles: BTreeMap<GroupId, Circle>,
    #[n(2)]
    pub(super) held: BTreeMap<LineId, BTreeMap<Hash, Writing>>,
    #[n(3)]
    pub(super) said: BTreeMap<Hash, Receipts>,
    /// Writings of `said`, by the position of the first word about each.
    #[n(4)]
    pub(super) said_first: BTreeMap<u64, Hash>,
}

/// The key package with which others let a device read.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Stock {
    /// It.
    #[n(0)]
    pub package: BodyRef,
    /// The node's time, milliseconds since 1970 UTC. A claim.
    #[n(1)]
    pub time_ms: u64,
    /// Position of the entry.
    #[n(2)]
    pub seq: u64,
    /// Number of the statement: of several, the one that the device said last counts.
    #[n(3)]
    pub number: u64,
}

/// A circle of readers.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Circle {
    /// Who writes by it.
    #[n(0)]
    pub by: DeviceId,
    /// On which line.
    #[n(1)]
    pub line: LineId,
    /// The welcome for the readers.
    #[n(2)]
    pub welcome: BodyRef,
    /// Who reads.
    #[n(3)]
    pub readers: Vec<DeviceId>,
    /// Position of the entry.
    #[n(4)]
    pub seq: u64,
}

/// A writing.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Writing {
    /// Who wrote it.
    #[n(0)]
    pub by: DeviceId,
    /// Number of the statement: its keys are sealed under it.
    #[n(1)]
    pub number: u64,
    /// As signed.
    #[n(2)]
    pub written: Written,
    /// The node's time, milliseconds since 1970 UTC. A claim.
    #[n(3)]
    pub time_ms: u64,
    /// Position of the entry.
    #[n(4)]
    pub seq: u64,
}

/// What consoles of one node, and the node itself, have said about one writing, of any node.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub struct Receipts {
    /// The node has it on disk.
    #[n(0)]
    pub stored: Option<Receipt>,
    /// On whose console it was shown.
    #[n(1)]
    pub shown: BTreeMap<DeviceId, Receipt>,
    /// Who acknowledged it, and by which writing it was read back.
    #[n(2)]
    pub acknowledged: BTreeMap<DeviceId, (Receipt, Option<Hash>)>,
    /// Who certified it.
    #[n(3)]
    pub certified: BTreeMap<DeviceId, Receipt>,
    /// Who approved it.
    #[n(4)]
    pub approved: BTreeMap<DeviceId, Receipt>,
    /// On which line the first of these people spoke of it. What others say of it on another line is passed over: on
    /// one of the two there is no such writing.
    #[n(5)]
    pub(super) line: Option<LineId>,
}

/// One word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Receipt {
    /// The node's time, milliseconds since 1970 UTC. A claim.
    #[n(0)]
    pub time_ms: u64,
    /// Position of the entry.
    #[n(1)]
    pub seq: u64,
}

impl Receipts {
    /// The node's own word alone.
    pub(super) fn of_node(&self) -> Self {
        Self { stored: self.stored, ..Self::default() }
    }

    fn all(&self) -> impl Iterator<Item = (Option<DeviceId>, Receipt)> + '_ {
        let of = |map: &'_ BTreeMap<DeviceId, Receipt>| map.iter().map(|(by, at)| (Some(*by), *at)).collect::<Vec<_>>();
        let acknowledged = self.acknowledged.iter().map(|(by, (at, _))| (Some(*by), *at));
        let stored = self.stored.into_iter().map(|at| (None, at));
        let people = of(&self.shown).into_iter().chain(of(&self.certified)).chain(of(&self.approved));
        stored.chain(people).chain(acknowledged)
    }
}

/// The first word counts, and no more people than the bound.
fn note<T>(map: &mut BTreeMap<DeviceId, T>, by: DeviceId, said: T) {
    if map.len() < RECEIPTS_EACH {
        map.entry(by).or_insert(said);
    }
}

impl NodeState {
    /// What the rules of this journal alone say to writing, and to a word about a writing.
    pub(super) fn may_write(
        &self,
        charter: &VerifiedCharter,
        statement: &Statement,
        now_ms: u64,
    ) -> Result<(), Ignored> {
        let role = self.role(charter, &statement.device);
        if role == Role::Station {
            return Err(Ignored::Role);
        }
        match &statement.act {
            Act::Circle { circle, .. } if self.writings.circles.contains_key(circle) => Err(Ignored::Replayed),
            Act::Write { written } => self.may_write_it(charter, statement, written, now_ms),
            Act::CertifyWriting { .. } if role == Role::Interpreter => Ok(()),
            // Which writings it means is not asked: what is destroyed is mostly older than what a state remembers.
            Act::Archive { .. } if role == Role::NoteTaker => Ok(()),
            Act::Archive { .. } => Err(Ignored::Role),
            Act::AcknowledgeWriting { .. } | Act::CertifyWriting { .. } | Act::Approve { .. } => {
                self.must_act(charter, &statement.device)
            }
            _ => Ok(()),
        }
    }

    fn may_write_it(
        &self,
        charter: &VerifiedCharter,
        statement: &Statement,
        written: &Written,
        now_ms: u64,
    ) -> Result<(), Ignored> {
        if written.kind != Kind::Translation || self.role(charter, &statement.device) != Role::Interpreter {
            self.must_act(charter, &statement.device)?;
            self.may_ring(charter, statement, written.precedence)?;
        }
        let own = |circle: &Circle| circle.by == statement.device && circle.line == statement.line;
        if !written.keys.iter().all(|key| self.writings.circles.get(&key.circle).is_some_and(own)) {
            return Err(Ignored::NotNow);
        }
        // Said anew under another number, after the node had said that it cannot write it down: the digest is of a
        // content with a salt of its own.
        let held = self.writings.held.get(&statement.line).into_iter().flat_map(BTreeMap::values);
        if held.into_iter().any(|held| held.by == statement.device && held.written.digest == written.digest) {
            return Err(Ignored::Replayed);
        }
        let asked = written.answer_by_ms.is_none_or(|by| by > now_ms && by <= now_ms.saturating_add(ANSWER_BY_MS));
        if !asked || written.at_ms > now_ms.saturating_add(WRITTEN_AHEAD_MS) {
            return Err(Ignored::Time);
        }
        Ok(())
    }

    /// Does what [`NodeState::may_write`] has found allowed; none: the act is another.
    pub(super) fn write(&mut self, act: &Act, statement: &Statement, seq: u64, time_ms: u64) -> Option<Applied> {
        let (by, line, at) = (statement.device, statement.line.clone(), Receipt { time_ms, seq });
        match act {
            Act::Stock { package } => {
                let stock = Stock { package: package.clone(), time_ms, seq, number: statement.number };
                self.writings.stock.insert(by, stock);
            }
            Act::Circle { circle, welcome, readers } => {
                let (line, readers) = (line.clone(), readers.clone());
                self.open_circle(*circle, Circle { by, line, welcome: welcome.clone(), readers, seq });
            }
            Act::Write { written } => {
                let writing = Writing { by, number: statement.number, written: written.clone(), time_ms, seq };
                let held = self.writings.held.entry(line.clone()).or_default();
                held.insert(Hash::of(&statement.payload()), writing);
                if held.len() > WRITINGS_HELD {
                    let oldest = held.iter().min_by_key(|(_, held)| held.seq).map(|(id, _)| *id);
                    oldest.map(|id| held.remove(&id));
                }
            }
            Act::Shown { writings } => {
                for id in writings {
                    self.word(&line, *id, seq, |said| note(&mut said.shown, by, at));
                }
            }
            Act::AcknowledgeWriting { writing, read_back } => {
                self.word(&line, *writing, seq, |said| note(&mut said.acknowledged, by, (at, *read_back)));
            }
            Act::CertifyWriting { writing } => {
                self.word(&line, *writing, seq, |said| note(&mut said.certified, by, at))
            }
            Act::Approve { writing } => self.word(&line, *writing, seq, |said| note(&mut said.approved, by, at)),
            // It is for the record alone.
            Act::Archive { .. } => {}
            _ => return None,
        }
        Some(Applied::Written { line, device: by })
    }

    /// The node has these writings on disk.
    pub(super) fn store(&mut self, writings: &[Hash], seq: u64, time_ms: u64) -> Applied {
        for id in writings {
            self.receipts(*id, seq).stored.get_or_insert(Receipt { time_ms, seq });
        }
        Applied::Stored
    }

    /// Somebody says something of a writing on a line.
    fn word(&mut self, line: &LineId, id: Hash, seq: u64, say: impl FnOnce(&mut Receipts)) {
        let receipts = self.receipts(id, seq);
        if receipts.line.get_or_insert_with(|| line.clone()) == line {
            say(receipts);
        }
    }

    fn receipts(&mut self, id: Hash, seq: u64) -> &mut Receipts {
        let Writings { said, said_first, .. } = &mut self.writings;
        if !said.contains_key(&id) {
            if said.len() >= RECEIPTS_HELD
                && let Some((_, oldest)) = said_first.pop_first()
            {
                said.remove(&oldest);
            }
            // One entry speaks of many: positions in between are nobody's.
            let place = (seq << 8..=seq << 8 | 0xff).find(|place| !said_first.contains_key(place)).unwrap_or(u64::MAX);
            said_first.insert(place, id);
        }
        said.entry(id).or_default()
    }

    /// Circles that no writing held uses any more go, but for the newest of each device on each line.
    fn open_circle(&mut self, id: GroupId, circle: Circle) {
        let Writings { circles, held, .. } = &mut self.writings;
        let of_writer = |other: &Circle| other.by == circle.by && other.line == circle.line;
        let writings = held.get(&circle.line).into_iter().flat_map(BTreeMap::values);
        let used: BTreeSet<GroupId> =
            writings.filter(|w| w.by == circle.by).flat_map(|w| &w.written.keys).map(|key| key.circle).collect();
        let mut unused: Vec<(u64, GroupId)> = circles
            .iter()
            .filter(|(id, other)| of_writer(other) && !used.contains(id))
            .map(|(id, other)| (other.seq, *id))
            .collect();
        unused.sort_unstable();
        let spare = unused.len().saturating_sub(2 * CIRCLES_MAX);
        for (_, id) in &unused[..spare] {
            circles.remove(id);
        }
        circles.insert(id, circle);
    }

    /// Circles by which something may be written next: it counts for nobody who does not know them. Of each line as
    /// many as are shown of it, of each device the newest first.
    fn relevant_circles(&self, seqs: &mut BTreeSet<u64>, speakers: &mut BTreeSet<DeviceId>) {
        let mut of_writer: BTreeMap<(&LineId, &DeviceId), Vec<u64>> = BTreeMap::new();
        let circles = self.writings.circles.values();
        for circle in circles.filter(|circle| self.devices.contains_key(&circle.by) && !self.has_barred(&circle.by)) {
            of_writer.entry((&circle.line, &circle.by)).or_default().push(circle.seq);
        }
        /// Its place among those of its writer, its position, and whose it is.
        type Ranked = (usize, Reverse<u64>, DeviceId);
        let mut of_line: BTreeMap<&LineId, Vec<Ranked>> = BTreeMap::new();
        for ((line, by), mut of_one) in of_writer {
            of_one.sort_unstable_by(|a, b| b.cmp(a));
            let newest = of_one.into_iter().take(CIRCLES_MAX).enumerate();
            of_line.entry(line).or_default().extend(newest.map(|(place, seq)| (place, Reverse(seq), *by)));
        }
        for mut circles in of_line.into_values() {
            circles.sort_unstable();
            for (_, Reverse(seq), by) in circles.into_iter().take(CIRCLES_SHOWN) {
                seqs.insert(seq);
                speakers.insert(by);
            }
        }
    }

    /// Positions of the entries that a console needs to show these writings, and who said them.
    pub(super) fn relevant_writings(
        &self,
        shown: &BTreeSet<Hash>,
        seqs: &mut BTreeSet<u64>,
        speakers: &mut BTreeSet<DeviceId>,
    ) {
        let Writings { stock, circles, held, said, .. } = &self.writings;
        let accepted = |by: &DeviceId| self.devices.contains_key(by) && !self.has_barred(by);
        for (by, stock) in stock.iter().filter(|(by, _)| accepted(by)) {
            seqs.insert(stock.seq);
            speakers.insert(*by);
        }
        self.relevant_circles(seqs, speakers);
        for (_, writing) in held.values().flatten().filter(|(id, _)| shown.contains(id)) {
            seqs.insert(writing.seq);
            speakers.insert(writing.by);
            seqs.extend(
                writing.written.keys.iter().filter_map(|key| circles.get(&key.circle)).map(|circle| circle.seq),
            );
        }
        for receipts in said.iter().filter(|(id, _)| shown.contains(id)).map(|(_, receipts)| receipts) {
            for (by, receipt) in receipts.all() {
                seqs.insert(receipt.seq);
                speakers.extend(by);
            }
        }
    }
}
