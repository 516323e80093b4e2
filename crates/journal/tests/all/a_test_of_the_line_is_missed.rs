//! Tests of the line come, fail or stay away: every reader says the same of every two parties, and says which level it
//! is.
#![allow(clippy::unwrap_used)]

use crate::common;
use common::*;
use trialogue_charter::Hash;
use trialogue_journal::tally::Outcome;
use trialogue_journal::*;

const PATH_MS: i64 = 60_000;
const STATION_MS: i64 = 3_600_000;
const HUMAN_MS: i64 = 28_800_000;

fn measured(to: &str, ok: bool) -> PathTest {
    let round_trip_us = ok.then_some(90_000);
    PathTest { node: node(to), path: 0, ok, round_trip_us, jitter_us: None, loss_ppm: None, kbit: None }
}

/// One reader of three journals.
struct Reader {
    scene: Scene,
    tally: Tally,
    now_ms: i64,
}

impl Reader {
    fn new(scene: Scene) -> Self {
        Self { scene, tally: Tally::new(0), now_ms: 0 }
    }

    fn tested(&mut self, at: &str, results: &[(&str, bool)]) {
        let results = results.iter().map(|(to, ok)| measured(to, *ok)).collect();
        self.scene.node(at, Body::Tested { results }).unwrap();
        self.tally.update(&self.scene.state, self.now_ms, 0);
    }

    /// A minute in which every node measures every path, and JPN–KOR is up or not.
    fn minute(&mut self, jpn_kor: bool) {
        self.now_ms += PATH_MS;
        self.tested("jpn-1", &[("kor-1", jpn_kor), ("usa-1", true)]);
        self.tested("kor-1", &[("jpn-1", jpn_kor), ("usa-1", true)]);
        self.tested("usa-1", &[("jpn-1", true), ("kor-1", true)]);
    }

    fn says(&mut self, console: &Console, act: Act) {
        self.scene.says(console, act).unwrap();
        self.tally.update(&self.scene.state, self.now_ms, 0);
    }

    fn of(&self, a: &str, b: &str, level: Level) -> Outcome {
        let pairs = self.tally.pairs(&self.scene.state, self.now_ms);
        pairs.iter().find(|pair| pair.a == party(a) && pair.b == party(b)).unwrap().levels[&level]
    }

    fn path(&self, a: &str, b: &str) -> Grade {
        self.of(a, b, Level::Path).grade
    }
}

#[test]
fn a_path_that_fails_turns_amber_then_red_and_good_again() {
    let mut reader = Reader::new(Scene::new());
    assert_eq!(reader.path("JPN", "KOR"), Grade::Unknown);
    reader.minute(true);
    assert_eq!(reader.path("JPN", "KOR"), Grade::Good);
    let good_ms = reader.of("JPN", "KOR", Level::Path).good_ms;
    reader.minute(false);
    assert_eq!(reader.path("JPN", "KOR"), Grade::Amber);
    reader.minute(false);
    // The third party, which is reached by both, sees it as well; and nothing else is wrong.
    assert_eq!(reader.path("JPN", "KOR"), Grade::Red);
    assert_eq!(reader.of("JPN", "KOR", Level::Path).good_ms, good_ms);
    assert_eq!([reader.path("JPN", "USA"), reader.path("KOR", "USA")], [Grade::Good; 2]);
    reader.minute(true);
    assert_eq!(reader.path("JPN", "KOR"), Grade::Good);
}

#[test]
fn a_node_that_falls_silent_is_missed_by_the_readers_own_clock() {
    let mut reader = Reader::new(Scene::new());
    reader.minute(true);
    for (silent, grade) in [(1, Grade::Good), (2, Grade::Amber), (3, Grade::Red)] {
        reader.now_ms += PATH_MS;
        reader.tested("jpn-1", &[("kor-1", true), ("usa-1", true)]);
        reader.tested("usa-1", &[("jpn-1", true), ("kor-1", true)]);
        assert_eq!(reader.path("JPN", "KOR"), grade, "after {silent} silent minutes");
        assert_eq!(reader.path("JPN", "USA"), Grade::Good);
    }
}

#[test]
fn a_slow_path_is_amber_and_a_node_speaks_of_its_own_paths_only() {
    let mut reader = Reader::new(Scene::new());
    reader.minute(true);
    let slow = PathTest { round_trip_us: Some(900_000), ..measured("kor-1", true) };
    reader.scene.node("jpn-1", Body::Tested { results: vec![slow] }).unwrap();
    reader.tally.update(&reader.scene.state, reader.now_ms, 0);
    assert_eq!(reader.path("JPN", "KOR"), Grade::Amber);
    for of in ["jpn-1", "nobody"] {
        let body = Body::Tested { results: vec![measured(of, true)] };
        assert_eq!(reader.scene.node("jpn-1", body), Err(Ignored::Malformed));
    }
}

#[test]
fn a_result_from_before_the_reader_began_is_as_old_as_its_writer_says() {
    let mut scene = Scene::new();
    scene.node("jpn-1", Body::Tested { results: vec![measured("kor-1", true)] }).unwrap();
    scene.node("kor-1", Body::Tested { results: vec![measured("jpn-1", true)] }).unwrap();
    let mut tally = Tally::new(0);
    // Ten minutes later; the writer's clock was right.
    tally.update(&scene.state, 0, 600_000);
    let grade = |tally: &Tally| tally.pairs(&scene.state, 0)[0].levels[&Level::Path].grade;
    assert_eq!(grade(&tally), Grade::Red);
    // The writer's clock was ahead: not later than now.
    let mut tally = Tally::new(0);
    tally.update(&scene.state, 0, 0);
    assert_eq!(grade(&tally), Grade::Good);
}

#[test]
fn consoles_prove_that_they_live_each_station_period() {
    let all = ["jpn-duty", "kor-duty", "usa-duty"].map(|office| console(office, 1));
    let mut reader = Reader::new(Scene::with(&all.each_ref().map(|console| &**console)));
    let station = |reader: &Reader| reader.of("JPN", "USA", Level::Station).grade;
    assert_eq!(station(&reader), Grade::Unknown);
    for console in &all {
        reader.says(console, Act::Alive { nonce: [1; 16] });
    }
    assert_eq!(station(&reader), Grade::Good);
    for grade in [Grade::Good, Grade::Amber, Grade::Red] {
        reader.now_ms += STATION_MS;
        reader.says(&all[2], Act::Alive { nonce: [2; 16] });
        assert_eq!(station(&reader), grade, "JPN proves nothing any more");
    }
    let results =
        vec![StationTest { party: party("JPN"), ok: true, round_trip_us: None, quality: None, loss_ppm: None }];
    assert_eq!(reader.scene.says(&all[2], Act::StationTested { results }), Err(Ignored::Role), "no machine");
}

#[test]
fn officers_certify_a_text_of_each_other() {
    let (jpn, usa, notes) = (console("jpn-duty", 1), console("usa-duty", 1), console("jpn-notes", 1));
    let mut reader = Reader::new(Scene::with(&[&jpn, &usa, &notes]));
    let sent = |reader: &Reader, at: &str| reader.scene.state.node(&node(at)).unwrap().test_texts()[&duty()].hash;
    let certify = |text| Act::Certify { text, language: Language::Ja, translation: "訳文です。".to_owned() };
    reader.says(&usa, Act::SendTest { text: 1, language: Language::En });
    assert_eq!(
        reader.scene.says(&usa, Act::SendTest { text: 2, language: Language::En }),
        Err(Ignored::NotNow),
        "not one after the other"
    );
    let text = sent(&reader, "usa-1");
    reader.says(&jpn, certify(text));
    let human = |reader: &Reader| reader.of("JPN", "USA", Level::Human).grade;
    assert_eq!(human(&reader), Grade::Unknown, "one direction says nothing of the other");
    reader.says(&jpn, Act::SendTest { text: 2, language: Language::Ja });
    let text = sent(&reader, "jpn-1");
    reader.says(&usa, certify(text));
    assert_eq!(human(&reader), Grade::Good);
    reader.now_ms += 2 * HUMAN_MS;
    assert_eq!(human(&reader), Grade::Amber);
    reader.now_ms += HUMAN_MS;
    assert_eq!(human(&reader), Grade::Red);
    // Of a text that nobody sent, it says nothing about anybody.
    reader.says(&usa, certify(Hash([1; 48])));
    assert_eq!(human(&reader), Grade::Red);
}

#[test]
fn a_console_that_comes_later_sees_the_same_tests() {
    let (jpn, usa) = (console("jpn-duty", 1), console("usa-duty", 1));
    let mut reader = Reader::new(Scene::with(&[&jpn, &usa]));
    reader.minute(true);
    reader.minute(false);
    reader.says(&usa, Act::Alive { nonce: [1; 16] });
    reader.says(&usa, Act::SendTest { text: 1, language: Language::En });
    let text = reader.scene.state.node(&node("usa-1")).unwrap().test_texts()[&duty()].hash;
    reader.says(&jpn, Act::Certify { text, language: Language::Ja, translation: "訳文です。".to_owned() });
    let relevant = reader.scene.state.relevant_entries();
    let needed = |entry: &VerifiedEntry| relevant[&entry.entry().node].contains(&entry.entry().seq);
    let log: Vec<Sent> = reader.scene.log.iter().filter(|(entry, _)| needed(entry)).cloned().collect();
    assert!(log.len() < reader.scene.log.len());
    let later = fold(&log);
    for (id, whole) in reader.scene.state.nodes() {
        let node = later.node(id).unwrap();
        assert_eq!(
            (node.tested(), node.alive(), node.test_texts(), node.certified()),
            (whole.tested(), whole.alive(), whole.test_texts(), whole.certified())
        );
    }
}
