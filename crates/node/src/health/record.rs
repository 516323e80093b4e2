//! What is seen of paths, parties and lines, put together by the minute.

use super::{Health, Row, Sums};
use crate::limits::health::SUBJECTS_MAX;
use std::collections::BTreeMap;
use trialogue_charter::{LineId, NodeId, PartyId};
use trialogue_core::{Machine, Now};
use trialogue_journal::StationTest;
use trialogue_wire::console::PathState;

/// Longest time that one look stands for, in microseconds: what was not looked at for longer was not watched.
const LOOK_MAX_US: u64 = 10_000_000;
const SECOND_US: u64 = 1_000_000;
const MINUTE_MS: u64 = 60_000;

/// Looks once in a second.
pub(crate) struct Recorder {
    health: Health,
    looked_us: u64,
    minute: u64,
    sums: BTreeMap<String, Sums>,
    /// Position of the last own test call that was counted, by line.
    heard: BTreeMap<LineId, u64>,
}

impl Recorder {
    pub(crate) fn new(health: Health, now: Now) -> Self {
        let minute = now.wall_ms / MINUTE_MS;
        Self { health, looked_us: now.us, minute, sums: BTreeMap::new(), heard: BTreeMap::new() }
    }

    /// As often as the shell likes. False: a minute was lost.
    pub(crate) fn look(&mut self, machine: &Machine, node: &NodeId, now: Now) -> bool {
        let passed = now.us.saturating_sub(self.looked_us);
        if passed < SECOND_US {
            return true;
        }
        self.looked_us = now.us;
        let seconds = passed.min(LOOK_MAX_US) / SECOND_US;
        let mut kept = true;
        let minute = now.wall_ms / MINUTE_MS;
        if minute != self.minute {
            let rows = std::mem::take(&mut self.sums).into_iter().map(|(subject, sums)| Row { subject, sums });
            kept = self.health.keep(self.minute * MINUTE_MS, rows.collect());
            self.minute = minute;
        }
        let ways = machine.ways();
        for way in &ways {
            self.paths(way, seconds);
        }
        let charter = machine.state().charter().clone();
        let Some(own) = charter.party_of_node(node).map(|party| party.id.clone()) else { return kept };
        let reached = |party: &PartyId| {
            let mut of = ways.iter().filter(|way| charter.node(&way.node).is_some_and(|node| node.party == *party));
            of.any(|way| way.reached)
        };
        for party in charter.parties.iter().filter(|party| party.id != own) {
            self.add(format!("party/{}", party.id), seconds, reached(&party.id), None);
        }
        for line in charter.lines.iter().filter(|line| !charter.is_test_line(&line.id)) {
            let mut others = charter.parties_on_line(&line.id).filter(|party| party.id != own);
            self.add(format!("line/{}", line.id), seconds, others.all(|party| reached(&party.id)), None);
        }
        self.test_calls(machine, node);
        kept
    }

    fn paths(&mut self, way: &PathState, seconds: u64) {
        for (number, path) in way.paths.iter().enumerate() {
            let up = path.up && way.direct;
            let figures = path.round_trip_us.filter(|_| up).map(|us| (us, path.jitter_us, path.loss_ppm));
            self.add(format!("path/{}/{number}", way.node), seconds, up, figures);
        }
        if way.paths.is_empty() {
            let figures = way.round_trip_us.filter(|_| way.direct).map(|us| (us, 0, 0));
            self.add(format!("path/{}/0", way.node), seconds, way.direct, figures);
        }
    }

    fn add(&mut self, subject: String, seconds: u64, up: bool, figures: Option<(u32, u32, u32)>) {
        let Some(sums) = self.sums(subject) else { return };
        sums.total += seconds;
        sums.up += if up { seconds } else { 0 };
        if let Some((delay, jitter, loss)) = figures {
            sums.count += 1;
            sums.delay += u64::from(delay);
            sums.jitter += u64::from(jitter);
            sums.loss += u64::from(loss);
        }
    }

    /// What the own station has heard since the last time: of a party, and of every line that it is on.
    fn test_calls(&mut self, machine: &Machine, node: &NodeId) {
        let Some(own) = machine.state().node(node) else { return };
        for (line, said) in own.station_tests() {
            if self.heard.insert(line.clone(), said.seq) == Some(said.seq) {
                continue;
            }
            let charter = machine.state().charter();
            for result in &said.results {
                let lines = charter.lines.iter().filter(|line| !charter.is_test_line(&line.id));
                let lines = lines.filter(|line| charter.parties_on_line(&line.id).any(|p| p.id == result.party));
                let lines = lines.map(|line| format!("line/{}", line.id));
                for subject in lines.chain([format!("party/{}", result.party)]).collect::<Vec<_>>() {
                    self.heard_call(subject, result);
                }
            }
        }
    }

    fn heard_call(&mut self, subject: String, result: &StationTest) {
        let Some(sums) = self.sums(subject) else { return };
        // A call in which nothing was heard is as bad as can be.
        sums.heard += 1;
        sums.quality += u64::from(result.quality.unwrap_or(100));
        if let (Some(delay), Some(loss)) = (result.round_trip_us, result.loss_ppm) {
            sums.count += 1;
            sums.delay += u64::from(delay);
            sums.loss += u64::from(loss);
        }
    }

    fn sums(&mut self, subject: String) -> Option<&mut Sums> {
        if self.sums.len() >= SUBJECTS_MAX && !self.sums.contains_key(&subject) {
            return None;
        }
        Some(self.sums.entry(subject).or_default())
    }
}
