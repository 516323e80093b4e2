//! The key packages that this console offers to the nodes' groups in a call. A key package serves once: where one has
//! served and the group that it was for is gone, or cannot be followed, this console offers a fresh one; the node's
//! lead then adds it (anew). Its place on the line, and its keys in all other groups, stay.

use super::Seat;
use super::groups::{self, Groups};
use super::members::Members;
use super::packages::Packages;
use super::refreshes::Refreshes;
use crate::acts::Purpose;
use crate::around::Around;
use crate::limits::*;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use trialogue_charter::{CallId, Hash, NodeId, Precedence, VerifiedCharter};
use trialogue_e2ee::groups::KEY_PACKAGES_MAX;
use trialogue_journal::fold::{Group, Participant};
use trialogue_journal::limits::EPOCHS_MAX;
use trialogue_journal::{Act, BodyRef, KeyOffer};

/// A key package that this console has offered.
#[derive(Clone)]
struct Offer {
    package: BodyRef,
    body: Vec<u8>,
    /// A welcome has used it.
    used: bool,
    /// When it was made.
    since_us: u64,
    /// So many before it, one after the other, were made because the keys of that node's group did not come.
    in_a_row: u32,
}

/// As a statement lists them (sorted by node), and the bodies beside it.
#[derive(Clone, Default)]
pub(crate) struct Offered {
    pub(crate) list: Vec<KeyOffer>,
    pub(crate) bodies: Vec<Vec<u8>>,
}

impl Offered {
    fn of<'a>(offers: impl Iterator<Item = (&'a NodeId, &'a Offer)>) -> Self {
        let one = |(node, offer): (&NodeId, &Offer)| {
            (KeyOffer { node: node.clone(), package: offer.package.clone() }, offer.body.clone())
        };
        let (list, bodies) = offers.map(one).unzip();
        Self { list, bodies }
    }

    /// Enters a call with them: rings or answers.
    pub(crate) fn entering(self, call: CallId, ring: Option<Precedence>) -> (Act, Vec<Vec<u8>>) {
        let act = match ring {
            Some(precedence) => Act::Ring { call, offers: self.list, precedence },
            None => Act::Answer { call, offers: self.list },
        };
        (act, self.bodies)
    }
}

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

#[derive(Default)]
pub(super) struct Offers {
    /// Those of this call, by the node for whose group each is.
    current: BTreeMap<NodeId, Offer>,
    /// When the next replacement that is wanted may be made.
    refresh_us: Option<u64>,
    /// Those that were made.
    refreshes: Refreshes,
    /// When a key package is replaced because its keys have not come.
    heal_us: Option<u64>,
    /// For which node's group each key package was given out, the newest last: no other node's welcome uses it up.
    given: VecDeque<(Hash, NodeId)>,
}

/// What key packages come from.
pub(super) struct Source<'a> {
    pub(super) groups: &'a mut Groups,
    pub(super) packages: &'a mut Packages,
}

impl Offers {
    /// The call is over. What was given out is remembered: a welcome for it may still come.
    pub(super) fn end_call(&mut self) {
        *self = Self { given: std::mem::take(&mut self.given), ..Self::default() };
    }

    /// Keys are made anew, of another suite: what was given out is good for nothing.
    pub(super) fn keys_are_gone(&mut self) {
        self.given.clear();
    }

    /// Nodes that the charter does not have any more need none.
    pub(super) fn keep_only(&mut self, charter: &VerifiedCharter) {
        self.current.retain(|node, _| charter.serves(node));
    }

    pub(super) fn all(&self) -> Offered {
        Offered::of(self.current.iter())
    }

    /// Fresh ones for all nodes of the charter.
    pub(super) fn begin(&mut self, source: Option<Source<'_>>, around: &Around<'_>) -> Offered {
        self.current.clear();
        if let Some(source) = source {
            self.fill(source, around);
        }
        self.all()
    }

    /// Fresh ones for the nodes of the charter that have none.
    fn fill(&mut self, Source { groups, packages }: Source<'_>, around: &Around<'_>) {
        let since_us = around.now.us;
        for node in around.at.charter().iter().flat_map(|charter| charter.in_service()) {
            if self.current.contains_key(&node.id) {
                continue;
            }
            let Some(body) = packages.take(groups.ring_mut()) else { continue };
            if let Some(package) = BodyRef::of(&body) {
                self.gives(package.hash, node.id.clone());
                let offer = Offer { package, body, used: false, since_us, in_a_row: 0 };
                self.current.insert(node.id.clone(), offer);
            }
        }
    }

    /// A key package was given out for a node's group.
    fn gives(&mut self, package: Hash, node: NodeId) {
        self.given.push_back((package, node));
        if self.given.len() > KEY_PACKAGES_MAX {
            self.given.pop_front();
        }
    }

    /// The key packages by which this console may come into a node's group.
    pub(super) fn given_for(&self, node: &NodeId) -> Vec<Hash> {
        self.given.iter().filter(|(_, to)| to == node).map(|(package, _)| *package).collect()
    }

    /// A welcome into a node's group has used the one for it.
    pub(super) fn is_used(&mut self, node: &NodeId) {
        if let Some(offer) = self.current.get_mut(node) {
            offer.used = true;
        }
    }

    /// Replaces offers where that is needed. A console that is in and rings with the id of the call keeps its place and
    /// its keys, and nobody sounds who has answered or refused that call.
    pub(super) fn refresh(&mut self, seat: Seat, source: Source<'_>, members: &Members, around: &mut Around<'_>) {
        let participants = around.at.in_on(seat.line);
        let own = participants.iter().find(|participant| participant.device == around.at.id());
        let needs = own.map(|own| self.needs(own, participants, seat, source.groups, members, around));
        let mut needs = needs.unwrap_or_default();
        let wanted: BTreeSet<NodeId> = needs.now.keys().chain(&needs.unsaid).cloned().collect();
        let now_us = around.now.us;
        self.heal_us = needs.later_us;
        // All that may be made by now go together once one of them has waited for the others.
        let due = wanted.iter().filter(|node| self.refreshes.is_due(node, now_us)).count();
        needs.now.retain(|node, _| due > 0 && self.refreshes.is_ready(node, now_us));
        needs.unsaid.retain(|node| due > 0 && self.refreshes.is_ready(node, now_us));
        self.refreshes.keep(&wanted);
        self.refresh_us = self.refreshes.next_us();
        let busy = |purpose| matches!(purpose, Purpose::Again | Purpose::Enter);
        if (needs.now.is_empty() && needs.unsaid.is_empty()) || around.speaker.acts.is_waiting(seat.line, busy) {
            return;
        }
        needs.now.keys().chain(&needs.unsaid).for_each(|node| self.refreshes.note(node, now_us));
        let lost_own = around.at.node().is_some_and(|node| needs.now.contains_key(node)) && around.at.leads(seat.line);
        self.current.retain(|node, _| !lost_own && !needs.now.contains_key(node));
        self.fill(source, around);
        for (node, in_a_row) in &needs.now {
            self.current.entry(node.clone()).and_modify(|offer| offer.in_a_row = *in_a_row);
        }
        // Nobody but this console moves the own group, and it cannot: it comes in anew, which ends that group.
        // Otherwise what is not listed stays, and is not sent again.
        let is_new = |(node, offer): &(&NodeId, &Offer)| lost_own || own.is_none_or(|own| !is_shown(own, node, offer));
        let offered = Offered::of(self.current.iter().filter(is_new));
        let (act, bodies) = offered.entering(seat.call, (!lost_own).then_some(seat.precedence));
        around.speaker.say(seat.line, Purpose::Again, act, bodies);
    }

    /// `own`: the place of this console among the participants.
    fn needs(
        &self,
        own: &Participant,
        participants: &[Participant],
        seat: Seat,
        groups: &Groups,
        members: &Members,
        around: &Around<'_>,
    ) -> Needs {
        let (mut needs, at, now_us) = (Needs::default(), around.at, around.now.us);
        let there: BTreeMap<&NodeId, &Arc<Group>> = groups::on_line(at, seat.line);
        let leads_own = at.leads(seat.line);
        // Nodes that came with an amendment have no key package of this console yet.
        let serving = at.charter().into_iter().flat_map(|charter| charter.in_service()).map(|node| &node.id);
        needs.now.extend(serving.filter(|node| !self.current.contains_key(*node)).map(|node| (node.clone(), 0)));
        for (node, offer) in &self.current {
            // Refused, or lost with a place that was lost.
            if !offer.used && !is_shown(own, node, offer) {
                needs.unsaid.insert(node.clone());
                continue;
            }
            let group = there.get(node);
            let follows = group.is_some_and(|group| groups.ring().has(&group.id));
            let own = Some(node) == at.node() && leads_own;
            // It has used up its epochs: its lead begins the next one with those who have offered themselves anew.
            if !own && offer.used && group.is_some_and(|group| group.epoch >= EPOCHS_MAX) {
                needs.now.insert(node.clone(), 0);
                continue;
            }
            if follows || (own && group.is_none()) {
                continue;
            }
            let welcome = group.and_then(|group| {
                let ours = group.handshakes.iter().rfind(|record| record.added.contains(&at.id()))?;
                ours.welcome.as_ref().map(|welcome| welcome.hash)
            });
            let member = group.is_some_and(|group| group.members.contains_key(&at.id()));
            let in_vain = member && group.zip(welcome).is_none_or(|(group, hash)| groups.has_tried(&group.id, hash));
            let broken = group.is_some_and(|group| groups.is_broken(&group.id));
            let gone = offer.used && !member;
            if gone || in_vain || broken {
                needs.now.insert(node.clone(), 0);
                continue;
            }
            let there = participants.iter().filter(|participant| participant.node == *node);
            let without = there.filter_map(|participant| members.without_keys_us(&participant.device)).min();
            let patience_us = if member { HEAL_WELCOME_US } else { HEAL_US } << offer.in_a_row.min(3);
            match without.map(|since| since.max(offer.since_us) + patience_us) {
                Some(at) if at <= now_us => drop(needs.now.insert(node.clone(), offer.in_a_row + 1)),
                Some(at) => needs.later_us = Some(needs.later_us.map_or(at, |earlier| earlier.min(at))),
                None => {}
            }
        }
        needs
    }

    pub(super) fn next_us(&self, now_us: u64) -> Option<u64> {
        crate::timers::next(now_us, [self.heal_us, self.refresh_us].into_iter())
    }
}

/// Is it the one that the journal has of a console that is in?
fn is_shown(own: &Participant, node: &NodeId, offer: &Offer) -> bool {
    own.offers.get(node) == Some(&offer.package)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::bench::Bench;
    use crate::scene::{Scene, line_id};
    use trialogue_charter::Suite;
    use trialogue_e2ee::{Chance, Keyring};

    struct Desk {
        scene: Scene,
        bench: Bench,
        groups: Groups,
        packages: Packages,
        offers: Offers,
    }

    impl Desk {
        fn new() -> Self {
            let mut scene = Scene::new();
            let bench = Bench::of(scene.enrol("usa-duty", 1));
            let (secret, suite) = (&bench.console.secret, Suite::XWing);
            let (id, key) = (bench.console.device.id, secret.mls_key(suite).private);
            let ring = Keyring::new(suite, id, &key, &mut Chance::replayable([1; 32])).unwrap();
            Self { scene, bench, groups: Groups::new(ring), packages: Packages::default(), offers: Offers::default() }
        }

        fn begin(&mut self) -> Offered {
            let source = Source { groups: &mut self.groups, packages: &mut self.packages };
            self.offers.begin(Some(source), &self.bench.around(&self.scene))
        }

        /// What is said in a call after so many milliseconds more.
        fn refresh(&mut self, after_ms: u64) -> Option<(usize, bool)> {
            self.scene.time_ms += after_ms;
            let (line, call) = (line_id("duty"), CallId([1; 16]));
            let seat = Seat { line: &line, call, precedence: Precedence::Routine };
            let source = Source { groups: &mut self.groups, packages: &mut self.packages };
            let mut around = self.bench.around(&self.scene);
            self.offers.refresh(seat, source, &Members::default(), &mut around);
            let said = self.bench.said();
            said.first().map(|(said, ..)| match &said.act {
                Act::Ring { offers, .. } => (offers.len(), true),
                Act::Answer { offers, .. } => (offers.len(), false),
                _ => (0, false),
            })
        }

        fn rings(&mut self, offered: Offered) {
            let (act, _) = offered.entering(CallId([1; 16]), Some(Precedence::Routine));
            self.scene.says(&self.bench.console, "duty", act);
        }
    }

    #[test]
    fn each_node_gets_its_own_and_remembers_it_after_the_call() {
        let mut desk = Desk::new();
        let offered = desk.begin();
        assert_eq!((offered.list.len(), offered.bodies.len()), (3, 3));
        for offer in &offered.list {
            assert_eq!(desk.offers.given_for(&offer.node), [offer.package.hash]);
        }
        desk.offers.end_call();
        assert!(desk.offers.all().list.is_empty());
        assert_eq!(desk.offers.given_for(&offered.list[0].node).len(), 1, "a welcome may still come");
        desk.offers.keys_are_gone();
        assert!(desk.offers.given_for(&offered.list[0].node).is_empty());
    }

    #[test]
    fn what_the_journal_shows_stays_and_what_has_served_in_vain_is_replaced() {
        let mut desk = Desk::new();
        let offered = desk.begin();
        desk.rings(offered.clone());
        assert_eq!(desk.refresh(0), None);
        // Used for a group that is gone; it is not the own node's.
        let node = offered.list.iter().map(|offer| &offer.node).find(|node| **node != desk.bench.console.node);
        desk.offers.is_used(node.unwrap());
        assert_eq!(desk.refresh(0), None, "others may be wanted in a moment");
        let due_us = desk.offers.next_us(Bench::now(&desk.scene).us).unwrap();
        assert_eq!(due_us, Bench::now(&desk.scene).us + REFRESH_US);
        assert_eq!(desk.refresh(REFRESH_US / 1_000), Some((1, true)), "that one alone, in the same call");
        assert_eq!(desk.refresh(0), None, "it is on its way");
    }
}
