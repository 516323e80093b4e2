//! Entries that links bring, before they are looked at: each journal has a budget, and what is beyond it waits.

use super::Links;
use crate::budgets::Budgets;
use crate::here::Here;
use crate::journals::{Journals, weight};
use crate::note::Count;
use crate::out::Out;
use trialogue_charter::NodeId;
use trialogue_journal::Entry;
use trialogue_wire::Bundle;

impl Links {
    /// The entry, if it may be looked at now. New entries of a journal that has used up its budget wait, and all that
    /// comes behind them; the side that sends them is not told that they are held, and stops.
    pub(crate) fn in_budget(
        &mut self,
        from: &NodeId,
        (claim, bundle): (&Entry, Bundle),
        here: &Here,
        journals: &Journals,
        budgets: &mut Budgets,
        out: &mut Out,
    ) -> Option<Bundle> {
        let now_us = here.now.us;
        let node = &claim.node;
        if claim.seq <= journals.head(node) {
            let may = budgets.again(from, weight(&bundle), now_us);
            if !may {
                out.count(Count::OverBound);
            }
            return may.then_some(bundle);
        }
        // Own ones are taken back at any speed; what nobody knows is refused.
        if *node == here.node || here.charter.node(node).is_none() {
            return Some(bundle);
        }
        let due_us = if self.waiting.has(from, node) {
            now_us
        } else if let Err(wait_us) = budgets.entry(node, weight(&bundle), now_us) {
            out.count(Count::EntryWaits);
            now_us + wait_us
        } else {
            return Some(bundle);
        };
        if !self.waiting.push(from, node, bundle, due_us) {
            out.count(Count::OverBound);
        }
        None
    }

    /// The next entry that had to wait and may be looked at now, with the link that brought it. Of those that wait no
    /// more than `turns` are asked for.
    pub(crate) fn next_waiting(
        &mut self,
        turns: &mut usize,
        here: &Here,
        budgets: &mut Budgets,
    ) -> Option<(NodeId, Bundle)> {
        let now_us = here.now.us;
        while *turns > 0 {
            *turns -= 1;
            let (from, node, bundle) = self.waiting.pop(now_us)?;
            match budgets.entry(&node, weight(&bundle), now_us) {
                Ok(()) => return Some((from, bundle)),
                Err(wait_us) => self.waiting.push_back(&from, &node, bundle, now_us + wait_us),
            }
        }
        None
    }

    /// When [`Links::next_waiting`] is due, in microseconds.
    pub(crate) fn next_waiting_us(&self) -> Option<u64> {
        self.waiting.next_us()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::scene::{OwnNode, node_id};
    use trialogue_journal::UnverifiedEntry;

    /// Japan's node, and entries of Korea's journal that are on their way there.
    fn bench() -> (OwnNode, Links, Budgets, Vec<Bundle>) {
        let mut own = OwnNode::at("jpn-1");
        for person in [1, 2] {
            own.scene.enrol("kor-duty", person);
        }
        let (brought, now_us) = (own.brought(), own.scene.here.now.us);
        own.outputs();
        (own, Links::new(now_us), Budgets::new(now_us), brought)
    }

    fn claim_of(bundle: &Bundle) -> Entry {
        UnverifiedEntry::decode(&bundle.entry).unwrap().claim().clone()
    }

    #[test]
    fn what_is_beyond_the_budget_of_its_journal_waits_in_its_order() {
        let (mut own, mut links, mut budgets, brought) = bench();
        let (usa, kor) = (node_id("usa-1"), node_id("kor-1"));
        budgets.entry_taken(&kor, usize::MAX, own.scene.here.now.us);
        for bundle in &brought {
            let OwnNode { scene, journals, out, .. } = &mut own;
            let claim = claim_of(bundle);
            let brought = (&claim, bundle.clone());
            let now = links.in_budget(&usa, brought, &scene.here, journals, &mut budgets, out);
            assert!(now.is_none());
        }
        let next = |links: &mut Links, own: &OwnNode, budgets: &mut Budgets| {
            links.next_waiting(&mut 8, &own.scene.here, budgets)
        };
        assert!(next(&mut links, &own, &mut budgets).is_none());
        for bundle in brought {
            own.goes_on_to(links.next_waiting_us().unwrap().max(own.scene.here.now.us + 1_000_000));
            assert!(links.next_waiting(&mut 0, &own.scene.here, &mut budgets).is_none(), "no turn is left");
            assert_eq!(next(&mut links, &own, &mut budgets), Some((usa.clone(), bundle)));
        }
        assert_eq!(links.next_waiting_us(), None);
    }

    #[test]
    fn what_a_link_brought_is_forgotten_with_it_and_own_entries_wait_for_nothing() {
        let (mut own, mut links, mut budgets, brought) = bench();
        let (usa, kor) = (node_id("usa-1"), node_id("kor-1"));
        budgets.entry_taken(&kor, usize::MAX, own.scene.here.now.us);
        let OwnNode { scene, journals, out, .. } = &mut own;
        let _ = links.up(usa.clone(), None, &scene.here, journals, out);
        let claim = claim_of(&brought[0]);
        let first = (&claim, brought[0].clone());
        assert!(links.in_budget(&usa, first, &scene.here, journals, &mut budgets, out).is_none());
        let _ = links.down(&usa, out);
        assert_eq!(links.next_waiting_us(), None);
        // As that node sees it, these are its own.
        let korea = OwnNode::at("kor-1");
        let (here, own) = (&korea.scene.here, (&claim, brought[0].clone()));
        assert_eq!(links.in_budget(&usa, own, here, &korea.journals, &mut budgets, out), Some(brought[0].clone()));
    }
}
