//! What the shell measured of the ways to other nodes, and what consoles were told of them.

use crate::here::Here;
use crate::limits::ROUND_TRIP_US;
use crate::out::Out;
use std::collections::BTreeMap;
use trialogue_charter::NodeId;
use trialogue_wire::console::{PathMeasure, PathState};
use trialogue_wire::limits::PATHS_SHOWN_MAX;

/// Of all links, up or not.
pub(super) struct Paths {
    measured: BTreeMap<NodeId, Vec<PathMeasure>>,
    /// What consoles were told last.
    told: Vec<PathState>,
    /// When they are told of new round trips.
    next_us: u64,
}

impl Paths {
    pub(super) fn new(now_us: u64) -> Self {
        Self { measured: BTreeMap::new(), told: Vec::new(), next_us: now_us }
    }

    /// What was measured last of the paths of a link.
    pub(super) fn of(&self, node: &NodeId) -> &[PathMeasure] {
        self.measured.get(node).map(Vec::as_slice).unwrap_or_default()
    }

    /// The shell measured them. Returns what is kept of that.
    pub(super) fn measure(&mut self, node: &NodeId, mut paths: Vec<PathMeasure>, out: &mut Out) -> &[PathMeasure] {
        paths.truncate(PATHS_SHOWN_MAX);
        out.changed.paths |= ups(self.of(node)) != ups(&paths);
        let held = self.measured.entry(node.clone()).or_default();
        *held = paths;
        held
    }

    /// When consoles are told of new round trips, in microseconds.
    pub(super) fn next_us(&self) -> u64 {
        self.next_us
    }

    /// Is it to be looked whether there are [news](Paths::news)?
    pub(super) fn are_due(&self, here: &Here, out: &mut Out) -> bool {
        std::mem::take(&mut out.changed.paths) || self.are_old(here)
    }

    fn are_old(&self, here: &Here) -> bool {
        here.now.us >= self.next_us
    }

    /// What consoles are told now, if anything: at once when a way came or went, and of new round trips now and then.
    /// `now`: how the ways are.
    pub(super) fn news(&mut self, now: Vec<PathState>, here: &Here) -> Option<Vec<PathState>> {
        let due = self.are_old(here);
        if due {
            self.next_us = here.now.us + ROUND_TRIP_US;
        }
        let is_news = ways(&now) != ways(&self.told) || (due && now != self.told);
        is_news.then(|| {
            self.told.clone_from(&now);
            now
        })
    }
}

/// Which of these are up.
fn ups(paths: &[PathMeasure]) -> Vec<bool> {
    paths.iter().map(|path| path.up).collect()
}

/// What consoles are told of at once.
fn ways(paths: &[PathState]) -> Vec<(bool, bool, bool, Vec<bool>)> {
    paths.iter().map(|path| (path.direct, path.reached, path.disputed, ups(&path.paths))).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::scene::{Scene, node_id};

    fn measure(up: bool, round_trip_us: u32) -> PathMeasure {
        PathMeasure {
            carrier: String::new(),
            address: String::new(),
            up,
            round_trip_us: Some(round_trip_us),
            jitter_us: 0,
            loss_ppm: 0,
            cap_kbit: None,
            best: true,
            bytes_in: 0,
            bytes_out: 0,
        }
    }

    #[test]
    fn a_way_that_comes_or_goes_is_told_at_once_and_a_round_trip_now_and_then() {
        let (mut scene, mut out, kor) = (Scene::at("jpn-1"), Out::new(), node_id("kor-1"));
        let mut paths = Paths::new(scene.here.now.us);
        let news = |paths: &mut Paths, scene: &Scene, out: &mut Out| {
            let (node, measured) = (node_id("kor-1"), paths.of(&node_id("kor-1")).to_vec());
            let way =
                PathState { node, direct: true, reached: true, round_trip_us: None, paths: measured, disputed: false };
            let news = paths.are_due(&scene.here, out).then(|| paths.news(vec![way], &scene.here)).flatten();
            news.map(|ways| ways[0].paths.clone())
        };
        assert_eq!(news(&mut paths, &scene, &mut out), Some(vec![]));
        paths.measure(&kor, vec![measure(true, 10)], &mut out);
        assert_eq!(news(&mut paths, &scene, &mut out), Some(vec![measure(true, 10)]));
        paths.measure(&kor, vec![measure(true, 20)], &mut out);
        assert_eq!(news(&mut paths, &scene, &mut out), None);
        scene.pass(ROUND_TRIP_US / 1_000);
        assert_eq!(news(&mut paths, &scene, &mut out), Some(vec![measure(true, 20)]));
        paths.measure(&kor, vec![measure(false, 20)], &mut out);
        assert!(news(&mut paths, &scene, &mut out).is_some());
        assert_eq!(news(&mut paths, &scene, &mut out), None, "once");
    }
}
