//! shifts and hand-over. A person takes the duty of an office until a time; the next one relieves the former.
#![allow(clippy::unwrap_used)]

use crate::common;
use common::*;
use trialogue_journal::fold::OnDuty;
use trialogue_journal::*;

const HOUR: u64 = 3_600_000;

fn takes(until_ms: u64) -> Act {
    Act::TakeDuty { until_ms }
}

fn duty_of(scene: &Scene, of: &str) -> Option<OnDuty> {
    scene.state.duty(&party(of), &office(&format!("{}-duty", of.to_ascii_lowercase())), HOUR)
}

/// A console that comes on watch now has the same duties.
fn shown_to_a_newcomer(scene: &Scene) {
    let few = scene.state.relevant_entries();
    let log: Vec<Sent> =
        scene.log.iter().filter(|(e, _)| few[&e.entry().node].contains(&e.entry().seq)).cloned().collect();
    let newcomer = fold(&log);
    for of in ["JPN", "KOR", "USA"] {
        let office = office(&format!("{}-duty", of.to_ascii_lowercase()));
        assert_eq!(newcomer.duty(&party(of), &office, HOUR), scene.state.duty(&party(of), &office, HOUR));
    }
}

#[test]
fn the_next_relieves_the_former() {
    let (first, second) = (console("jpn-duty", 1), console("jpn-duty", 2));
    let mut scene = Scene::with(&[&first, &second]);
    assert_eq!(duty_of(&scene, "JPN"), None);
    scene.says(&first, takes(HOUR)).unwrap();
    let held = duty_of(&scene, "JPN").unwrap();
    assert_eq!((held.duty.by, held.duty.until_ms, held.duty.relieved, held.at_console), (first.id(), HOUR, None, true));
    // Going on is no hand-over.
    scene.says(&first, takes(2 * HOUR)).unwrap();
    let longer = duty_of(&scene, "JPN").unwrap();
    assert_eq!((longer.duty.since_ms, longer.duty.until_ms), (held.duty.since_ms, 2 * HOUR));
    shown_to_a_newcomer(&scene);
    let took = scene.says(&second, takes(3 * HOUR)).unwrap();
    assert!(matches!(took, Applied::TookDuty { relieved: Some(by), .. } if by == first.id()));
    let now = duty_of(&scene, "JPN").unwrap();
    assert_eq!((now.duty.by, now.duty.relieved.map(|before| before.by)), (second.id(), Some(first.id())));
    assert_eq!(duty_of(&scene, "KOR"), None);
    shown_to_a_newcomer(&scene);
}

#[test]
fn a_shift_ends_and_is_at_most_a_day() {
    let usa = console("usa-duty", 1);
    let mut scene = Scene::with(&[&usa]);
    assert_eq!(scene.says(&usa, takes(1)), Err(Ignored::Time), "in the past");
    assert_eq!(scene.says(&usa, takes(25 * HOUR)), Err(Ignored::Time), "more than a day");
    let said = usa.says(9, &duty(), takes(0));
    assert_eq!(scene.state.judge(&usa.node, &read(&said), 60_000), Err(Ignored::Time), "its node tells it so");
    scene.says(&usa, takes(24 * HOUR)).unwrap();
}

#[test]
fn one_that_is_over_relieves_nobody() {
    let (first, second) = (console("jpn-duty", 1), console("jpn-duty", 2));
    let mut scene = Scene::with(&[&first, &second]);
    scene.says(&first, takes(6_000)).unwrap();
    for _ in 0..5 {
        scene.node("jpn-1", Body::Staffed { offices: Vec::new() }).unwrap();
    }
    assert_eq!(duty_of(&scene, "JPN").unwrap().duty.until_ms, 6_000, "who had it stays on the board, as over");
    scene.says(&second, takes(HOUR)).unwrap();
    assert_eq!(duty_of(&scene, "JPN").unwrap().duty.relieved, None);
    shown_to_a_newcomer(&scene);
}

#[test]
fn a_revoked_device_has_no_duty() {
    let (first, second) = (console("jpn-duty", 1), console("jpn-duty", 2));
    let mut scene = Scene::with(&[&first, &second]);
    scene.says(&first, takes(HOUR)).unwrap();
    scene.node("jpn-1", revoked("JPN", first.id())).unwrap();
    assert_eq!(duty_of(&scene, "JPN"), None);
    scene.says(&second, takes(HOUR)).unwrap();
    scene.node("jpn-1", revoked("JPN", second.id())).unwrap();
    assert_eq!(duty_of(&scene, "JPN"), None);
    shown_to_a_newcomer(&scene);
}

#[test]
fn the_node_says_who_is_at_the_console() {
    let jpn = console("jpn-duty", 1);
    let mut scene = Scene::with(&[&jpn]);
    scene.says(&jpn, takes(HOUR)).unwrap();
    scene.node("jpn-1", Body::AtConsole { offices: vec![] }).unwrap();
    assert!(!duty_of(&scene, "JPN").unwrap().at_console);
    shown_to_a_newcomer(&scene);
    scene.node("jpn-1", Body::AtConsole { offices: vec![office("jpn-duty")] }).unwrap();
    assert!(duty_of(&scene, "JPN").unwrap().at_console);
    let foreign = scene.node("jpn-1", Body::AtConsole { offices: vec![office("usa-duty")] });
    assert_eq!(foreign, Err(Ignored::Malformed), "a node speaks of its own party only");
    scene.node("jpn-1", Body::Restarted {}).unwrap();
    let held = duty_of(&scene, "JPN").unwrap();
    assert!(!held.at_console && held.duty.by == jpn.id(), "the duty outlasts a restart, the presence does not");
    shown_to_a_newcomer(&scene);
}

#[test]
fn a_shift_of_years_to_come_is_none_that_goes_on_once_the_clock_was_set_back() {
    const YEARS: u64 = 50 * 365 * 24 * HOUR;
    let first = console("jpn-duty", 1);
    let mut scene = Scene::with(&[&first]);
    let ahead = first.says_at(YEARS, 1, &duty(), takes(YEARS + HOUR));
    scene.node_at(YEARS, "jpn-1", Body::Stated { statement: ahead }).unwrap();
    scene.node_at(20_000, "jpn-1", Body::Restarted {}).unwrap();
    let now = first.says_at(21_000, 2, &duty(), takes(HOUR));
    scene.node_at(21_000, "jpn-1", Body::Stated { statement: now }).unwrap();
    let held = duty_of(&scene, "JPN").unwrap().duty;
    assert_eq!((held.since_ms, held.until_ms), (21_000, HOUR));
    shown_to_a_newcomer(&scene);
}
