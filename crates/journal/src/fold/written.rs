//! What one node's journal says about writings: its consoles' key packages, circles, writings, and their word about
//! anybody's writings.

use super::speaker::{At, Speaker};
use super::{Applied, Ignored};
use crate::entry::BodyRef;
use crate::limits::*;
use crate::statement::{Act, GroupId, Statement};
use crate::writing::{Kind, Written};
use minicbor::{Decode, Encode};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{DeviceId, Hash, LineId, Role};

/// All of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub(super) struct Writings {
    #[n(0)]
    stock: BTreeMap<DeviceId, Stock>,
    #[n(1)]
    circles: BTreeMap<GroupId, Circle>,
    #[n(2)]
    held: BTreeMap<LineId, BTreeMap<Hash, Writing>>,
    #[n(3)]
    said: BTreeMap<Hash, Receipts>,
    /// Writings of `said`, by the position of the first word about each.
    #[n(4)]
    said_first: BTreeMap<u64, Hash>,
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

impl Writings {
    /// The key package with which others let the device read.
    pub(super) fn stock(&self, device: &DeviceId) -> Option<&Stock> {
        self.stock.get(device)
    }

    pub(super) fn circle(&self, circle: &GroupId) -> Option<&Circle> {
        self.circles.get(circle)
    }

    /// Writings that are remembered of a line, if any ever was.
    pub(super) fn on(&self, line: &LineId) -> Option<&BTreeMap<Hash, Writing>> {
        self.held.get(line)
    }

    /// Writings that are remembered, by line.
    pub(super) fn held(&self) -> impl Iterator<Item = (&LineId, &BTreeMap<Hash, Writing>)> {
        self.held.iter()
    }

    /// What was said here about a writing of any node.
    pub(super) fn said_of(&self, writing: &Hash) -> Option<&Receipts> {
        self.said.get(writing)
    }

    /// Has the device written that on the line? The digest is of a content with a salt of its own.
    pub(super) fn has(&self, line: &LineId, by: &DeviceId, digest: &Hash) -> bool {
        let mut held = self.held.get(line).into_iter().flat_map(BTreeMap::values);
        held.any(|held| held.by == *by && held.written.digest == *digest)
    }

    /// What the rules of this journal alone say to writing, and to a word about a writing.
    pub(super) fn may(&self, by: &Speaker<'_>, statement: &Statement, now_ms: u64) -> Result<(), Ignored> {
        let role = by.role;
        if role == Role::Station {
            return Err(Ignored::Role);
        }
        match &statement.act {
            Act::Circle { circle, .. } if self.circles.contains_key(circle) => Err(Ignored::Replayed),
            Act::Write { written } => self.may_write(by, &statement.line, written, now_ms),
            Act::CertifyWriting { .. } if role == Role::Interpreter => Ok(()),
            // Which writings it means is not asked: what is destroyed is mostly older than what a state remembers.
            Act::Archive { .. } if role == Role::NoteTaker => Ok(()),
            Act::Archive { .. } => Err(Ignored::Role),
            Act::AcknowledgeWriting { .. } | Act::CertifyWriting { .. } | Act::Approve { .. } => by.must_act(),
            Act::Circle { .. } | Act::Stock { .. } | Act::Shown { .. } => Ok(()),
            _ => Err(Ignored::NotNow),
        }
    }

    fn may_write(&self, by: &Speaker<'_>, line: &LineId, written: &Written, now_ms: u64) -> Result<(), Ignored> {
        if written.kind != Kind::Translation || by.role != Role::Interpreter {
            by.must_act()?;
            by.may_ring(line, written.precedence)?;
        }
        let own = |circle: &Circle| circle.by == by.id() && circle.line == *line;
        if !written.keys.iter().all(|key| self.circles.get(&key.circle).is_some_and(own)) {
            return Err(Ignored::NotNow);
        }
        // Said anew under another number, after the node had said that it cannot write it down.
        if self.has(line, &by.id(), &written.digest) {
            return Err(Ignored::Replayed);
        }
        let asked = written.answer_by_ms.is_none_or(|by| by > now_ms && by <= now_ms.saturating_add(ANSWER_BY_MS));
        if !asked || written.at_ms > now_ms.saturating_add(WRITTEN_AHEAD_MS) {
            return Err(Ignored::Time);
        }
        Ok(())
    }

    /// Does what [`Writings::may`] has found allowed.
    pub(super) fn take(&mut self, statement: &Statement, At { seq, time_ms }: At) -> Applied {
        let (by, line, at) = (statement.device, statement.line.clone(), Receipt { time_ms, seq });
        match &statement.act {
            Act::Stock { package } => {
                let stock = Stock { package: package.clone(), time_ms, seq, number: statement.number };
                self.stock.insert(by, stock);
            }
            Act::Circle { circle, welcome, readers } => {
                let (line, readers) = (line.clone(), readers.clone());
                self.open_circle(*circle, Circle { by, line, welcome: welcome.clone(), readers, seq });
            }
            Act::Write { written } => {
                let writing = Writing { by, number: statement.number, written: written.clone(), time_ms, seq };
                let held = self.held.entry(line.clone()).or_default();
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
            // An archive's is for the record alone.
            _ => {}
        }
        Applied::Written { line, device: by }
    }

    /// The node has these writings on disk.
    pub(super) fn store(&mut self, writings: &[Hash], At { seq, time_ms }: At) -> Applied {
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
        let Self { said, said_first, .. } = self;
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
        let Self { circles, held, .. } = self;
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
    fn relevant_circles(
        &self,
        accepted: impl Fn(&DeviceId) -> bool,
        seqs: &mut BTreeSet<u64>,
        speakers: &mut BTreeSet<DeviceId>,
    ) {
        let mut of_writer: BTreeMap<(&LineId, &DeviceId), Vec<u64>> = BTreeMap::new();
        for circle in self.circles.values().filter(|circle| accepted(&circle.by)) {
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

    /// Positions of the entries that a console needs to show these writings, and to write to those who are accepted;
    /// and who said them.
    pub(super) fn relevant(
        &self,
        shown: &BTreeSet<Hash>,
        accepted: impl Fn(&DeviceId) -> bool,
        seqs: &mut BTreeSet<u64>,
        speakers: &mut BTreeSet<DeviceId>,
    ) {
        let Self { stock, circles, held, said, .. } = self;
        for (by, stock) in stock.iter().filter(|(by, _)| accepted(by)) {
            seqs.insert(stock.seq);
            speakers.insert(*by);
        }
        self.relevant_circles(&accepted, seqs, speakers);
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

#[cfg(test)]
mod tests {
    use super::super::scene::{Console, at, bytes, duty, group, line, message, own};
    use super::*;

    fn circle(id: u64) -> Act {
        Act::Circle { circle: group(id), welcome: bytes(), readers: Vec::new() }
    }

    fn judged(writings: &Writings, by: &Console, act: Act) -> Result<(), Ignored> {
        writings.may(&own(&by.device.party).speaker(&by.device), &by.says(1, &duty(), act), 1_000)
    }

    fn takes(writings: &mut Writings, by: &Console, act: Act, seq: u64) {
        assert_eq!(
            writings.take(&by.says(seq, &duty(), act), at(seq)),
            Applied::Written { line: duty(), device: by.id() }
        );
    }

    #[test]
    fn a_writing_is_by_a_circle_of_its_writer_and_written_once() {
        let (mut writings, usa) = (Writings::default(), Console::new("usa-duty", 1));
        assert_eq!(judged(&writings, &usa, message(1, 1)), Err(Ignored::NotNow), "no such circle");
        assert_eq!(judged(&writings, &usa, circle(1)), Ok(()));
        takes(&mut writings, &usa, circle(1), 1);
        assert_eq!(judged(&writings, &usa, circle(1)), Err(Ignored::Replayed));
        assert_eq!(judged(&writings, &usa, message(1, 1)), Ok(()));
        let other = Console::new("usa-duty", 2);
        assert_eq!(judged(&writings, &other, message(1, 1)), Err(Ignored::NotNow), "it is another's");
        takes(&mut writings, &usa, message(1, 1), 2);
        assert_eq!(judged(&writings, &usa, message(1, 1)), Err(Ignored::Replayed));
        assert!(writings.has(&duty(), &usa.id(), &Hash::of(&1u64.to_be_bytes())));
        assert_eq!(writings.on(&duty()).map(BTreeMap::len), Some(1));
    }

    #[test]
    fn the_role_says_who_writes_archives_and_speaks_of_writings() {
        let writings = Writings::default();
        let [officer, interpreter, notes] =
            ["usa-duty", "usa-interpreter", "jpn-notes"].map(|office| Console::new(office, 1));
        let id = Hash::of(b"writing");
        let certify = || Act::CertifyWriting { writing: id };
        let approve = || Act::Approve { writing: id };
        assert_eq!(judged(&writings, &officer, approve()), Ok(()));
        assert_eq!(judged(&writings, &interpreter, certify()), Ok(()));
        assert_eq!(judged(&writings, &interpreter, approve()), Err(Ignored::Role));
        assert_eq!(judged(&writings, &notes, certify()), Err(Ignored::Role));
        assert_eq!(judged(&writings, &notes, message(1, 1)), Err(Ignored::Role));
        assert_eq!(judged(&writings, &notes, Act::Shown { writings: vec![id] }), Ok(()));
    }

    #[test]
    fn the_first_word_counts_and_on_the_line_of_the_first_alone() {
        let (mut writings, usa) = (Writings::default(), Console::new("usa-duty", 1));
        let id = Hash::of(b"writing");
        takes(&mut writings, &usa, Act::Shown { writings: vec![id] }, 1);
        takes(&mut writings, &usa, Act::Shown { writings: vec![id] }, 2);
        writings.take(&usa.says(3, &line("another"), Act::Approve { writing: id }), at(3));
        assert_eq!(writings.store(&[id], at(4)), Applied::Stored);
        let said = writings.said_of(&id);
        assert_eq!(said.and_then(|said| said.shown.get(&usa.id())).map(|word| word.seq), Some(1));
        assert_eq!(said.map(|said| (said.approved.len(), said.stored.map(|word| word.seq))), Some((0, Some(4))));
    }

    #[test]
    fn the_oldest_writings_receipts_and_unused_circles_make_room() {
        let (mut writings, usa) = (Writings::default(), Console::new("usa-duty", 1));
        takes(&mut writings, &usa, circle(0), 1);
        for text in 0..=WRITINGS_HELD as u64 {
            takes(&mut writings, &usa, message(text, 0), text + 2);
        }
        assert_eq!(writings.on(&duty()).map(BTreeMap::len), Some(WRITINGS_HELD));
        assert!(!writings.has(&duty(), &usa.id(), &Hash::of(&0u64.to_be_bytes())));
        for id in 1..=2 * CIRCLES_MAX as u64 + 1 {
            takes(&mut writings, &usa, circle(id), 1_000 + id);
        }
        takes(&mut writings, &usa, circle(99), 2_000);
        assert!(writings.circle(&group(0)).is_some(), "it is used");
        assert!(writings.circle(&group(1)).is_none() && writings.circle(&group(2)).is_some());
        let of = |number: usize| Hash::of(&number.to_be_bytes());
        for number in 0..=RECEIPTS_HELD {
            writings.store(&[of(number)], at(3_000 + number as u64));
        }
        assert!(writings.said_of(&of(0)).is_none() && writings.said_of(&of(1)).is_some());
    }

    #[test]
    fn what_is_shown_needs_its_circle_and_its_receipts() {
        let (mut writings, usa) = (Writings::default(), Console::new("usa-duty", 1));
        takes(&mut writings, &usa, Act::Stock { package: bytes() }, 1);
        takes(&mut writings, &usa, circle(1), 2);
        takes(&mut writings, &usa, message(1, 1), 3);
        let id = writings.on(&duty()).and_then(|held| held.keys().next().copied());
        let shown: BTreeSet<Hash> = id.into_iter().collect();
        writings.store(&shown.iter().copied().collect::<Vec<_>>(), at(4));
        let needs = |shown: &BTreeSet<Hash>, accepted: bool| {
            let (mut seqs, mut speakers) = (BTreeSet::new(), BTreeSet::new());
            writings.relevant(shown, |_| accepted, &mut seqs, &mut speakers);
            (seqs.into_iter().collect::<Vec<_>>(), speakers.into_iter().collect::<Vec<_>>())
        };
        assert_eq!(needs(&shown, false), (vec![2, 3, 4], vec![usa.id()]));
        assert_eq!(needs(&BTreeSet::new(), true), (vec![1, 2], vec![usa.id()]), "to write to it, and by it");
        assert_eq!(needs(&BTreeSet::new(), false), (Vec::new(), Vec::new()));
    }
}
