//! One text with what was signed about it, for somebody who gets nothing else: what a node writes down beside it takes
//! nothing from it.
#![allow(clippy::unwrap_used)]

use crate::file::{BEGIN_MS, THREE, key, node};
use std::sync::Arc;
use trialogue_charter::{Hash, LineId, Precedence};
use trialogue_journal::limits::RECEIPTS_EACH;
use trialogue_journal::{
    Act, Body, BodyRef, GroupId, Journal, Kind, Occasion, State, Statement, Traffic, VerifiedEntry, Wrapped, Written,
};
use trialogue_record::Taken;
use trialogue_record::signed::{Collector, Signed, Word, check};

const CONTENT: &[u8] = b"what both approve";

/// A record as it is read, entry by entry.
struct Record {
    state: State,
    journals: Vec<(&'static str, Journal)>,
    taken: Vec<Taken>,
    number: u64,
}

impl Record {
    fn new() -> Self {
        let state = State::new(Arc::new(THREE.charter.clone()));
        let journals = ["kor-1", "usa-1"].map(|id| (id, Journal::new(node(id)))).into();
        let mut record = Self { state, journals, taken: Vec::new(), number: 0 };
        for id in ["kor-1", "usa-1"] {
            record.put(id, Body::Opened { charter: THREE.charter.hash() }, None);
        }
        record
    }

    fn put(&mut self, id: &str, body: Body, certificate: Option<Vec<u8>>) -> u64 {
        self.number += 1;
        let journal = &mut self.journals.iter_mut().find(|(of, _)| *of == id).unwrap().1;
        let entry = journal.append(BEGIN_MS + self.number * 1_000, body).sign(key(id)).0;
        let entry = VerifiedEntry::open(&entry, &THREE.charter).unwrap();
        let applied = self.state.apply(&entry, certificate.as_slice());
        assert!(applied.is_ok(), "a node takes all that its own journal allows: {applied:?}");
        let seq = entry.entry().seq;
        self.taken.push(Taken { entry, applied, certificate });
        seq
    }

    /// The first device of an office says something on a line; returns where.
    fn says(&mut self, office: &str, line: &str, act: Act) -> u64 {
        self.says_by(office, 1, line, act)
    }

    /// The device of that number does.
    fn says_by(&mut self, office: &str, number: u8, line: &str, act: Act) -> u64 {
        let (secret, certificate, device) = THREE.device(office, number);
        let id = format!("{}-1", &office[..3]);
        if self.state.known_device(&device.id).is_none() {
            let certified = BodyRef::of(&certificate).unwrap();
            self.put(&id, Body::Enrolled { device: device.id, certificate: certified }, Some(certificate));
        }
        let now_ms = BEGIN_MS + self.number * 1_000;
        let at = Occasion { node: node(&id), charter: THREE.charter.hash(), now_ms };
        let statement = Statement::new(device.id, now_ms, &at, LineId::new(line).unwrap(), act).sign(&secret).0;
        self.put(&id, Body::Stated { statement }, None)
    }

    fn collect(&self, seq: u64) -> Vec<Signed> {
        let mut collector = Collector::new(node("usa-1"), seq);
        self.taken.iter().for_each(|taken| collector.take(taken));
        collector.finish().unwrap().3
    }
}

/// The duty officer of the United States writes a joint text; returns where it stands, and its id.
fn a_joint_text(record: &mut Record) -> (u64, Hash) {
    let (circle, body) = (GroupId([7; 16]), BodyRef::of(CONTENT).unwrap());
    record.says(
        "usa-duty",
        "duty",
        Act::Circle { circle, welcome: body.clone(), readers: vec![THREE.device("kor-duty", 1).2.id] },
    );
    let written = Written {
        kind: Kind::Readout,
        about: None,
        keys: vec![Wrapped { circle, key: [1; 48] }],
        content: body,
        digest: Hash::of(CONTENT),
        at_ms: BEGIN_MS,
        traffic: Traffic::Principal,
        precedence: Precedence::Routine,
        answer_by_ms: None,
        attached: None,
    };
    let seq = record.says("usa-duty", "duty", Act::Write { written });
    let id = record.state.writings(&LineId::new("duty").unwrap())[0].0;
    (seq, id)
}

#[test]
fn a_word_that_is_none_about_it_spoils_no_file_and_is_not_in_it() {
    let mut record = Record::new();
    let (seq, id) = a_joint_text(&mut record);
    record.says("usa-duty", "duty", Act::Approve { writing: id });
    // Korea's node writes down what another would have refused: on another line, of another kind, and over and over.
    record.says("kor-leaders", "summit", Act::Approve { writing: id });
    record.says("kor-duty", "duty", Act::AcknowledgeWriting { writing: id, read_back: None });
    record.says("kor-duty", "duty", Act::CertifyWriting { writing: id });
    let handed_on = record.collect(seq);
    let said = |entries: &[Signed]| {
        let checked = check(THREE.charter.clone(), entries, CONTENT).unwrap();
        checked.said.iter().map(|said| (said.word, said.party.to_string())).collect::<Vec<_>>()
    };
    let (wrote, approved) = ((Word::Wrote, "USA".to_owned()), (Word::Approved, "USA".to_owned()));
    assert_eq!(said(&handed_on), [wrote.clone(), approved.clone()]);
    // A file of an earlier program has it: truly signed, and no word about this text.
    let all: Vec<Signed> = record
        .taken
        .iter()
        .map(|taken| Signed { entry: taken.entry.bytes().to_vec(), certificate: taken.certificate.clone() })
        .collect();
    let of =
        |id: &str| (0..all.len()).filter(|at| record.taken[*at].entry.entry().node == node(id)).collect::<Vec<_>>();
    let spoilt: Vec<Signed> = of("kor-1").into_iter().chain(of("usa-1")).map(|at| all[at].clone()).collect();
    assert_eq!(said(&spoilt), [wrote.clone(), approved.clone()]);
    // What fits is there, once.
    for _ in 0..3 {
        record.says("kor-duty", "duty", Act::Approve { writing: id });
    }
    let whole = record.collect(seq);
    assert_eq!(said(&whole), [wrote, approved, (Word::Approved, "KOR".to_owned())]);
    assert_eq!(whole.len(), handed_on.len() + 3, "where the journal opened, who said so, and the word");
}

#[test]
fn a_party_with_many_devices_fills_no_file() {
    let mut record = Record::new();
    let (seq, id) = a_joint_text(&mut record);
    for number in 1..=2 * RECEIPTS_EACH as u8 {
        record.says_by("kor-duty", number, "duty", Act::Approve { writing: id });
    }
    record.says("usa-duty", "duty", Act::Approve { writing: id });
    let handed_on = record.collect(seq);
    let checked = check(THREE.charter.clone(), &handed_on, CONTENT).unwrap();
    let of = |party: &str| checked.said.iter().filter(|said| said.party.as_str() == party).count();
    // The text and an approval of the one, and as many of the other as count.
    assert_eq!((of("USA"), of("KOR")), (2, RECEIPTS_EACH));
    // With each a certificate, and the circle, the text and where both journals begin.
    assert_eq!(handed_on.len(), 2 * RECEIPTS_EACH + 6);
}
