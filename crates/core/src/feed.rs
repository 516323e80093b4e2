//! Entries for consoles: what matters when they come, then everything new.

use crate::io::ConsoleKey;
use crate::ledger::weight;
use crate::limits::BATCH_MAX;
use crate::machine::Machine;
use trialogue_charter::NodeId;
use trialogue_journal::{UnverifiedEntry, VerifiedEntry};
use trialogue_wire::Bundle;
use trialogue_wire::console::ToConsole;
use trialogue_wire::limits::ENTRIES_MAX;

/// A new entry for consoles.
pub(crate) struct Fresh {
    pub(crate) bundle: Bundle,
    /// The enrolment that a console must have seen to understand it.
    pub(crate) needs: Option<(NodeId, u64)>,
}

impl Machine {
    pub(crate) fn fresh(&self, entry: &VerifiedEntry, bundle: Bundle) -> Fresh {
        Fresh { bundle, needs: self.state.depends_on(entry) }
    }

    /// Shows a console everything that matters now.
    pub(crate) fn feed_all(&mut self, console: ConsoleKey) {
        let mut bundles = Vec::new();
        let mut shown = std::collections::BTreeSet::new();
        let Some(writings) = self.consoles.get(&console).map(|console| console.writings) else { return };
        for (node, seqs) in self.state.relevant_with(writings) {
            for seq in seqs {
                bundles.extend(self.ledger.bundle(&node, seq).map(lean));
                shown.insert((node.clone(), seq));
            }
        }
        if let Some(console) = self.consoles.get_mut(&console) {
            console.shown = shown;
        }
        self.feed_one(console, bundles);
    }

    /// Shows all consoles new entries.
    pub(crate) fn feed(&mut self, fresh: &[Fresh]) {
        for key in self.devices.values().copied().collect::<Vec<_>>() {
            let mut bundles = Vec::with_capacity(fresh.len());
            for Fresh { bundle, needs } in fresh {
                let Some(console) = self.consoles.get_mut(&key) else { break };
                if let Some((node, seq)) = needs
                    && console.shown.insert((node.clone(), *seq))
                {
                    bundles.extend(self.ledger.bundle(node, *seq));
                }
                bundles.push(bundle.clone());
            }
            self.feed_one(key, bundles);
        }
    }

    fn feed_one(&mut self, console: ConsoleKey, bundles: Vec<Bundle>) {
        for bundles in batches(bundles) {
            self.send_console(console, &ToConsole::Entries { bundles });
        }
    }
}

/// Without the bodies of what was written in the past: a console asks for those that it has not opened yet.
fn lean(mut bundle: Bundle) -> Bundle {
    let writes = |entry: &UnverifiedEntry| entry.claim().body.writes();
    if !bundle.bodies.is_empty() && UnverifiedEntry::decode(&bundle.entry).is_ok_and(|entry| writes(&entry)) {
        bundle.bodies.clear();
    }
    bundle
}

/// Cuts a list into messages within the bounds.
fn batches(bundles: Vec<Bundle>) -> Vec<Vec<Bundle>> {
    let mut batches = Vec::new();
    let (mut batch, mut bytes) = (Vec::new(), 0);
    for bundle in bundles {
        let more = weight(&bundle);
        if !batch.is_empty() && (bytes + more > BATCH_MAX || batch.len() >= ENTRIES_MAX) {
            batches.push(std::mem::take(&mut batch));
            bytes = 0;
        }
        bytes += more;
        batch.push(bundle);
    }
    if !batch.is_empty() {
        batches.push(batch);
    }
    batches
}
