//! Entries for consoles: what matters when they come, then everything new; no more at once than each takes
//! ([`crate::telling`]).

use crate::io::ConsoleKey;
use crate::journals::weight;
use crate::limits::TOLD_BATCH_MAX;
use crate::machine::Machine;
use crate::note::Count;
use std::collections::BTreeSet;
use trialogue_charter::NodeId;
use trialogue_journal::VerifiedEntry;
use trialogue_wire::Bundle;
use trialogue_wire::console::ToConsole;
use trialogue_wire::limits::ENTRIES_MAX;

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
    /// An entry that consoles have, with bodies that came late.
    pub(crate) fn more_of(node: &NodeId, seq: u64, bundle: Bundle) -> Self {
        Self { bundle, at: (node.clone(), seq), needs: None, copy: false }
    }
}

impl Machine {
    pub(crate) fn fresh(&self, entry: &VerifiedEntry, bundle: Bundle) -> Fresh {
        let at = (entry.entry().node.clone(), entry.entry().seq);
        Fresh {
            bundle,
            at,
            needs: entry.said().and_then(|said| self.journals.state().depends_on(&entry.entry().node, said)),
            copy: self.journals.state().is_copy(entry.entry()),
        }
    }

    /// Tells a console everything that matters now, and the paths after it.
    pub(crate) fn feed_all(&mut self, key: ConsoleKey) {
        let Some(writings) = self.consoles.get(&key).map(|console| console.writings) else { return };
        let state = self.journals.state().relevant_with(writings);
        if let Some(console) = self.consoles.get_mut(&key) {
            let of = |(node, seqs): (&NodeId, &BTreeSet<u64>)| {
                seqs.iter().map(|seq| (node.clone(), *seq)).collect::<Vec<_>>()
            };
            console.shown = state.iter().flat_map(of).collect();
            console.telling.begin(state);
        }
        self.tell_on(key);
    }

    /// Tells all consoles new entries.
    pub(crate) fn feed(&mut self, fresh: &[Fresh]) {
        for key in self.devices.values().copied().collect::<Vec<_>>() {
            let mut batch = Batch::default();
            for Fresh { bundle, at, needs, .. } in fresh.iter().filter(|fresh| !fresh.copy) {
                let Some(console) = self.consoles.get_mut(&key) else { break };
                let needs = needs.as_ref().filter(|needs| console.shown.insert((*needs).clone()));
                if !console.telling.is_free() {
                    let places = needs.into_iter().chain([at]);
                    if !places.fold(true, |fits, (node, seq)| console.telling.put(node, *seq) && fits) {
                        self.count(Count::OverBound);
                        self.drop_console(key);
                        batch = Batch::default();
                        break;
                    }
                    continue;
                }
                let needs = needs.and_then(|(node, seq)| self.journals.bundle(node, *seq));
                for bundle in needs.into_iter().chain([bundle.clone()]) {
                    self.tell(key, &mut batch, bundle);
                }
            }
            self.send_batch(key, batch);
        }
    }

    /// Tells a console what waits, as far as it takes it.
    pub(crate) fn tell_on(&mut self, key: ConsoleKey) {
        let held_back = self.consoles.get(&key).is_some_and(|console| !console.telling.is_free());
        let mut batch = Batch::default();
        while let Some((node, seq)) = self.consoles.get_mut(&key).and_then(|console| console.telling.next()) {
            let Some((entry, bundle)) = self.journals.lean_bundle(&node, seq) else { continue };
            // Whoever put somebody out may be out itself, and its certificate not among those that matter.
            let needs = entry.said().and_then(|said| self.journals.state().depends_on(&node, said));
            let shown = self.consoles.get_mut(&key).map(|console| &mut console.shown);
            let needs = needs.zip(shown).and_then(|(needs, shown)| shown.insert(needs.clone()).then_some(needs));
            let needs = needs.and_then(|(node, seq)| self.journals.bundle(&node, seq));
            for bundle in needs.into_iter().chain([bundle]) {
                self.tell(key, &mut batch, bundle);
            }
        }
        self.send_batch(key, batch);
        self.out.changed.words |= held_back && self.consoles.get(&key).is_some_and(|console| console.telling.is_free());
        if self.consoles.get_mut(&key).is_some_and(|console| console.telling.ends()) {
            let paths = self.links.paths(&self.here, &self.journals);
            self.send_console(key, &ToConsole::Paths { paths });
        }
    }

    /// The console has taken what it was told.
    pub(crate) fn take_next(&mut self, key: ConsoleKey) {
        if self.consoles.get_mut(&key).is_some_and(|console| console.telling.taken()) {
            self.tell_on(key);
        }
    }

    fn tell(&mut self, key: ConsoleKey, batch: &mut Batch, bundle: Bundle) {
        let more = weight(&bundle);
        if !batch.takes(more) {
            let full = std::mem::take(batch);
            self.send_batch(key, full);
        }
        batch.push(bundle, more);
        if self.consoles.get_mut(&key).is_some_and(|console| console.telling.told(more)) {
            let last = std::mem::take(batch);
            self.send_batch(key, last);
            self.send_console(key, &ToConsole::MoreFollows {});
        }
    }

    fn send_batch(&mut self, key: ConsoleKey, batch: Batch) {
        if !batch.bundles.is_empty() {
            self.send_console(key, &ToConsole::Entries { bundles: batch.bundles });
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
}
