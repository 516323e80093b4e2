//! A party's other site: a second WebSocket and leg that are warm, and the move there when the site in use dies.
//!
//! Each pair has its own fold, told by its own node, so that the spare one is whole whenever it is needed. In a call the console moves at most when
//! a site dies, never back and forth: it goes back to its first site when it is in no call.

use crate::acts::Purpose;
use crate::console::Console;
use crate::io::{Input, Output};
use crate::keys::Over;
use crate::leg::Leg;
use crate::limits::*;
use crate::link::{Link, Stage};
use crate::packages::listed;
use std::collections::BTreeMap;
use std::mem::swap;
use trialogue_charter::{DeviceId, LineId, NodeId, PartyId};
use trialogue_journal::fold::Participant;
use trialogue_journal::{Act, Carried, State};
use trialogue_wire::console::{PathState, Site, ToNode};

/// One WebSocket, its leg, and what its node has told.
#[derive(Default)]
pub(crate) struct Attachment {
    slot: u8,
    node: Option<NodeId>,
    link: Link,
    leg: Leg,
    paths: BTreeMap<NodeId, PathState>,
    fold: Option<State>,
    retold: Option<State>,
    seen: BTreeMap<NodeId, u64>,
}

impl Attachment {
    /// A revocation holds here as well.
    pub(crate) fn know_revoked(&mut self, party: &PartyId, device: DeviceId) {
        for fold in [&mut self.fold, &mut self.retold].into_iter().flatten() {
            fold.know_revoked(party, device);
        }
    }
}

/// Where else the own party is reached, and the last move there.
#[derive(Default)]
pub(crate) struct Sites {
    known: Vec<Site>,
    at: usize,
    last_us: u64,
    stalled_until_us: u64,
    moved_us: Option<u64>,
    attach_us: u64,
    /// Revocations that the spare site has told, and that the state of the one in use was not told yet.
    pub(crate) told_at_spare: Vec<(PartyId, DeviceId)>,
}

impl Sites {
    /// Has the machine itself just been asleep?
    pub(crate) fn is_stalled(&self, now_us: u64) -> bool {
        now_us < self.stalled_until_us
    }

    /// The machine runs: after a pause of its own it first listens.
    pub(crate) fn note_time(&mut self, now_us: u64) {
        if now_us > self.last_us + STALLED_US + PING_IN_CALL_US {
            self.stalled_until_us = now_us + STALLED_GRACE_US;
        }
        self.last_us = now_us;
    }
}

impl Console {
    /// Makes the spare pair the one in use, and the other way round.
    fn exchange(&mut self, other: &mut Attachment) {
        swap(&mut self.slot, &mut other.slot);
        swap(&mut self.node, &mut other.node);
        swap(&mut self.link, &mut other.link);
        swap(&mut self.leg, &mut other.leg);
        swap(&mut self.paths, &mut other.paths);
        swap(&mut self.fold, &mut other.fold);
        swap(&mut self.retold, &mut other.retold);
        swap(&mut self.seen, &mut other.seen);
    }

    /// Does something with the spare pair in the place of the one in use.
    fn at_spare(&mut self, act: impl FnOnce(&mut Self)) {
        let Some(mut spare) = self.spare.take() else { return };
        self.exchange(&mut spare);
        self.at_spare = true;
        act(self);
        self.at_spare = false;
        self.exchange(&mut spare);
        self.spare = Some(spare);
        self.know_what_spare_told();
    }

    /// Something happened at a WebSocket or leg.
    pub(crate) fn attached(&mut self, slot: u8, input: Input) {
        if slot == self.slot {
            self.pair_input(input);
        } else if self.spare.as_ref().is_some_and(|spare| spare.slot == slot) {
            self.at_spare(|this| this.pair_input(input));
        }
    }

    pub(crate) fn renew_way_of_spare(&mut self) {
        self.at_spare(Self::renew_way);
    }

    fn pair_input(&mut self, input: Input) {
        match input {
            Input::Opened => self.link_opened(),
            Input::Received(bytes) => self.received(&bytes),
            Input::Closed => self.link_closed(),
            Input::LegOffer { leg, sdp } if leg == self.leg.number => self.leg_offer(&sdp),
            Input::LegUp { leg } if leg == self.leg.number => self.leg_up(),
            Input::LegDown { leg } if leg == self.leg.number => self.leg_down(),
            Input::LegHeard { leg } if leg == self.leg.number => self.leg_heard(),
            Input::LegUnfit { leg, why } if leg == self.leg.number => self.leg_unfit(why),
            _ => {}
        }
    }

    /// The node in use names the others. Those that the charter does not have are passed over when they are reached.
    pub(crate) fn take_sites(&mut self, sites: Vec<Site>) {
        // Of two nodes, the first site's list counts: the other names that one.
        if self.at_spare || self.slot != 0 {
            return;
        }
        let sites: Vec<Site> = sites.into_iter().filter(|site| Some(&site.node) != self.node.as_ref()).collect();
        let changed = sites != self.sites.known;
        self.sites.known = sites;
        if self.spare.is_none() && !self.sites.known.is_empty() {
            self.spare = Some(Box::new(Attachment { slot: 1, ..Attachment::default() }));
            self.connect_spare();
        } else if changed && !self.sites.known.is_empty() {
            self.connect_spare();
        }
    }

    fn connect_spare(&mut self) {
        self.sites.at %= self.sites.known.len().max(1);
        let Some(url) = self.sites.known.get(self.sites.at).map(|site| site.url.clone()) else { return };
        self.at_spare(|this| this.push(Output::Connect { url }));
    }

    /// Web origin of the other site in use.
    pub(crate) fn site_origin(&self) -> String {
        let url = self.sites.known.get(self.sites.at).map(|site| site.url.as_str()).unwrap_or_default();
        // What it was told is where the platform connects to.
        trialogue_charter::origin_of(url)
    }

    /// The spare WebSocket closed; `was_up`: it had been of use. Otherwise the next site is tried.
    pub(crate) fn try_another_site(&mut self, was_up: bool) {
        if was_up || self.slot == 0 || self.sites.known.len() < 2 {
            return;
        }
        self.sites.at = (self.sites.at + 1) % self.sites.known.len();
        if let Some(url) = self.sites.known.get(self.sites.at).map(|site| site.url.clone()) {
            self.push(Output::Connect { url });
        }
    }

    /// Keeps the spare pair warm, and moves to it when the one in use is gone.
    pub(crate) fn settle_spare(&mut self) {
        if self.spare.is_none() {
            return;
        }
        self.at_spare(|this| {
            this.link_tick();
            this.settle_leg();
        });
        let Some(spare) = &self.spare else { return };
        if !spare.link.is_up() {
            return;
        }
        // Where both are silent, it is this console's own network: it is not better off there.
        let patience = if self.call.is_some() { LIFE_US } else { DEAD_US };
        let answers = self.now_us < spare.link.heard_us + patience;
        let slow = self.link.stage == Stage::Syncing && self.now_us >= self.link.telling_us + HELLO_US;
        let gone = answers && (slow || matches!(self.link.stage, Stage::Down | Stage::Open | Stage::Proven));
        let back = self.slot != 0 && self.call.is_none() && self.now_us >= spare.link.since_us + BACK_US;
        if gone || back || self.is_silent(spare) {
            self.go_over();
        }
    }

    /// Nothing comes from the site in use, and the other one answers.
    fn is_silent(&self, spare: &Attachment) -> bool {
        let now = self.now_us;
        let heard = self.link.heard_us.max(self.leg.heard_us);
        let moved = self.sites.moved_us.is_some_and(|at| now < at + MOVE_AGAIN_US);
        self.call.is_some()
            && self.link.is_up()
            && !moved
            && !self.sites.is_stalled(now)
            && now >= heard + SITE_SILENT_US
            && now < spare.link.heard_us + SITE_SILENT_US / 2
    }

    /// From here on the other site is the one in use. Nothing that is sealed and nobody's place in the call changes by it.
    fn go_over(&mut self) {
        let Some(mut spare) = self.spare.take() else { return };
        let old = self.own_sealing_group();
        if self.link.is_up() {
            self.send(&ToNode::Watch { on: false });
        }
        let sending = self.leg.sending;
        self.exchange(&mut spare);
        self.leg.sending = sending;
        self.spare = Some(spare);
        self.sites.moved_us = Some(self.now_us);
        self.sites.attach_us = self.now_us;
        self.push(Output::Use { slot: self.slot });
        // What the former node had of what is attached, and told of what was written, this one need not.
        self.stop_giving();
        self.told_as_usual();
        let on = self.on_watch;
        self.send(&ToNode::Watch { on });
        let until_us = self.now_us + OVER_US;
        if self.keys.as_ref().is_some_and(|keys| keys.moving.is_some()) {
            self.forget_move();
        }
        if let Some(keys) = &mut self.keys {
            keys.over = old.map(|group| Over { group, until_us, switch_us: None });
            keys.lead_again_us = 0;
        }
        self.acts.elsewhere();
        self.say_again();
        // One that is silent and not closed is given up, and becomes the spare one when it is back.
        self.at_spare(|this| {
            if this.link.is_up() && this.now_us >= this.link.heard_us + SITE_SILENT_US {
                this.link_closed();
            }
        });
    }

    /// The group that the media worker seals for.
    fn own_sealing_group(&self) -> Option<trialogue_journal::GroupId> {
        self.keys.as_ref()?.sealing.map(|(group, _)| group)
    }

    /// In the call at another site of the party: comes over to this one, or, having hung up there, leaves.
    pub(crate) fn settle_place(&mut self) {
        if !self.link.is_up() || self.now_us < self.sites.attach_us {
            return;
        }
        let (Some(fold), Some(charter), Some(node)) = (&self.fold, &self.charter, &self.node) else { return };
        let lines = charter.lines.iter().map(|line| &line.id);
        let elsewhere = |line: &LineId| {
            let there = fold.in_on(line).into_iter().find(|participant| participant.device == self.id)?;
            (there.node != *node).then(|| (line.clone(), there))
        };
        let Some((line, there)) = lines.filter_map(elsewhere).next() else { return };
        let mine = self.call.as_ref().is_some_and(|call| call.line == line);
        let coming = |purpose| matches!(purpose, Purpose::Attach | Purpose::Enter | Purpose::Leave);
        if self.acts.is_waiting(&line, coming) || (!mine && self.acts.has_just_left(&line, self.now_us)) {
            return;
        }
        self.sites.attach_us = self.now_us + ATTACH_AGAIN_US;
        self.attach(&line, &there);
        if mine {
            self.tell_sending();
        } else {
            self.say(&line, Purpose::Leave, Act::Leave { cause: None }, Vec::new());
        }
    }

    fn attach(&mut self, line: &LineId, there: &Participant) {
        let Some(fold) = &self.fold else { return };
        let said = fold.said(&there.node, line, &self.id).unwrap_or_default();
        let rings = fold.rings(line).into_iter().find(|ring| ring.device == self.id);
        let (call, ring) = rings.map_or((there.call, None), |ring| (ring.call, Some(ring.precedence)));
        let word = Carried {
            confirmed: said.prepared.confirmed.into_iter().collect(),
            ready: said.prepared.ready.into_iter().collect(),
            on: said.prepared.on.into_iter().collect(),
            drops: said.drops.into_iter().collect(),
            held: said.held,
        };
        let offers = self.call.as_ref().map(|call| listed(&call.offers).0).unwrap_or_default();
        self.say(line, Purpose::Attach, Act::Attach { call, offers, ring, word }, Vec::new());
    }

    pub(crate) fn sites_next_us(&self) -> Option<u64> {
        let spare = self.spare.as_ref()?;
        let later = |at: u64| Some(at).filter(|at| *at > self.now_us);
        let link = spare.link.next_us(self.ping_every());
        let leg = spare.leg.next_us().filter(|_| spare.link.is_up());
        let back = later(spare.link.since_us + BACK_US).filter(|_| self.slot != 0 && spare.link.is_up());
        let silent = later(self.link.heard_us.max(self.leg.heard_us) + SITE_SILENT_US).filter(|_| self.call.is_some());
        let attach = later(self.sites.attach_us).filter(|_| self.call.is_some());
        [link, leg, back, silent, attach].into_iter().flatten().min()
    }
}
