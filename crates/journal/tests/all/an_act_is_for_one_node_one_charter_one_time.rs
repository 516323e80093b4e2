//! A statement cannot be written down by another node, under another charter, later, or by turning the clock back.
#![allow(clippy::unwrap_used)]

use crate::common;

use common::*;
use std::sync::Arc;
use trialogue_charter::fixture::amended;
use trialogue_charter::*;
use trialogue_journal::limits::*;
use trialogue_journal::*;

const NOON: u64 = 1_790_000_000_000;

/// The journal of the American node, written at any time that the scenario wants.
struct Scene {
    usa: Arc<Console>,
    state: State,
    journal: Journal,
    log: Vec<Sent>,
    number: u64,
}

impl Scene {
    fn new() -> Self {
        let usa = console("usa-duty", 1);
        let (state, journal) = (State::new(CHARTER.clone()), Journal::new(node("usa-1")));
        let mut scene = Self { usa: usa.clone(), state, journal, log: Vec::new(), number: 0 };
        scene.entry(NOON, Body::Opened { charter: CHARTER.hash() }, Vec::new()).unwrap();
        let certificate = BodyRef::of(&usa.certificate).unwrap();
        let body = Body::Enrolled { device: usa.id(), certificate };
        scene.entry(NOON, body, vec![usa.certificate.clone()]).unwrap();
        scene
    }

    fn entry(&mut self, time_ms: u64, body: Body, bodies: Vec<Vec<u8>>) -> Result<Applied, Ignored> {
        let entry = self.journal.append(time_ms, body).sign(THREE.journal(&node("usa-1")));
        let entry = VerifiedEntry::open(&entry.0, &CHARTER).unwrap();
        let before = self.state.clone();
        let result = self.state.apply(&entry, &bodies);
        assert!(result.is_ok() || self.state == before, "an ignored entry changes nothing");
        self.log.push((entry, bodies));
        result
    }

    fn signed(&mut self, at: &Occasion, act: Act) -> Vec<u8> {
        self.number += 1;
        self.usa.says_on(at, self.number, &duty(), act)
    }

    /// Said at one time, written at another.
    fn says(&mut self, said_ms: u64, time_ms: u64, act: Act) -> Result<Applied, Ignored> {
        let statement = self.signed(&self.usa.on(said_ms), act);
        self.entry(time_ms, Body::Stated { statement }, Vec::new())
    }

    /// A console that comes on watch now folds the same out of the entries that matter.
    fn check_few(&self) {
        let relevant = &self.state.relevant_entries()[&node("usa-1")];
        let mut few = State::new(CHARTER.clone());
        for (entry, bodies) in self.log.iter().filter(|(entry, _)| relevant.contains(&entry.entry().seq)) {
            few.apply(entry, bodies).unwrap();
        }
        assert_eq!(few.line(&duty()), self.state.line(&duty()));
    }
}

#[test]
fn a_ring_is_journaled_again_by_the_second_site() {
    let mut scene = Scene::new();
    let other = Occasion { node: node("usa-2"), ..scene.usa.on(NOON) };
    let statement = scene.signed(&other, ring(1));
    assert_eq!(scene.entry(NOON, Body::Stated { statement }, Vec::new()), Err(Ignored::OtherNode));
    assert!(scene.state.in_on(&duty()).is_empty());
}

#[test]
fn a_ring_that_was_refused_is_not_journaled_hours_later() {
    let mut scene = Scene::new();
    assert_eq!(scene.says(NOON, NOON + SAID_MS + 1, ring(1)), Err(Ignored::Outdated));
    assert_eq!(scene.says(NOON, NOON + 3 * 3_600_000, ring(2)), Err(Ignored::Outdated));
    scene.says(NOON + 3 * 3_600_000, NOON + 3 * 3_600_000 + SAID_MS, ring(3)).unwrap();
}

#[test]
fn a_clock_is_turned_back_for_it() {
    let mut scene = Scene::new();
    let old = scene.signed(&scene.usa.on(NOON), ring(1));
    let old = Body::Stated { statement: old };
    scene.entry(NOON + 3_600_000, Body::Staffed { offices: Vec::new() }, Vec::new()).unwrap();
    assert_eq!(scene.entry(NOON + 1, old.clone(), Vec::new()), Err(Ignored::Backdated));
    // Only by a restart, and then everybody sees it.
    assert!(scene.state.node(&node("usa-1")).unwrap().set_back().is_empty());
    scene.entry(NOON + 1, Body::Restarted {}, Vec::new()).unwrap();
    assert_eq!(scene.state.node(&node("usa-1")).unwrap().set_back(), [5]);
    scene.entry(NOON + 2, old, Vec::new()).unwrap();
    scene.check_few();
}

#[test]
fn what_the_device_has_said_since_makes_an_old_word_void() {
    let mut scene = Scene::new();
    let old = scene.signed(&scene.usa.on(NOON), ring(1));
    scene.says(NOON + 1_000, NOON + 1_000, Act::TakeDuty { until_ms: NOON + 60_000 }).unwrap();
    scene.entry(NOON + 1, Body::Restarted {}, Vec::new()).unwrap();
    assert_eq!(scene.entry(NOON + 2, Body::Stated { statement: old }, Vec::new()), Err(Ignored::Replayed));
}

#[test]
fn nothing_is_said_to_stand_for_longer_than_its_kind_of_act_and_clocks_allow() {
    let mut scene = Scene::new();
    // A console whose clock is a little ahead of its node's is heard; one whose act would stand for an hour is not.
    scene.says(NOON + CLOCKS_APART_MS, NOON, ring(1)).unwrap();
    assert_eq!(scene.says(NOON + CLOCKS_APART_MS + 1, NOON, ring(2)), Err(Ignored::Ahead));
    assert_eq!(scene.says(NOON + 3_600_000, NOON, ring(3)), Err(Ignored::Ahead));
}

#[test]
fn acts_just_before_an_amendment_count_and_later_ones_do_not() {
    let next = Hash([9; 48]);
    let mut scene = Scene::new();
    scene.says(NOON, NOON, ring(1)).unwrap();
    scene.entry(NOON + 10_000, Body::Opened { charter: next }, Vec::new()).unwrap();
    // On its way when the amendment took effect.
    scene.says(NOON + 9_000, NOON + 11_000, Act::Leave { cause: None }).unwrap();
    scene.check_few();
    let late = NOON + 10_000 + FORMER_CHARTER_MS + 1;
    assert_eq!(scene.says(late, late, ring(2)), Err(Ignored::OtherCharter));
    let new = |now_ms| Occasion { node: node("usa-1"), charter: next, now_ms };
    let statement = scene.signed(&new(late), ring(3));
    scene.entry(late, Body::Stated { statement }, Vec::new()).unwrap();
    scene.check_few();
    // A journal does not go back to a charter that it had.
    let back = scene.entry(late, Body::Opened { charter: CHARTER.hash() }, Vec::new());
    assert_eq!(back, Err(Ignored::NotNow));
    scene.entry(late, Body::Opened { charter: Hash([10; 48]) }, Vec::new()).unwrap();
    assert_eq!(scene.says(late, late, ring(4)), Err(Ignored::OtherCharter), "two charters ago");
    scene.check_few();
}

#[test]
fn an_amendment_in_mid_call_leaves_what_was_said_before_it() {
    let mut scene = Scene::new();
    scene.says(NOON, NOON, ring(1)).unwrap();
    let amended = Arc::new(amended(&CHARTER, |charter| charter.policy.ring_seconds = 50));
    scene.entry(NOON + 1_000, Body::Opened { charter: amended.hash() }, Vec::new()).unwrap();
    let mut anew = State::new(amended.clone());
    for (entry, bodies) in &scene.log {
        anew.apply(&VerifiedEntry::open(entry.bytes(), &amended).unwrap(), bodies).unwrap();
    }
    assert_eq!(anew.in_on(&duty()).len(), 1);
}

#[test]
fn nothing_is_said_before_the_journal_has_a_charter() {
    let usa = console("usa-duty", 1);
    let mut state = State::new(CHARTER.clone());
    let mut journal = Journal::new(node("usa-1"));
    let mut entry =
        |body| VerifiedEntry::open(&journal.append(NOON, body).sign(THREE.journal(&node("usa-1"))).0, &CHARTER);
    let certificate = BodyRef::of(&usa.certificate).unwrap();
    let enrolled = entry(Body::Enrolled { device: usa.id(), certificate }).unwrap();
    state.apply(&enrolled, std::slice::from_ref(&usa.certificate)).unwrap();
    let said = entry(Body::Stated { statement: usa.says_at(NOON, 1, &duty(), ring(1)) }).unwrap();
    assert_eq!(state.apply::<Vec<u8>>(&said, &[]), Err(Ignored::OtherCharter));
}

#[test]
fn the_highest_number_locks_no_device_out() {
    let mut scene = Scene::new();
    scene.number = u64::MAX - 1;
    assert_eq!(scene.says(NOON, NOON, ring(1)), Err(Ignored::Ahead));
    // As far as a clock may have been wrong, and there is room for as long as time goes on.
    for later_ms in 0..4 {
        scene.number = NOON + later_ms + NUMBER_AHEAD_MS - 1;
        scene.says(NOON + later_ms, NOON + later_ms, ring(later_ms as u8)).unwrap();
    }
    assert_eq!(scene.says(NOON + 3, NOON + 3, ring(5)), Err(Ignored::Ahead));
    scene.number -= 1;
    scene.says(NOON + 4, NOON + 4, ring(5)).unwrap();
}

#[test]
fn whoever_comes_later_takes_what_others_take_however_a_device_counts() {
    let mut scene = Scene::new();
    let late = |scene: &Scene| {
        let relevant = &scene.state.relevant_entries()[&node("usa-1")];
        let mut late = State::new(CHARTER.clone());
        for (entry, bodies) in scene.log.iter().filter(|(entry, _)| relevant.contains(&entry.entry().seq)) {
            late.apply(entry, bodies).unwrap();
        }
        late
    };
    // As far as a step goes, in what nobody is shown later; then as far again.
    for step in 1..4 {
        scene.number = NOON + step * (1 << 40) - 1;
        let _ = scene.says(NOON, NOON, Act::Shown { writings: vec![Hash([step as u8; 48])] });
    }
    let mut late = late(&scene);
    scene.number = NOON + 4 * (1 << 40) - 1;
    let taken = scene.says(NOON, NOON, ring(1)).is_ok();
    let (entry, bodies) = scene.log.last().unwrap();
    assert_eq!(late.apply(entry, bodies).is_ok(), taken);
    assert_eq!(late.line(&duty()), scene.state.line(&duty()));
}
