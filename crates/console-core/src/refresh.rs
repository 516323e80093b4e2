//! Key packages serve once. Where one has served and the group that it was for is gone, or cannot be followed, this console
//! offers a fresh one; the node's lead then adds it (anew). Its place on the line, and its keys in all other groups, stay.

use crate::acts::Purpose;
use crate::console::Console;
use crate::limits::*;
use std::collections::BTreeMap;
use std::sync::Arc;
use trialogue_charter::NodeId;
use trialogue_journal::fold::{Group, Participant};
use trialogue_journal::limits::EPOCHS_MAX;

/// Which nodes' groups want a new key package of this console.
#[derive(Default)]
struct Needs {
    /// These, and how many of their packages in a row are made because keys did not come.
    now: BTreeMap<NodeId, u32>,
    /// When the next one will, if its keys do not come before.
    later_us: Option<u64>,
}

impl Console {
    /// Replaces offers where that is needed. A console that is in and rings with the id of the call keeps its place and its keys,
    /// and nobody sounds who has answered or refused that call.
    pub(crate) fn refresh_offers(&mut self) {
        if !self.link.is_up() {
            return;
        }
        let participants = self.participants();
        let seated = participants.iter().any(|participant| participant.device == self.id);
        let groups = self.groups_now();
        let needs = if seated { self.nodes_to_offer_to(&participants, &groups) } else { Needs::default() };
        let now_us = self.now_us;
        let Some(held) = &mut self.call else { return };
        held.heal_us = needs.later_us;
        if needs.now.is_empty() {
            if held.refreshes == 0 {
                held.refresh_us = None;
            }
            return;
        }
        let at = *held.refresh_us.get_or_insert(now_us + REFRESH_US);
        if now_us < at || self.acts.is_waiting(&held.line, |purpose| matches!(purpose, Purpose::Again | Purpose::Enter))
        {
            return;
        }
        let Some(mut held) = self.call.take() else { return };
        held.refresh_us = Some(now_us + (REFRESH_AGAIN_US << held.refreshes.min(6)));
        held.refreshes += 1;
        let lost_own =
            self.node.as_ref().is_some_and(|node| needs.now.contains_key(node)) && self.leads_own(&held.line);
        let may_ring = participants.iter().any(|p| p.device == self.id && p.role.acts_for_party());
        let anew = lost_own || !may_ring;
        let mut keep = std::mem::take(&mut held.offers);
        keep.retain(|node, _| !anew && !needs.now.contains_key(node));
        held.offers = self.fresh_offers(keep);
        for (node, in_a_row) in needs.now {
            held.offers.entry(node).and_modify(|offer| offer.in_a_row = in_a_row);
        }
        // Nobody but this console moves the own group, and it cannot: it comes in anew, which ends that group. So does one whose role rings nobody: its keys
        // are made again in all groups.
        let purpose = Purpose::Again;
        self.say_in(&held.line, held.call, (!anew).then_some(held.precedence), purpose, &held.offers);
        self.call = Some(held);
    }

    fn leads_own(&self, line: &trialogue_charter::LineId) -> bool {
        let (Some(fold), Some(node)) = (&self.fold, &self.node) else { return false };
        fold.lead(node, line) == Some(self.id)
    }

    fn nodes_to_offer_to(&self, participants: &[Participant], groups: &BTreeMap<NodeId, Arc<Group>>) -> Needs {
        let mut needs = Needs::default();
        let (Some(call), Some(keys)) = (&self.call, &self.keys) else { return needs };
        let leads_own = self.leads_own(&call.line);
        // Nodes that came with an amendment have no key package of this console yet.
        let serving = self.charter.iter().flat_map(|charter| charter.in_service()).map(|node| &node.id);
        needs.now.extend(serving.filter(|node| !call.offers.contains_key(*node)).map(|node| (node.clone(), 0)));
        for (node, offer) in &call.offers {
            let group = groups.get(node);
            let follows = group.is_some_and(|group| keys.ring.has(&group.id));
            let own = Some(node) == self.node.as_ref() && leads_own;
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
