//! Who takes part, who is let in no more, and by which charters.

use super::{Person, Reference};
use crate::common::{call, duty, node, office, party, revoked, ring};
use trialogue_charter::*;
use trialogue_journal::{limits, *};

pub struct People {
    pub usa: Person,
    pub colleague: Person,
    pub jpn: Person,
    pub kor: Person,
    pub chiefs: [Person; 3],
    pub interpreter: Person,
    pub notes: Person,
    pub stations: [Person; 2],
    /// The same consoles at the other site of their party.
    pub elsewhere: [Person; 2],
}

/// The fixture's, with another site for the USA, and a line for machines.
pub fn charter() -> VerifiedCharter {
    let mut charter = fixture::charter(Suite::XWing);
    fixture::add_node(&mut charter, "usa-2", "USA", 3);
    let stations = ["jpn-station", "kor-station", "usa-station"].map(office);
    let like = charter.offices[0].clone();
    for (id, of) in stations.iter().zip(fixture::PARTIES) {
        charter.offices.push(Office { id: id.clone(), party: party(of), role: Role::Station, ..like.clone() });
    }
    charter.offices.sort_by(|a, b| a.id.cmp(&b.id));
    let summit = charter.lines.iter().find(|line| line.staged).unwrap().clone();
    let machines =
        Line { id: machines(), offices: stations.to_vec(), staged: false, recording: Recording::None, ..summit };
    charter.lines.push(machines);
    let mut draft = UnverifiedCharter::draft(charter).unwrap();
    for of in fixture::PARTIES {
        draft.sign(&party(of), &fixture::root(of)).unwrap();
    }
    draft.verify(None).unwrap()
}

/// The line of test machines.
pub fn machines() -> LineId {
    LineId::new("machines").unwrap()
}

/// By which some of what was said would not have counted: roles, authority, policy, stages and nodes are others.
pub fn amendment(charter: &VerifiedCharter) -> VerifiedCharter {
    fixture::amended(charter, |charter| {
        charter.policy.removal = Removal::Never;
        let site = charter.nodes.iter_mut().find(|node| node.id.as_str() == "usa-2").unwrap();
        (site.retired, site.addresses) = (true, Vec::new());
        let interpreter = charter.offices.iter_mut().find(|office| office.id.as_str() == "usa-interpreter").unwrap();
        interpreter.role = Role::NoteTaker;
        for line in &mut charter.lines {
            line.staged = false;
            for authority in &mut line.authority {
                authority.up_to = Precedence::Priority;
            }
        }
    })
}

pub fn enrolled(it: &mut Reference) -> People {
    for at in ["jpn-1", "kor-1", "usa-1", "usa-2"] {
        let charter = it.charter.hash();
        it.entry(at, Body::Opened { charter });
    }
    let charter = it.charter.hash();
    it.ignored("usa-1", Body::Opened { charter }, Ignored::NotNow);
    let person = |at: &str, office: &str, number| Person::new(at, office, number, number, u64::MAX);
    let people = People {
        usa: person("usa-1", "usa-duty", 1),
        colleague: person("usa-1", "usa-duty", 2),
        jpn: person("jpn-1", "jpn-duty", 1),
        kor: person("kor-1", "kor-duty", 1),
        chiefs: ["jpn", "kor", "usa"].map(|of| person(&format!("{of}-1"), &format!("{of}-leaders"), 1)),
        interpreter: person("usa-1", "usa-interpreter", 1),
        notes: person("jpn-1", "jpn-notes", 1),
        stations: ["jpn", "usa"].map(|of| person(&format!("{of}-1"), &format!("{of}-station"), 1)),
        elsewhere: ["usa-duty", "usa-leaders"].map(|office| person("usa-2", office, 1)),
    };
    let all = [&people.usa, &people.colleague, &people.jpn, &people.kor, &people.interpreter, &people.notes];
    for who in all.into_iter().chain(&people.chiefs).chain(&people.stations).chain(&people.elsewhere) {
        enrol(it, who).unwrap();
    }
    assert_eq!(enrol(it, &people.usa), Err(Ignored::AlreadyEnrolled));
    // With a voucher that was used, with one that has run out, with another party's, with a certificate that is none,
    // and without one.
    let again = Person::new("usa-1", "usa-duty", 3, 1, u64::MAX);
    assert_eq!(enrol(it, &again), Err(Ignored::VoucherUsed));
    assert_eq!(enrol(it, &Person::new("usa-1", "usa-duty", 4, 4, 1)), Err(Ignored::Late));
    assert_eq!(enrol(it, &person("usa-1", "jpn-duty", 5)), Err(Ignored::Certificate));
    let certificate = BodyRef::of(b"none").unwrap();
    let body = Body::Enrolled { device: again.id(), certificate };
    assert_eq!(it.entry_with("usa-1", body.clone(), vec![b"none".to_vec()]), Err(Ignored::Certificate));
    it.ignored("usa-1", body, Ignored::BodyMissing);
    it.chapter("enrolled");
    people
}

fn enrol(it: &mut Reference, who: &Person) -> Result<Applied, Ignored> {
    let certificate = BodyRef::of(&who.certificate).unwrap();
    let body = Body::Enrolled { device: who.id(), certificate };
    it.entry_with(who.node.as_str(), body, vec![who.certificate.clone()])
}

pub fn on_watch(it: &mut Reference, people: &People) {
    let offices = vec![(office("usa-duty"), 2), (office("usa-leaders"), 0)];
    it.entry("usa-1", Body::Staffed { offices });
    it.ignored("usa-1", Body::Staffed { offices: vec![(office("jpn-duty"), 1)] }, Ignored::Malformed);
    it.entry("usa-1", Body::Soundless { offices: vec![(office("usa-duty"), 1), (office("usa-leaders"), 0)] });
    it.ignored("usa-1", Body::Soundless { offices: vec![(office("jpn-duty"), 1)] }, Ignored::Malformed);
    let shift = |it: &Reference| Act::TakeDuty { until_ms: it.time_ms + limits::SHIFT_MS / 2 };
    for who in [&people.usa, &people.colleague, &people.jpn] {
        let act = shift(it);
        it.duty(who, act);
    }
    let act = Act::TakeDuty { until_ms: it.time_ms + 2 * limits::SHIFT_MS };
    it.refuses(&people.usa, &duty(), act, Ignored::Time);
    it.entry("usa-1", Body::AtConsole { offices: vec![office("usa-duty")] });
    it.ignored("usa-1", Body::AtConsole { offices: vec![office("kor-duty")] }, Ignored::Malformed);
    it.chapter("on watch");
}

/// What every statement is held against, whatever it says.
pub fn refused(it: &mut Reference, people: &People) {
    let usa = &people.usa;
    it.bent(usa, Ignored::OtherNode, |said| said.node = node("jpn-1"));
    it.bent(usa, Ignored::OtherCharter, |said| said.charter = Hash([5; 48]));
    it.bent(usa, Ignored::Outdated, |said| said.not_after_ms = 1);
    it.bent(usa, Ignored::Ahead, |said| said.number += 2 * limits::NUMBER_AHEAD_MS);
    it.bent(usa, Ignored::Ahead, |said| said.not_after_ms += 2 * limits::CLOCKS_APART_MS);
    it.bent(usa, Ignored::Replayed, |said| said.number -= 1);
    it.bent(usa, Ignored::NotOnLine, |said| said.line = machines());
    it.bent(usa, Ignored::NotOwn, |said| said.act = Act::Remove { device: DeviceId([7; 32]) });
    it.bent(usa, Ignored::UnknownDevice, |said| said.device = DeviceId([7; 32]));
    let mut statement = it.statement(usa, &duty(), ring(90)).sign(&usa.secret).0;
    *statement.last_mut().unwrap() ^= 1;
    it.ignored("usa-1", Body::Stated { statement }, Ignored::Signature);
    it.ignored("usa-1", Body::Stated { statement: b"none".to_vec() }, Ignored::Malformed);
    let statement = it.statement(usa, &duty(), ring(91)).sign(&usa.secret).0;
    let early = it.time_ms - 60_000;
    assert_eq!(it.entry_at(early, &node("usa-1"), Body::Stated { statement }, Vec::new()), Err(Ignored::Backdated));
    it.chapter("refused");
}

pub fn let_in_no_more(it: &mut Reference, people: &People) {
    let suspended = |who: &Person, on| Body::Suspended { device: who.id(), on };
    it.duty(&people.colleague, ring(80));
    it.duty(&people.kor, ring(81));
    it.entry("usa-1", suspended(&people.colleague, true));
    it.entry("usa-1", suspended(&people.interpreter, true));
    it.entry("usa-1", suspended(&people.interpreter, false));
    it.entry("kor-1", revoked("KOR", people.kor.id()));
    it.entry("usa-1", revoked("KOR", people.kor.id()));
    it.ignored("kor-1", revoked("KOR", people.kor.id()), Ignored::Revoked);
    it.ignored("kor-1", suspended(&people.kor, false), Ignored::Revoked);
    it.refuses(&people.kor, &duty(), ring(82), Ignored::Revoked);
    it.ignored("kor-1", Body::Revoked { revocation: b"none".to_vec() }, Ignored::Revocation);
    let sets = it.state.node(&node("usa-1")).unwrap().revoked_sets();
    it.entry("usa-1", Body::Listed { sets });
    it.entry("usa-1", Body::Listed { sets: Vec::new() });
    let heads = ["jpn-1", "kor-1"].map(|of| TreeHead { node: node(of), size: 3, root: [4; 32] });
    it.entry("usa-1", Body::Seen { heads: heads.to_vec(), signature: None });
    it.chapter("let in no more");
}

/// Another charter takes effect; what was said under the one before counts for a little while.
pub fn amended(it: &mut Reference, people: &People) {
    let next = it.next.hash();
    it.entry("usa-1", Body::Opened { charter: next });
    it.duty(&people.usa, ring(95));
    it.entry("usa-1", Body::Received { call: call(96), line: duty() });
    it.time_ms += limits::FORMER_CHARTER_MS;
    it.refuses(&people.usa, &duty(), ring(97), Ignored::OtherCharter);
    it.entry("usa-2", Body::Staffed { offices: vec![(office("usa-duty"), 1)] });
    it.chapter("amended");
}
