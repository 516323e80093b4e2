//! Who is received where: places are given here, and for each stream the list of its receivers is made ready, so that a packet only
//! walks through it.

use super::{ForwardEvent, Forwarder, index};
use std::collections::BTreeMap;
use trialogue_charter::{DeviceId, LineId};
use trialogue_wire::console::Medium;

impl Forwarder {
    /// The line that a device speaks and listens on.
    fn spoken_line(&self, device: &DeviceId) -> Option<&LineId> {
        self.devices.get(device)?.lines.last()
    }

    /// Makes everything that a packet needs from what was told.
    pub(super) fn rebuild(&mut self, now_ms: u64) {
        self.name_streams();
        let mut seen_anew = Vec::new();
        for leg in 0..self.legs.len() {
            for medium in [Medium::Voice, Medium::Picture] {
                self.place(leg, medium, now_ms, &mut seen_anew);
            }
        }
        self.list_receivers();
        for device in seen_anew {
            self.want_key_frame(device, now_ms);
        }
    }

    /// Gives announced numbers to the streams of devices that are in.
    fn name_streams(&mut self) {
        self.numbers.clear();
        for stream in self.streams.iter_mut().flatten() {
            stream.number = None;
        }
        for ((node, number), (device, line, medium)) in &self.early {
            let Some(state) = self.devices.get(device) else {
                continue;
            };
            // A node names streams of its own consoles only.
            if state.node != *node || state.lines.last() != Some(line) {
                continue;
            }
            let at = state.streams[index(*medium)];
            if let Some(stream) = self.streams[at].as_mut() {
                stream.number = Some(*number);
                self.numbers.insert((*node, *number), at);
            }
        }
    }

    fn place(&mut self, leg: usize, medium: Medium, now_ms: u64, seen_anew: &mut Vec<DeviceId>) {
        let Some(state) = self.legs[leg].as_ref() else {
            return;
        };
        let console = state.device;
        let line = self.spoken_line(&console);
        let heard: Vec<DeviceId> = line
            .and_then(|line| self.lines.get(line).map(|members| (line, members)))
            .into_iter()
            .flat_map(|(line, members)| {
                members
                    .iter()
                    .filter(move |d| **d != console && self.spoken_line(d) == Some(line))
                    .copied()
            })
            .collect();
        let mut changed: BTreeMap<u8, Option<DeviceId>> = BTreeMap::new();
        let Some(state) = self.legs[leg].as_mut() else {
            return;
        };
        let ready = state.ready;
        let places = &mut state.places[index(medium)];
        for (at, place) in places.iter_mut().enumerate() {
            if place.sender.is_some_and(|sender| !heard.contains(&sender)) {
                place.sender = None;
                changed.insert(at as u8, None);
            }
        }
        for device in heard {
            if places.iter().any(|p| p.sender == Some(device)) {
                continue;
            }
            let Some(at) = places.iter().position(|p| p.sender.is_none()) else {
                break;
            };
            places[at].sender = Some(device);
            places[at].waits_since_ms = Some(now_ms);
            changed.insert(at as u8, Some(device));
            if medium == Medium::Picture && ready {
                seen_anew.push(device);
            }
        }
        for (place, sender) in changed {
            self.event(ForwardEvent::Placed {
                leg: leg as u32,
                console,
                medium,
                place,
                sender,
            });
        }
    }

    fn list_receivers(&mut self) {
        for at in 0..self.streams.len() {
            let Some(stream) = self.streams[at].as_ref() else {
                continue;
            };
            let (device, node, medium) = (stream.device, stream.node, stream.medium);
            let route = self
                .spoken_line(&device)
                .and_then(|line| self.routes.get(&(line.clone(), node)))
                .copied();
            let links = match (route, medium) {
                (Some(route), Medium::Voice) => route.voice,
                (Some(route), Medium::Picture) => route.picture,
                (None, _) => super::Nodes::NONE,
            };
            let mut receivers = Vec::new();
            for (leg, state) in self.legs.iter().enumerate() {
                let Some(state) = state.as_ref().filter(|l| l.ready) else {
                    continue;
                };
                if let Some(place) = state.places[index(medium)]
                    .iter()
                    .position(|p| p.sender == Some(device))
                {
                    receivers.push((leg as u32, place as u8));
                }
            }
            if let Some(stream) = self.streams[at].as_mut() {
                stream.links = links.without(self.own).without(node);
                stream.receivers = receivers;
            }
        }
    }
}
