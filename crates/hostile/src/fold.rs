//! Journals of nodes whose consoles say anything at all: every act that decodes is signed and folded.

use crate::parts::{join, parts};
use crate::world::{CHARTER, DEVICES, XWING, answer, line, occasion, ring};
use std::collections::BTreeMap;
use std::sync::LazyLock;
use trialogue_charter::{Hash, LineId, NodeId, OfficeId, PartyId, SubjectId};
use trialogue_journal::{
    Act, Body, BodyRef, Coming, DeclineReason, GroupId, Journal, Rang, RevokedSet, State, Statement, VerifiedEntry,
};

/// Two nodes whose two devices each are enrolled.
struct Enrolled {
    state: State,
    journals: BTreeMap<NodeId, Journal>,
}

static ENROLLED: LazyLock<Enrolled> = LazyLock::new(|| {
    let mut state = State::new(CHARTER.clone());
    let mut journals = BTreeMap::new();
    for (node, secret, certificate) in DEVICES.iter() {
        let journal = journals.entry(node.clone()).or_insert_with(|| {
            let mut journal = Journal::new(node.clone());
            let entry = journal.append(1, Body::Opened { charter: CHARTER.hash() });
            let entry = VerifiedEntry::open(&entry.sign(XWING.journal(node)).0, &CHARTER).expect("own");
            state.apply::<Vec<u8>>(&entry, &[]).expect("opened");
            journal
        });
        let reference = BodyRef::of(certificate).expect("small");
        let entry = journal.append(1, Body::Enrolled { device: secret.id(), certificate: reference });
        let entry = VerifiedEntry::open(&entry.sign(XWING.journal(node)).0, &CHARTER).expect("own");
        state.apply(&entry, &[certificate]).expect("enrolled");
    }
    Enrolled { state, journals }
});

/// Pieces: who (one of four devices) says or whose node writes what. Taken: something took effect.
pub fn fold(data: &[u8]) -> bool {
    let mut taken = false;
    let (mut state, mut journals) = (ENROLLED.state.clone(), ENROLLED.journals.clone());
    for (number, (who, bytes)) in (1..).zip(parts(data).take(24)) {
        let (node, secret, _) = &DEVICES[usize::from(who) % DEVICES.len()];
        let body = if let Ok(act) = minicbor::decode::<Act>(bytes) {
            let at = occasion(node);
            let statement = Statement::new(secret.id(), number, &at, line(), act);
            Body::Stated { statement: statement.sign(secret).0 }
        } else if let Ok(body) = minicbor::decode::<Body>(bytes) {
            body
        } else {
            continue;
        };
        let Some(journal) = journals.get_mut(node) else { continue };
        let entry = journal.append(number, body);
        let Ok(entry) = VerifiedEntry::open(&entry.sign(XWING.journal(node)).0, &CHARTER) else { continue };
        let before = state.clone();
        match state.apply::<Vec<u8>>(&entry, &[]) {
            Ok(_) => taken = true,
            Err(_) => assert_eq!(state, before),
        }
    }
    for line in &CHARTER.lines {
        let now = state.line(&line.id);
        assert!(now.participants.is_empty() == now.call.is_none());
        for node in CHARTER.nodes.iter() {
            let _ = state.lead(&node.id, &line.id);
            let _ = state.sounding_on(&node.party, &line.id);
            let _ = state.missed(&line.id, &node.party);
        }
    }
    let _ = state.consultations(1);
    for office in &CHARTER.offices {
        let _ = state.duty(&office.party, &office.id, 1);
    }
    let _ = state.relevant_entries();
    taken
}

/// Calls from ring to hang-up, as the acts and bodies that make them.
pub fn seeds() -> Vec<Vec<u8>> {
    let act = |act: &Act| minicbor::to_vec(act).expect("memory");
    let body = |body: &Body| minicbor::to_vec(body).expect("memory");
    let line = line();
    let Act::Answer { call, .. } = answer() else { unreachable!("an answer") };
    let commit = BodyRef::of(b"commit").expect("small");
    let moves = |epoch, commit, added: &[usize], removed: &[usize]| {
        let devices = |some: &[usize]| some.iter().map(|at| DEVICES[*at].1.id()).collect::<Vec<_>>();
        let welcome = (!added.is_empty()).then(|| BodyRef::of(b"welcome").expect("small"));
        let (added, removed) = (devices(added), devices(removed));
        act(&Act::Handshake { group: GroupId([9; 16]), epoch, commit, welcome, added, removed })
    };
    let decline = Act::Decline {
        call,
        reason: DeclineReason::Deputy,
        call_back_ms: Some(1),
        deputy: Some(OfficeId::new("usa-advisers").expect("fixture")),
    };
    let offices = vec![(OfficeId::new("jpn-duty").expect("fixture"), 2)];
    let device = DEVICES[0].1.id();
    let party = PartyId::new("USA").expect("fixture");
    let level = LineId::new("leaders").expect("fixture");
    let subject = SubjectId::new("missile-launch").expect("fixture");
    let (at_ms, precedence) = (90_000, Default::default());
    let propose = Act::Propose { id: call, subject, level: level.clone(), at_ms, precedence };
    let coming = Some(Coming { office: OfficeId::new("usa-leaders").expect("fixture"), at_ms });
    let attend = Act::Attend { proposal: Hash([7; 48]), level, coming };
    let office = OfficeId::new("usa-duty").expect("fixture");
    let rang = Rang { party: party.clone(), office, precedence: Default::default(), at_ms: 1, call_back_ms: None };
    let seats = vec![OfficeId::new("jpn-duty").expect("fixture")];
    vec![
        join(&[
            (0, act(&propose)),
            (2, act(&attend)),
            (0, act(&Act::TakeDuty { until_ms: 90_000 })),
            (0, body(&Body::AtConsole { offices: seats })),
            (0, act(&Act::Withdraw { id: call })),
        ]),
        join(&[(0, act(&ring())), (2, act(&answer())), (1, act(&answer())), (0, act(&Act::Leave { cause: None }))]),
        join(&[
            (0, act(&ring())),
            (2, act(&answer())),
            (0, moves(0, None, &[2], &[])),
            (0, moves(1, Some(commit.clone()), &[1], &[])),
            (0, moves(2, Some(commit), &[], &[2])),
        ]),
        join(&[(2, act(&ring())), (0, act(&decline)), (2, act(&Act::Leave { cause: None }))]),
        join(&[
            (0, body(&Body::Staffed { offices: offices.clone() })),
            (0, body(&Body::Soundless { offices })),
            (2, act(&ring())),
            (0, body(&Body::Received { call, line: line.clone() })),
            (0, body(&Body::Ringing { call, line: line.clone(), consoles: 2 })),
            (0, body(&Body::Expired { call, line: line.clone() })),
            (0, body(&Body::Refused { call, line: line.clone(), reason: DeclineReason::Busy })),
            (0, body(&Body::Missed { call, line: line.clone(), rang })),
            (0, act(&Act::Dismiss { party: party.clone(), calls: vec![call] })),
        ]),
        join(&[
            (0, act(&ring())),
            (0, body(&Body::Lost { device, line })),
            (0, body(&Body::Restarted {})),
            (0, body(&Body::Suspended { device, on: true })),
            (0, body(&Body::Listed { sets: RevokedSet::of(&party, [device].iter()).into_iter().collect() })),
            (0, body(&Body::Revoked { revocation: trialogue_charter::fixture::revocation("USA", &device) })),
            (0, act(&ring())),
        ]),
    ]
}
