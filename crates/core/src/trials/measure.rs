//! What this node measures of its paths, and writes once in a period.

use super::{Trials, path_period_us};
use crate::here::Here;
use crate::journals::{After, Pen};
use crate::links::Links;
use trialogue_charter::NodeId;
use trialogue_journal::limits::PATHS_MAX;
use trialogue_journal::{Body, PathTest};
use trialogue_wire::console::PathMeasure;

/// What was measured of one path since the last entry.
#[derive(Default)]
pub(super) struct Sample {
    count: u64,
    up: u64,
    round_trip_us: u64,
    jitter_us: u64,
    loss_ppm: u64,
    best: bool,
}

impl Sample {
    fn add(&mut self, measured: &PathMeasure) {
        self.count += 1;
        self.best = measured.best;
        if let Some(round_trip_us) = measured.round_trip_us.filter(|_| measured.up) {
            self.up += 1;
            self.round_trip_us += u64::from(round_trip_us);
            self.jitter_us += u64::from(measured.jitter_us);
            self.loss_ppm += u64::from(measured.loss_ppm);
        }
    }

    /// It was up for more than half of the period, and is at its end.
    fn result(&self, node: &NodeId, path: u8, now: &PathMeasure, kbit: Option<u32>) -> PathTest {
        let mean = |sum: u64| sum.checked_div(self.up).and_then(|mean| u32::try_from(mean).ok());
        PathTest {
            node: node.clone(),
            path,
            ok: now.up && self.up * 2 > self.count,
            round_trip_us: mean(self.round_trip_us),
            jitter_us: mean(self.jitter_us),
            loss_ppm: mean(self.loss_ppm),
            kbit: kbit.filter(|_| self.best),
        }
    }
}

impl Trials {
    /// The shell has measured the paths of a link.
    pub(crate) fn sample(&mut self, node: &NodeId, paths: &[PathMeasure]) {
        for (path, measured) in (0..=u8::MAX).zip(paths) {
            self.samples.entry((node.clone(), path)).or_default().add(measured);
        }
    }

    /// When [`Trials::write_paths`] is due, in microseconds.
    pub(crate) fn next_path_test_us(&self) -> Option<u64> {
        Some(self.due_us)
    }

    /// One entry for all paths together, once in a period; then the next probes go out.
    pub(crate) fn write_paths(&mut self, links: &Links, pen: &mut Pen<'_>) {
        let here = pen.here();
        if here.now.us < self.due_us {
            return;
        }
        self.due_us = here.now.us + path_period_us(here);
        let results = self.results(links, here);
        if !results.is_empty() {
            let _ = pen.append(Body::Tested { results }, Vec::new(), After::Nothing);
        }
        self.samples.clear();
        self.send_probes(links, pen);
    }

    fn results(&self, links: &Links, here: &Here) -> Vec<PathTest> {
        let mut results = Vec::new();
        for node in here.charter.in_service().filter(|node| node.id != here.node).map(|node| &node.id) {
            let up = links.is_up(node);
            let kbit = self.probes.get(node).and_then(|probe| probe.kbit);
            let measured = links.measured(node);
            if measured.is_empty() || !up {
                let round_trip_us = links.round_trip_us(node).filter(|_| up);
                let (jitter_us, loss_ppm) = (None, None);
                results.push(PathTest {
                    node: node.clone(),
                    path: 0,
                    ok: up,
                    round_trip_us,
                    jitter_us,
                    loss_ppm,
                    kbit,
                });
                continue;
            }
            for (path, now) in (0..=u8::MAX).zip(measured) {
                let sample = self.samples.get(&(node.clone(), path));
                results.extend(sample.map(|sample| sample.result(node, path, now, kbit)));
            }
        }
        results.truncate(PATHS_MAX);
        results
    }
}
