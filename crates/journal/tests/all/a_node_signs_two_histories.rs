//! The chain: gaps are asked for, repetitions dropped, forks kept as evidence.
#![allow(clippy::unwrap_used)]

use crate::common;
use common::*;
use trialogue_charter::{Hash, HybridSecret};
use trialogue_journal::*;

fn signed(journal: &mut Journal, consoles: u16) -> VerifiedEntry {
    let body = Body::Staffed { offices: vec![(office("usa-duty"), consoles)] };
    let entry = journal.append(5, body);
    VerifiedEntry::open(&entry.sign(THREE.journal(&node("usa-1"))).0, &CHARTER).unwrap()
}

#[test]
fn entries_follow_on() {
    let mut journal = Journal::new(node("usa-1"));
    let entries: Vec<_> = (1..=4).map(|n| signed(&mut journal, n)).collect();
    let mut chain = Chain::new();
    assert_eq!(chain.accept(&entries[1]), Err(ChainError::Gap { held: 0, got: 2 }));
    for entry in &entries {
        chain.accept(entry).unwrap();
    }
    assert_eq!(chain.accept(&entries[1]), Err(ChainError::Replayed { seq: 2 }));
    assert_eq!((chain.seq(&node("usa-1")), chain.head(&node("usa-1"))), (4, journal.head()));
    assert!(chain.forks().is_empty());
    let mut resumed = Chain::new();
    resumed.resume(node("usa-1"), 3, entries[2].hash());
    resumed.accept(&entries[3]).unwrap();
}

#[test]
fn a_fork_is_kept_with_the_entry_that_proves_it() {
    let (mut one, mut two) = (Journal::new(node("usa-1")), Journal::new(node("usa-1")));
    let first: Vec<_> = (1..=3).map(|n| signed(&mut one, n)).collect();
    let second: Vec<_> = (7..=10).map(|n| signed(&mut two, n)).collect();
    let mut chain = Chain::new();
    for entry in &first {
        chain.accept(entry).unwrap();
    }
    assert_eq!(chain.accept(&second[1]), Err(ChainError::Fork { seq: 2 }));
    assert_eq!(chain.accept(&second[3]), Err(ChainError::Fork { seq: 3 }), "it names another predecessor");
    let evidence = &chain.forks()[&node("usa-1")];
    assert_eq!((evidence.seq, evidence.held, &evidence.other), (2, first[1].hash(), &second[1]));
    assert_eq!(chain.seq(&node("usa-1")), 3, "what was held stays");
}

#[test]
fn only_the_node_writes_its_journal() {
    let entry = Journal::new(node("usa-1")).append(5, Body::Restarted {});
    let forged = entry.sign(THREE.journal(&node("jpn-1"))).0;
    assert_eq!(VerifiedEntry::open(&forged, &CHARTER), Err(EntryError::Signature(node("usa-1"))));
    let stranger = Journal::new(node("prk-1")).append(5, Body::Restarted {});
    let signed = stranger.sign(&HybridSecret::from_seed(&[1; 32])).0;
    assert_eq!(VerifiedEntry::open(&signed, &CHARTER), Err(EntryError::UnknownNode(node("prk-1"))));
    let headless = Entry { previous: Hash([1; 48]), ..entry.clone() }.sign(THREE.journal(&node("usa-1"))).0;
    assert_eq!(VerifiedEntry::open(&headless, &CHARTER), Err(EntryError::Malformed));
    let huge = vec![0; limits::ENTRY_MAX + 1];
    assert_eq!(VerifiedEntry::open(&huge, &CHARTER), Err(EntryError::TooLarge { len: huge.len() }));
}
