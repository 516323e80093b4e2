//! How the tests of the line stand: what came, what failed, what is missing, for every two parties and each level.
//!
//! The fold says what was written; this says what that means *now*, for one reader. It counts by the reader's own clock
//! when a result came, because the clocks of others may be wrong. Only for results that were there before the reader
//! began it takes the writer's word, and never for later than now.

use crate::fold::{State, TestText};
use crate::limits::{LOSSY_PPM, POOR_QUALITY, SLOW_US};
use crate::test::{PathTest, StationTest};
use std::collections::BTreeMap;
use trialogue_charter::{LineId, NodeId, PartyId};

/// What is tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Can the machines of two parties reach each other.
    Path,
    /// Do their stations hear each other, and does a console of each live.
    Station,
    /// Do their officers understand each other.
    Human,
}

impl Level {
    /// All.
    pub const ALL: [Self; 3] = [Self::Path, Self::Station, Self::Human];

    /// `path`, `station`, `human`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Station => "station",
            Self::Human => "human",
        }
    }
}

/// How a test stands, better first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grade {
    /// The charter has nothing to test here.
    #[default]
    Unset,
    /// Nothing has come yet, and nothing is late.
    Unknown,
    /// The last result is there and good.
    Good,
    /// One is missing or failed, or the last one shows that the way is poor.
    Amber,
    /// Two in a row are missing or failed.
    Red,
}

/// How one test between two parties stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outcome {
    /// See [`Grade`].
    pub grade: Grade,
    /// When it was last good in both directions, milliseconds on the reader's clock; none: not since it began.
    pub good_ms: Option<i64>,
    /// When the last result came.
    pub last_ms: Option<i64>,
}

/// How the tests between two parties stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairTests {
    /// The one with the lower id.
    pub a: PartyId,
    /// The other.
    pub b: PartyId,
    /// By [`Level`].
    pub levels: BTreeMap<Level, Outcome>,
}

/// Who tests whom.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Path(NodeId, NodeId),
    Station(NodeId, PartyId),
    Alive(NodeId),
    Text { by: PartyId, of: PartyId },
}

/// What came of one test, as far as this reader knows.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Track {
    stamp: (NodeId, u64),
    heard_ms: i64,
    good_ms: Option<i64>,
    failures: u32,
    poor: bool,
}

/// A result as it stands in the fold.
struct Result {
    key: Key,
    stamp: (NodeId, u64),
    time_ms: u64,
    ok: bool,
    poor: bool,
}

/// What one reader knows of the tests. Times are milliseconds on a clock of the reader that never goes back.
#[derive(Debug, Clone)]
pub struct Tally {
    began_ms: i64,
    tracks: BTreeMap<Key, Track>,
}

impl Tally {
    /// Of a reader that begins now.
    pub fn new(now_ms: i64) -> Self {
        Self { began_ms: now_ms, tracks: BTreeMap::new() }
    }

    /// Takes what has come since the last time. `wall_ms`: milliseconds since 1970 by the reader's clock, for what was
    /// there before it began.
    pub fn update(&mut self, state: &State, now_ms: i64, wall_ms: u64) {
        for Result { key, stamp, time_ms, ok, poor } in results(state) {
            match self.tracks.get_mut(&key) {
                Some(track) if track.stamp == stamp => {}
                Some(track) => {
                    track.heard_ms = now_ms;
                    track.failures = if ok { 0 } else { track.failures.saturating_add(1) };
                    track.good_ms = if ok { Some(now_ms) } else { track.good_ms };
                    (track.stamp, track.poor) = (stamp, poor);
                }
                None => {
                    let age = i64::try_from(wall_ms.saturating_sub(time_ms)).unwrap_or(i64::MAX);
                    let heard_ms = now_ms.saturating_sub(age);
                    let (failures, good_ms) = if ok { (0, Some(heard_ms)) } else { (1, None) };
                    self.tracks.insert(key, Track { stamp, heard_ms, good_ms, failures, poor });
                }
            }
        }
    }

    /// How the tests of every two parties stand now, by their ids.
    pub fn pairs(&self, state: &State, now_ms: i64) -> Vec<PairTests> {
        let parties: Vec<&PartyId> = state.charter().parties.iter().map(|party| &party.id).collect();
        let pairs = parties.iter().enumerate().flat_map(|(at, a)| parties[at + 1..].iter().map(move |b| (*a, *b)));
        pairs.map(|(a, b)| self.pair(state, a, b, now_ms)).collect()
    }

    fn pair(&self, state: &State, a: &PartyId, b: &PartyId, now_ms: i64) -> PairTests {
        let levels = [
            (Level::Path, self.path(state, a, b, now_ms)),
            (Level::Station, self.station(state, a, b, now_ms)),
            (Level::Human, self.human(state, a, b, now_ms)),
        ];
        PairTests { a: a.clone(), b: b.clone(), levels: levels.into() }
    }

    /// One way is enough to talk; all of them are what was agreed.
    fn path(&self, state: &State, a: &PartyId, b: &PartyId, now_ms: i64) -> Outcome {
        let charter = state.charter();
        let period = seconds(charter.policy.tests.path_seconds);
        let mut ways = Vec::new();
        for from in nodes_of(state, a) {
            for to in nodes_of(state, b) {
                let directions = [Key::Path(from.clone(), to.clone()), Key::Path(to, from.clone())];
                ways.push(both(directions.map(|key| self.outcome(self.tracks.get(&key), period, now_ms))));
            }
        }
        let best = ways.iter().filter(|way| way.grade > Grade::Unknown).min_by_key(|way| way.grade).copied();
        let Some(best) = best else { return ways.first().copied().unwrap_or_default() };
        let whole = ways.iter().all(|way| way.grade <= Grade::Good);
        let grade = if whole || best.grade == Grade::Red { best.grade } else { Grade::Amber };
        Outcome { grade, ..best }
    }

    /// Stations hear each other, where there are any, and a console of each party lives.
    fn station(&self, state: &State, a: &PartyId, b: &PartyId, now_ms: i64) -> Outcome {
        let charter = state.charter();
        let period = seconds(charter.policy.tests.station_seconds);
        let newest = |keys: Vec<Key>| keys.iter().filter_map(|key| self.tracks.get(key)).max_by_key(|t| t.heard_ms);
        let lives = |party: &PartyId| {
            let keys = nodes_of(state, party).into_iter().map(Key::Alive);
            self.outcome(newest(keys.collect()), period, now_ms)
        };
        let mut all = vec![lives(a), lives(b)];
        let on_line = |party, line: &trialogue_charter::Line| charter.acting_offices(party, &line.id).next().is_some();
        let tested = charter.lines.iter().filter(|line| charter.is_test_line(&line.id));
        if tested.into_iter().any(|line| on_line(a, line) && on_line(b, line)) {
            for (from, to) in [(a, b), (b, a)] {
                let keys = nodes_of(state, from).into_iter().map(|node| Key::Station(node, to.clone()));
                all.push(self.outcome(newest(keys.collect()), period, now_ms));
            }
        }
        both(all)
    }

    /// Each has certified a text of the other.
    fn human(&self, state: &State, a: &PartyId, b: &PartyId, now_ms: i64) -> Outcome {
        let charter = state.charter();
        let acts = |party, line: &trialogue_charter::Line| charter.acting_offices(party, &line.id).next().is_some();
        let people = charter.lines.iter().filter(|line| !charter.is_test_line(&line.id));
        if !people.into_iter().any(|line| acts(a, line) && acts(b, line)) {
            return Outcome::default();
        }
        let period = seconds(charter.policy.tests.human_seconds);
        let keys = [(a, b), (b, a)].map(|(by, of)| Key::Text { by: by.clone(), of: of.clone() });
        both(keys.map(|key| self.outcome(self.tracks.get(&key), period, now_ms)))
    }

    fn outcome(&self, track: Option<&Track>, period_ms: i64, now_ms: i64) -> Outcome {
        let heard_ms = track.map_or(self.began_ms, |track| track.heard_ms);
        // Half a period of grace: no board turns amber because a result was under way.
        let missed = (now_ms - heard_ms - period_ms / 2).max(0) / period_ms.max(1);
        let failures = track.map_or(0, |track| i64::from(track.failures));
        let grade = match (track, failures.max(missed)) {
            (_, 2..) => Grade::Red,
            (_, 1) => Grade::Amber,
            (Some(track), _) if track.poor => Grade::Amber,
            (Some(_), _) => Grade::Good,
            (None, _) => Grade::Unknown,
        };
        Outcome { grade, good_ms: track.and_then(|t| t.good_ms), last_ms: track.map(|t| t.heard_ms) }
    }
}

/// The worse of what several say. What is unknown on one side is not made good by the other.
fn both(outcomes: impl IntoIterator<Item = Outcome>) -> Outcome {
    let all: Vec<Outcome> = outcomes.into_iter().collect();
    let worst = all.iter().map(|one| one.grade).max().unwrap_or_default();
    let unknown = all.iter().any(|one| one.grade == Grade::Unknown);
    Outcome {
        grade: if unknown && worst == Grade::Good { Grade::Unknown } else { worst },
        good_ms: all.iter().map(|one| one.good_ms).min().flatten(),
        last_ms: all.iter().filter_map(|one| one.last_ms).max(),
    }
}

/// Nodes of a party that are in service.
fn nodes_of(state: &State, party: &PartyId) -> Vec<NodeId> {
    state.charter().in_service().filter(|node| node.party == *party).map(|node| node.id.clone()).collect()
}

fn seconds(seconds: u32) -> i64 {
    i64::from(seconds) * 1_000
}

/// Every last result that the journals hold.
fn results(state: &State) -> Vec<Result> {
    let mut all = Vec::new();
    for (id, node) in state.nodes() {
        let result = |key, seq, time_ms, ok, poor| Result { key, stamp: (id.clone(), seq), time_ms, ok, poor };
        if let Some(tested) = node.tested() {
            for (to, ok, poor) in by_node(&tested.results) {
                all.push(result(Key::Path(id.clone(), to), tested.seq, tested.time_ms, ok, poor));
            }
        }
        for said in node.station_tests().values() {
            for one in &said.results {
                let key = Key::Station(id.clone(), one.party.clone());
                all.push(result(key, said.seq, said.time_ms, one.ok, is_poor_call(one)));
            }
        }
        if let Some(alive) = node.alive().values().max_by_key(|alive| alive.seq) {
            all.push(result(Key::Alive(id.clone()), alive.seq, alive.time_ms, true, false));
        }
    }
    all.extend(certified(state));
    all
}

/// Of texts that were certified, the newest of each two parties.
fn certified(state: &State) -> Vec<Result> {
    let sent = || {
        state.nodes().flat_map(|(_, node)| node.test_texts().iter().map(move |(line, text)| (node.party(), line, text)))
    };
    let mut newest: BTreeMap<Key, Result> = BTreeMap::new();
    for (id, node) in state.nodes() {
        for (hash, said) in node.certified() {
            let fits = |(party, line, text): &(&PartyId, &LineId, &TestText)| {
                text.hash == *hash && *party != node.party() && **line == said.line
            };
            let Some((of, _, _)) = sent().find(fits) else { continue };
            let key = Key::Text { by: node.party().clone(), of: of.clone() };
            if newest.get(&key).is_some_and(|held| held.stamp.1 > said.seq) {
                continue;
            }
            let stamp = (id.clone(), said.seq);
            newest.insert(key.clone(), Result { key, stamp, time_ms: said.time_ms, ok: true, poor: false });
        }
    }
    newest.into_values().collect()
}

/// Per other node: one path is enough to be reached; a path that is down or poor is worth a look.
fn by_node(results: &[PathTest]) -> Vec<(NodeId, bool, bool)> {
    let mut nodes: BTreeMap<&NodeId, (bool, bool)> = BTreeMap::new();
    for result in results {
        let (ok, poor) = nodes.entry(&result.node).or_default();
        *ok |= result.ok;
        *poor |= !result.ok || is_poor_path(result);
    }
    nodes.into_iter().map(|(node, (ok, poor))| (node.clone(), ok, poor)).collect()
}

fn is_poor_path(result: &PathTest) -> bool {
    result.round_trip_us.is_some_and(|us| us > SLOW_US) || result.loss_ppm.is_some_and(|ppm| ppm > LOSSY_PPM)
}

fn is_poor_call(result: &StationTest) -> bool {
    result.round_trip_us.is_some_and(|us| us > SLOW_US)
        || result.loss_ppm.is_some_and(|ppm| ppm > LOSSY_PPM)
        || result.quality.is_some_and(|quality| quality < POOR_QUALITY)
}
