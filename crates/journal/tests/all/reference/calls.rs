//! Calls: rung, answered, declined, prepared, handed to another site.

use super::people::{People, machines};
use super::{Person, Reference};
use crate::common::{
    acknowledge, answer, body, call, creates, decline, duty, group, moves, node, office, party, ring, summit,
};
use trialogue_charter::*;
use trialogue_journal::{limits, *};

fn received(it: &mut Reference, at: &str, number: u8, line: LineId) {
    it.entry(at, Body::Received { call: call(number), line });
}

fn ringing(it: &mut Reference, at: &str, number: u8, line: LineId, consoles: u16) {
    it.entry(at, Body::Ringing { call: call(number), line, consoles });
}

/// Rings that nobody answered, more than are remembered, and those that somebody dismissed.
fn missed(it: &mut Reference, people: &People) {
    let missed = |number: u8, of: &str, by: &str| {
        let (party, office, at_ms) = (party(of), office(by), u64::from(number));
        let rang = Rang { party, office, precedence: Precedence::Flash, at_ms, call_back_ms: Some(at_ms + 1) };
        Body::Missed { call: call(number), line: duty(), rang }
    };
    for number in 1..=limits::MISSED_MAX as u8 + 1 {
        it.entry("kor-1", missed(number, "USA", "usa-duty"));
    }
    it.entry("kor-1", missed(9, "JPN", "jpn-duty"));
    it.ignored("kor-1", missed(9, "JPN", "jpn-duty"), Ignored::NotNow);
    it.ignored("kor-1", missed(10, "JPN", "usa-duty"), Ignored::Malformed);
    it.ignored("kor-1", missed(10, "KOR", "kor-duty"), Ignored::Malformed);
    let dismiss = |of: &str, calls: &[u8]| Act::Dismiss {
        party: party(of),
        calls: calls.iter().map(|number| call(*number)).collect(),
    };
    it.duty(&people.kor, dismiss("USA", &[2, 3]));
    it.duty(&people.kor, dismiss("USA", &[3, 77]));
    it.refuses(&people.kor, &duty(), dismiss("KOR", &[2]), Ignored::Malformed);
    it.refuses(&people.notes, &summit(), dismiss("USA", &[2]), Ignored::Role);
    it.chapter("missed");
}

fn tags(generation: u16, anew: bool) -> Act {
    Act::Tags { generation, anew, secrets: body("secrets") }
}

pub fn on_the_duty_line(it: &mut Reference, people: &People) {
    let People { usa, colleague, jpn, kor, .. } = people;
    let urgent = |number, precedence| Act::Ring { call: call(number), offers: Vec::new(), precedence };
    it.refuses(usa, &duty(), urgent(1, Precedence::FlashOverride), Ignored::AboveAuthority);
    it.duty(usa, urgent(1, Precedence::Immediate));
    received(it, "jpn-1", 1, duty());
    it.ignored("jpn-1", Body::Received { call: call(1), line: duty() }, Ignored::NotNow);
    ringing(it, "jpn-1", 1, duty(), 2);
    let ready_ms = it.time_ms + 60_000;
    it.duty(jpn, acknowledge(1, ready_ms));
    it.entry("jpn-1", Body::Alerted { call: call(1), line: duty(), done: true });
    received(it, "kor-1", 1, duty());
    ringing(it, "kor-1", 1, duty(), 0);
    it.entry("kor-1", Body::Expired { call: call(1), line: duty() });
    it.ignored("kor-1", Body::Alerted { call: call(1), line: duty(), done: false }, Ignored::NotNow);
    received(it, "kor-1", 2, duty());
    it.entry("kor-1", Body::Refused { call: call(2), line: duty(), reason: DeclineReason::Refused });
    it.entry("kor-1", Body::Alerted { call: call(3), line: duty(), done: false });
    it.chapter("rung");
    missed(it, people);

    it.duty(jpn, answer(1));
    it.refuses(jpn, &duty(), decline(1), Ignored::NotNow);
    it.duty(kor, decline(1));
    let deputy = |of: &str| Act::Decline {
        call: call(1),
        reason: DeclineReason::Deputy,
        call_back_ms: None,
        deputy: Some(office(of)),
    };
    it.refuses(kor, &duty(), deputy("jpn-duty"), Ignored::Malformed);
    it.duty(kor, deputy("kor-duty"));
    it.refuses(usa, &duty(), moves(1, 3, &[], &[]), Ignored::Epoch);
    it.duty(usa, creates(1, &[jpn.id()]));
    it.duty(usa, moves(1, 1, &[kor.id()], &[]));
    it.duty(usa, moves(1, 2, &[], &[kor.id()]));
    it.refuses(usa, &duty(), moves(1, 2, &[], &[]), Ignored::Epoch);
    for generation in 0..limits::TAGS_TOLD_MAX as u16 {
        it.duty(usa, tags(generation, false));
    }
    it.refuses(usa, &duty(), tags(50, false), Ignored::Full);
    it.duty(jpn, tags(1, true));
    for number in 0..limits::FORGERIES_MAX as u8 + 1 {
        let (device, via) = (DeviceId([number; 32]), vec![node("jpn-1")]);
        it.entry("kor-1", Body::Forged { line: duty(), device, via });
    }
    it.duty(jpn, Act::Hold { device: jpn.id(), on: true });
    it.duty(usa, Act::Confirm { party: party("JPN") });
    it.duty(usa, Act::Drop { party: party("KOR"), on: true });
    it.chapter("answered");

    it.duty(jpn, Act::Hold { device: jpn.id(), on: false });
    it.duty(colleague, answer(1));
    it.duty(colleague, answer(1));
    it.duty(usa, moves(1, 3, &[colleague.id()], &[]));
    it.duty(usa, tags(51, true));
    it.duty(usa, ring(4));
    received(it, "usa-1", 5, duty());
    it.duty(usa, Act::Remove { device: colleague.id() });
    it.refuses(usa, &duty(), Act::Remove { device: colleague.id() }, Ignored::NotIn);
    it.entry("jpn-1", Body::Lost { device: jpn.id(), line: duty() });
    it.ignored("jpn-1", Body::Lost { device: jpn.id(), line: duty() }, Ignored::NotIn);
    it.refuses(jpn, &duty(), Act::Leave { cause: None }, Ignored::NotIn);
    it.duty(usa, Act::Drop { party: party("KOR"), on: false });
    it.chapter("lost");

    it.duty(usa, Act::Leave { cause: Some(Precedence::Flash) });
    it.duty(colleague, ring(6));
    // The clock was set back; and then the oldest responses go.
    it.time_ms -= 30_000;
    it.entry("usa-1", Body::Restarted {});
    it.time_ms += 30_000;
    for number in 100..101 + limits::RESPONSES_MAX as u8 {
        received(it, "jpn-1", number, duty());
    }
    it.ignored("jpn-1", Body::Received { call: call(7), line: machines_of_nobody() }, Ignored::NotOnLine);
    it.chapter("over");
}

fn machines_of_nobody() -> LineId {
    LineId::new("nowhere").unwrap()
}

fn others(of: &str) -> Vec<PartyId> {
    fixture::PARTIES.into_iter().filter(|other| *other != of).map(party).collect()
}

fn prepares(it: &mut Reference, who: &Person, of: &str) {
    for other in others(of) {
        it.says(who, &summit(), Act::Confirm { party: other });
    }
    it.says(who, &summit(), Act::Ready { with: others(of) });
}

pub fn on_the_staged_line(it: &mut Reference, people: &People) {
    let People { usa, jpn, kor, chiefs, interpreter, notes, .. } = people;
    it.says(usa, &summit(), ring(10));
    received(it, "kor-1", 10, summit());
    it.entry("kor-1", Body::Escalated { call: call(10), line: summit(), step: 1 });
    it.ignored("kor-1", Body::Escalated { call: call(10), line: summit(), step: 9 }, Ignored::NotNow);
    it.refuses(usa, &summit(), Act::Ready { with: others("USA") }, Ignored::NotNow);
    it.refuses(notes, &summit(), ring(11), Ignored::Role);
    it.refuses(usa, &summit(), Act::ComeOn { with: others("USA") }, Ignored::Role);
    for (who, of) in [(jpn, "JPN"), (kor, "KOR")] {
        it.says(who, &summit(), answer(10));
        prepares(it, who, of);
    }
    prepares(it, usa, "USA");
    for (chief, of) in chiefs.iter().zip(fixture::PARTIES) {
        it.says(chief, &summit(), answer(10));
        it.says(chief, &summit(), Act::ComeOn { with: others(of) });
    }
    it.says(interpreter, &summit(), answer(10));
    it.says(notes, &summit(), answer(10));
    it.says(usa, &summit(), Act::Hold { device: chiefs[2].id(), on: true });
    it.refuses(&chiefs[2], &summit(), Act::Hold { device: usa.id(), on: true }, Ignored::Role);
    it.refuses(usa, &summit(), Act::Hold { device: jpn.id(), on: true }, Ignored::NotOwn);
    it.says(usa, &summit(), creates(2, &[jpn.id(), kor.id(), chiefs[0].id(), notes.id()]));
    it.says(interpreter, &summit(), ring(10));
    it.says(jpn, &summit(), Act::Ready { with: Vec::new() });
    it.refuses(jpn, &summit(), Act::Confirm { party: party("JPN") }, Ignored::Malformed);
    it.chapter("on the staged line");
    // The group goes over to others as its leads leave.
    it.says(usa, &summit(), moves(2, 1, &[chiefs[2].id()], &[notes.id()]));
    it.says(usa, &summit(), Act::Leave { cause: None });
    it.says(&chiefs[2], &summit(), moves(2, 2, &[], &[usa.id()]));
    it.chapter("led by another");
}

pub fn another_site(it: &mut Reference, people: &People) {
    let [usa, chief] = &people.elsewhere;
    let offers = vec![KeyOffer { node: node("jpn-1"), package: body("jpn-1") }];
    let word = Carried {
        confirmed: others("USA"),
        ready: others("USA"),
        on: others("USA"),
        drops: vec![party("KOR")],
        held: true,
    };
    let over = |ring, word: &Carried| Act::Attach { call: call(10), offers: offers.clone(), ring, word: word.clone() };
    it.refuses(usa, &summit(), over(None, &word), Ignored::Role);
    it.refuses(chief, &duty(), over(None, &word), Ignored::NotOnLine);
    it.says(chief, &summit(), over(Some(Precedence::Routine), &word));
    it.says(usa, &summit(), over(None, &Carried::default()));
    it.says(chief, &summit(), creates(3, &[people.jpn.id()]));
    assert_eq!(group(3), it.state.line(&summit()).groups[&node("usa-2")].id);
    it.refuses(&people.stations[0], &machines(), Act::Confirm { party: party("KOR") }, Ignored::NotIn);
    it.chapter("at another site");
}
