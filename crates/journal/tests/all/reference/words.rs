//! What is said beside calls: consultations, tests of the line, writings.

use super::Reference;
use super::people::{People, machines};
use crate::common::{body, call, duty, group, node, office, party, ring, summit};
use trialogue_charter::*;
use trialogue_journal::{limits, *};

const HOUR_MS: u64 = 3_600_000;

fn leaders() -> LineId {
    LineId::new("leaders").unwrap()
}

fn proposes(number: u8, at_ms: u64) -> Act {
    let subject = SubjectId::new("missile-launch").unwrap();
    Act::Propose { id: call(number), subject, level: leaders(), at_ms, precedence: Precedence::Priority }
}

pub fn consultations(it: &mut Reference, people: &People) {
    let People { usa, jpn, kor, chiefs, .. } = people;
    let soon = it.time_ms + 30_000;
    it.duty(usa, proposes(40, soon));
    it.refuses(usa, &duty(), proposes(40, soon), Ignored::NotNow);
    it.refuses(usa, &duty(), proposes(41, 1), Ignored::Time);
    let proposal = it.state.node(&node("usa-1")).unwrap().proposals().next().unwrap().1.hash;
    let attends = |coming: Option<&str>, at_ms| Act::Attend {
        proposal,
        level: leaders(),
        coming: coming.map(|who| Coming { office: office(who), at_ms }),
    };
    it.duty(jpn, attends(Some("jpn-leaders"), soon));
    it.duty(kor, attends(None, 0));
    it.refuses(jpn, &duty(), attends(Some("kor-leaders"), soon), Ignored::OtherOffice);
    it.refuses(jpn, &duty(), Act::Withdraw { id: call(40) }, Ignored::NoConsultation);
    let later = it.time_ms + HOUR_MS;
    for number in 50..49 + limits::PROPOSALS_MAX as u8 {
        it.duty(usa, proposes(number, later));
    }
    it.refuses(usa, &duty(), proposes(70, later), Ignored::Full);
    it.duty(usa, Act::Withdraw { id: call(50) });
    it.chapter("proposed");
    // One begins, and one whose time has not come does not.
    it.says(&chiefs[2], &leaders(), ring(40));
    it.entry("usa-1", Body::Received { call: call(51), line: leaders() });
    it.chapter("begun");
}

pub fn tests(it: &mut Reference, people: &People) {
    let path = |to: &str, ok: bool| PathTest {
        node: node(to),
        path: 1,
        ok,
        round_trip_us: ok.then_some(90_000),
        jitter_us: ok.then_some(900),
        loss_ppm: ok.then_some(10),
        kbit: ok.then_some(512),
    };
    it.entry("usa-1", Body::Tested { results: vec![path("jpn-1", true), path("kor-1", false)] });
    it.ignored("usa-1", Body::Tested { results: vec![path("usa-1", true)] }, Ignored::Malformed);
    let heard = |of: &str| StationTest {
        party: party(of),
        ok: true,
        round_trip_us: Some(1),
        quality: Some(450),
        loss_ppm: Some(2),
    };
    let [jpn, usa] = &people.stations;
    it.says(usa, &machines(), Act::StationTested { results: vec![heard("JPN"), heard("KOR")] });
    it.refuses(jpn, &machines(), Act::StationTested { results: vec![heard("JPN")] }, Ignored::NotOnLine);
    it.refuses(jpn, &machines(), Act::Alive { nonce: [3; 16] }, Ignored::Role);
    it.duty(&people.jpn, Act::Alive { nonce: [3; 16] });
    let sends = |text| Act::SendTest { text, language: Language::Ja };
    it.duty(&people.jpn, sends(7));
    it.refuses(&people.jpn, &duty(), sends(8), Ignored::NotNow);
    for number in 0..limits::CERTIFIED_MAX as u8 + 1 {
        let (text, translation) = (Hash([number; 48]), format!("translation {number}"));
        it.duty(&people.usa, Act::Certify { text, language: Language::En, translation });
    }
    it.chapter("tested");
}

fn written(kind: Kind, about: Option<Hash>, circle: u8) -> Written {
    Written {
        kind,
        about,
        keys: vec![Wrapped { circle: group(circle), key: [1; 48] }],
        content: body("content"),
        digest: Hash([2 + kind as u8; 48]),
        at_ms: 1_000,
        traffic: Traffic::Service,
        precedence: Precedence::Routine,
        answer_by_ms: None,
        attached: None,
    }
}

pub fn writings(it: &mut Reference, people: &People) {
    let People { usa, jpn, interpreter, notes, .. } = people;
    it.duty(usa, Act::Stock { package: body("usa") });
    it.duty(jpn, Act::Stock { package: body("jpn") });
    let circle = |number, readers| Act::Circle { circle: group(number), welcome: body("welcome"), readers };
    it.duty(usa, circle(60, vec![jpn.id(), notes.id()]));
    it.refuses(usa, &duty(), circle(60, vec![jpn.id()]), Ignored::Replayed);
    it.refuses(jpn, &duty(), Act::Write { written: written(Kind::Message, None, 60) }, Ignored::NotNow);
    let mut message = written(Kind::Message, None, 60);
    message.attached = BodyRef::of(&[5; 96]);
    message.answer_by_ms = Some(it.time_ms + HOUR_MS);
    it.duty(usa, Act::Write { written: message.clone() });
    it.refuses(usa, &duty(), Act::Write { written: message.clone() }, Ignored::Replayed);
    (message.answer_by_ms, message.digest) = (Some(1), Hash([9; 48]));
    it.refuses(usa, &duty(), Act::Write { written: message }, Ignored::Time);
    let id = it.state.writings(&duty()).last().unwrap().0;
    it.duty(usa, Act::Write { written: written(Kind::Readout, None, 60) });
    it.duty(jpn, circle(61, vec![usa.id()]));
    it.duty(jpn, Act::Write { written: written(Kind::ReadBack, Some(id), 61) });
    it.says(interpreter, &summit(), circle(62, vec![jpn.id()]));
    it.says(interpreter, &summit(), Act::Write { written: written(Kind::Translation, Some(id), 62) });
    let no_message = Act::Write { written: written(Kind::Message, None, 62) };
    it.refuses(interpreter, &summit(), no_message, Ignored::Role);
    // Circles that nothing is written by any more go.
    for number in 150..153 + 2 * limits::CIRCLES_MAX as u8 {
        it.duty(usa, circle(number, vec![jpn.id()]));
    }
    it.entry("jpn-1", Body::Stored { writings: vec![id, Hash([255; 48])] });
    it.duty(jpn, Act::Shown { writings: vec![id, Hash([255; 48])] });
    it.duty(jpn, Act::AcknowledgeWriting { writing: id, read_back: Some(Hash([9; 48])) });
    it.duty(jpn, Act::AcknowledgeWriting { writing: id, read_back: None });
    it.says(interpreter, &summit(), Act::CertifyWriting { writing: id });
    it.duty(jpn, Act::Approve { writing: id });
    it.says(notes, &summit(), Act::Archive { writings: vec![id], destroyed: false });
    it.refuses(usa, &duty(), Act::Archive { writings: vec![id], destroyed: true }, Ignored::Role);
    it.chapter("written");
}
