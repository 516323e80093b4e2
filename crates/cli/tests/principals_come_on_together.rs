//! Three nodes in three processes. Duty officers talk on the leaders' line, confirm each other's stations and say that
//! their principals are ready; until the last has said so no principal's endpoint sends one media packet, and then all
//! are heard. A note-taker is seen by all and sends nothing, and nobody can take out another party's people.
#![allow(clippy::unwrap_used, clippy::panic)]

mod hotline;

use hotline::endpoint::Endpoint;
use hotline::{Hotline, roster};
use serde_json::{Value, json};

const LEADERS: &str = "leaders";
const PRINCIPALS: [&str; 3] = ["usa-president", "jpn-prime-minister", "kor-president"];
const PARTIES: [&str; 3] = ["USA", "JPN", "KOR"];
/// Voice frames that each principal hears of each other: 2 s.
const VOICE: u64 = 100;

fn prepared(view: &Value, people: usize) -> bool {
    roster(view).len() == people
        && view["call"]["code"].as_str().is_some_and(|code| code.len() == 30)
        && view["call"]["members"].as_array().unwrap().iter().all(|member| member["keys"] == "ready")
}

fn floor_of<'a>(view: &'a Value, device: &str) -> &'a Value {
    let members = view["call"]["members"].as_array();
    let member = members.and_then(|all| all.iter().find(|member| member["person"]["device"] == device));
    member.map_or(&Value::Null, |member| &member["floor"])
}

fn confirm_all(officer: &mut Endpoint, own: usize) {
    for party in (0..3).filter(|party| *party != own) {
        officer.tell(&json!({ "kind": "confirm", "party": PARTIES[party] }));
    }
    officer.until_view("all stations confirmed", |view| view["call"]["mayBeReady"] == true);
}

#[test]
fn principals_come_on_together() {
    let hotline = Hotline::start();
    let mut officers = hotline.duty_officers();
    let mut clip = 0;
    let mut principals = PRINCIPALS.map(|office| {
        clip += 1;
        hotline.endpoint(office, clip)
    });
    let mut notes = hotline.endpoint("kor-note-taker", 1);
    for endpoint in principals.iter_mut().chain([&mut notes]) {
        endpoint.until_view("its own node", |view| view["node"] == "up");
    }

    officers[0].tell(&json!({ "kind": "ring", "line": LEADERS }));
    let rings =
        |view: &Value| view["lines"].as_array().unwrap().iter().any(|l| l["id"] == LEADERS && l["active"] == true);
    for endpoint in officers[1..].iter_mut().chain(&mut principals).chain([&mut notes]) {
        endpoint.until_view("a call among the leaders", rings);
        endpoint.tell(&json!({ "kind": "answer", "line": LEADERS }));
    }
    for endpoint in officers.iter_mut().chain(&mut principals).chain([&mut notes]) {
        endpoint.until_view("everybody's keys", |view| prepared(view, 7));
    }
    let devices = principals.each_ref().map(Endpoint::device);
    for officer in &mut officers {
        officer.until_view("principals wait, a note-taker listens", |view| {
            devices.iter().all(|device| floor_of(view, device) == "waiting")
                && floor_of(view, &notes.device()) == "listening"
        });
    }
    let duty = officers.each_ref().map(Endpoint::device);
    officers[0].until_more_voice(&duty[1], 25);
    assert_eq!(principals.each_mut().map(Endpoint::sent), [0; 3], "not one packet of a principal");

    for (own, officer) in officers.iter_mut().enumerate() {
        confirm_all(officer, own);
    }
    for officer in &mut officers[..2] {
        officer.tell(&json!({ "kind": "ready", "ready": true }));
    }
    officers[2].until_view("two are ready", |view| {
        view["call"]["stations"].as_array().unwrap().iter().filter(|station| station["ready"] == true).count() == 2
    });
    assert_eq!(principals.each_mut().map(Endpoint::sent), [0; 3], "one party is not ready");
    officers[2].tell(&json!({ "kind": "ready", "ready": true }));
    let on = principals.each_mut().map(|principal| {
        let on = principal.until("on", |event| event["event"] == "view" && event["view"]["call"]["floor"] == "open");
        on["at_ms"].as_u64().unwrap()
    });
    let spread = on.iter().max().unwrap() - on.iter().min().unwrap();
    eprintln!("principals came on within {spread} ms of each other");
    for (listener, principal) in principals.iter_mut().enumerate() {
        for speaker in (0..3).filter(|speaker| *speaker != listener) {
            principal.until_more_voice(&devices[speaker], VOICE);
        }
    }

    nobody_disposes_of_another_party(&mut officers, &devices);
    one_is_held(&mut officers, &mut principals, &devices);
    for officer in &mut officers {
        officer.hang_up();
    }
    for principal in &mut principals {
        principal.until_view("principals and a note-taker among themselves", |view| prepared(view, 4));
    }
    principals[0].until_more_voice(&devices[1], VOICE);
    assert_eq!(notes.sent(), 0, "a note-taker sends nothing");
}

fn nobody_disposes_of_another_party(officers: &mut [Endpoint; 3], principals: &[String; 3]) {
    officers[0].tell(&json!({ "kind": "remove", "device": principals[1] }));
    officers[0].until_view("the refusal", |view| view["trouble"]["reason"] == "notOwn");
    officers[0].tell(&json!({ "kind": "dismiss", "line": null }));
}

fn one_is_held(officers: &mut [Endpoint; 3], principals: &mut [Endpoint; 3], devices: &[String; 3]) {
    officers[0].tell(&json!({ "kind": "hold", "device": devices[0], "on": true }));
    principals[0].until_view("held by its own duty officer", |view| view["call"]["floor"] == "held");
    principals[1].until_view("seen as held", |view| floor_of(view, &devices[0]) == "held");
    let before = principals[0].sent();
    officers[1].until_more_voice(&officers[2].device(), 25);
    assert_eq!(principals[0].sent(), before, "held: not one packet");
    officers[0].tell(&json!({ "kind": "hold", "device": devices[0], "on": false }));
    principals[0].until_view("on again", |view| view["call"]["floor"] == "open");
    principals[1].until_more_voice(&devices[0], VOICE);
}

#[test]
fn the_demo_rings_from_office_to_office() {
    let hotline = Hotline::start();
    let [mut usa, mut jpn, _kor] = hotline.duty_officers();
    let mut adviser = hotline.endpoint("jpn-security-adviser", 2);
    adviser.until_view("its own node", |view| view["node"] == "up");
    usa.tell(&json!({ "kind": "ring", "line": "advisers", "precedence": "priority" }));
    let ring = |view: &Value| {
        let lines = view["lines"].as_array().unwrap();
        lines.iter().any(|line| line["id"] == "advisers" && line["ring"]["precedence"] == "priority")
    };
    adviser.until_view("a ring at the first office", ring);
    jpn.until_view("a ring at the next one, a step later", ring);
    usa.until_view("both steps", |view| {
        let line = view["lines"].as_array().unwrap().iter().find(|line| line["id"] == "advisers").unwrap();
        let party = line["parties"].as_array().unwrap().iter().find(|party| party["id"] == "JPN").unwrap();
        party["rung"].as_array().is_some_and(|rung| rung.len() == 2)
    });
    jpn.tell(&json!({ "kind": "answer", "line": "advisers" }));
    usa.until_view("an answer", |view| roster(view).len() == 2);
}
