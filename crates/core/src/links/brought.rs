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
        claim: &Entry,
        bundle: Bundle,
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
