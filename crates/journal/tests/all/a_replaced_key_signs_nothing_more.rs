//! Whoever finds a journal key that a node had before adds nothing to its journal, at any position and at any reader,
//! once an amendment has said where it ended.
#![allow(clippy::unwrap_used)]

use crate::common;

use common::*;
use trialogue_charter::fixture::{amended, next_key};
use trialogue_charter::*;
use trialogue_journal::*;

/// Four entries under the first key, two under the second.
struct Told {
    all: Vec<Vec<u8>>,
    last: Last,
    /// The charter that replaces the key, and the one that says where it ended.
    replaced: VerifiedCharter,
    ended: VerifiedCharter,
}

fn usa() -> NodeId {
    node("usa-1")
}

fn with(held: &VerifiedCharter, last: Option<Last>) -> VerifiedCharter {
    amended(held, |charter| {
        let node = charter.nodes.iter_mut().find(|node| node.id == usa()).unwrap();
        node.former = vec![Former { key: THREE.journal(&usa()).public().ed25519, last }];
        node.journal = next_key("usa-1").public();
    })
}

fn told() -> Told {
    let mut journal = Journal::new(usa());
    let mut all = Vec::new();
    for n in 0..4 {
        all.push(journal.append(n, Body::Restarted {}).sign(THREE.journal(&usa())).0);
    }
    let last = Last { seq: journal.seq(), hash: journal.head() };
    for n in 4..6 {
        all.push(journal.append(n, Body::Restarted {}).sign(&next_key("usa-1")).0);
    }
    let replaced = with(&CHARTER, None);
    let ended = with(&replaced, Some(last));
    ended.supersedes(&replaced).unwrap();
    Told { all, last, replaced, ended }
}

/// What the thief writes after the first so many entries.
fn forged(told: &Told, after: usize) -> Vec<u8> {
    let last = UnverifiedEntry::decode(&told.all[after - 1]).unwrap();
    let mut journal = Journal::resume(usa(), after as u64, Hash::of(&last.claim().payload()));
    journal.append(9, Body::Staffed { offices: Vec::new() }).sign(THREE.journal(&usa())).0
}

#[test]
fn a_new_reader_is_shown_the_thiefs_entries_first() {
    let told = told();
    let beyond = Err(EntryError::BeyondKey { node: usa(), seq: 5 });
    // Until an amendment says where the key ended, a reader that has not seen the new one is taken in.
    assert!(VerifiedEntry::open(&forged(&told, 4), &told.replaced).is_ok());
    assert_eq!(VerifiedEntry::open(&forged(&told, 4), &told.ended), beyond);
    // Nor in the place of the last one.
    assert_eq!(VerifiedEntry::open(&forged(&told, 3), &told.ended), Err(EntryError::BeyondKey { node: usa(), seq: 4 }));
    let mut chain = Chain::new();
    for entry in &told.all {
        chain.accept(&VerifiedEntry::open(entry, &told.ended).unwrap()).unwrap();
    }
    assert_eq!(chain.seq(&usa()), 6);
}

#[test]
fn the_new_key_signs_nothing_before_it_was_there_and_follows_on_the_last_entry() {
    let told = told();
    let early = Journal::new(usa()).append(1, Body::Restarted {}).sign(&next_key("usa-1")).0;
    assert!(matches!(VerifiedEntry::open(&early, &told.ended), Err(EntryError::BeyondKey { seq: 1, .. })));
    let aside = Journal::resume(usa(), 4, Hash([7; 48])).append(1, Body::Restarted {}).sign(&next_key("usa-1")).0;
    assert!(matches!(VerifiedEntry::open(&aside, &told.ended), Err(EntryError::BeyondKey { seq: 5, .. })));
}

#[test]
fn where_a_key_ended_is_said_by_the_next_amendment_and_stays() {
    let told = told();
    let silent = with(&told.replaced, None);
    let wrong = Err(CharterError::NotAnAmendment(amendment::Breach::FormerKeys(usa())));
    assert_eq!(silent.supersedes(&told.replaced), wrong);
    let moved = with(&told.ended, Some(Last { seq: 5, ..told.last }));
    assert_eq!(moved.supersedes(&told.ended), wrong);
    // A node whose key was stolen stands still, and its last entry is in the amendment that replaces the key.
    assert_eq!(with(&CHARTER, Some(told.last)).supersedes(&CHARTER), Ok(()));
}

#[test]
fn ends_that_cannot_be_are_no_charter() {
    let draft = |last: Option<Last>, own: Option<Last>, retired: bool| {
        let mut charter = Charter::clone(&CHARTER);
        let node = charter.nodes.iter_mut().find(|node| node.id == usa()).unwrap();
        let key = |text: &str| next_key(text).public().ed25519;
        node.former = vec![
            Former { key: key("a"), last },
            Former { key: key("b"), last: Some(Last { seq: 9, hash: Hash([9; 48]) }) },
        ];
        node.last = own;
        if retired {
            (node.retired, node.addresses) = (true, Vec::new());
            let (id, party) = (node.id.clone(), node.party.clone());
            let other = Node {
                id: NodeId::new("usa-2").unwrap(),
                retired: false,
                former: Vec::new(),
                last: None,
                index: 9,
                ..node.clone()
            };
            let other = Node {
                journal: next_key("c").public(),
                link: key("d"),
                addresses: vec!["127.0.0.1:9".into()],
                ..other
            };
            assert_ne!((id, party), (other.id.clone(), other.party.clone()));
            charter.nodes.push(other);
        }
        UnverifiedCharter::draft(charter).map(drop)
    };
    let at = |seq: u64, byte: u8| Some(Last { seq, hash: Hash([byte; 48]) });
    assert!(draft(at(3, 3), None, false).is_ok() && draft(at(9, 9), None, false).is_ok());
    assert!(draft(at(0, 0), None, false).is_ok(), "a key that signed nothing");
    for wrong in [None, at(10, 1), at(9, 8), at(0, 1), at(3, 0)] {
        assert!(matches!(draft(wrong, None, false), Err(CharterError::Unsound(Unsound::Ends(_)))), "{wrong:?}");
    }
    assert!(
        matches!(draft(at(3, 3), at(12, 12), false), Err(CharterError::Unsound(Unsound::Ends(_)))),
        "only a retired node has ended"
    );
    assert!(draft(at(3, 3), at(12, 12), true).is_ok());
}
