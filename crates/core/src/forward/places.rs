//! Who is received where: places are given here, and for each stream the list of its receivers is made ready, so that a
//! packet only walks through it.

use super::{ForwardEvent, Forwarder, Place, Taken};
use crate::io::Source;
use std::collections::BTreeSet;
use trialogue_charter::DeviceId;
use trialogue_wire::console::Medium;

/// Which place is given up for a sender of this node when none is free: the last one of the node that has most, if it
/// has two more than this one. So a node with many consoles cannot keep those of another from being heard; while there
/// is room, nobody is moved.
fn yields(places: &[Place], node: u8) -> Option<usize> {
    let of = |node: u8| places.iter().filter(|p| p.sender.is_some_and(|s| s.0 == node)).count();
    let taken = places.iter().enumerate().filter_map(|(at, p)| Some((at, p.sender?.0)));
    let (at, most) = taken.max_by_key(|(at, other)| (of(*other), *at))?;
    (of(most) >= of(node) + 2).then_some(at)
}

impl Forwarder {
    /// Makes everything that a packet needs from what was told.
    pub(super) fn rebuild(&mut self, now_ms: u64) {
        #[cfg(test)]
        {
            self.rebuilt += 1;
        }
        let mut seen_anew = Vec::new();
        for leg in 0..self.legs.len() {
            self.feeds(leg);
            for medium in [Medium::Voice, Medium::Picture] {
                self.place(leg, medium, now_ms, &mut seen_anew);
            }
        }
        self.list_receivers();
        let devices: BTreeSet<DeviceId> = self.streams.iter().flatten().map(|s| s.device).collect();
        self.key_frames.keep(&devices);
        for device in seen_anew {
            self.want_key_frame(device, now_ms);
        }
    }

    /// Which streams a leg feeds: of several lines, the one that was joined last.
    fn feeds(&mut self, leg: usize) {
        let Some(state) = self.legs[leg].as_mut() else {
            return;
        };
        let from = Source::Leg(state.console);
        for medium in [Medium::Voice, Medium::Picture] {
            let all = self.streams.iter().enumerate().filter_map(|(at, s)| Some((at, s.as_ref()?)));
            let fed = all.filter(|(_, s)| s.from == from && s.medium == medium).max_by_key(|(_, s)| s.order);
            state.feeds[medium.index()] = fed.map(|(at, _)| at);
        }
    }

    fn place(&mut self, leg: usize, medium: Medium, now_ms: u64, seen_anew: &mut Vec<DeviceId>) {
        let Some(state) = self.legs[leg].as_mut() else {
            return;
        };
        let (console, ready) = (state.console, state.ready);
        let mut heard: Vec<_> = self
            .streams
            .iter()
            .flatten()
            .filter(|s| s.medium == medium && s.wanted.contains(&console) && s.from != Source::Leg(console))
            .map(|s| (s.order, (s.node, s.number, s.device)))
            .collect();
        heard.sort_unstable();
        let places = &mut state.places[medium.index()];
        let before: Vec<Option<DeviceId>> = places.iter().map(|p| p.sender.map(|s| s.2)).collect();
        for place in places.iter_mut() {
            if place.sender.is_some_and(|sender| !heard.iter().any(|h| h.1 == sender)) {
                place.sender = None;
            }
        }
        for (_, sender) in heard {
            // A voice that comes from two sites of a party, one after the other, is one voice in one place.
            let same = |held: (u8, u16, DeviceId)| held == sender || medium == Medium::Voice && held.2 == sender.2;
            if places.iter().any(|p| p.sender.is_some_and(same)) {
                continue;
            }
            // The same device under a new number goes where it was.
            let free = |p: &Place| p.sender.is_none();
            let again = (0..places.len()).find(|at| free(&places[*at]) && before[*at] == Some(sender.2));
            let free = again.or_else(|| places.iter().position(free)).or_else(|| yields(places, sender.0));
            let Some(at) = free else { continue };
            places[at].sender = Some(sender);
            places[at].waits_since_ms = Some(now_ms);
            // A picture that was given up does not come back before its time under another number.
            if places[at].paid_by.replace(sender.2) != Some(sender.2) {
                places[at].paused_until_ms = None;
                places[at].taken = Taken::default();
            }
            if medium == Medium::Picture && ready {
                seen_anew.push(sender.2);
            }
        }
        let after: Vec<Option<DeviceId>> = places.iter().map(|p| p.sender.map(|s| s.2)).collect();
        for (place, (before, after)) in before.into_iter().zip(after).enumerate() {
            if before != after {
                let placed =
                    ForwardEvent::Placed { leg: leg as u32, console, medium, place: place as u8, sender: after };
                self.event(placed);
            }
        }
    }

    fn list_receivers(&mut self) {
        for stream in self.streams.iter_mut().flatten() {
            let sender = (stream.node, stream.number, stream.device);
            stream.receivers.clear();
            for (leg, state) in self.legs.iter().enumerate() {
                let Some(state) = state.as_ref().filter(|l| l.ready) else {
                    continue;
                };
                let places = &state.places[stream.medium.index()];
                let same = |held: (u8, u16, DeviceId)| {
                    held == sender
                        || stream.medium == Medium::Voice
                            && held.2 == sender.2
                            && stream.wanted.contains(&state.console)
                };
                if let Some(place) = places.iter().position(|p| p.sender.is_some_and(same)) {
                    stream.receivers.push((leg as u32, place as u8));
                }
            }
        }
    }
}
