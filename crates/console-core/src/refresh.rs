//! Key packages serve once. Where one has served and the group that it was for is gone, or cannot be followed, this
//! console offers a fresh one; the node's lead then adds it (anew). Its place on the line, and its keys in all other
//! groups, stay.

use crate::acts::Purpose;
use crate::console::Console;
use crate::limits::*;
use crate::packages::is_shown;
use crate::repeats::Repeats;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use trialogue_charter::NodeId;
use trialogue_journal::fold::{Group, Participant};
use trialogue_journal::limits::EPOCHS_MAX;

/// Which nodes' groups want a new key package of this console.
#[derive(Default)]
struct Needs {
    /// These, and how many of their packages in a row are made because keys did not come.
    now: BTreeMap<NodeId, u32>,
    /// Theirs was made, and the fold does not show it.
    unsaid: BTreeSet<NodeId>,
    /// When the next one will, if its keys do not come before.
    later_us: Option<u64>,
}

/// How often the key package for each node's group was replaced. A group that is made anew without end costs everybody
/// in the call new key packages: each time it takes longer, for that node alone.
#[derive(Default)]
pub(crate) struct Refreshes(BTreeMap<NodeId, Refreshed>);

#[derive(Default)]
struct Refreshed {
    made: Repeats,
    /// Since when another one is wanted.
    wanted_us: Option<u64>,
}

impl Refreshed {
    /// When one that is wanted since then may be made at the earliest.
    fn ready_us(&self, wanted_us: u64) -> u64 {
        self.made.due_us(&REFRESHES, wanted_us)
    }

    /// And when it is made if no other is made before.
    fn due_us(&self, wanted_us: u64) -> u64 {
        (wanted_us + REFRESH_US).max(self.ready_us(wanted_us))
    }
}

impl Refreshes {
    /// One is wanted for this node; may it be made by now?
    fn is_due(&mut self, node: &NodeId, now_us: u64) -> bool {
        let refreshed = self.0.entry(node.clone()).or_default();
        let wanted_us = *refreshed.wanted_us.get_or_insert(now_us);
        now_us >= refreshed.due_us(wanted_us)
    }

    fn is_ready(&self, node: &NodeId, now_us: u64) -> bool {
        self.0.get(node).is_none_or(|known| now_us >= known.ready_us(known.wanted_us.unwrap_or(now_us)))
    }

    /// For no others one is wanted.
    fn keep(&mut self, wanted: &BTreeSet<NodeId>) {
        self.0.iter_mut().filter(|(node, _)| !wanted.contains(*node)).for_each(|(_, known)| known.wanted_us = None);
    }

    /// One was made.
    fn note(&mut self, node: &NodeId, now_us: u64) {
        let refreshed = self.0.entry(node.clone()).or_default();
        refreshed.made.note(&REFRESHES, now_us);
        refreshed.wanted_us = None;
    }

    /// When the next one may be made that is wanted.
    fn next_us(&self) -> Option<u64> {
        self.0.values().filter_map(|known| Some(known.due_us(known.wanted_us?))).min()
    }
}

impl Console {
    /// Replaces offers where that is needed. A console that is in and rings with the id of the call keeps its place and
    /// its keys, and nobody sounds who has answered or refused that call.
    pub(crate) fn refresh_offers(&mut self) {
        if !self.sites.is_up() {
            return;
        }
        let participants = self.participants();
        let own = participants.iter().find(|participant| participant.device == self.id);
        let groups = self.groups_now();
        let needs = own.map(|own| self.nodes_to_offer_to(own, &participants, &groups));
        let mut needs = needs.unwrap_or_default();
        let wanted: BTreeSet<NodeId> = needs.now.keys().chain(&needs.unsaid).cloned().collect();
        let now_us = self.now_us;
        let Some(held) = &mut self.call else { return };
        held.heal_us = needs.later_us;
        // All that may be made by now go together once one of them has waited for the others.
        let due = wanted.iter().filter(|node| held.refreshes.is_due(node, now_us)).count();
        needs.now.retain(|node, _| due > 0 && held.refreshes.is_ready(node, now_us));
        needs.unsaid.retain(|node| due > 0 && held.refreshes.is_ready(node, now_us));
        held.refreshes.keep(&wanted);
        held.refresh_us = held.refreshes.next_us();
        let busy = |purpose| matches!(purpose, Purpose::Again | Purpose::Enter);
        if (needs.now.is_empty() && needs.unsaid.is_empty()) || self.acts.is_waiting(&held.line, busy) {
            return;
        }
        let Some(mut held) = self.call.take() else { return };
        needs.now.keys().chain(&needs.unsaid).for_each(|node| held.refreshes.note(node, now_us));
        let lost_own =
            self.sites.node().is_some_and(|node| needs.now.contains_key(node)) && self.roster().leads(&held.line);
        let mut keep = std::mem::take(&mut held.offers);
        keep.retain(|node, _| !lost_own && !needs.now.contains_key(node));
        held.offers = self.fresh_offers(keep);
        for (node, in_a_row) in &needs.now {
            held.offers.entry(node.clone()).and_modify(|offer| offer.in_a_row = *in_a_row);
        }
        // Nobody but this console moves the own group, and it cannot: it comes in anew, which ends that group.
        // Otherwise what is not listed stays, and is not sent again.
        let mut said = held.offers.clone();
        said.retain(|node, offer| lost_own || own.is_none_or(|own| !is_shown(own, node, offer)));
        self.say_in(&held.line, held.call, (!lost_own).then_some(held.precedence), Purpose::Again, &said);
        self.call = Some(held);
    }

    /// `own`: the place of this console among the participants.
    fn nodes_to_offer_to(
        &self,
        own: &Participant,
        participants: &[Participant],
        groups: &BTreeMap<NodeId, Arc<Group>>,
    ) -> Needs {
        let mut needs = Needs::default();
        let (Some(call), Some(keys)) = (&self.call, &self.keys) else { return needs };
        let leads_own = self.roster().leads(&call.line);
        // Nodes that came with an amendment have no key package of this console yet.
        let serving = self.charter.iter().flat_map(|charter| charter.in_service()).map(|node| &node.id);
        needs.now.extend(serving.filter(|node| !call.offers.contains_key(*node)).map(|node| (node.clone(), 0)));
        for (node, offer) in &call.offers {
            // Refused, or lost with a place that was lost.
            if !offer.used && !is_shown(own, node, offer) {
                needs.unsaid.insert(node.clone());
                continue;
            }
            let group = groups.get(node);
            let follows = group.is_some_and(|group| keys.ring.has(&group.id));
            let own = Some(node) == self.sites.node() && leads_own;
            // It has used up its epochs: its lead begins the next one with those who have offered themselves anew.
            if !own && offer.used && group.is_some_and(|group| group.epoch >= EPOCHS_MAX) {
                needs.now.insert(node.clone(), 0);
                continue;
            }
            if follows || (own && group.is_none()) {
                continue;
            }
            let welcome = group.and_then(|group| {
                let ours = group.handshakes.iter().rfind(|record| record.added.contains(&self.id))?;
                ours.welcome.as_ref().map(|welcome| welcome.hash)
            });
            let member = group.is_some_and(|group| group.members.contains_key(&self.id));
            let in_vain =
                member && group.zip(welcome).is_none_or(|(group, hash)| keys.tried.contains(&(group.id, hash)));
            let broken = group.is_some_and(|group| keys.broken.contains(&group.id));
            let gone = offer.used && !member;
            if gone || in_vain || broken {
                needs.now.insert(node.clone(), 0);
                continue;
            }
            let there = participants.iter().filter(|participant| participant.node == *node);
            let without = there.filter_map(|participant| call.members.get(&participant.device)?.without_keys_us).min();
            let patience_us = if member { HEAL_WELCOME_US } else { HEAL_US } << offer.in_a_row.min(3);
            match without.map(|since| since.max(offer.since_us) + patience_us) {
                Some(at) if at <= self.now_us => drop(needs.now.insert(node.clone(), offer.in_a_row + 1)),
                Some(at) => needs.later_us = Some(needs.later_us.map_or(at, |earlier| earlier.min(at))),
                None => {}
            }
        }
        needs
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const SECOND: u64 = 1_000_000;

    #[test]
    fn a_group_that_is_made_anew_without_end_waits_and_no_other_does() {
        let (eager, calm) = (NodeId::new("jpn-1").unwrap(), NodeId::new("kor-1").unwrap());
        let mut refreshes = Refreshes::default();
        let mut times = 0;
        // An hour in which it is wanted all the time.
        for tenth in 0..36_000u64 {
            if refreshes.is_due(&eager, tenth * SECOND / 10) {
                refreshes.note(&eager, tenth * SECOND / 10);
                times += 1;
            }
        }
        assert!((50..=70).contains(&times), "{times}");
        let now_us = 3_600 * SECOND;
        assert!(!refreshes.is_due(&calm, now_us) && refreshes.is_due(&calm, now_us + REFRESH_US));
        assert_eq!(refreshes.next_us().unwrap().min(now_us + REFRESH_US), refreshes.next_us().unwrap());
    }

    #[test]
    fn one_now_and_then_is_made_at_once() {
        let node = NodeId::new("jpn-1").unwrap();
        let mut refreshes = Refreshes::default();
        for minute in 1..200u64 {
            let now_us = minute * 60 * SECOND;
            assert!(!refreshes.is_due(&node, now_us));
            assert!(refreshes.is_due(&node, now_us + REFRESH_US));
            refreshes.note(&node, now_us + REFRESH_US);
        }
    }
}
