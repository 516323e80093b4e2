//! a consultation is proposed with subject, level and time; parties answer who comes and when; it becomes the call.
#![allow(clippy::unwrap_used)]

use crate::common;
use common::*;
use trialogue_charter::{Hash, LineId, Precedence, SubjectId};
use trialogue_journal::fold::Consultation;
use trialogue_journal::*;

const HOUR: u64 = 3_600_000;

fn leaders() -> LineId {
    LineId::new("leaders").unwrap()
}

fn proposes(id: u8, at_ms: u64) -> Act {
    Act::Propose {
        id: call(id),
        subject: SubjectId::new("missile-launch").unwrap(),
        level: leaders(),
        at_ms,
        precedence: Precedence::Immediate,
    }
}

fn answers(proposal: Hash, coming: Option<(&str, u64)>) -> Act {
    let coming = coming.map(|(who, at_ms)| Coming { office: office(who), at_ms });
    Act::Attend { proposal, level: leaders(), coming }
}

/// What is on every board at this time. A console that comes on watch then sees the same.
fn waiting(scene: &Scene, now_ms: u64) -> Vec<Consultation> {
    let few = scene.state.relevant_entries();
    let log: Vec<Sent> =
        scene.log.iter().filter(|(e, _)| few[&e.entry().node].contains(&e.entry().seq)).cloned().collect();
    let all = scene.state.consultations(now_ms);
    assert_eq!(fold(&log).consultations(now_ms), all);
    all
}

fn asked() -> (Scene, Hash) {
    asked_for(HOUR)
}

/// To meet at this time.
fn asked_for(at_ms: u64) -> (Scene, Hash) {
    let mut scene = Scene::with(&[&console("usa-duty", 1), &console("jpn-duty", 1), &console("kor-duty", 1)]);
    scene.says(&console("usa-duty", 1), proposes(1, at_ms)).unwrap();
    let hash = waiting(&scene, 9_000)[0].proposal.hash;
    (scene, hash)
}

#[test]
fn parties_answer_who_comes_and_when() {
    let (mut scene, hash) = asked();
    let (jpn, kor) = (console("jpn-duty", 1), console("kor-duty", 1));
    let said = |scene: &Scene, of: &str| waiting(scene, 9_000)[0].answers[&party(of)].clone();
    assert_eq!(said(&scene, "JPN"), None, "no word yet");
    scene.says(&jpn, answers(hash, Some(("jpn-leaders", HOUR)))).unwrap();
    scene.says(&kor, answers(hash, None)).unwrap();
    assert_eq!(said(&scene, "JPN").unwrap().coming.unwrap().office, office("jpn-leaders"));
    assert_eq!(said(&scene, "KOR").unwrap().coming, None, "a refusal is a word");
    // The later word counts.
    scene.says(&kor, answers(hash, Some(("kor-leaders", HOUR + 300_000)))).unwrap();
    assert_eq!(said(&scene, "KOR").unwrap().coming.unwrap().at_ms, HOUR + 300_000);
}

/// So near that it can be begun.
const SOON: u64 = 60_000;

#[test]
fn it_becomes_the_call_of_its_id() {
    let (mut scene, _) = asked_for(SOON);
    // On another line the same id is another ring.
    scene.says(&console("jpn-duty", 1), ring(1)).unwrap();
    assert_eq!(waiting(&scene, SOON).len(), 1);
    let chief = console("usa-leaders", 1);
    scene.enrol(&chief).unwrap();
    scene.stated(&chief.node.clone(), chief.says(5, &leaders(), ring(1))).unwrap();
    assert!(waiting(&scene, SOON).is_empty());
    scene.stated(&chief.node.clone(), chief.says(6, &leaders(), Act::Leave { cause: None })).unwrap();
    assert!(waiting(&scene, SOON).is_empty(), "and does not come back when the call is over");
}

#[test]
fn whoever_begins_it_the_proposers_node_knows() {
    let (mut scene, _) = asked_for(SOON);
    scene.node("usa-1", Body::Received { call: call(1), line: leaders() }).unwrap();
    assert!(waiting(&scene, SOON).is_empty());
}

#[test]
fn its_party_takes_it_back() {
    let (mut scene, hash) = asked();
    let (usa, jpn) = (console("usa-duty", 1), console("jpn-duty", 1));
    let withdraw = || Act::Withdraw { id: call(1) };
    assert_eq!(scene.says(&jpn, withdraw()), Err(Ignored::NoConsultation), "another party's");
    scene.says(&usa, withdraw()).unwrap();
    assert!(waiting(&scene, 9_000).is_empty());
    assert_eq!(scene.says(&usa, withdraw()), Err(Ignored::NoConsultation));
    // Proposed again under the same id: what was answered then is no answer now.
    scene.says(&jpn, answers(hash, Some(("jpn-leaders", HOUR)))).unwrap();
    scene.says(&usa, proposes(1, 2 * HOUR)).unwrap();
    assert_eq!(waiting(&scene, 9_000)[0].answers[&party("JPN")], None);
}

#[test]
fn nobody_comes_for_another_party_or_to_what_was_never_asked() {
    let (mut scene, hash) = asked();
    let jpn = console("jpn-duty", 1);
    for foreign in ["kor-leaders", "jpn-duty"] {
        let said = scene.says(&jpn, answers(hash, Some((foreign, HOUR))));
        assert_eq!(said, Err(Ignored::OtherOffice), "{foreign} is not Japan's on that line");
    }
    let says = |act: Act, now_ms| read(&jpn.says_at(now_ms, 99, &duty(), act));
    let judged = |act: Act, now_ms| scene.state.judge(&jpn.node, &says(act, now_ms), now_ms);
    let coming = Some(("jpn-leaders", HOUR));
    assert_eq!(judged(answers(Hash([9; 48]), coming), 9_000), Err(Ignored::NoConsultation));
    let elsewhere = Act::Attend { proposal: hash, level: duty(), coming: None };
    assert_eq!(judged(elsewhere, 9_000), Err(Ignored::NoConsultation), "another level than was asked");
    assert_eq!(judged(answers(hash, coming), 3 * HOUR), Err(Ignored::NoConsultation), "it is over");
    assert_eq!(judged(answers(hash, Some(("jpn-leaders", 400 * HOUR))), 9_000), Err(Ignored::Time));
    assert!(judged(answers(hash, coming), 9_000).is_ok());
}

#[test]
fn no_one_proposes_above_authority_past_or_too_far_ahead() {
    let usa = console("usa-duty", 1);
    let mut scene = Scene::with(&[&usa]);
    let propose = |precedence, at_ms, level: &str, subject: &str| Act::Propose {
        id: call(1),
        subject: SubjectId::new(subject).unwrap(),
        level: LineId::new(level).unwrap(),
        at_ms,
        precedence,
    };
    let (fit, about) = (Precedence::Routine, "missile-launch");
    let cases = [
        (propose(Precedence::Flash, HOUR, "leaders", about), Ignored::AboveAuthority),
        (propose(fit, 1, "leaders", about), Ignored::Time),
        (propose(fit, 8 * 24 * HOUR, "leaders", about), Ignored::Time),
        (propose(fit, HOUR, "nowhere", about), Ignored::NotOnLine),
        (propose(fit, HOUR, "leaders", "weather"), Ignored::Malformed),
    ];
    for (act, why) in cases {
        assert_eq!(scene.says(&usa, act), Err(why));
    }
    let said = usa.says(99, &leaders(), propose(fit, HOUR, "leaders", about));
    assert_eq!(
        scene.stated(&usa.node, said),
        Err(Ignored::NotOnLine),
        "the office is not on the line on which it asks"
    );
    scene.says(&usa, propose(fit, HOUR, "leaders", about)).unwrap();
    assert_eq!(scene.says(&usa, propose(fit, HOUR, "leaders", about)), Err(Ignored::NotNow), "the id is taken");
}

#[test]
fn what_is_over_goes_and_so_does_what_a_lost_device_has_said() {
    let (mut scene, hash) = asked();
    assert_eq!(waiting(&scene, 3 * HOUR - 1).len(), 1, "two hours for those who are late");
    assert!(waiting(&scene, 3 * HOUR).is_empty());
    let jpn = console("jpn-duty", 1);
    scene.says(&jpn, answers(hash, None)).unwrap();
    scene.node("jpn-1", revoked("JPN", jpn.id())).unwrap();
    assert_eq!(waiting(&scene, 9_000)[0].answers[&party("JPN")], None);
    scene.node("usa-1", revoked("USA", console("usa-duty", 1).id())).unwrap();
    assert!(waiting(&scene, 9_000).is_empty());
}

#[test]
fn no_party_fills_the_boards() {
    let usa = console("usa-duty", 1);
    let mut scene = Scene::with(&[&usa]);
    for id in 0..limits::PROPOSALS_MAX as u8 {
        scene.says(&usa, proposes(id, HOUR + u64::from(id))).unwrap();
    }
    assert_eq!(scene.says(&usa, proposes(99, HOUR)), Err(Ignored::Full));
    assert_eq!(waiting(&scene, 9_000).len(), limits::PROPOSALS_MAX);
    scene.says(&usa, Act::Withdraw { id: call(3) }).unwrap();
    scene.says(&usa, proposes(99, HOUR)).unwrap();
}

#[test]
fn one_of_years_to_come_is_on_nobodys_board() {
    const YEARS: u64 = 50 * 365 * 24 * HOUR;
    let (mut scene, _) = asked();
    let kor = console("kor-duty", 1);
    let ahead = kor.says_at(YEARS, 1, &duty(), proposes(2, YEARS + HOUR));
    scene.node_at(YEARS, "kor-1", Body::Stated { statement: ahead }).unwrap();
    scene.node_at(20_000, "kor-1", Body::Restarted {}).unwrap();
    let ids = |now_ms| waiting(&scene, now_ms).iter().map(|one| one.id).collect::<Vec<_>>();
    assert_eq!(ids(21_000), [call(1)]);
    // Nobody answers it either; when its time comes it is one like another.
    assert_eq!(ids(YEARS), [call(2)]);
    // What may be proposed is there at once, by a clock that is a little ahead as well.
    let week = 20_000 + limits::PROPOSE_MS;
    let within = kor.says_at(20_000, 2, &duty(), proposes(3, week));
    scene.node_at(20_000, "kor-1", Body::Stated { statement: within }).unwrap();
    assert_eq!(waiting(&scene, 20_000 - 10_000).len(), 2);
}
