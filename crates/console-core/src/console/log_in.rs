//! A node of the own party challenges this console, lets it in or turns it away; which charter that is under.

use super::Console;
use crate::io::{Event, Output};
use crate::limits::*;
use crate::sites::{Challenge, Site, Stage};
use trialogue_charter::NodeId;
use trialogue_journal::limits::CLOCKS_APART_MS;
use trialogue_wire::console::{PROTOCOL, Refusal, ToNode};

/// All of it about the site of a slot. Only the one in use says on the screen what is wrong.
impl Console {
    pub(super) fn challenged(&mut self, slot: u8, protocol: u8, challenge: Challenge) {
        if protocol != PROTOCOL {
            return self.turned_away(slot, Refusal::Protocol);
        }
        let active = self.sites.is_active(slot);
        if let Err(why) = self.check_charter(slot, &challenge.node, &challenge.charter) {
            // The site in use finds out for itself that this console was away for more than one amendment.
            let missed = if active { self.missed_some(slot, &challenge.charter) } else { None };
            if active {
                self.troubles.charter(why);
            }
            let Some((site, mut around)) = self.at(slot) else { return };
            if let Some(serial) = missed {
                // Each is verified by the one before.
                site.put_off(challenge);
                return around.send(&ToNode::Behind { serial });
            }
            site.wait(CHARTER_RETRY_MS);
            return self.close(slot);
        }
        let Challenge { node, nonce, .. } = challenge;
        let origin = self.sites.origin_of(slot);
        let origins = self.agreed.charter().and_then(|charter| charter.node(&node)).map(|node| node.origins.as_slice());
        if origins.is_some_and(|own| !own.is_empty() && !origin.is_empty() && !own.contains(&origin)) {
            // Nothing is signed here that a site in other hands could hand on.
            return self.turned_away(slot, Refusal::Origin);
        }
        if active {
            self.troubles.let_in();
        }
        let signature = self.secret.prove(&node, &origin, &nonce).to_vec();
        // It is on watch at one site, and counted once.
        let (certificate, on_watch) = (self.agreed.certificate().to_vec(), self.on_watch && active);
        let Some((site, mut around)) = self.at(slot) else { return };
        site.proven(node, on_watch, around.now);
        around.send(&ToNode::Prove { protocol: PROTOCOL, certificate, signature, on_watch, origin });
    }

    /// Serial of the held charter, where that of the challenge is a true and newer one that does not follow on it by
    /// itself.
    fn missed_some(&self, slot: u8, challenge: &[u8]) -> Option<u64> {
        // Asked first: a charter costs its signatures, and a node shows one at each log-in.
        self.sites.of(slot).filter(|site| site.may_be_behind())?;
        self.agreed.missed_some(challenge)
    }

    /// One of the charters between the one held and that of the challenge.
    pub(super) fn stepped(&mut self, slot: u8, charter: &[u8]) {
        let Some(challenge) = self.sites.of_mut(slot).and_then(Site::take_put_off) else {
            return self.log(Event::Malformed("charter out of turn"));
        };
        let taken = self.follow_charter(slot, charter);
        if taken.is_ok() && self.check_charter(slot, &challenge.node, &challenge.charter).is_ok() {
            return self.challenged(slot, PROTOCOL, challenge);
        }
        if let Some(site) = self.sites.of_mut(slot) {
            site.put_off(challenge);
        }
        if let Err(why) = taken {
            self.troubles.charter(why);
        }
    }

    /// A newer charter takes effect: the state is told anew under it, and a call goes on.
    pub(super) fn amended(&mut self, slot: u8, bytes: &[u8]) {
        let Some(node) = self.sites.of(slot).and_then(Site::node).cloned() else { return };
        let put_out = self.agreed.is_put_out_by(bytes);
        match self.check_charter(slot, &node, bytes) {
            Ok(()) => {
                // The other site may have brought the charter first: this fold begins anew all the same.
                self.tell_anew(slot);
                self.log(Event::Amended);
            }
            // The node says it too, at once.
            Err(_) if put_out => self.turned_away(slot, Refusal::Certificate),
            Err(why) => {
                if self.sites.is_active(slot) {
                    self.troubles.charter(why);
                }
                self.close_for(slot, CHARTER_RETRY_MS);
            }
        }
    }

    /// The node's charter must be one that this console follows, and the node must be one of the own party.
    fn check_charter(&mut self, slot: u8, node: &NodeId, bytes: &[u8]) -> Result<(), String> {
        self.follow_charter(slot, bytes)?;
        self.agreed.check_node(node)
    }

    fn follow_charter(&mut self, slot: u8, bytes: &[u8]) -> Result<(), String> {
        if let Some(followed) = self.agreed.follow(bytes)? {
            self.take_charter(slot, followed);
            self.push(Output::Charter(bytes.to_vec()));
        }
        Ok(())
    }

    pub(super) fn welcomed(&mut self, slot: u8, time_ms: u64) {
        self.tell_anew(slot);
        self.take_clock(slot, time_ms);
        if self.sites.is_active(slot) {
            self.writer.told_as_usual();
        }
        self.log(Event::Accepted);
    }

    /// The node begins to tell everything once more.
    pub(super) fn tell_anew(&mut self, slot: u8) {
        let blank = self.new_fold();
        let Some((site, around)) = self.at(slot) else { return };
        site.told_anew(blank, around.now);
    }

    /// How long an act may stand is counted by the node's clock. Where that is far from the own, somebody has to look:
    /// one of the two is wrong, or the node wants acts that stand for longer.
    pub(super) fn take_clock(&mut self, slot: u8, time_ms: u64) {
        let Some((site, around)) = self.at(slot) else { return };
        site.take_clock(time_ms, around.now);
        if self.sites.is_active(slot) {
            self.troubles.clock(time_ms.abs_diff(self.now_ms) > CLOCKS_APART_MS);
        }
    }

    pub(super) fn turned_away(&mut self, slot: u8, reason: Refusal) {
        self.log(Event::Refused(reason));
        if !self.sites.is_active(slot) {
            // The site in use says for itself whether this console is accepted.
            return self.close_for(slot, RECONNECT_MS.1);
        }
        self.troubles.turned_away(reason.into());
        match reason {
            // These pass by themselves, or by an amendment or the operator's word; meanwhile the party's other site may
            // let it in.
            Refusal::Busy
            | Refusal::NotNow
            | Refusal::Malformed
            | Refusal::CatchingUp
            | Refusal::Origin
            | Refusal::Suspended => {
                let soon = reason == Refusal::CatchingUp;
                self.close_for(slot, if soon { CATCHING_UP_MS } else { RECONNECT_MS.1 });
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
                if let Some((site, around)) = self.at(slot) {
                    site.refuse(around.now);
                }
                self.call_over();
                self.push(Output::Stop);
            }
        }
    }

    /// The WebSocket is closed, and opened again after that long at the least.
    fn close_for(&mut self, slot: u8, wait_ms: u32) {
        if let Some(site) = self.sites.of_mut(slot) {
            site.wait(wait_ms);
        }
        self.close(slot);
    }

    /// The WebSocket of this site is over; it is opened again, or another site is tried in its place.
    pub(super) fn close(&mut self, slot: u8) {
        let Some((site, around)) = self.at(slot) else { return };
        let Some(was_up) = site.close(&around) else { return };
        if self.sites.is_active(slot) {
            self.acts.unsent();
        } else if let Some(url) = self.sites.another(slot, was_up) {
            self.connect(slot, url);
        }
        let Some((site, mut around)) = self.at(slot) else { return };
        site.reconnect(was_up, &mut around);
    }

    /// The pair of this slot leads there from now on.
    pub(super) fn connect(&mut self, slot: u8, url: String) {
        if let Some((site, mut around)) = self.at(slot) {
            site.opens(around.now.us);
            around.push(Output::Connect { url });
        }
    }

    /// The first entries are all here.
    pub(super) fn synced(&mut self, slot: u8) {
        let Some((site, around)) = self.at(slot) else { return };
        let active = around.active;
        if !site.synced(&around) || !active {
            return;
        }
        // What the node had accepted stands in the state by now, or it never will.
        self.keys.state_is_whole();
        self.note_added();
        self.say_again();
        self.tell_sending();
    }

    /// The node tells everything once more, with more of what was written.
    pub(super) fn told_with_more(&mut self, slot: u8, writings: u16) {
        if self.sites.of(slot).is_none_or(|site| site.stage() != Stage::Up) {
            return self.log(Event::Malformed("told anew out of turn"));
        }
        self.tell_anew(slot);
        if self.sites.is_active(slot) {
            self.writer.told_anew(writings);
        }
    }
}
