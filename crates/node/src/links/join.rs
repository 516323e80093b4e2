//! Paths come to a link and go; what they say is put in order.

use super::keeper::{Keeper, Target, drawn};
use super::meter::small;
use super::open::Candidate;
use super::path::{Ears, Path, micros};
use super::places::Place;
use super::sequence::Way;
use super::stream::code;
use super::ways::{leads_here, most_over};
use super::{LinkEvent, carrier::Carrier};
use crate::door::Group;
use bytes::Bytes;
use quinn::ConnectionError;
use std::sync::atomic::Ordering;
use std::time::Duration;
use trialogue_wire::limits::PATHS_MAX;
use trialogue_wire::path::PathFrame;

/// Two connections that stood up within this of each other were dialled at once; see the module above.
const AT_ONCE: Duration = Duration::from_secs(2);
/// Rest after the other side had no place for a path.
const FULL: Duration = Duration::from_secs(60);
/// Rest after the control task of the other side refused the link.
const REFUSED: Duration = Duration::from_secs(5);

impl Keeper {
    /// A path was opened: is it taken, in whose place, and does a link begin with it?
    pub(super) fn consider(&mut self, candidate: Candidate, target: Option<&Target>) {
        let lower = self.is_lower();
        let close = |why, text: &[u8]| candidate.connection.close(why, text);
        let Some(target) = target else { return close(code::REFUSED, b"not in service") };
        if !lower && candidate.life != self.setup.life.load(Ordering::Relaxed) {
            return close(code::DUPLICATE, b"opened for a link that is over");
        }
        let names = self.names();
        let (label, ordinal) = candidate.key.end(lower);
        if !candidate.dialled_here && !leads_here(&names, &target.own, candidate.carrier, label, ordinal) {
            return close(code::FULL, b"no such address in the charter");
        }
        let same = self.paths.iter().find(|path| path.key == candidate.key).map(|path| path.id);
        let link = match (&self.link, candidate.link) {
            (Some(link), None) if link.life == candidate.life => Some(link.number),
            (Some(link), Some(number)) if link.number == number => Some(number),
            _ => None,
        };
        if link.is_some() && lower && self.paths.iter().any(|path| self.stays(path, &candidate)) {
            return close(code::DUPLICATE, b"duplicate");
        }
        if link.is_none() && self.link.is_some() {
            // The other side has begun anew: nothing of before counts.
            let life = self.setup.life.load(Ordering::Relaxed);
            self.down(code::DUPLICATE, None);
            // This path was opened in the life that goes on with it.
            self.setup.life.store(life, Ordering::Relaxed);
        }
        let same = same.filter(|_| self.link.is_some());
        let others = self.paths.iter().filter(|path| path.over == candidate.carrier && path.key != candidate.key);
        let full = others.count() >= most_over(&names, &target.own, &target.addresses, candidate.carrier);
        // What this node dials stands in the charter itself; what the other side calls its carriers does not.
        let yields = self.paths.iter().find(|path| {
            let dials = self.dials.all.iter().any(|dialled| dialled.key == path.key);
            path.over == candidate.carrier && path.key != candidate.key && !path.dialled_here && !dials
        });
        let yields = yields.map(|path| path.id).filter(|_| full && candidate.dialled_here && same.is_none());
        if full && !candidate.dialled_here && same.is_none() {
            return close(code::FULL, b"no more paths over this carrier");
        }
        let replaced = same.map(|id| (id, code::DUPLICATE)).or(yields.map(|id| (id, code::FULL)));
        // The last path of a link goes only when the next one is there.
        let after = replaced.filter(|_| self.paths.len() == 1);
        if let Some((id, why)) = replaced.filter(|_| after.is_none()) {
            self.end(id, why, b"replaced", None);
        }
        let place = match (self.paths.is_empty(), self.setup.places.take(self.setup.index)) {
            (true, _) => None,
            (false, Some(place)) if self.paths.len() < PATHS_MAX => Some(place),
            _ => {
                if candidate.dialled_here {
                    self.dials.ended(&candidate.key, Duration::ZERO, Some(FULL), Duration::ZERO);
                }
                return close(code::FULL, b"no more paths");
            }
        };
        self.take(candidate, target.keys, place);
        if let Some((id, why)) = after {
            self.end(id, why, b"replaced", None);
        }
    }

    fn take(&mut self, candidate: Candidate, keys: [[u8; 32]; 2], place: Option<Place>) {
        if self.link.is_none() {
            let number = candidate.link.unwrap_or_else(drawn);
            self.up(number, candidate.life, small(micros(candidate.connection.rtt())));
        }
        let (Some(link), lower) = (&self.link, self.is_lower()) else { return };
        let (number, received) = (link.number, link.received.subscribe());
        let slots = (0u8..).take(PATHS_MAX);
        let Some(slot) = slots.into_iter().find(|slot| self.paths.iter().all(|path| path.slot != *slot)) else {
            return;
        };
        self.next_id += 1;
        let bound = self.setup.bound.get(candidate.carrier);
        let cap = bound.and_then(|bound| bound.cap.as_ref()).map(|cap| cap.path(self.setup.index));
        let carrier = bound.map(|bound| bound.carrier.clone());
        let carrier = carrier.unwrap_or_else(|| Carrier {
            name: String::new(),
            listen: std::net::SocketAddr::from(([0; 4], 0)),
            cap_kbit: None,
        });
        let ears = Ears {
            said: self.said.0.clone(),
            received,
            index: self.setup.index,
            on_datagram: self.setup.on_datagram.clone(),
            begin: lower.then_some(number),
            standing: self.setup.addresses.stands(Group::of(candidate.connection.remote_address().ip())),
        };
        tracing::debug!(node = %self.setup.other, carrier = %carrier.name, "a path is up");
        let path = Path::start(candidate, (self.next_id, slot), (carrier, cap), keys, place, ears, self.now_us());
        self.paths.push(path);
        self.choose();
        self.tell();
    }

    /// Of two connections that are one path, does the standing one stay? The node with the lower id says so for both.
    fn stays(&self, current: &Path, candidate: &Candidate) -> bool {
        current.key == candidate.key
            && current.dialled_here
            && !candidate.dialled_here
            && current.since.elapsed() < AT_ONCE
            && current.connection.close_reason().is_none()
    }

    /// A path's reader has come to its end.
    pub(super) fn gone(&mut self, id: u64) {
        let Some(path) = self.paths.iter().find(|path| path.id == id) else { return };
        let reason = path.connection.close_reason();
        tracing::debug!(node = %self.setup.other, carrier = %path.carrier.name, ?reason, "a path ended");
        let said = match reason {
            Some(ConnectionError::ApplicationClosed(close)) => Some(close.error_code),
            _ => None,
        };
        if said == Some(code::REFUSED) {
            return self.down(code::REFUSED, Some(REFUSED));
        }
        // Without any path the other side may only not have seen yet that the last one is dead.
        let rest = (said == Some(code::FULL) && self.paths.len() > 1).then_some(FULL);
        self.end(id, code::PROTOCOL, b"control stream ended", rest);
    }

    /// Takes a path out of the link. What it had under way goes by the others.
    pub(super) fn end(&mut self, id: u64, why: quinn::VarInt, text: &[u8], rest: Option<Duration>) {
        let Some(at) = self.paths.iter().position(|path| path.id == id) else { return };
        let path = self.paths.remove(at);
        if self.paths.is_empty() {
            self.dials.last_one_went();
        }
        self.dials.ended(&path.key, path.since.elapsed(), rest, self.stagger());
        if let Some(link) = &mut self.link {
            link.sender.path_gone(path.slot);
        }
        if self.paths.is_empty() {
            self.went_down();
        } else {
            self.choose();
            self.tell();
        }
        // Last, as in [`Keeper::down`].
        path.connection.close(why, text);
    }

    /// One frame of a path.
    pub(super) fn frame(&mut self, id: u64, bytes: &[u8]) {
        let Some(link) = self.link.as_mut().filter(|_| self.paths.iter().any(|path| path.id == id)) else { return };
        let mut messages = Vec::new();
        let well = match PathFrame::parse(bytes) {
            Ok(PathFrame::Message { number, bytes }) => link.receiver.take(number, bytes, &mut messages).is_ok(),
            Ok(PathFrame::Received(up_to)) => link.sender.received(up_to).is_ok(),
            _ => false,
        };
        if matches!(PathFrame::parse(bytes), Ok(PathFrame::Message { .. })) {
            // A copy is acknowledged too: the other side may not know.
            link.received.send_replace(link.receiver.delivered());
        }
        for bytes in messages {
            self.queue.push_back(LinkEvent::Message { node: self.setup.other.clone(), bytes, room: None });
        }
        if !well {
            self.setup.counters.count("link_malformed");
            tracing::warn!(node = %self.setup.other, "a node sent what is no frame of a link; the link was closed");
            self.down(code::PROTOCOL, Some(REFUSED));
        }
    }

    /// A message of the control task.
    pub(super) fn send(&mut self, message: &[u8]) {
        let Some(link) = &mut self.link else { return };
        match (PathFrame::Message { number: link.sender.next(), bytes: message }).write() {
            Ok(frame) => link.sender.take(Bytes::from(frame)),
            Err(_) => tracing::error!(len = message.len(), "a message that no link carries was not sent"),
        }
    }

    /// Gives the paths what is due.
    pub(super) fn give(&mut self) {
        let now_us = self.now_us();
        let Some(link) = &mut self.link else { return };
        let mut order: Vec<&Path> = self.paths.iter().collect();
        let rank =
            |path: &Path| (path.meter.is_silent(now_us), path.carrier.cap_kbit.is_some(), path.meter.round_trip_us());
        order.sort_by_key(|path| (rank(path), path.id));
        let way =
            |path: &&Path| Way { slot: path.slot, round_trip_us: path.meter.round_trip_us(), credit: path.credit() };
        let mut ways: Vec<Way> = order.iter().map(way).collect();
        for (slot, frame) in link.sender.due(now_us, &mut ways) {
            if let Some(path) = self.paths.iter().find(|path| path.slot == slot) {
                path.put(frame);
            }
        }
    }
}
