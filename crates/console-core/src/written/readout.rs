//! Joint texts: versions that replace each other, and who approved the last one.

use crate::console::Console;
use crate::now::WallMs;
use crate::show::text as named;
use crate::view::{Approval, PersonReceipt, Reading, ReadoutText, ReadoutView};
use std::collections::BTreeMap;
use trialogue_charter::{Hash, LineId, NodeId, VerifiedCharter};
use trialogue_e2ee::writing::Part;
use trialogue_journal::fold::Writing;
use trialogue_journal::{Kind, State};

impl Console {
    /// One per first version, by its last one. `all`: in the order of the line, so a version comes after the one that it replaces.
    pub(super) fn readouts(
        &self,
        fold: &State,
        charter: &VerifiedCharter,
        line: &LineId,
        all: &[(Hash, &NodeId, &Writing)],
    ) -> Vec<ReadoutView> {
        let mut first: BTreeMap<Hash, Hash> = BTreeMap::new();
        let mut last: Vec<(Hash, Hash, &Writing, u32)> = Vec::new();
        for (id, _, writing) in all.iter().filter(|(_, _, writing)| writing.written.kind == Kind::Readout) {
            // One whose predecessor is not shown any more stands for itself.
            let root = writing.written.about.and_then(|about| first.get(&about).copied()).unwrap_or(*id);
            first.insert(*id, root);
            let number = match last.iter().position(|held| held.0 == root) {
                Some(at) => last.remove(at).3 + 1,
                None => 1,
            };
            last.push((root, *id, writing, number));
        }
        let view = |(root, id, writing, version): &(Hash, Hash, &Writing, u32)| {
            let approvals = self.approvals(fold, charter, line, id);
            let texts = match self.part(id) {
                Some(Part::Readout { texts }) => texts
                    .iter()
                    .map(|text| ReadoutText { language: text.language.into(), text: text.text.clone() })
                    .collect(),
                _ => Vec::new(),
            };
            let own = approvals.first().is_some_and(|approval| approval.by.is_some());
            Some(ReadoutView {
                id: root.to_string(),
                version_id: id.to_string(),
                version: *version,
                by: self.person(&writing.by)?,
                at_ms: WallMs::shown(writing.written.at_ms),
                reading: self.reading(id),
                texts,
                complete: approvals.iter().all(|approval| approval.by.is_some()),
                may_approve: self.acts_for_party() && !own && self.reading(id) == Reading::Open,
                approvals,
            })
        };
        last.iter().filter_map(view).collect()
    }

    /// Every party of the line, the own one first.
    fn approvals(&self, fold: &State, charter: &VerifiedCharter, line: &LineId, id: &Hash) -> Vec<Approval> {
        let people = self.people(fold, id, |receipts| &receipts.approved);
        let mut parties: Vec<_> = charter.parties_on_line(line).collect();
        parties.sort_by_key(|party| self.me.as_ref().map(|me| &me.party) != Some(&party.id));
        let by = |party: &str| people.iter().find(|receipt: &&PersonReceipt| receipt.by.party == party).cloned();
        let approval = |party: &trialogue_charter::Party| Approval {
            party: party.id.to_string(),
            name: named(&party.name),
            by: by(party.id.as_str()),
        };
        parties.into_iter().map(approval).collect()
    }
}
