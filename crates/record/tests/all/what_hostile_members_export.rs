//! Files that a hostile member, exporter or holder of a file puts together with whatever keys it has: both verifiers
//! say the same of each, and never that all holds.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::file;

use file::*;
use std::collections::BTreeSet;
use trialogue_charter::cose::{Many, domain};
use trialogue_charter::fixture;
use trialogue_charter::{HybridSecret, LineId, PartyId, Suite, UnverifiedCharter, VerifiedCharter};
use trialogue_journal::{Act, Body, BodyRef, Journal, Occasion, Statement, TreeHead};
use trialogue_record::Item;
use trialogue_record::claims::Claims;
use trialogue_record::item::VERSION;

/// Both verifiers say this of the file.
fn both(what: &str, bytes: &[u8], charter: &VerifiedCharter, code: u8, kinds: &[&str]) {
    let found = ours(bytes, charter);
    assert_eq!(theirs(&[bytes.to_vec()], charter).first(), Some(&found), "{what}");
    let expected: BTreeSet<String> = kinds.iter().map(|kind| (*kind).to_owned()).collect();
    assert_eq!((found.code, &found.kinds), (code, &expected), "{what}");
}

fn sealed_by(items: &[Item], by: &str, key: &HybridSecret) -> Vec<u8> {
    file(items, Some(seal(items, by).sign(key)))
}

/// A charter of two parties that nobody else knows, and the secrets of their roots and nodes.
fn invented() -> (VerifiedCharter, HybridSecret) {
    let secret = |number: u8| HybridSecret::from_seed(&[number; 32]);
    let mut charter = fixture::charter(Suite::XWing);
    fixture::without(&mut charter, "USA");
    charter.serial = 0;
    for (old, new, number) in [("JPN", "AAA", 100), ("KOR", "BBB", 110)] {
        let id = PartyId::new(new).unwrap();
        for party in charter.parties.iter_mut().filter(|party| party.id.as_str() == old) {
            (party.id, party.root) = (id.clone(), secret(number).public());
        }
        for at in charter.nodes.iter_mut().filter(|node| node.party.as_str() == old) {
            at.id = node(&format!("{}-1", new.to_lowercase()));
            (at.party, at.index) = (id.clone(), at.index + 60);
            (at.journal, at.link) = (secret(number + 1).public(), secret(number + 2).public().ed25519);
        }
        for office in charter.offices.iter_mut().filter(|office| office.party.as_str() == old) {
            office.party = id.clone();
        }
    }
    let renamed = |id: &trialogue_charter::OfficeId| trialogue_charter::OfficeId::new(format!("x{id}")).unwrap();
    charter.offices.iter_mut().for_each(|office| office.id = renamed(&office.id));
    for line in &mut charter.lines {
        line.offices = line.offices.iter().map(renamed).collect();
        line.authority.clear();
    }
    let mut draft = UnverifiedCharter::draft(charter).unwrap();
    for (party, number) in [("AAA", 100), ("BBB", 110)] {
        draft.sign(&PartyId::new(party).unwrap(), &secret(number)).unwrap();
    }
    (draft.verify(None).unwrap(), secret(101))
}

/// A charter as it is, with what its parties' invented predecessors sign beside it.
fn as_successor(charter: &VerifiedCharter) -> Vec<u8> {
    let mut signed = Many::decode(charter.bytes(), 1 << 20).unwrap();
    for (party, number) in [("AAA", 100), ("BBB", 110)] {
        signed.sign(domain::AMENDMENT, format!("former {party}").as_bytes(), &HybridSecret::from_seed(&[number; 32]));
    }
    signed.encode()
}

#[test]
fn nobody_seals_a_record_anew_by_a_charter_of_his_own() {
    let (first, secret) = invented();
    let mut held = Held::new();
    // All journals cut back to where they agree with each other.
    held.entries.retain(|(entry, _)| trialogue_journal::UnverifiedEntry::decode(entry).unwrap().claim().seq < 6);
    let own = Journal::new(node("aaa-1")).append(BEGIN_MS, Body::Opened { charter: first.hash() });
    held.entries.insert(0, (own.sign(&secret).0, None));
    held.charters[0] = as_successor(&THREE.charter);
    held.charters.insert(0, first.bytes().to_vec());
    let mut items = held.items();
    items[0] = Item::Header { version: VERSION, node: node("aaa-1"), charter: NEXT.hash() };
    let kinds = ["header", "not_in_force", "seal", "unknown_node"];
    // The hash of a charter leaves its signatures out: who has compared it may hold a file with those of the invented
    // roots.
    let first_true = VerifiedCharter::open(&held.charters[1], None).unwrap();
    for (what, charter) in [("the newest charter", NEXT.clone()), ("the first charter", first_true)] {
        both(what, &sealed_by(&items, "aaa-1", &secret), &charter, 4, &kinds);
    }
    // Nor does a member who writes the invented charter into its own journal, after the true one.
    let mut member = held.clone();
    member.append("jpn-1", Body::Opened { charter: first.hash() });
    let mut items = member.items();
    items[0] = Item::Header { version: VERSION, node: node("aaa-1"), charter: NEXT.hash() };
    both("a member's word afterwards", &sealed_by(&items, "aaa-1", &secret), &NEXT, 4, &kinds);
    // A node that a charter retired, or whose party left, still exports what it holds.
    let left = fixture::amended(&NEXT, |charter| fixture::without(charter, "KOR"));
    let mut held = Held::new();
    held.append("usa-1", Body::Opened { charter: left.hash() });
    let whole = sealed(&held.items());
    both("a node whose party left", &whole, &left, 0, &[]);
    let alone = sealed(&Held::new().items());
    both("a node whose party left, before the others knew", &alone, &left, 3, &["not_in_force"]);
}

/// A statement of the device of `party` for the journal of `id`, signed by nobody.
fn unsigned(party: &str, id: &str) -> Vec<u8> {
    let (_, _, device) = THREE.device(&format!("{party}-duty"), 1);
    let at = Occasion { node: node(id), charter: NEXT.hash(), now_ms: BEGIN_MS + 5_000 };
    let line = LineId::new("duty").unwrap();
    let said = Statement::new(device.id, BEGIN_MS + 9_000, &at, line, Act::Leave { cause: None });
    let mut signed = said.sign(&THREE.device("usa-duty", 1).0).0;
    let from = signed.len() - 64;
    signed[from..].fill(0);
    signed
}

#[test]
fn nobody_puts_words_into_the_mouth_of_anothers_device() {
    let mut held = Held::new();
    held.append("usa-1", Body::Stated { statement: unsigned("jpn", "usa-1") });
    both("of a device that is not enrolled there", &sealed(&held.items()), &NEXT, 5, &["statement"]);
    let (_, certificate, device) = THREE.device("jpn-duty", 1);
    let mut held = Held::new();
    let enrolled = Body::Enrolled { device: device.id, certificate: BodyRef::of(&certificate).unwrap() };
    held.append("usa-1", enrolled);
    held.entries.last_mut().unwrap().1 = Some(certificate.clone());
    held.append("usa-1", Body::Stated { statement: unsigned("jpn", "usa-1") });
    both("of a device whose own certificate is beside it", &sealed(&held.items()), &NEXT, 5, &["statement"]);
    let mut held = Held::new();
    let noise = vec![7; 90];
    held.append("usa-1", Body::Enrolled { device: device.id, certificate: BodyRef::of(&noise).unwrap() });
    held.entries.last_mut().unwrap().1 = Some(noise);
    held.append("usa-1", Body::Stated { statement: unsigned("jpn", "usa-1") });
    both("of a device by a certificate that is none", &sealed(&held.items()), &NEXT, 5, &["statement"]);
    // A holder of the file who takes a certificate away proves nothing against a node.
    let mut held = Held::new();
    let at = held.at("usa-1", 2);
    held.entries[at].1 = None;
    both("without a certificate", &sealed(&held.items()), &NEXT, 4, &["no_certificate"]);
    // Nor does one who takes the enrolment away.
    held.entries.remove(at);
    assert!(!ours(&sealed(&held.items()), &NEXT).kinds.contains("statement"));
    both("without an enrolment", &file(&held.items(), None), &NEXT, 4, &["removed", "unsealed"]);
    // A party that has taken another root since: its device has signed, and its certificate leads nowhere now.
    let rooted = fixture::amended(&NEXT, |charter| {
        let usa = charter.parties.iter_mut().find(|party| party.id.as_str() == "USA").unwrap();
        usa.root = fixture::next_root("USA").public();
    });
    let mut held = Held::new();
    held.append("kor-1", Body::Opened { charter: rooted.hash() });
    held.charters.push(rooted.bytes().to_vec());
    let mut items = held.items();
    items[0] = Item::Header { version: VERSION, node: node(OWN), charter: rooted.hash() };
    both("of a device under a former root", &sealed(&items), &rooted, 0, &[]);
}

#[test]
fn the_journal_of_a_party_that_left_does_not_vanish() {
    let left = fixture::amended(&NEXT, |charter| fixture::without(charter, "JPN"));
    let mut held = Held::new();
    held.append("kor-1", Body::Opened { charter: left.hash() });
    held.append("usa-1", Body::Opened { charter: left.hash() });
    held.charters.push(left.bytes().to_vec());
    let items = |held: &Held| {
        let mut items = held.items();
        items[0] = Item::Header { version: VERSION, node: node(OWN), charter: left.hash() };
        items
    };
    both("with all journals", &sealed(&items(&held)), &left, 0, &[]);
    let seq = |entry: &[u8]| trialogue_journal::UnverifiedEntry::decode(entry).unwrap().claim().seq;
    let of = |entry: &[u8]| trialogue_journal::UnverifiedEntry::decode(entry).unwrap().claim().node.clone();
    let mut cut = held.clone();
    cut.entries.retain(|(entry, _)| of(entry) != node("jpn-1") || seq(entry) <= 2);
    both("cut", &sealed(&items(&cut)), &left, 3, &["truncated"]);
    held.entries.retain(|(entry, _)| of(entry) != node("jpn-1"));
    both("left out", &sealed(&items(&held)), &left, 3, &["truncated"]);
    // Who had the older charters in force had that journal.
    held.charters.drain(..2);
    both("left out with the older charters", &sealed(&items(&held)), &left, 3, &["truncated"]);
}

#[test]
fn an_amendment_that_the_journals_name_is_not_left_out() {
    let mut held = Held::new();
    held.charters.truncate(1);
    let items = |held: &Held, charter: &VerifiedCharter| {
        let mut items = held.items();
        items[0] = Item::Header { version: VERSION, node: node(OWN), charter: charter.hash() };
        items
    };
    both("the newest left out", &sealed(&items(&held, &THREE.charter)), &THREE.charter, 3, &["no_charter"]);
    held.append(OWN, Body::Opened { charter: THREE.charter.hash() });
    let again = sealed(&items(&held, &THREE.charter));
    both("the older one opened again by the exporter", &again, &THREE.charter, 3, &["no_charter"]);
    // A node that came with the newer charter has never had the older one.
    let mut held = Held::new();
    held.charters.remove(0);
    both("a newcomer", &sealed(&items(&held, &NEXT)), &NEXT, 0, &[]);
}

#[test]
fn no_bytes_end_the_second_verifier() {
    let deep = [vec![0xc1; 2_000], vec![0]].concat();
    let array = [vec![0x81; 2_000], vec![0]].concat();
    // A COSE_Sign whose one signature has a header that is a number, or an array.
    let headed = |header: u8| vec![0xd8, 98, 0x84, 0x40, 0xa0, 0x41, 0x78, 0x81, 0x83, 0x41, header, 0xa0, 0x40];
    let items = Held::new().items();
    for bytes in [deep, array, headed(0), headed(0x80)] {
        let mut more = items.clone();
        more.insert(1, Item::Charter { charter: bytes.clone() });
        both("a charter", &sealed(&more), &NEXT, 4, &["charter"]);
        both("a seal", &file(&items, Some(bytes.clone())), &NEXT, 4, &["seal"]);
        let mut more = items.clone();
        let at = 3;
        more.insert(at, Item::Evidence { node: node("jpn-1"), seq: 1, entry: bytes.clone() });
        both("evidence", &sealed(&more), &NEXT, 4, &["evidence"]);
        let mut held = Held::new();
        held.append("usa-1", Body::Stated { statement: bytes });
        both("a statement", &sealed(&held.items()), &NEXT, 5, &["statement"]);
    }
}

/// An Ed25519 signature more on a charter, in the name of whom its hash leaves out.
fn with_more(charter: &VerifiedCharter, more: &[(String, usize)]) -> Vec<u8> {
    let bytes = charter.bytes();
    let payload = Many::decode(bytes, 1 << 20).unwrap().payload().len();
    // A tag, an array, two empty headers, the payload with its length in two bytes; then six signatures of three
    // parties, which stand before `former`.
    let at = 5 + 3 + payload;
    assert_eq!(bytes[at], 0x86);
    let mut out = bytes[..at].to_vec();
    let mut writer = minicbor::Encoder::new(&mut out);
    writer.array(6 + more.len() as u64).unwrap();
    out.extend_from_slice(&bytes[at + 1..]);
    for (kid, len) in more {
        let mut header = vec![0xa2, 0x01, 0x27, 0x04];
        minicbor::Encoder::new(&mut header).bytes(kid.as_bytes()).unwrap();
        let mut writer = minicbor::Encoder::new(&mut out);
        writer.array(3).unwrap().bytes(&header).unwrap().map(0).unwrap().bytes(&vec![7; *len]).unwrap();
    }
    out
}

/// A charter that all its parties have signed, sound or not.
fn signed_by_all(payload: &[u8]) -> Vec<u8> {
    let mut signed = Many::new(payload.to_vec());
    fixture::PARTIES.iter().for_each(|id| signed.sign(domain::CHARTER, id.as_bytes(), &fixture::root(id)));
    signed.encode()
}

#[test]
fn unsound_charters_are_refused_by_both() {
    let strange = |change: &dyn Fn(&mut trialogue_charter::Charter)| {
        let mut charter = fixture::charter(Suite::XWing);
        charter.serial = 0;
        change(&mut charter);
        signed_by_all(&minicbor::to_vec(&charter).unwrap())
    };
    let mut more = minicbor::to_vec(&*THREE.charter).unwrap();
    assert_eq!(more[0], 0xaa);
    more[0] = 0xab;
    more.extend([23, 1]);
    let node = |change: fn(&mut trialogue_charter::Node)| strange(&|charter| change(&mut charter.nodes[1]));
    let line = |change: fn(&mut trialogue_charter::Line)| strange(&|charter| change(&mut charter.lines[3]));
    let bent = [
        ("no lines", strange(&|charter| charter.lines.clear())),
        ("a hidden character", strange(&|charter| charter.name = "a\u{202e}b".into())),
        ("a hidden character in a title", strange(&|charter| charter.offices[3].title.ko = "a\u{202e}b".into())),
        ("an unknown field", signed_by_all(&more)),
        ("an unknown suite", strange(&|charter| charter.suite = 1)),
        ("a ring too short", strange(&|charter| charter.policy.ring_seconds = 9)),
        ("a picture step too small", strange(&|charter| charter.policy.picture_step = Some(63))),
        ("a node twice", strange(&|charter| charter.nodes[0].id = charter.nodes[1].id.clone())),
        ("an index twice", node(|node| node.index = 0)),
        ("an index too large", node(|node| node.index = 64)),
        ("an address without a port", node(|node| node.addresses = vec!["a.example".into()])),
        ("an address with another port", node(|node| node.addresses = vec!["a.example:65536".into()])),
        ("an address of a carrier without a name", node(|node| node.addresses = vec!["=a.example:1".into()])),
        ("no address", node(|node| node.addresses.clear())),
        ("an origin with a path", node(|node| node.origins = vec!["https://a/".into()])),
        ("an origin with the usual port", node(|node| node.origins = vec!["https://a:443".into()])),
        (
            "a last entry of one in service",
            node(|node| {
                node.last = Some(trialogue_charter::Last { seq: 0, hash: trialogue_charter::Hash([0; 48]) });
            }),
        ),
        ("a key twice", strange(&|charter| charter.nodes[0].link = charter.nodes[1].link)),
        ("one party on a line", line(|line| line.offices.truncate(1))),
        ("an office twice on a line", line(|line| line.offices[1] = line.offices[0].clone())),
        (
            "a staged line that nobody prepares",
            line(|line| line.offices.retain(|office| office.as_str() != "kor-duty")),
        ),
        ("a subject twice", strange(&|charter| charter.subjects[0].id = charter.subjects[1].id.clone())),
    ];
    for (what, bytes) in bent {
        assert!(VerifiedCharter::open(&bytes, None).is_err(), "{what}");
        let mut items = Held::new().items();
        items.insert(1, Item::Charter { charter: bytes });
        both(what, &sealed(&items), &NEXT, 4, &["charter"]);
    }
    let sound = [
        node(|node| node.addresses = vec!["fibre=a.example:1".into(), "[::1]:9001".into(), "10.0.0.1:65535".into()]),
        node(|node| node.origins = vec!["https://a.example".into(), "https://a.example:8443".into()]),
    ];
    for bytes in sound {
        assert!(VerifiedCharter::open(&bytes, None).is_ok());
        let mut items = Held::new().items();
        items.insert(1, Item::Charter { charter: bytes });
        both("a sound charter that was never in force", &sealed(&items), &NEXT, 3, &["not_in_force"]);
    }
}

#[test]
fn noise_beside_the_signatures_of_a_charter_is_refused_by_both() {
    let former = |number: usize| format!("former A{number:04}");
    let bent = [
        ("200 kB", vec![("former JUNK".to_owned(), 200_000)]),
        ("empty ones without end", (0..1_100).map(|number| (former(number), 0)).collect()),
        ("one of two", vec![("former JUNK".to_owned(), 64)]),
    ];
    for (what, more) in bent {
        let mut held = Held::new();
        held.charters[0] = with_more(&THREE.charter, &more);
        both(what, &sealed(&held.items()), &NEXT, 4, &["charter"]);
    }
}

#[test]
fn what_a_device_says_is_read_alike_by_both() {
    let (secret, _, device) = THREE.device("usa-duty", 1);
    let mut first = vec![0xa2, 0x00, 0x00, 0x01, 0x58, 0x20];
    first.extend(device.id.0);
    let mut text = vec![0xa2, 0x01, 0x58, 0x20];
    text.extend(device.id.0);
    text.extend([0x02, 0x61, 0xff]);
    for (what, payload) in [("another field first", first), ("text that is none", text)] {
        let mut held = Held::new();
        held.append("usa-1", Body::Stated { statement: secret.sign_statement(&payload) });
        both(what, &sealed(&held.items()), &NEXT, 5, &["statement"]);
    }
    let at = Occasion { node: node("jpn-1"), charter: NEXT.hash(), now_ms: BEGIN_MS + 5_000 };
    let welcome = || BodyRef::of(&[7]).unwrap();
    let (group, party) = (trialogue_journal::GroupId([7; 16]), PartyId::new("JPN").unwrap());
    let heard = |quality| trialogue_journal::StationTest {
        party: party.clone(),
        ok: true,
        round_trip_us: None,
        quality,
        loss_ppm: None,
    };
    let adds =
        |added| Act::Handshake { group, epoch: 0, commit: None, welcome: Some(welcome()), added, removed: Vec::new() };
    let other = trialogue_charter::DeviceId([9; 32]);
    // What has not the form of a statement stands for nothing, nowhere; what has it stands where it may.
    for (what, act, code) in [
        ("a handshake that adds its own device", adds(vec![device.id]), 0),
        ("a handshake that adds another", adds(vec![other]), 5),
        ("a circle that reads itself", Act::Circle { circle: group, welcome: welcome(), readers: vec![device.id] }, 0),
        ("a circle", Act::Circle { circle: group, welcome: welcome(), readers: vec![other] }, 5),
        ("a quality that is none", Act::StationTested { results: vec![heard(Some(7))] }, 0),
        ("a quality", Act::StationTested { results: vec![heard(Some(400))] }, 5),
    ] {
        let mut held = Held::new();
        let line = LineId::new("duty").unwrap();
        let statement = Statement::new(device.id, BEGIN_MS + 9_000, &at, line, act).sign(&secret).0;
        held.append("usa-1", Body::Stated { statement });
        let kinds: &[&str] = if code == 0 { &[] } else { &["misplaced"] };
        both(what, &sealed(&held.items()), &NEXT, code, kinds);
    }
}

#[test]
fn every_root_that_was_signed_is_compared() {
    let mut held = Held::new();
    let from = held.entries.len();
    for number in 1..=10 {
        let head = TreeHead { node: node("jpn-1"), size: 3, root: [number; 32] };
        held.append("usa-1", Body::Seen { heads: vec![head], signature: None });
    }
    let said: Vec<Vec<u8>> = held.entries[from..].iter().map(|(entry, _)| entry.clone()).collect();
    held.evidence.extend(said.into_iter().map(|entry| (node("jpn-1"), 3, entry)));
    held.evidence.sort_by_key(|(_, _, entry)| trialogue_charter::Hash::of(entry));
    both("ten roots of one size", &sealed(&held.items()), &NEXT, 5, &["disputed"]);
    // Of those who have signed a root, the journal's own node is named.
    let mut claims = Claims::default();
    let head = [TreeHead { node: node("usa-1"), size: 3, root: [7; 32] }];
    for (by, seq) in [("jpn-1", 8), ("usa-1", 9), ("kor-1", 7)] {
        claims.add(&node(by), seq, &head);
    }
    let found = claims.contradictions(&node("usa-1"), &[trialogue_record::Root([1; 32]); 3]);
    let named: Vec<(&str, u64)> = found.iter().map(|(_, claim)| (claim.by.as_str(), claim.seq)).collect();
    assert_eq!(named, [("usa-1", 9)]);
}

/// A journal of one node alone, under the first charter: what it says, and how long after the beginning.
fn alone(bodies: &[(u64, Body)]) -> Held {
    let mut held = Held::new();
    let mut journal = Journal::new(node(OWN));
    let entry =
        |(after_ms, body): &(u64, Body)| (journal.append(BEGIN_MS + after_ms, body.clone()).sign(key(OWN)).0, None);
    held.entries = bodies.iter().map(entry).collect();
    held
}

#[test]
fn the_seal_is_no_word_of_the_others_and_a_restart_hides_no_time_before() {
    let whole = sealed(&Held::new().items());
    let bare = file(&Held::new().items(), None);
    let (with, without) = (ours(&whole, &NEXT), ours(&bare, &NEXT));
    assert_eq!(
        (&with.covered["usa-1"], &with.covered["jpn-1"]),
        (&without.covered["usa-1"], &without.covered["jpn-1"])
    );
    assert_eq!((with.covered[OWN].0, without.covered[OWN].0), (6, 5));
    assert_eq!(theirs(&[whole, bare], &NEXT), [with, without]);
    let hour = 3_600_000;
    let opened = |charter: &VerifiedCharter| Body::Opened { charter: charter.hash() };
    let at = |hours: u64| (hours * hour, Body::AtConsole { offices: Vec::new() });
    let begin = [(0, opened(&THREE.charter)), (1, opened(&NEXT))];
    let judged = |rest: &[(u64, Body)], kinds: &[&str]| {
        let held = alone(&[&begin[..], rest].concat());
        let mut seal = seal(&held.items(), OWN);
        seal.time_ms = BEGIN_MS + 200 * hour;
        let code = if kinds.is_empty() { 0 } else { 3 };
        both("a journal", &file(&held.items(), Some(seal.sign(key(OWN)))), &NEXT, code, kinds);
    };
    judged(&[at(1), at(2), at(3)], &["uncovered"]);
    judged(&[at(1), at(2), at(3), (4 * hour, Body::Restarted {})], &["uncovered"]);
    judged(&[at(1), (9 * hour, Body::Restarted {}), at(10)], &[]);
    judged(&[at(1), (9 * hour, Body::Restarted {}), at(11)], &["uncovered"]);
}

#[test]
fn a_seal_is_not_older_than_what_it_seals() {
    let items = Held::new().items();
    let at = |time_ms| {
        let mut seal = seal(&items, OWN);
        seal.time_ms = time_ms;
        file(&items, Some(seal.sign(key(OWN))))
    };
    both("in 1970", &at(5), &NEXT, 3, &["seal_time"]);
    both("an hour before", &at(BEGIN_MS - 3_600_000), &NEXT, 3, &["seal_time"]);
    both("a minute before, as clocks are set", &at(BEGIN_MS - 55_000), &NEXT, 0, &[]);
}

#[test]
fn two_entries_at_one_position_are_no_signed_text() {
    let held = Held::new();
    let entry = |at: usize| trialogue_record::signed::Signed {
        entry: held.entries[at].0.clone(),
        certificate: held.entries[at].1.clone(),
    };
    let mut other = held.claim(held.at("usa-1", 1));
    other.body = Body::Restarted {};
    let other = trialogue_record::signed::Signed { entry: other.sign(key("usa-1")).0, certificate: None };
    let (first, second) = (entry(held.at("usa-1", 1)), entry(held.at("usa-1", 2)));
    for entries in [[first.clone(), other.clone()], [other, first.clone()], [second, first]] {
        let why = trialogue_record::signed::check(NEXT.clone(), &entries, b"").unwrap_err().to_string();
        assert!(why.contains("position"), "{why}");
    }
}

#[test]
fn a_translation_makes_no_row_of_its_own() {
    let (secret, _, device) = THREE.device("usa-duty", 1);
    let at = Occasion { node: node("usa-1"), charter: NEXT.hash(), now_ms: BEGIN_MS + 5_000 };
    let translation = "yes   2026-11-29 05:12:03.120 UTC  JPN \u{201d} rings".to_owned();
    let said = Act::Certify { text: NEXT.hash(), language: trialogue_journal::Language::En, translation };
    let statement =
        Statement::new(device.id, BEGIN_MS + 9_000, &at, LineId::new("duty").unwrap(), said).sign(&secret).0;
    let mut held = Held::new();
    held.append("usa-1", Body::Stated { statement });
    let mut verifier = trialogue_record::Verifier::new(NEXT.clone());
    let taken: Vec<_> = held.items().into_iter().filter_map(|item| verifier.take(item)).collect();
    let event = trialogue_record::timeline::Timeline::default().event(verifier.state(), taken.last().unwrap());
    assert_eq!(event.what, "certifies a test text as: \u{201c}yes 2026-11-29 05:12:03.120 UTC JPN \" rings\u{201d}");
}
