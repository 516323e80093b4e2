//! The move to the party's other site when the one in use dies. In a call the console moves at most when a site dies,
//! never back and forth: it goes back to its first site when it is in no call.

use super::Console;
use crate::acts::Purpose;
use crate::io::Output;
use crate::limits::*;
use crate::sites::{Post, Site};
use trialogue_charter::LineId;
use trialogue_journal::fold::Participant;
use trialogue_journal::{Act, Carried};

impl Console {
    /// The own network is another one: whatever was open is opened anew at once, and the leg with it.
    pub(super) fn network_changed(&mut self) {
        for slot in [Some(self.sites.active_slot()), self.sites.spare_slot()].into_iter().flatten() {
            if !self.sites.of_mut(slot).is_some_and(Site::begin_at_once) {
                continue;
            }
            self.close(slot);
            if let Some((site, around)) = self.at(slot) {
                site.leg_mut().moved(&around);
            }
        }
    }

    /// What lies in the way of time at one of the sites.
    fn tick_site(&mut self, slot: u8) {
        let Some((site, mut around)) = self.at(slot) else { return };
        if site.tick(&mut around) {
            self.close(slot);
        }
    }

    /// What the nodes of both sites count here: a console is on watch at the site in use, and at no other.
    fn settle_post(&mut self, slot: u8) {
        let post = Post { watch: self.on_watch && self.sites.is_active(slot), sound: self.can_sound };
        if let Some((site, mut around)) = self.at(slot) {
            site.settle_post(post, &mut around);
        }
    }

    pub(super) fn settle_leg(&mut self, slot: u8) {
        if let Some((site, mut around)) = self.at(slot) {
            site.settle_leg(&mut around);
        }
    }

    /// Keeps both sites warm, and moves to the spare one when the one in use is gone.
    pub(super) fn settle_sites(&mut self) {
        self.tick_site(self.sites.active_slot());
        self.settle_post(self.sites.active_slot());
        let Some(spare) = self.sites.spare_slot() else { return };
        self.tick_site(spare);
        self.settle_post(spare);
        self.settle_leg(spare);
        if self.sites.must_move(self.now_us, self.call.is_on()) {
            self.go_over();
        }
    }

    /// From here on the other site is the one in use. Nothing that is sealed and nobody's place in the call changes by
    /// it.
    fn go_over(&mut self) {
        let former = self.sites.active_slot();
        let slot = self.sites.go_over(self.now_us);
        self.push(Output::Use { slot });
        // What the former node had of what is attached, and told of what was written, this one need not.
        self.writer.stop_giving();
        self.writer.told_as_usual();
        [former, slot].into_iter().for_each(|slot| self.settle_post(slot));
        self.keys.came_over(self.now());
        self.acts.elsewhere();
        self.say_again();
        // One that is silent and not closed is given up, and becomes the spare one when it is back.
        let silent = |site: &Site| site.is_up() && self.now_us >= site.words_us() + SITE_SILENT_US;
        if self.sites.of(former).is_some_and(silent) {
            self.close(former);
        }
    }

    /// In the call at another site of the party: comes over to this one, or, having hung up there, leaves.
    pub(super) fn settle_place(&mut self) {
        if !self.sites.may_attach(self.now_us) {
            return;
        }
        let (Some(fold), Some(charter), Some(node)) = (self.sites.fold(), self.agreed.charter(), self.sites.node())
        else {
            return;
        };
        let lines = charter.lines.iter().map(|line| &line.id);
        let elsewhere = |line: &LineId| {
            let there = fold.in_on(line).iter().find(|participant| participant.device == self.id)?;
            (there.node != *node).then(|| (line.clone(), there.clone()))
        };
        let Some((line, there)) = lines.filter_map(elsewhere).next() else { return };
        let mine = self.call.is_on_line(&line);
        let coming = |purpose| matches!(purpose, Purpose::Attach | Purpose::Enter | Purpose::Leave);
        if self.acts.is_waiting(&line, coming) || (!mine && self.acts.has_just_left(&line, self.now_us)) {
            return;
        }
        self.sites.attaches(self.now_us);
        self.attach(&line, &there);
        if mine {
            self.tell_sending();
        } else {
            self.say(&line, Purpose::Leave, Act::Leave { cause: None }, Vec::new());
        }
    }

    fn attach(&mut self, line: &LineId, there: &Participant) {
        let Some(fold) = self.sites.fold() else { return };
        let said = fold.said(&there.node, line, &self.id).unwrap_or_default();
        let rings = fold.rings(line).iter().find(|ring| ring.device == self.id);
        let (call, ring) = rings.map_or((there.call, None), |ring| (ring.call, Some(ring.precedence)));
        let word = Carried {
            confirmed: said.prepared.confirmed.into_iter().collect(),
            ready: said.prepared.ready.into_iter().collect(),
            on: said.prepared.on.into_iter().collect(),
            drops: said.drops.into_iter().collect(),
            held: said.held,
        };
        let offers = self.keys.offered().list;
        self.say(line, Purpose::Attach, Act::Attach { call, offers, ring, word }, Vec::new());
    }
}
