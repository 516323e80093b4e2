//! The WebSocket to the own node: opened, challenged, proven, kept alive, opened again.

use crate::console::Console;
use crate::io::{Event, Output};
use crate::limits::*;
use std::sync::Arc;
use trialogue_charter::{DeviceCertificate, NodeId, VerifiedCharter};
use trialogue_journal::limits::CLOCKS_APART_MS;
use trialogue_wire::console::{PROTOCOL, Refusal, ToConsole, ToNode};

/// How far the WebSocket is.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Stage {
    /// Not open; the platform was told when to open it.
    #[default]
    Down,
    /// Open, nothing heard.
    Open,
    /// The challenge is answered.
    Proven,
    /// Accepted; the first entries are coming.
    Syncing,
    /// Accepted, and the state is whole.
    Up,
    /// Refused for good.
    Refused,
}

#[derive(Default)]
pub(crate) struct Link {
    pub(crate) stage: Stage,
    pub(crate) since_us: u64,
    pub(crate) heard_us: u64,
    /// Since when the state is being told and is not whole, however often that was begun anew.
    pub(crate) telling_us: u64,
    /// When something of the state came last: who answers keep-alives alone tells nothing.
    told_us: u64,
    ping_us: u64,
    ping: u32,
    pub(crate) tries: u32,
    /// A wait that was asked for by a refusal, in milliseconds.
    wait_ms: Option<u32>,
    /// It has asked for charters on this WebSocket.
    behind: bool,
    /// The node's clock when it let this console in, and when that was.
    clock: Option<(u64, u64)>,
    /// A challenge that waits for the charters between the one held and its own.
    waits: Option<(NodeId, [u8; 32], Vec<u8>)>,
}

impl Link {
    pub(crate) fn is_up(&self) -> bool {
        self.stage == Stage::Up
    }

    /// Now by the node's clock, in which its entries are written: a ring must ring whatever a clock shows.
    pub(crate) fn node_ms(&self, now_us: u64, now_ms: u64) -> u64 {
        let node_ms = self.clock.map(|(ms, at_us)| ms.saturating_add(now_us.saturating_sub(at_us) / 1_000));
        node_ms.unwrap_or(now_ms)
    }

    /// The state is being told anew: nothing may be concluded from what is not in it yet.
    pub(crate) fn is_syncing(&self) -> bool {
        self.stage == Stage::Syncing
    }
}

impl Link {
    /// When it needs attention, with a keep-alive every so many microseconds.
    pub(crate) fn next_us(&self, ping_every: u64) -> Option<u64> {
        match self.stage {
            Stage::Open | Stage::Proven => Some(self.since_us + HELLO_US),
            Stage::Syncing | Stage::Up => Some(self.ping_us + ping_every),
            Stage::Down | Stage::Refused => None,
        }
    }
}

impl Console {
    pub(crate) fn link_opened(&mut self) {
        self.link.behind = false;
        self.stage(Stage::Open);
    }

    fn stage(&mut self, stage: Stage) {
        if !self.link.is_syncing() {
            self.link.telling_us = self.now_us;
        }
        self.link.told_us = self.now_us;
        self.link.stage = stage;
        self.link.waits = None;
        self.link.since_us = self.now_us;
        self.link.heard_us = self.now_us;
        self.link.ping_us = self.now_us;
    }

    pub(crate) fn link_closed(&mut self) {
        if self.link.stage == Stage::Refused {
            return;
        }
        let was_up = self.link.is_up();
        self.stage(Stage::Down);
        self.retold = None;
        // A node keeps the leg of a console in a call, and no other.
        if self.call.is_none() || self.at_spare {
            self.give_up_leg();
        }
        self.paths.clear();
        if self.at_spare {
            self.try_another_site(was_up);
        } else {
            self.acts.unsent();
        }
        let most = if self.call.is_some() { RECONNECT_IN_CALL_MS } else { RECONNECT_MS.1 };
        // A network that has changed has a new way already.
        let at_once = was_up && self.call.is_some();
        let step = if at_once { 0 } else { RECONNECT_MS.0.saturating_mul(1 << self.link.tries.min(10)).min(most) };
        let wait = self.link.wait_ms.take().unwrap_or(step);
        self.link.tries += 1;
        // A node that comes back is not met by all its consoles in the same instant.
        let mut random = [0; 2];
        let _ = getrandom::fill(&mut random);
        let jitter = wait / 2 * u32::from(u16::from_be_bytes(random)) / u32::from(u16::MAX);
        self.push(Output::Reconnect { after_ms: (wait - wait / 4 + jitter).min(RECONNECT_MS.1) });
    }

    /// The own network is another one: whatever was open is opened anew at once, and the leg with it.
    pub(crate) fn network_changed(&mut self) {
        self.renew_way();
        self.renew_way_of_spare();
    }

    pub(crate) fn renew_way(&mut self) {
        if self.link.stage == Stage::Refused {
            return;
        }
        self.link.tries = 0;
        self.link.wait_ms = Some(0);
        self.link_closed();
        self.leg_moved();
    }

    /// Keep-alives and patience.
    pub(crate) fn link_tick(&mut self) {
        let now = self.now_us;
        match self.link.stage {
            Stage::Open | Stage::Proven if now >= self.link.since_us + HELLO_US => self.link_closed(),
            // What matters may be a lot, and the line slow: as long as it comes, it is waited for.
            Stage::Syncing if now >= self.link.told_us + SYNC_US => self.link_closed(),
            Stage::Syncing if self.call.is_some() && now >= self.link.telling_us + SYNC_IN_CALL_US => {
                self.link_closed();
            }
            Stage::Up if now >= self.link.heard_us + self.dead_after() => self.link_closed(),
            Stage::Up if self.is_cut_off() => self.link_closed(),
            Stage::Syncing | Stage::Up if now >= self.link.ping_us + self.ping_every() => {
                self.link.ping_us = now;
                self.link.ping = self.link.ping.wrapping_add(1);
                let number = self.link.ping;
                self.send(&ToNode::Ping { number });
            }
            _ => {}
        }
    }

    /// In a call often, with one site as with two: whoever can go on at another site, or at another address, has to know at once that this one is gone, and
    /// while the others are muted nothing else comes.
    pub(crate) fn ping_every(&self) -> u64 {
        if self.call.is_some() { PING_IN_CALL_US } else { PING_US }
    }

    /// Without a word for so long the WebSocket is dead.
    pub(crate) fn dead_after(&self) -> u64 {
        if self.call.is_some() { DEAD_IN_CALL_US } else { DEAD_US }
    }

    /// In a call with media under way, nothing comes any more by either way.
    fn is_cut_off(&self) -> bool {
        let (now, media) = (self.now_us, self.leg.heard_us);
        self.call.is_some()
            && !self.at_spare
            && media > 0
            && now < media + LIFE_RECENT_US
            && now >= media.max(self.link.heard_us) + LIFE_US
            && !self.sites.is_stalled(now)
    }

    pub(crate) fn link_next_us(&self) -> Option<u64> {
        self.link.next_us(self.ping_every())
    }

    pub(crate) fn received(&mut self, bytes: &[u8]) {
        if matches!(self.link.stage, Stage::Down | Stage::Refused) {
            return;
        }
        self.link.heard_us = self.now_us;
        match trialogue_wire::decode::<ToConsole>(bytes) {
            Ok(message) => self.said(message),
            Err(_) => self.log(Event::Malformed("message")),
        }
    }

    fn said(&mut self, message: ToConsole) {
        let known = matches!(self.link.stage, Stage::Syncing | Stage::Up);
        if matches!(message, ToConsole::Entries { .. } | ToConsole::MoreFollows {}) {
            self.link.told_us = self.now_us;
        }
        match message {
            ToConsole::Challenge { protocol, node, nonce, charter } if self.link.stage == Stage::Open => {
                self.challenged(protocol, node, &nonce, &charter);
            }
            ToConsole::Welcome { time_ms } if self.link.stage == Stage::Proven => self.welcomed(time_ms),
            ToConsole::Refused { number: None, reason, .. } => self.turned_away(reason),
            ToConsole::Charter { charter } if self.link.stage == Stage::Open => self.stepped(&charter),
            ToConsole::Charter { charter } if known => self.amended(&charter),
            _ if !known => self.log(Event::Malformed("message before its time")),
            ToConsole::Entries { bundles } => self.take_entries(bundles),
            ToConsole::Paths { paths } => {
                self.paths = paths.into_iter().map(|path| (path.node.clone(), path)).collect();
                self.synced();
            }
            ToConsole::Sites { sites } => self.take_sites(sites),
            // What was said, was said at the other site.
            ToConsole::Accepted { .. }
            | ToConsole::Refused { number: Some(_), .. }
            | ToConsole::Lacking { .. }
            | ToConsole::ChunkStored { .. }
            | ToConsole::Sending { .. }
            // Nor is this console on watch there: that it lives is said where it is.
            | ToConsole::AskAlive { .. }
                if self.at_spare => {}
            ToConsole::Accepted { number, unrecorded } => {
                self.troubles.written_down(unrecorded);
                if let Some(settled) = self.acts.accepted(number) {
                    self.settled(settled);
                }
            }
            ToConsole::Refused { number: Some(number), reason, after_ms } => {
                self.refused(number, reason, after_ms);
            }
            ToConsole::Answer { answer, leg } if leg == self.leg.number => self.leg_answer(&answer),
            ToConsole::Place { mid, device, medium, leg } if leg == self.leg.number => self.placed(mid, device, medium),
            // Of a leg before this one, or of one that this device had before it was started anew.
            ToConsole::Answer { .. } | ToConsole::Place { .. } => {}
            ToConsole::Bodies { bodies } => self.take_bodies(bodies),
            ToConsole::Sending { device, voice, picture } => self.says(device, voice, picture),
            ToConsole::Anew { writings } => self.told_anew(writings),
            ToConsole::MoreFollows {} => self.more_follows(),
            ToConsole::Lacking { hashes } => self.take_lacking(&hashes),
            ToConsole::ChunkStored { hash } => self.chunk_stored(hash),
            // The media worker shows it first.
            ToConsole::AskAlive { nonce } => self.push(Output::ProveAlive { nonce }),
            ToConsole::Clock { time_ms } => self.take_clock(time_ms),
            ToConsole::Pong { .. } => {}
            ToConsole::Challenge { .. } | ToConsole::Welcome { .. } | ToConsole::Charter { .. } => {
                self.log(Event::Malformed("message out of turn"))
            }
        }
    }

    fn challenged(&mut self, protocol: u8, node: NodeId, nonce: &[u8; 32], charter: &[u8]) {
        if protocol != PROTOCOL {
            return self.turned_away(Refusal::Protocol);
        }
        if let Err(why) = self.check_charter(&node, charter) {
            if self.at_spare {
                self.link.wait_ms = Some(CHARTER_RETRY_MS);
                return self.link_closed();
            }
            if let Some(serial) = self.missed_some(charter) {
                // It was away for more than one amendment: each is verified by the one before.
                self.troubles.charter(why);
                self.link.behind = true;
                self.link.waits = Some((node, *nonce, charter.to_vec()));
                return self.send(&ToNode::Behind { serial });
            }
            self.troubles.charter(why);
            self.link.wait_ms = Some(CHARTER_RETRY_MS);
            return self.link_closed();
        }
        let origin = self.origin_now();
        let origins = self.charter.as_ref().and_then(|charter| charter.node(&node)).map(|node| node.origins.as_slice());
        if origins.is_some_and(|own| !own.is_empty() && !origin.is_empty() && !own.contains(&origin)) {
            // Nothing is signed here that a site in other hands could hand on.
            return self.turned_away(Refusal::Origin);
        }
        if !self.at_spare {
            self.troubles.let_in();
        }
        let signature = self.secret.prove(&node, &origin, nonce).to_vec();
        self.node = Some(node);
        self.stage(Stage::Proven);
        // It is on watch at one site, and counted once.
        let (certificate, on_watch) = (self.certificate.clone(), self.on_watch && !self.at_spare);
        self.send(&ToNode::Prove { protocol: PROTOCOL, certificate, signature, on_watch, origin });
    }

    /// Where this pair has reached its node: what a site that hands on the challenge of another cannot change.
    fn origin_now(&self) -> String {
        if self.slot == 0 { self.origin.clone() } else { self.site_origin() }
    }

    /// Serial of the held charter, where that of the challenge is a true and newer one that does not follow on it by itself.
    fn missed_some(&self, challenge: &[u8]) -> Option<u64> {
        let held = self.charter.as_ref().filter(|_| !self.link.behind)?;
        let newer = VerifiedCharter::open(challenge, Some(&self.root)).ok()?;
        let missed = newer.serial > held.serial && newer.supersedes(held).is_err();
        missed.then_some(held.serial)
    }

    /// One of the charters between the one held and that of the challenge.
    fn stepped(&mut self, charter: &[u8]) {
        let Some((node, nonce, challenge)) = self.link.waits.take() else {
            return self.log(Event::Malformed("charter out of turn"));
        };
        let taken = self.follow_charter(charter);
        if taken.is_ok() && self.check_charter(&node, &challenge).is_ok() {
            return self.challenged(PROTOCOL, node, &nonce, &challenge);
        }
        self.link.waits = Some((node, nonce, challenge));
        if let Err(why) = taken {
            self.troubles.charter(why);
        }
    }

    /// A newer charter takes effect: the state is told anew under it, and a call goes on.
    fn amended(&mut self, bytes: &[u8]) {
        let Some(node) = self.node.clone() else { return };
        let accepted = VerifiedCharter::open(bytes, None)
            .ok()
            .is_none_or(|charter| DeviceCertificate::verify(&charter, &self.certificate).is_ok());
        match self.check_charter(&node, bytes) {
            Ok(()) => {
                // The other site may have brought the charter first: this fold begins anew all the same.
                self.retold = self.new_fold();
                self.seen.clear();
                self.stage(Stage::Syncing);
                self.log(Event::Amended);
            }
            // The node says it too, at once.
            Err(_) if !accepted => self.turned_away(Refusal::Certificate),
            Err(why) => {
                if !self.at_spare {
                    self.troubles.charter(why);
                }
                self.link.wait_ms = Some(CHARTER_RETRY_MS);
                self.link_closed();
            }
        }
    }

    /// The node's charter must be one that this console follows, and the node must be one of the own party.
    fn check_charter(&mut self, node: &NodeId, bytes: &[u8]) -> Result<(), String> {
        self.follow_charter(bytes)?;
        let serving = self.charter.as_ref().filter(|charter| charter.serves(node));
        let party = serving.and_then(|charter| charter.node(node)).map(|node| &node.party);
        if party.is_none() || party != self.me.as_ref().map(|me| &me.party) {
            return Err(format!("{node} is no node of this console's party in the charter: check the address"));
        }
        Ok(())
    }

    /// Signed by all, with the own root among them, and the one held or agreed to follow on it.
    fn follow_charter(&mut self, bytes: &[u8]) -> Result<(), String> {
        if self.charter.as_ref().is_some_and(|held| held.bytes() == bytes) {
            return Ok(());
        }
        let charter = VerifiedCharter::open(bytes, Some(&self.root)).map_err(|error| error.to_string())?;
        if let Some(held) = &self.charter {
            charter.supersedes(held).map_err(|error| error.to_string())?;
        }
        self.take_charter(Arc::new(charter)).map_err(|error| error.to_string())?;
        self.push(Output::Charter(bytes.to_vec()));
        Ok(())
    }

    fn welcomed(&mut self, time_ms: u64) {
        self.stage(Stage::Syncing);
        self.take_clock(time_ms);
        // The first entries are told from the beginning: folding them onto what is held would count a restart twice.
        self.retold = self.new_fold();
        self.seen.clear();
        self.told_as_usual();
        self.log(Event::Accepted);
    }

    /// How long an act may stand is counted by the node's clock. Where that is far from the own, somebody has to look: one of the two is wrong, or the node
    /// wants acts that stand for longer.
    fn take_clock(&mut self, time_ms: u64) {
        self.link.clock = Some((time_ms, self.now_us));
        if !self.at_spare {
            self.troubles.clock(time_ms.abs_diff(self.now_ms) > CLOCKS_APART_MS);
        }
    }

    /// All that came is taken. What was asked for meanwhile was not given.
    fn more_follows(&mut self) {
        self.send(&ToNode::Next {});
        if !self.at_spare {
            self.bodies.ask_again(self.now_us);
        }
    }

    /// The node tells everything once more, with more of what was written.
    fn told_anew(&mut self, writings: u16) {
        if self.link.stage != Stage::Up {
            return self.log(Event::Malformed("told anew out of turn"));
        }
        self.stage(Stage::Syncing);
        self.retold = self.new_fold();
        self.seen.clear();
        if !self.at_spare {
            self.writer.told = writings;
        }
    }

    /// The first entries are all here: the node sends its paths after them.
    fn synced(&mut self) {
        if self.link.stage != Stage::Syncing {
            return;
        }
        self.stage(Stage::Up);
        self.link.tries = 0;
        if let Some(retold) = self.retold.take() {
            self.fold = Some(retold);
        }
        // The leg went the way of the WebSocket.
        self.leg.renew |= self.call.is_some() && !self.at_spare && self.now_us >= self.leg.heard_us + LIFE_US;
        if self.at_spare {
            return;
        }
        // What the node had accepted stands in the state by now, or it never will.
        if let Some(keys) = self.keys.as_mut().filter(|keys| keys.moving.as_ref().is_some_and(|own| own.confirmed)) {
            keys.moving = None;
        }
        self.note_added();
        self.say_again();
        self.tell_sending();
    }

    fn turned_away(&mut self, reason: Refusal) {
        self.log(Event::Refused(reason));
        if self.at_spare {
            // The site in use says for itself whether this console is accepted.
            self.link.wait_ms = Some(RECONNECT_MS.1);
            return self.link_closed();
        }
        self.troubles.turned_away(reason.into());
        match reason {
            // These pass by themselves, or by an amendment or the operator's word; meanwhile the party's other site may let it in.
            Refusal::Busy
            | Refusal::NotNow
            | Refusal::Malformed
            | Refusal::CatchingUp
            | Refusal::Origin
            | Refusal::Suspended => {
                let soon = reason == Refusal::CatchingUp;
                self.link.wait_ms = Some(if soon { CATCHING_UP_MS } else { RECONNECT_MS.1 });
                self.link_closed();
            }
            // For good, until the page is opened anew: this device, this program or this office is not let in.
            Refusal::Protocol
            | Refusal::Certificate
            | Refusal::Revoked
            | Refusal::Signature
            | Refusal::NotOnLine
            | Refusal::Replayed
            | Refusal::Epoch
            | Refusal::AboveAuthority
            | Refusal::Role
            | Refusal::NotOwn
            | Refusal::Policy
            | Refusal::Dropped
            | Refusal::Time
            | Refusal::OtherOffice
            | Refusal::NoConsultation
            | Refusal::OtherNode
            | Refusal::OtherCharter
            | Refusal::Outdated
            | Refusal::Ahead
            | Refusal::NoSeat => {
                self.stage(Stage::Refused);
                self.call_over(None);
                self.push(Output::Stop);
            }
        }
    }
}
