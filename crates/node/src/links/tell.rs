//! Which path is best, and what the rest of the node hears of paths.

use super::LinkEvent;
use super::choose::Seen;
use super::keeper::Keeper;
use super::meter::small;
use super::path::Path;
use trialogue_wire::console::PathMeasure;
use trialogue_wire::limits::{ADDRESS_MAX, PATHS_SHOWN_MAX};

/// A link that was silent counts as such until something has come back for so long: pictures do not run to and fro.
const HEARD_US: u64 = 1_000_000;

impl Keeper {
    /// Looks for the best path and tells the media thread what there is.
    pub(super) fn choose(&mut self) {
        let now_us = self.now_us();
        let see = |path: &Path| Seen {
            id: path.id,
            round_trip_us: path.meter.round_trip_us(),
            silent: path.meter.is_silent(now_us),
            full: path.full,
            cap_kbit: path.carrier.cap_kbit,
        };
        let seen: Vec<Seen> = self.paths.iter().map(see).collect();
        self.best = self.choice.look(now_us, &seen);
        let best = self.paths.iter().find(|path| Some(path.id) == self.best).map(|path| path.media.clone());
        let all = self.paths.iter().map(|path| path.media.clone()).collect();
        self.setup.media.set(self.setup.index, all, best);
    }

    /// Tells the control task of all paths. It is news, not a promise: while it does not keep up, it hears less.
    pub(super) fn tell(&mut self) {
        if self.queue.iter().any(|event| matches!(event, LinkEvent::Paths { .. })) {
            self.queue.retain(|event| !matches!(event, LinkEvent::Paths { .. }));
        }
        let node = self.setup.other.clone();
        if let Some(round_trip) = self.paths.iter().map(|path| path.meter.round_trip_us()).min() {
            let waits = self.queue.iter().any(|event| matches!(event, LinkEvent::RoundTrip { .. }));
            if !waits {
                let round_trip_us = small(round_trip);
                self.queue.push_back(LinkEvent::RoundTrip { node: node.clone(), round_trip_us });
            }
        }
        let paths = self.measured();
        self.queue.push_back(LinkEvent::Paths { node, paths });
    }

    /// Tells the control task when the link falls silent although a path is up, and when it has not been so for a
    /// while.
    pub(super) fn tell_silence(&mut self, now_us: u64) {
        if self.link.is_none() || self.paths.is_empty() {
            return;
        }
        let now = self.paths.iter().all(|path| path.meter.is_silent(now_us));
        if now {
            self.silent_us = now_us;
        }
        let silent = now || (self.silent && now_us < self.silent_us + HEARD_US);
        if silent != self.silent {
            self.silent = silent;
            // While the control task does not keep up, it hears the last of it.
            self.queue.retain(|event| !matches!(event, LinkEvent::Silent { .. }));
            self.queue.push_back(LinkEvent::Silent { node: self.setup.other.clone(), silent });
        }
    }

    /// Those that this node dials, in that order, up or not, and then those that only the other side dials.
    fn measured(&self) -> Vec<PathMeasure> {
        let mut all = Vec::new();
        for dialled in &self.dials.all {
            let up = self.paths.iter().find(|path| path.key == dialled.key);
            let bound = self.setup.bound.get(dialled.way.carrier);
            all.push(match up {
                Some(path) => measure(path, dialled.way.address.clone(), self.best),
                None => PathMeasure {
                    carrier: bound.map(|bound| bound.carrier.name.clone()).unwrap_or_default(),
                    address: dialled.way.address.clone(),
                    cap_kbit: bound.and_then(|bound| bound.carrier.cap_kbit),
                    ..PathMeasure::default()
                },
            });
        }
        let dials = &self.dials.all;
        for path in self.paths.iter().filter(|path| dials.iter().all(|dialled| dialled.key != path.key)) {
            let mut address = path.connection.remote_address().to_string();
            address.truncate(ADDRESS_MAX);
            all.push(measure(path, address, self.best));
        }
        all.truncate(PATHS_SHOWN_MAX);
        all
    }
}

fn measure(path: &Path, address: String, best: Option<u64>) -> PathMeasure {
    let second = path.meter.past();
    PathMeasure {
        carrier: path.carrier.name.clone(),
        address,
        up: true,
        round_trip_us: Some(small(path.meter.round_trip_us())),
        jitter_us: path.meter.jitter_us(),
        loss_ppm: second.loss_ppm,
        cap_kbit: path.carrier.cap_kbit,
        best: best == Some(path.id),
        bytes_out: second.bytes_out,
        bytes_in: second.bytes_in,
    }
}
