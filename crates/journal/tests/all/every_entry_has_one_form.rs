//! `spec/vectors/journal.json` says what this crate does, byte by byte. `TRIALOGUE_WRITE_VECTORS=1` writes it anew
//! after a change of the format, which `spec/journal.md` must then describe.
#![allow(clippy::unwrap_used)]

use crate::common;
use common::*;
use proptest::prelude::*;
use serde_json::{Value, json};
use trialogue_charter::{DeviceId, Hash, Precedence};
use trialogue_journal::*;

/// The time of every entry: a signature of heads names it.
const AT_MS: u64 = 1_790_000_000_000;
const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../spec/vectors/journal.json");

fn acts() -> Vec<(&'static str, Act)> {
    let devices = [DeviceId([1; 32]), DeviceId([2; 32])];
    let deputy = Act::Decline {
        call: call(1),
        reason: DeclineReason::Deputy,
        call_back_ms: None,
        deputy: Some(office("usa-duty")),
    };
    let attend = |coming| Act::Attend {
        proposal: Hash([7; 48]),
        level: trialogue_charter::LineId::new("leaders").unwrap(),
        coming,
    };
    vec![
        ("ring", ring(1)),
        ("answer", answer(1)),
        ("decline", decline(1)),
        ("decline for a deputy", deputy),
        ("leave", Act::Leave { cause: None }),
        ("leave for a ring", Act::Leave { cause: Some(trialogue_charter::Precedence::Flash) }),
        (
            "propose",
            Act::Propose {
                id: call(1),
                subject: trialogue_charter::SubjectId::new("missile-launch").unwrap(),
                level: trialogue_charter::LineId::new("leaders").unwrap(),
                at_ms: 1_790_000_000_000,
                precedence: trialogue_charter::Precedence::Immediate,
            },
        ),
        ("attend", attend(Some(Coming { office: office("usa-leaders"), at_ms: 1_790_000_000_000 }))),
        ("attend, nobody", attend(None)),
        (
            "attach",
            Act::Attach {
                call: call(1),
                offers: vec![KeyOffer { node: node("usa-1"), package: BodyRef::of(b"package").unwrap() }],
                ring: Some(trialogue_charter::Precedence::Priority),
                word: Carried { confirmed: vec![party("JPN")], held: true, ..Carried::default() },
            },
        ),
        ("withdraw", Act::Withdraw { id: call(1) }),
        (
            "station tested",
            Act::StationTested {
                results: vec![
                    StationTest {
                        party: party("JPN"),
                        ok: true,
                        round_trip_us: Some(204_000),
                        quality: Some(431),
                        loss_ppm: Some(0),
                    },
                    StationTest { party: party("KOR"), ok: false, round_trip_us: None, quality: None, loss_ppm: None },
                ],
            },
        ),
        ("alive", Act::Alive { nonce: [9; 16] }),
        ("send test", Act::SendTest { text: 3, language: Language::Ko }),
        (
            "certify",
            Act::Certify {
                text: Hash([7; 48]), language: Language::Ja, translation: "川は海に注ぎます。".to_owned()
            },
        ),
        ("acknowledge", Act::Acknowledge { call: call(1), ready_ms: 1_790_000_300_000 }),
        ("dismiss", Act::Dismiss { party: party("JPN"), calls: vec![call(1), call(2)] }),
        ("confirm", Act::Confirm { party: party("JPN") }),
        ("ready", Act::Ready { with: vec![party("JPN"), party("KOR")] }),
        ("ready no more", Act::Ready { with: Vec::new() }),
        ("hold", Act::Hold { device: devices[0], on: true }),
        ("remove", Act::Remove { device: devices[0] }),
        ("drop", Act::Drop { party: party("KOR"), on: true }),
        ("come on", Act::ComeOn { with: vec![party("JPN"), party("KOR")] }),
        ("take duty", Act::TakeDuty { until_ms: 1_790_000_000_000 }),
        ("handshake that creates", creates(1, &devices[..1])),
        ("handshake", moves(1, 300, &devices[..1], &devices[1..])),
        ("stock", Act::Stock { package: body("key package") }),
        ("circle", Act::Circle { circle: GroupId([4; 16]), welcome: body("welcome"), readers: devices[..2].to_vec() }),
        ("write", Act::Write { written: message() }),
        ("tags", Act::Tags { generation: 3, anew: true, secrets: body("list of secrets") }),
        ("archive", Act::Archive { writings: vec![Hash([6; 48]), Hash([7; 48])], destroyed: true }),
        ("shown", Act::Shown { writings: vec![Hash([6; 48]), Hash([7; 48])] }),
        ("acknowledge writing", Act::AcknowledgeWriting { writing: Hash([6; 48]), read_back: Some(Hash([8; 48])) }),
        ("certify writing", Act::CertifyWriting { writing: Hash([7; 48]) }),
        ("approve", Act::Approve { writing: Hash([9; 48]) }),
    ]
}

fn message() -> Written {
    Written {
        kind: Kind::Message,
        about: Some(Hash([5; 48])),
        keys: vec![
            Wrapped { circle: GroupId([3; 16]), key: [1; 48] },
            Wrapped { circle: GroupId([4; 16]), key: [2; 48] },
        ],
        content: body("sealed content"),
        digest: Hash([6; 48]),
        at_ms: 1_790_000_000_000,
        traffic: Traffic::Principal,
        precedence: Precedence::Immediate,
        answer_by_ms: Some(1_790_000_900_000),
        attached: Some(BodyRef { hash: Hash([7; 48]), len: 96 }),
    }
}

fn path_tests() -> Vec<PathTest> {
    let up = PathTest {
        node: node("jpn-1"),
        path: 0,
        ok: true,
        round_trip_us: Some(171_300),
        jitter_us: Some(900),
        loss_ppm: Some(20),
        kbit: Some(48_000),
    };
    let down =
        PathTest { path: 1, ok: false, round_trip_us: None, jitter_us: None, loss_ppm: None, kbit: None, ..up.clone() };
    vec![up, down]
}

fn bodies() -> Vec<(&'static str, Body)> {
    let (device, line) = (DeviceId([1; 32]), duty());
    let head = TreeHead { node: node("jpn-1"), size: 70_000, root: [5; 32] };
    let revoked_two = [DeviceId([1; 32]), DeviceId([2; 32])];
    vec![
        ("opened", Body::Opened { charter: Hash([3; 48]) }),
        ("enrolled", Body::Enrolled { device, certificate: body("certificate") }),
        ("revoked", revoked("JPN", device)),
        ("suspended", Body::Suspended { device, on: true }),
        (
            "listed",
            Body::Listed {
                sets: ["JPN", "USA"].iter().filter_map(|of| RevokedSet::of(&party(of), revoked_two.iter())).collect(),
            },
        ),
        ("staffed", Body::Staffed { offices: vec![(office("usa-duty"), 2), (office("usa-leaders"), 300)] }),
        ("soundless", Body::Soundless { offices: vec![(office("usa-duty"), 1)] }),
        ("received", Body::Received { call: call(1), line: line.clone() }),
        ("ringing", Body::Ringing { call: call(1), line: line.clone(), consoles: 2 }),
        ("alerted", Body::Alerted { call: call(1), line: line.clone(), done: true }),
        ("escalated", Body::Escalated { call: call(1), line: line.clone(), step: 1 }),
        ("expired", Body::Expired { call: call(1), line: line.clone() }),
        (
            "missed",
            Body::Missed {
                call: call(1),
                line: line.clone(),
                rang: Rang {
                    party: party("JPN"),
                    office: office("jpn-duty"),
                    precedence: Precedence::Immediate,
                    at_ms: 1_790_000_000_000,
                    call_back_ms: Some(1_790_000_900_000),
                },
            },
        ),
        ("lost", Body::Lost { device, line: line.clone() }),
        ("at console", Body::AtConsole { offices: vec![office("usa-duty"), office("usa-leaders")] }),
        ("tested", Body::Tested { results: path_tests() }),
        ("seen", Body::Seen { heads: vec![head.clone()], signature: None }),
        (
            "seen, signed with ML-DSA-87",
            Body::Seen {
                heads: vec![head.clone()],
                signature: Some(heads::sign(THREE.journal(&node("usa-1")), &node("usa-1"), AT_MS, &[head])),
            },
        ),
        (
            "forged",
            Body::Forged { line: line.clone(), device: DeviceId([8; 32]), via: vec![node("jpn-1"), node("kor-1")] },
        ),
        ("stored", Body::Stored { writings: vec![Hash([6; 48]), Hash([7; 48])] }),
        ("restarted", Body::Restarted {}),
        ("refused", Body::Refused { call: call(1), line, reason: DeclineReason::Refused }),
    ]
}

fn made() -> Value {
    let usa = console("usa-duty", 1);
    let mut statements = serde_json::Map::new();
    for (number, (name, act)) in (1_790_000_000_000..).zip(acts()) {
        let statement = Statement::new(usa.id(), number, &usa.on(AT_MS), duty(), act);
        let signed = statement.sign(&usa.secret).0;
        let opened = UnverifiedStatement::decode(&signed).unwrap().verify(&usa.device);
        assert_eq!(opened.as_deref(), Ok(&statement), "{name}");
        statements
            .insert(name.into(), json!({"payload": hex::encode(statement.payload()), "signed": hex::encode(signed)}));
    }
    let mut journal = Journal::new(node("usa-1"));
    let stated = usa.says(5, &duty(), Act::Leave { cause: None });
    let all = bodies().into_iter().chain([("stated", Body::Stated { statement: stated })]);
    let mut entries = Vec::new();
    for (name, body) in all {
        let entry = journal.append(AT_MS, body);
        let signed = entry.sign(THREE.journal(&node("usa-1"))).0;
        let verified = VerifiedEntry::open(&signed, &CHARTER).unwrap();
        assert_eq!(
            (verified.entry(), verified.bytes(), verified.hash()),
            (&entry, &signed[..], journal.head()),
            "{name}"
        );
        entries.push(json!({
            "name": name,
            "payload": hex::encode(entry.payload()),
            "hash": journal.head().to_string(),
            "signed": hex::encode(signed),
        }));
    }
    json!({
        "device_seed": hex::encode(usa.secret.seed()),
        "node_seed": hex::encode(THREE.journal(&node("usa-1")).seed()),
        "said_ms": AT_MS,
        "statements": statements,
        "entries": entries,
    })
}

#[test]
fn as_in_the_vectors() {
    let made = made();
    if std::env::var_os("TRIALOGUE_WRITE_VECTORS").is_some() {
        std::fs::write(PATH, format!("{made:#}\n")).unwrap();
    }
    let held: Value = serde_json::from_str(&std::fs::read_to_string(PATH).unwrap()).unwrap();
    for part in ["device_seed", "node_seed", "said_ms", "statements", "entries"] {
        assert!(held[part] == made[part], "{part} differs from spec/vectors/journal.json");
    }
}

/// A statement of the greatest lists: it must fit into an entry.
#[test]
fn the_largest_statement_fits() {
    let devices: Vec<DeviceId> = (0..limits::MEMBERS_MAX).map(|n| DeviceId([n as u8; 32])).collect();
    let largest = Act::Handshake {
        group: group(1),
        epoch: u64::MAX,
        commit: Some(body("commit")),
        welcome: Some(body("welcome")),
        added: devices.clone(),
        removed: devices,
    };
    let usa = console("usa-duty", 1);
    let signed = usa.says(u64::MAX, &duty(), largest);
    assert!(UnverifiedStatement::decode(&signed).is_ok());
    let entry = Journal::resume(node("usa-1"), limits::SEQ_MAX - 1, Hash([1; 48]))
        .append(u64::MAX, Body::Stated { statement: signed });
    assert!(VerifiedEntry::open(&entry.sign(THREE.journal(&node("usa-1"))).0, &CHARTER).is_ok());
}

proptest! {
    #[test]
    fn random_bytes_do_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        prop_assert!(UnverifiedEntry::decode(&bytes).is_err());
        prop_assert!(UnverifiedStatement::decode(&bytes).is_err());
        let _ = strict::check(&bytes, limits::ITEMS_MAX);
    }

    #[test]
    fn an_altered_entry_is_refused(at in any::<prop::sample::Index>(), flip in 1..=255u8) {
        let entry = Journal::new(node("usa-1")).append(5, Body::Staffed { offices: vec![(office("usa-duty"), 2)] });
        let mut bytes = entry.sign(THREE.journal(&node("usa-1"))).0;
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        prop_assert!(VerifiedEntry::open(&bytes, &CHARTER).is_err());
    }

    /// Signed by the node itself, and still any bytes: what a faulty node can do.
    #[test]
    fn a_signed_payload_may_be_anything(payload in prop::collection::vec(any::<u8>(), 0..300)) {
        let signed = trialogue_charter::cose::sign1(
            THREE.journal(&node("usa-1")), trialogue_charter::cose::domain::ENTRY, &payload);
        prop_assert!(UnverifiedEntry::decode(&signed).is_err());
    }
}
