//! Entries for consoles: what matters when they come, then everything new; no more at once than each takes
//! ([`super::telling`]).

use super::Consoles;
use super::telling::Telling;
use crate::bucket::Bucket;
use crate::budgets::Budgets;
use crate::here::Here;
use crate::io::ConsoleKey;
use crate::journals::{Journals, weight};
use crate::limits::{BUNDLE_MAX, RETELLING_EVERY_US, RETELLINGS_BURST, TOLD_BATCH_MAX};
use crate::links::Links;
use crate::note::Count;
use crate::out::Out;
use minicbor::bytes::ByteVec;
use std::collections::BTreeSet;
use trialogue_charter::{DeviceId, Hash, NodeId};
use trialogue_journal::{State, VerifiedEntry};
use trialogue_wire::Bundle;
use trialogue_wire::console::ToConsole;
use trialogue_wire::limits::{ENTRIES_MAX, WRITINGS_HELD, WRITINGS_SHOWN};

/// What consoles are told of, as it is now.
#[derive(Clone, Copy)]
pub(crate) struct Around<'a> {
    pub(crate) here: &'a Here,
    pub(crate) journals: &'a Journals,
    pub(crate) links: &'a Links,
}

/// A new entry for consoles.
pub(crate) struct Fresh {
    bundle: Bundle,
    at: (NodeId, u64),
    /// The enrolment that a console must have seen to understand it.
    needs: Option<(NodeId, u64)>,
    /// Consoles have it from another journal.
    copy: bool,
}

impl Fresh {
    /// An entry that has come.
    pub(crate) fn of(entry: &VerifiedEntry, bundle: Bundle, state: &State) -> Self {
        let (said, entry) = (entry.said(), entry.entry());
        let needs = said.and_then(|said| state.depends_on(&entry.node, said));
        let copy = state.is_copy(entry);
        Self { bundle, at: (entry.node.clone(), entry.seq), needs, copy }
    }

    /// An entry that consoles have, with bodies that came late.
    pub(crate) fn more_of(node: &NodeId, seq: u64, bundle: Bundle) -> Self {
        Self { bundle, at: (node.clone(), seq), needs: None, copy: false }
    }
}

/// What one console is told of the journals.
pub(super) struct Feed {
    /// Entries that it was shown at the start, and enrolments since.
    shown: BTreeSet<(NodeId, u64)>,
    /// Newest writings of each node and line that it is told.
    writings: usize,
    telling: Telling,
    /// How often it may have everything told anew.
    retellings: Bucket,
}

impl Feed {
    pub(super) fn new(now_us: u64) -> Self {
        Self {
            shown: BTreeSet::new(),
            writings: WRITINGS_SHOWN,
            telling: Telling::default(),
            retellings: Bucket::new(RETELLINGS_BURST, RETELLING_EVERY_US, now_us),
        }
    }

    /// What is new may be told at once.
    pub(super) fn is_free(&self) -> bool {
        self.telling.is_free()
    }

    /// It has not been told all of the state yet.
    pub(super) fn is_whole_to_come(&self) -> bool {
        self.telling.is_whole_to_come()
    }

    /// Tells everything that matters now, and the paths after it.
    pub(super) fn tell_whole(&mut self, to: ConsoleKey, around: Around, out: &mut Out) {
        let state = around.journals.state().relevant_with(self.writings);
        self.shown = state.iter().flat_map(|(node, seqs)| seqs.iter().map(|seq| (node.clone(), *seq))).collect();
        self.telling.begin(state);
        self.tell_on(to, around, out);
    }

    /// Tells everything anew, with more of what was written before.
    fn tell_earlier(&mut self, to: ConsoleKey, writings: u16, around: Around, out: &mut Out) {
        if !self.retellings.take(around.here.now.us) {
            return out.count(Count::OverBound);
        }
        self.writings = usize::from(writings).clamp(WRITINGS_SHOWN, WRITINGS_HELD);
        let writings = u16::try_from(self.writings).unwrap_or(u16::MAX);
        out.console(to, &ToConsole::Anew { writings });
        self.tell_whole(to, around, out);
    }

    /// Tells new entries. False: the console does not keep up.
    #[must_use]
    fn tell_fresh(&mut self, to: ConsoleKey, fresh: &[Fresh], journals: &Journals, out: &mut Out) -> bool {
        let mut batch = Batch::default();
        for Fresh { bundle, at, needs, .. } in fresh.iter().filter(|fresh| !fresh.copy) {
            let needs = needs.as_ref().filter(|needs| self.shown.insert((*needs).clone()));
            if !self.telling.is_free() {
                let places = needs.into_iter().chain([at]);
                if !places.fold(true, |fits, (node, seq)| self.telling.put(node, *seq) && fits) {
                    return false;
                }
                continue;
            }
            let needs = needs.and_then(|(node, seq)| journals.bundle(node, *seq));
            for bundle in needs.into_iter().chain([bundle.clone()]) {
                self.tell(to, &mut batch, bundle, out);
            }
        }
        batch.send(to, out);
        true
    }

    /// Tells what waits, as far as the console takes it.
    fn tell_on(&mut self, to: ConsoleKey, around: Around, out: &mut Out) {
        let journals = around.journals;
        let held_back = !self.telling.is_free();
        let mut batch = Batch::default();
        while let Some((node, seq)) = self.telling.next() {
            let Some((entry, bundle)) = journals.lean_bundle(&node, seq) else { continue };
            // Whoever put somebody out may be out itself, and its certificate not among those that matter.
            let needs = entry.said().and_then(|said| journals.state().depends_on(&node, said));
            let needs = needs.filter(|needs| self.shown.insert(needs.clone()));
            let needs = needs.and_then(|(node, seq)| journals.bundle(&node, seq));
            for bundle in needs.into_iter().chain([bundle]) {
                self.tell(to, &mut batch, bundle, out);
            }
        }
        batch.send(to, out);
        out.changed.words |= held_back && self.telling.is_free();
        if self.telling.ends() {
            out.console(to, &ToConsole::Paths { paths: around.links.paths(around.here, journals) });
        }
    }

    /// The console has taken what it was told. Nothing follows where nothing was held back.
    pub(super) fn taken(&mut self, to: ConsoleKey, around: Around, out: &mut Out) {
        if self.telling.taken() {
            self.tell_on(to, around, out);
        }
    }

    /// Sends bodies that the console misses, as far as they are held and it takes them, in messages within the bound.
    /// It asks again for what it is not given.
    fn give_bodies(
        &mut self,
        to: (ConsoleKey, DeviceId),
        hashes: &[Hash],
        around: Around,
        budgets: &mut Budgets,
        out: &mut Out,
    ) {
        let ((to, device), now_us) = (to, around.here.now.us);
        let mut bodies: Vec<ByteVec> = Vec::new();
        let (mut bytes, mut full) = (0, false);
        for hash in hashes {
            let Some(body) = around.journals.body(hash) else { continue };
            if full || !self.telling.has_room() || !budgets.want(device, body.len(), now_us) {
                out.count(Count::OverBound);
                break;
            }
            full = self.telling.told(body.len());
            if bytes + body.len() > BUNDLE_MAX {
                out.console(to, &ToConsole::Bodies { bodies: std::mem::take(&mut bodies) });
                bytes = 0;
            }
            bytes += body.len();
            bodies.push(body);
        }
        out.console(to, &ToConsole::Bodies { bodies });
        if full {
            out.console(to, &ToConsole::MoreFollows {});
        }
    }

    fn tell(&mut self, to: ConsoleKey, batch: &mut Batch, bundle: Bundle, out: &mut Out) {
        let more = weight(&bundle);
        if !batch.takes(more) {
            std::mem::take(batch).send(to, out);
        }
        batch.push(bundle, more);
        if self.telling.told(more) {
            std::mem::take(batch).send(to, out);
            out.console(to, &ToConsole::MoreFollows {});
        }
    }
}

impl Consoles {
    /// Tells a console everything that matters now, and the paths after it.
    pub(crate) fn tell_state(&mut self, key: ConsoleKey, around: Around, out: &mut Out) {
        if let Some(console) = self.sockets.get_mut(&key) {
            console.feed.tell_whole(key, around, out);
        }
    }

    /// The same anew, with more of what was written before.
    pub(crate) fn tell_earlier(&mut self, key: ConsoleKey, writings: u16, around: Around, out: &mut Out) {
        if let Some(console) = self.sockets.get_mut(&key) {
            console.feed.tell_earlier(key, writings, around, out);
        }
    }

    /// Tells a console new entries. Whoever does not keep up is dropped.
    pub(crate) fn tell_fresh(
        &mut self,
        key: ConsoleKey,
        fresh: &[Fresh],
        journals: &Journals,
        out: &mut Out,
    ) -> Option<super::Gone> {
        if self.sockets.get_mut(&key)?.feed.tell_fresh(key, fresh, journals, out) {
            return None;
        }
        out.count(Count::OverBound);
        self.drop(key, out)
    }

    /// Gives a console bodies that it misses. See [`Feed::give_bodies`].
    pub(crate) fn give_bodies(
        &mut self,
        to: (ConsoleKey, DeviceId),
        hashes: &[Hash],
        around: Around,
        budgets: &mut Budgets,
        out: &mut Out,
    ) {
        if let Some(console) = self.sockets.get_mut(&to.0) {
            console.feed.give_bodies(to, hashes, around, budgets, out);
        }
    }
}

/// Entries of one message.
#[derive(Default)]
struct Batch {
    bundles: Vec<Bundle>,
    bytes: usize,
}

impl Batch {
    fn takes(&self, more: usize) -> bool {
        self.bundles.is_empty() || (self.bytes + more <= TOLD_BATCH_MAX && self.bundles.len() < ENTRIES_MAX)
    }

    fn push(&mut self, bundle: Bundle, bytes: usize) {
        self.bundles.push(bundle);
        self.bytes += bytes;
    }

    fn send(self, to: ConsoleKey, out: &mut Out) {
        if !self.bundles.is_empty() {
            out.console(to, &ToConsole::Entries { bundles: self.bundles });
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::io::Output;
    use crate::scene::{OwnNode, node_id};
    use trialogue_journal::Act;

    const KEY: ConsoleKey = ConsoleKey(1);

    /// The last entry of Japan's node.
    fn last(own: &mut OwnNode) -> [Fresh; 1] {
        own.take();
        let node = node_id("jpn-1");
        let bundle = own.journals.bundle(&node, own.journals.head(&node)).unwrap();
        let entry = VerifiedEntry::open(&bundle.entry, &own.scene.here.charter).unwrap();
        [Fresh::of(&entry, bundle, own.journals.state())]
    }

    fn told(own: &mut OwnNode) -> Vec<ToConsole> {
        let told = |output| {
            let Output::SendConsole { bytes, .. } = output else { return None };
            Some(trialogue_wire::decode(&bytes).unwrap())
        };
        own.outputs().into_iter().filter_map(told).collect()
    }

    #[test]
    fn a_new_entry_brings_the_enrolment_that_a_console_needs_once() {
        let (mut own, mut feed, links) = (OwnNode::at("usa-1"), Feed::new(0), Links::new(0));
        let around = Around { here: &own.scene.here, journals: &own.journals, links: &links };
        feed.tell_whole(KEY, around, &mut own.out);
        assert!(matches!(told(&mut own)[..], [ToConsole::Entries { .. }, ToConsole::Paths { .. }]));
        let jpn = own.scene.enrol("jpn-duty", 1);
        for entries in [2, 1] {
            own.scene.says(&jpn, "duty", Act::TakeDuty { until_ms: own.scene.here.now.wall_ms + 3_600_000 });
            let fresh = last(&mut own);
            assert!(feed.tell_fresh(KEY, &fresh, &own.journals, &mut own.out));
            let told = told(&mut own);
            assert!(matches!(&told[..], [ToConsole::Entries { bundles }] if bundles.len() == entries), "{told:?}");
        }
    }

    #[test]
    fn everything_is_told_anew_as_often_as_a_console_may_ask_and_with_no_more_than_is_held() {
        let (mut own, mut feed, links) = (OwnNode::at("usa-1"), Feed::new(0), Links::new(0));
        for _ in 0..=RETELLINGS_BURST {
            let around = Around { here: &own.scene.here, journals: &own.journals, links: &links };
            feed.tell_earlier(KEY, u16::MAX, around, &mut own.out);
        }
        let anew = |message: &ToConsole| {
            let ToConsole::Anew { writings } = message else { return false };
            usize::from(*writings) == WRITINGS_HELD
        };
        assert_eq!(told(&mut own).iter().filter(|message| anew(message)).count(), RETELLINGS_BURST as usize);
    }
}
