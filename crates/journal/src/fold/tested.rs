//! What became of tests of the line: the last result of each kind, by who said it.

use super::node::NodeState;
use super::{Applied, Ignored};
use crate::limits::{CERTIFIED_MAX, SEND_TEST_MS};
use crate::statement::{Act, Statement};
use crate::test::{Language, PathTest, StationTest};
use minicbor::{Decode, Encode};
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{DeviceId, Hash, LineId, OfficeId, Role, VerifiedCharter};

/// What one node's journal says about tests of the line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub(super) struct Tests {
    #[n(0)]
    pub(super) paths: Option<Tested>,
    #[n(1)]
    pub(super) stations: BTreeMap<LineId, StationTested>,
    #[n(2)]
    pub(super) alive: BTreeMap<OfficeId, Alive>,
    #[n(3)]
    pub(super) texts: BTreeMap<LineId, TestText>,
    #[n(4)]
    pub(super) certified: BTreeMap<Hash, Certified>,
}

/// What a node has measured of its paths.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Tested {
    /// By node and path.
    #[n(0)]
    pub results: Vec<PathTest>,
    /// The node's time, milliseconds since 1970 UTC. A claim.
    #[n(1)]
    pub time_ms: u64,
    /// Position of the entry.
    #[n(2)]
    pub seq: u64,
}

/// What a station has heard of the others.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct StationTested {
    /// The station.
    #[n(0)]
    pub by: DeviceId,
    /// By party.
    #[n(1)]
    pub results: Vec<StationTest>,
    /// The node's time, milliseconds since 1970 UTC. A claim.
    #[n(2)]
    pub time_ms: u64,
    /// Position of the entry.
    #[n(3)]
    pub seq: u64,
}

/// A console on watch of an office lived.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Alive {
    /// Which.
    #[n(0)]
    pub by: DeviceId,
    /// The node's time, milliseconds since 1970 UTC. A claim.
    #[n(1)]
    pub time_ms: u64,
    /// Position of the entry.
    #[n(2)]
    pub seq: u64,
}

/// The last test text that was sent on a line from a node.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct TestText {
    /// Who sent it.
    #[n(0)]
    pub by: DeviceId,
    /// Its number in the list.
    #[n(1)]
    pub text: u16,
    /// In which language it was read.
    #[n(2)]
    pub language: Language,
    /// Hash of the payload of the statement.
    #[n(3)]
    pub hash: Hash,
    /// The node's time, milliseconds since 1970 UTC. A claim.
    #[n(4)]
    pub time_ms: u64,
    /// Position of the entry.
    #[n(5)]
    pub seq: u64,
}

/// A test text of another party that somebody of this node's has translated and certified.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Certified {
    /// Who.
    #[n(0)]
    pub by: DeviceId,
    /// On which line.
    #[n(1)]
    pub line: LineId,
    /// The language of the translation.
    #[n(2)]
    pub language: Language,
    /// The translation.
    #[n(3)]
    pub translation: String,
    /// The node's time, milliseconds since 1970 UTC. A claim.
    #[n(4)]
    pub time_ms: u64,
    /// Position of the entry.
    #[n(5)]
    pub seq: u64,
}

impl Tests {
    pub(super) fn speakers(&self) -> impl Iterator<Item = DeviceId> + '_ {
        let stations = self.stations.values().map(|said| said.by);
        let alive = self.alive.values().map(|said| said.by);
        let texts = self.texts.values().map(|said| said.by);
        stations.chain(alive).chain(texts).chain(self.certified.values().map(|said| said.by))
    }
}

impl NodeState {
    /// What it has measured of its paths last.
    pub fn tested(&self) -> Option<&Tested> {
        self.tests.paths.as_ref()
    }

    /// What its stations have heard last, by test line.
    pub fn station_tests(&self) -> &BTreeMap<LineId, StationTested> {
        &self.tests.stations
    }

    /// Last proofs of consoles on watch, by office.
    pub fn alive(&self) -> &BTreeMap<OfficeId, Alive> {
        &self.tests.alive
    }

    /// The last test text sent from here, by line.
    pub fn test_texts(&self) -> &BTreeMap<LineId, TestText> {
        &self.tests.texts
    }

    /// Test texts of others that were certified here, by the hash of what sent them.
    pub fn certified(&self) -> &BTreeMap<Hash, Certified> {
        &self.tests.certified
    }

    /// Replaces what the node said before. A node measures its paths to others.
    pub(super) fn measured(
        &mut self,
        charter: &VerifiedCharter,
        results: &[PathTest],
        seq: u64,
        time_ms: u64,
    ) -> Result<Applied, Ignored> {
        let other = |result: &PathTest| result.node != self.id && charter.node(&result.node).is_some();
        if !results.iter().all(other) {
            return Err(Ignored::Malformed);
        }
        self.tests.paths = Some(Tested { results: results.to_vec(), time_ms, seq });
        Ok(Applied::PathsTested)
    }

    pub(super) fn may_test(
        &self,
        charter: &VerifiedCharter,
        statement: &Statement,
        now_ms: u64,
    ) -> Result<(), Ignored> {
        let station = self.role(charter, &statement.device) == Role::Station;
        match &statement.act {
            Act::StationTested { results } => {
                let on_line = |result: &StationTest| {
                    result.party != self.party && charter.parties_on_line(&statement.line).any(|p| p.id == result.party)
                };
                if !station {
                    return Err(Ignored::Role);
                }
                if results.iter().all(on_line) { Ok(()) } else { Err(Ignored::NotOnLine) }
            }
            // A machine proves nothing about people.
            _ if station => Err(Ignored::Role),
            Act::SendTest { .. } => {
                self.must_act(charter, &statement.device)?;
                let last = self.tests.texts.get(&statement.line);
                let soon = last.is_some_and(|last| now_ms < last.time_ms.saturating_add(SEND_TEST_MS));
                if soon { Err(Ignored::NotNow) } else { Ok(()) }
            }
            Act::Certify { .. } => self.must_act(charter, &statement.device),
            _ => Ok(()),
        }
    }

    /// Remembers what [`NodeState::may_test`] has found allowed; none: the act is another.
    pub(super) fn test(&mut self, act: &Act, statement: &Statement, seq: u64, time_ms: u64) -> Option<Applied> {
        let (by, line) = (statement.device, statement.line.clone());
        match act {
            Act::StationTested { results } => {
                self.tests.stations.insert(line, StationTested { by, results: results.clone(), time_ms, seq });
            }
            Act::Alive { .. } => {
                let office = self.devices.get(&by)?.device.office.clone();
                self.tests.alive.insert(office, Alive { by, time_ms, seq });
            }
            Act::SendTest { text, language } => {
                let hash = Hash::of(&statement.payload());
                self.tests.texts.insert(line, TestText { by, text: *text, language: *language, hash, time_ms, seq });
            }
            Act::Certify { text, language, translation } => {
                let (language, translation) = (*language, translation.clone());
                self.certify(*text, Certified { by, line, language, translation, time_ms, seq });
            }
            _ => return None,
        }
        Some(Applied::Tested { device: by })
    }

    fn certify(&mut self, text: Hash, certified: Certified) {
        let all = &mut self.tests.certified;
        if all.len() >= CERTIFIED_MAX && !all.contains_key(&text) {
            let oldest = all.iter().min_by_key(|(_, held)| held.seq).map(|(hash, _)| *hash);
            if let Some(oldest) = oldest {
                all.remove(&oldest);
            }
        }
        all.insert(text, certified);
    }

    /// Positions of the entries that say so.
    pub(super) fn relevant_tests(&self, seqs: &mut BTreeSet<u64>) {
        let Tests { paths, stations, alive, texts, certified } = &self.tests;
        seqs.extend(paths.as_ref().map(|said| said.seq));
        seqs.extend(stations.values().map(|said| said.seq));
        seqs.extend(alive.values().map(|said| said.seq));
        seqs.extend(texts.values().map(|said| said.seq));
        seqs.extend(certified.values().map(|said| said.seq));
    }
}
