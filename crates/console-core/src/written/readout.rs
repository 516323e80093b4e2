//! Joint texts: versions that replace each other, and who approved which.

use super::show::Page;
use crate::limits::VERSIONS_LOOKED;
use crate::now::WallMs;
use crate::show::text as named;
use crate::view::{Approval, PersonReceipt, Reading, ReadoutText, ReadoutView};
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{Hash, LineId, NodeId, VerifiedCharter};
use trialogue_e2ee::writing::Part;
use trialogue_journal::fold::Writing;
use trialogue_journal::{Kind, State};

impl Page<'_> {
    /// One per first version, by its last one; and beside that, where it is another, the last one that every party has
    /// approved, and the last one that can be read here: nobody takes an agreed text off the screens by another that is
    /// none. `all`: in the order of the line, so a version comes after the one that it replaces.
    pub(super) fn readouts(
        &self,
        fold: &State,
        charter: &VerifiedCharter,
        line: &LineId,
        all: &[(Hash, &NodeId, &Writing)],
    ) -> Vec<ReadoutView> {
        let mut first: BTreeMap<Hash, Hash> = BTreeMap::new();
        let mut texts: Vec<(Hash, Vec<(Hash, &Writing)>)> = Vec::new();
        for (id, _, writing) in all.iter().filter(|(_, _, writing)| writing.written.kind == Kind::Readout) {
            // One whose predecessor is not shown any more stands for itself.
            let root = writing.written.about.and_then(|about| first.get(&about).copied()).unwrap_or(*id);
            first.insert(*id, root);
            let mut versions = match texts.iter().position(|held| held.0 == root) {
                Some(at) => texts.remove(at).1,
                None => Vec::new(),
            };
            versions.push((*id, writing));
            texts.push((root, versions));
        }
        let mut views = Vec::new();
        for (root, versions) in &texts {
            let Some((last, before)) = versions.split_last() else { continue };
            views.extend(self.readout(fold, charter, line, root, last, versions.len()));
            let open = |(id, _): &(Hash, &Writing)| self.line.reading(id) == Reading::Open;
            let from = before.len().saturating_sub(VERSIONS_LOOKED);
            let newest =
                |is: &dyn Fn(&(Hash, &Writing)) -> bool| before[from..].iter().rposition(is).map(|at| from + at);
            let approved = newest(&|(id, _)| is_complete(fold, charter, line, id));
            let readable = if open(last) { None } else { newest(&open) };
            for at in BTreeSet::from_iter(approved.into_iter().chain(readable)).into_iter().rev() {
                let view = self.readout(fold, charter, line, root, &before[at], at + 1);
                // Under a name of its own: the page keeps the two apart. The one to be approved is the last.
                let named = |view: ReadoutView| ReadoutView {
                    id: format!("{}-{}", view.id, at + 1),
                    may_approve: false,
                    ..view
                };
                views.extend(view.map(named));
            }
        }
        views
    }

    fn readout(
        &self,
        fold: &State,
        charter: &VerifiedCharter,
        line: &LineId,
        root: &Hash,
        (id, writing): &(Hash, &Writing),
        version: usize,
    ) -> Option<ReadoutView> {
        let approvals = self.approvals(fold, charter, line, id);
        let texts = match self.line.part(id) {
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
            version: u32::try_from(version).unwrap_or(u32::MAX),
            by: self.at.person(&writing.by)?,
            at_ms: WallMs::shown(writing.written.at_ms),
            reading: self.line.reading(id),
            texts,
            complete: approvals.iter().all(|approval| approval.by.is_some()),
            may_approve: self.at.acts_for_party() && !own && self.line.reading(id) == Reading::Open,
            approvals,
        })
    }

    /// Every party of the line, the own one first.
    fn approvals(&self, fold: &State, charter: &VerifiedCharter, line: &LineId, id: &Hash) -> Vec<Approval> {
        let people = self.people(fold, id, |receipts| &receipts.approved);
        let mut parties: Vec<_> = charter.parties_on_line(line).collect();
        parties.sort_by_key(|party| self.at.me().map(|me| &me.party) != Some(&party.id));
        let by = |party: &str| people.iter().find(|receipt: &&PersonReceipt| receipt.by.party == party).cloned();
        let approval = |party: &trialogue_charter::Party| Approval {
            party: party.id.to_string(),
            name: named(&party.name),
            by: by(party.id.as_str()),
        };
        parties.into_iter().map(approval).collect()
    }
}

/// Somebody of every party of the line has approved it.
fn is_complete(fold: &State, charter: &VerifiedCharter, line: &LineId, id: &Hash) -> bool {
    let all: Vec<_> = fold.receipts(id).map(|(_, receipts)| receipts).collect();
    let devices = || all.iter().flat_map(|receipts| receipts.approved.keys());
    // Those who are shown as having approved it.
    let known = devices().filter_map(|by| fold.known_device(by)).filter(|by| charter.office(&by.office).is_some());
    let approved: BTreeSet<_> = known.map(|device| &device.party).collect();
    charter.parties_on_line(line).all(|party| approved.contains(&party.id))
}
