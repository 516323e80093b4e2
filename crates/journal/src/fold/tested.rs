//! What became of tests of the line: the last result of each kind, by who said it.

use super::speaker::{At, Own, Speaker};
use super::{Applied, Ignored};
use crate::limits::{CERTIFIED_MAX, SEND_TEST_MS};
use crate::statement::{Act, Statement};
use crate::test::{Language, PathTest, StationTest};
use minicbor::{Decode, Encode};
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{Device, DeviceId, Hash, LineId, NodeId, OfficeId, Role};

/// What one node's journal says about tests of the line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub(super) struct Tests {
    #[n(0)]
    paths: Option<Tested>,
    #[n(1)]
    stations: BTreeMap<LineId, StationTested>,
    #[n(2)]
    alive: BTreeMap<OfficeId, Alive>,
    #[n(3)]
    texts: BTreeMap<LineId, TestText>,
    #[n(4)]
    certified: BTreeMap<Hash, Certified>,
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
    pub(super) fn paths(&self) -> Option<&Tested> {
        self.paths.as_ref()
    }

    pub(super) fn stations(&self) -> &BTreeMap<LineId, StationTested> {
        &self.stations
    }

    pub(super) fn alive(&self) -> &BTreeMap<OfficeId, Alive> {
        &self.alive
    }

    pub(super) fn texts(&self) -> &BTreeMap<LineId, TestText> {
        &self.texts
    }

    pub(super) fn certified(&self) -> &BTreeMap<Hash, Certified> {
        &self.certified
    }

    /// Replaces what the node, `own`, said before. A node measures its paths to others.
    pub(super) fn measured(
        &mut self,
        by: Own<'_>,
        own: &NodeId,
        results: &[PathTest],
        At { seq, time_ms }: At,
    ) -> Result<Applied, Ignored> {
        let other = |result: &PathTest| result.node != *own && by.charter.node(&result.node).is_some();
        if !results.iter().all(other) {
            return Err(Ignored::Malformed);
        }
        self.paths = Some(Tested { results: results.to_vec(), time_ms, seq });
        Ok(Applied::PathsTested)
    }

    /// Stations say what they have heard, and people the rest.
    pub(super) fn may(&self, by: &Speaker<'_>, statement: &Statement, now_ms: u64) -> Result<(), Ignored> {
        let station = by.role == Role::Station;
        match &statement.act {
            Act::StationTested { results } => {
                let on_line = |result: &StationTest| by.own.another(&statement.line, &result.party).is_ok();
                if !station {
                    return Err(Ignored::Role);
                }
                if results.iter().all(on_line) { Ok(()) } else { Err(Ignored::NotOnLine) }
            }
            // A machine proves nothing about people.
            _ if station => Err(Ignored::Role),
            Act::SendTest { .. } => {
                by.must_act()?;
                let last = self.texts.get(&statement.line);
                let soon = last.is_some_and(|last| now_ms < last.time_ms.saturating_add(SEND_TEST_MS));
                if soon { Err(Ignored::NotNow) } else { Ok(()) }
            }
            Act::Certify { .. } => by.must_act(),
            Act::Alive { .. } => Ok(()),
            _ => Err(Ignored::NotNow),
        }
    }

    /// Remembers what [`Tests::may`] has found allowed, said with this device.
    pub(super) fn take(&mut self, device: &Device, statement: &Statement, At { seq, time_ms }: At) -> Applied {
        let (by, line) = (device.id, statement.line.clone());
        match &statement.act {
            Act::StationTested { results } => {
                self.stations.insert(line, StationTested { by, results: results.clone(), time_ms, seq });
            }
            Act::Alive { .. } => {
                self.alive.insert(device.office.clone(), Alive { by, time_ms, seq });
            }
            Act::SendTest { text, language } => {
                let hash = Hash::of(&statement.payload());
                self.texts.insert(line, TestText { by, text: *text, language: *language, hash, time_ms, seq });
            }
            Act::Certify { text, language, translation } => {
                let (language, translation) = (*language, translation.clone());
                self.certify(*text, Certified { by, line, language, translation, time_ms, seq });
            }
            _ => {}
        }
        Applied::Tested { device: by }
    }

    fn certify(&mut self, text: Hash, certified: Certified) {
        let all = &mut self.certified;
        if all.len() >= CERTIFIED_MAX && !all.contains_key(&text) {
            let oldest = all.iter().min_by_key(|(_, held)| held.seq).map(|(hash, _)| *hash);
            if let Some(oldest) = oldest {
                all.remove(&oldest);
            }
        }
        all.insert(text, certified);
    }

    /// Devices whose statements say so.
    pub(super) fn speakers(&self) -> impl Iterator<Item = DeviceId> + '_ {
        let stations = self.stations.values().map(|said| said.by);
        let alive = self.alive.values().map(|said| said.by);
        let texts = self.texts.values().map(|said| said.by);
        stations.chain(alive).chain(texts).chain(self.certified.values().map(|said| said.by))
    }

    /// Positions of the entries that say so.
    pub(super) fn relevant(&self, seqs: &mut BTreeSet<u64>) {
        let Self { paths, stations, alive, texts, certified } = self;
        seqs.extend(paths.as_ref().map(|said| said.seq));
        seqs.extend(stations.values().map(|said| said.seq));
        seqs.extend(alive.values().map(|said| said.seq));
        seqs.extend(texts.values().map(|said| said.seq));
        seqs.extend(certified.values().map(|said| said.seq));
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::{Console, at, duty, own, party};
    use super::*;

    fn judged(tests: &Tests, by: &Console, act: Act, now_ms: u64) -> Result<(), Ignored> {
        tests.may(&own(&by.device.party).speaker(&by.device), &by.says(1, &duty(), act), now_ms)
    }

    fn certifies(number: u64) -> Act {
        let text = Hash::of(&number.to_be_bytes());
        Act::Certify { text, language: Language::Ja, translation: "訳".to_owned() }
    }

    #[test]
    fn a_node_measures_paths_to_others() {
        let (mut tests, japan) = (Tests::default(), party("JPN"));
        let nodes: Vec<NodeId> = ["jpn-1", "kor-1", "no-1"].into_iter().filter_map(|id| NodeId::new(id).ok()).collect();
        let mut measured = |to: &NodeId, seq| {
            let nothing = (None, None, None, None);
            let (round_trip_us, jitter_us, loss_ppm, kbit) = nothing;
            let result = PathTest { node: to.clone(), path: 0, ok: true, round_trip_us, jitter_us, loss_ppm, kbit };
            tests.measured(own(&japan), &nodes[0], &[result], at(seq))
        };
        assert_eq!(measured(&nodes[0], 1), Err(Ignored::Malformed), "to itself");
        assert_eq!(measured(&nodes[2], 2), Err(Ignored::Malformed), "to none of the charter");
        assert_eq!(measured(&nodes[1], 3), Ok(Applied::PathsTested));
        assert_eq!(tests.paths().map(|paths| (paths.seq, paths.time_ms)), Some((3, 3_000)));
    }

    #[test]
    fn people_and_stations_say_each_their_own() {
        let (tests, officer) = (Tests::default(), Console::new("jpn-duty", 1));
        assert_eq!(judged(&tests, &officer, Act::StationTested { results: Vec::new() }, 0), Err(Ignored::Role));
        assert_eq!(judged(&tests, &officer, certifies(1), 0), Ok(()));
        assert_eq!(judged(&tests, &Console::new("jpn-notes", 1), certifies(1), 0), Err(Ignored::Role));
        let japan = party("JPN");
        let own = own(&japan);
        let station = Speaker { role: Role::Station, ..own.speaker(&officer.device) };
        let heard = |of: &str| {
            let (party, round_trip_us, quality, loss_ppm) = (party(of), None, None, None);
            let results = vec![StationTest { party, ok: true, round_trip_us, quality, loss_ppm }];
            tests.may(&station, &officer.says(1, &duty(), Act::StationTested { results }), 0)
        };
        assert_eq!(heard("KOR"), Ok(()));
        assert_eq!(heard("JPN"), Err(Ignored::NotOnLine), "of itself");
        let certifies = officer.says(1, &duty(), certifies(1));
        assert_eq!(tests.may(&station, &certifies, 0), Err(Ignored::Role), "a machine");
    }

    #[test]
    fn a_test_text_follows_the_last_one_after_a_while() {
        let (mut tests, officer) = (Tests::default(), Console::new("jpn-duty", 1));
        let text = || Act::SendTest { text: 3, language: Language::Ko };
        let said = officer.says(1, &duty(), text());
        assert_eq!(tests.take(&officer.device, &said, at(5)), Applied::Tested { device: officer.id() });
        assert_eq!(tests.texts().get(&duty()).map(|last| last.hash), Some(Hash::of(&said.payload())));
        assert_eq!(judged(&tests, &officer, text(), 5_000 + SEND_TEST_MS - 1), Err(Ignored::NotNow));
        assert_eq!(judged(&tests, &officer, text(), 5_000 + SEND_TEST_MS), Ok(()));
        let mut seqs = BTreeSet::new();
        tests.relevant(&mut seqs);
        assert_eq!((seqs, tests.speakers().collect()), (BTreeSet::from([5]), vec![officer.id()]));
    }

    #[test]
    fn the_oldest_certified_text_makes_room() {
        let (mut tests, officer) = (Tests::default(), Console::new("jpn-duty", 1));
        for number in 0..=CERTIFIED_MAX as u64 {
            tests.take(&officer.device, &officer.says(1, &duty(), certifies(number)), at(number + 1));
        }
        assert_eq!(tests.certified().len(), CERTIFIED_MAX);
        assert!(!tests.certified().contains_key(&Hash::of(&0u64.to_be_bytes())));
    }
}
