//! One site of the own party: the WebSocket to its node, the leg, and what the node has told.

use super::Around;
use super::leg::{Leg, LegWord};
use super::socket::{Challenge, Socket, Stage, Tick};
use super::told::Told;
use crate::io::{Input, Output};
use crate::limits::*;
use crate::now::Now;
use std::collections::BTreeMap;
use trialogue_charter::{DeviceId, NodeId, PartyId};
use trialogue_journal::{Applied, Ignored, State, VerifiedEntry};
use trialogue_wire::console::{PathState, ToNode};

/// What a node counts of a console that is logged in there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Post {
    /// It is on watch there.
    pub(crate) watch: bool,
    /// A ring is heard there.
    pub(crate) sound: bool,
}

/// Each has a state of its own, told by its own node, so that the spare one is whole whenever it is needed.
#[derive(Default)]
pub(crate) struct Site {
    slot: u8,
    /// Who has challenged this console there.
    node: Option<NodeId>,
    socket: Socket,
    leg: Leg,
    told: Told,
    /// What its node knows of this console.
    post: Post,
    paths: BTreeMap<NodeId, PathState>,
}

impl Site {
    pub(crate) fn new(slot: u8) -> Self {
        Self { slot, ..Self::default() }
    }

    /// Which pair of WebSocket and leg leads there.
    pub(crate) fn slot(&self) -> u8 {
        self.slot
    }

    pub(crate) fn node(&self) -> Option<&NodeId> {
        self.node.as_ref()
    }

    /// The state as its node has told it.
    pub(crate) fn fold(&self) -> Option<&State> {
        self.told.fold()
    }

    pub(crate) fn stage(&self) -> Stage {
        self.socket.stage()
    }

    pub(crate) fn is_up(&self) -> bool {
        self.stage() == Stage::Up
    }

    pub(crate) fn leg(&self) -> &Leg {
        &self.leg
    }

    pub(crate) fn leg_mut(&mut self) -> &mut Leg {
        &mut self.leg
    }

    /// How its node reaches another one.
    pub(crate) fn path(&self, node: &NodeId) -> Option<&PathState> {
        self.paths.get(node)
    }

    /// Now by its node's clock, in milliseconds since 1970 UTC.
    pub(crate) fn node_ms(&self, now: Now) -> u64 {
        self.socket.node_ms(now)
    }

    /// When its WebSocket last changed: up since then, or down.
    pub(crate) fn since_us(&self) -> u64 {
        self.socket.since_us()
    }

    /// When words came from it last, in microseconds.
    pub(crate) fn words_us(&self) -> u64 {
        self.socket.heard_us()
    }

    /// When words or media came from it last, in microseconds.
    pub(crate) fn heard_us(&self) -> u64 {
        self.socket.heard_us().max(self.leg.heard_us())
    }

    /// Everything of the state is to be told by now, and is not.
    pub(crate) fn is_slow(&self, now_us: u64) -> bool {
        self.slow_us().is_some_and(|at| now_us >= at)
    }

    pub(crate) fn slow_us(&self) -> Option<u64> {
        self.socket.telling_us().map(|since_us| since_us + HELLO_US)
    }

    /// The platform opens its WebSocket from then on, in microseconds.
    pub(crate) fn opens(&mut self, at_us: u64) {
        self.socket.opens(at_us);
    }

    pub(crate) fn opened(&mut self, now: Now) {
        self.socket.opened(now);
    }

    /// Something came over the WebSocket. False: too late.
    pub(crate) fn heard(&mut self, now: Now) -> bool {
        self.socket.heard(now)
    }

    /// Something of the state came.
    pub(crate) fn tells(&mut self, now: Now) {
        self.socket.told(now);
    }

    /// The WebSocket is over. True: it had been of use; none: it was refused for good, and stays closed.
    pub(crate) fn close(&mut self, around: &Around<'_>) -> Option<bool> {
        if self.stage() == Stage::Refused {
            return None;
        }
        let was_up = self.is_up();
        self.socket.enter(Stage::Down, around.now);
        self.told.give_up();
        // A node keeps the leg of a console in a call, and no other.
        if !around.in_call || !around.active {
            self.leg.give_up(around);
        }
        self.paths.clear();
        Some(was_up)
    }

    /// The platform opens it again after a while.
    pub(crate) fn reconnect(&mut self, was_up: bool, around: &mut Around<'_>) {
        let chance = u16::from_be_bytes(around.draw());
        let after_ms = self.socket.again_ms(was_up, around.in_call, chance);
        self.opens(around.now.us + u64::from(after_ms) * 1_000);
        around.push(Output::Reconnect { after_ms });
    }

    /// It is opened again no sooner than that, in milliseconds.
    pub(crate) fn wait(&mut self, wait_ms: u32) {
        self.socket.wait(wait_ms);
    }

    /// It stays closed.
    pub(crate) fn refuse(&mut self, now: Now) {
        self.socket.enter(Stage::Refused, now);
    }

    /// The own network is another one. False: the site has turned this console away for good.
    pub(crate) fn begin_at_once(&mut self) -> bool {
        let open = self.stage() != Stage::Refused;
        if open {
            self.socket.begin_at_once();
        }
        open
    }

    /// What lies in the way of time. True: it is to be closed.
    pub(crate) fn tick(&mut self, around: &mut Around<'_>) -> bool {
        let cut_off = self.is_cut_off(around);
        match self.socket.tick(around.now, around.in_call, cut_off) {
            Some(Tick::Close) => return true,
            Some(Tick::Ping(number)) => around.send(&ToNode::Ping { number }),
            None => {}
        }
        false
    }

    /// Media is under way in a call, and from then on nothing came by either way, in microseconds.
    pub(crate) fn cut_off_us(&self, in_call: bool) -> Option<u64> {
        let media = self.leg.heard_us();
        (in_call && media > 0).then_some(self.heard_us() + LIFE_US)
    }

    fn is_cut_off(&self, around: &Around<'_>) -> bool {
        let recent = around.now.us < self.leg.heard_us() + LIFE_RECENT_US;
        let since = self.cut_off_us(around.in_call && around.active);
        recent && !around.stalled && since.is_some_and(|at| around.now.us >= at)
    }

    /// Makes a leg where one is due.
    pub(crate) fn settle_leg(&mut self, around: &mut Around<'_>) {
        self.leg.settle(self.is_up(), around);
    }

    /// The platform says something of a leg.
    pub(crate) fn leg_input(&mut self, input: Input, around: &mut Around<'_>) -> Option<LegWord> {
        match input {
            Input::LegOffer { leg, sdp } => self.leg.offer(leg, &sdp, self.is_up(), around),
            Input::LegUp { leg } => self.leg.up(leg, around),
            Input::LegDown { leg } => {
                self.leg.down(leg, around);
                None
            }
            Input::LegHeard { leg } => {
                self.leg.heard(leg, around);
                None
            }
            Input::LegUnfit { leg, why } => self.leg.found_unfit(leg, why, around),
            _ => None,
        }
    }

    /// May the charters between the held one and that of the challenge be asked for?
    pub(crate) fn may_be_behind(&self) -> bool {
        self.socket.may_be_behind()
    }

    pub(crate) fn put_off(&mut self, challenge: Challenge) {
        self.socket.put_off(challenge);
    }

    pub(crate) fn take_put_off(&mut self) -> Option<Challenge> {
        self.socket.take_put_off()
    }

    /// This console has answered the node's challenge, on watch there or not.
    pub(crate) fn proven(&mut self, node: NodeId, watch: bool, now: Now) {
        self.node = Some(node);
        // Whoever has not said otherwise can sound.
        self.post = Post { watch, sound: true };
        self.socket.enter(Stage::Proven, now);
    }

    /// Says what the node does not know yet, once it has let this console in: before that it hears a log-in alone.
    pub(crate) fn settle_post(&mut self, post: Post, around: &mut Around<'_>) {
        if !matches!(self.stage(), Stage::Syncing | Stage::Up) {
            return;
        }
        let known = std::mem::replace(&mut self.post, post);
        if known.sound != post.sound {
            around.send(&ToNode::Sound { on: post.sound });
        }
        if known.watch != post.watch {
            around.send(&ToNode::Watch { on: post.watch });
        }
    }

    pub(crate) fn take_clock(&mut self, time_ms: u64, now: Now) {
        self.socket.take_clock(time_ms, now);
    }

    /// The node begins to tell everything, from the first entry on.
    pub(crate) fn told_anew(&mut self, blank: Option<State>, now: Now) {
        self.socket.enter(Stage::Syncing, now);
        self.told.begin_anew(blank);
    }

    /// Another charter is in force: nothing that was told under the former one counts.
    pub(crate) fn begin(&mut self, blank: Option<State>) {
        self.told.begin(blank);
    }

    pub(crate) fn take_paths(&mut self, paths: Vec<PathState>) {
        self.paths = paths.into_iter().map(|path| (path.node.clone(), path)).collect();
    }

    /// The first entries are all here: the node sends its paths after them. True: the state has become whole by that.
    pub(crate) fn synced(&mut self, around: &Around<'_>) -> bool {
        if self.stage() != Stage::Syncing {
            return false;
        }
        self.socket.whole(around.now);
        self.told.whole();
        self.leg.back(around);
        true
    }

    /// Folds an entry. None: it has been, or there is no state yet.
    pub(crate) fn fold_in(&mut self, entry: &VerifiedEntry, bodies: &[&[u8]]) -> Option<Result<Applied, Ignored>> {
        self.told.fold_in(entry, bodies)
    }

    /// The device is revoked, whatever the node tells. True: by what it has told, the device is of that party.
    pub(crate) fn know_revoked(&mut self, party: &PartyId, device: DeviceId) -> bool {
        self.told.know_revoked(party, device)
    }

    /// When WebSocket or leg need attention, in microseconds.
    pub(crate) fn next_timeout(&self, in_call: bool) -> Option<u64> {
        let leg = self.leg.next_timeout().filter(|_| self.is_up());
        [self.socket.next_timeout(in_call), leg].into_iter().flatten().min()
    }
}
