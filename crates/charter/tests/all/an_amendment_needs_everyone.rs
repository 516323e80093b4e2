//! A charter takes the place of another only with those who must agree, and never touches what no agreement may touch.
#![allow(clippy::unwrap_used)]

use trialogue_charter::amendment::Breach;
use trialogue_charter::cose::{Algorithm, Fault};
use trialogue_charter::fixture::{self, Trilateral, add_node, amended, next_key, next_root, root, without};
use trialogue_charter::*;

fn held() -> VerifiedCharter {
    Trilateral::new(Suite::Cnsa2).charter
}

fn party(id: &str) -> PartyId {
    PartyId::new(id).unwrap()
}

/// A draft on the held charter.
fn draft(held: &VerifiedCharter, change: impl FnOnce(&mut Charter)) -> UnverifiedCharter {
    let mut charter = Charter::clone(held);
    charter.serial += 1;
    change(&mut charter);
    UnverifiedCharter::draft(charter).unwrap()
}

fn set_root(charter: &mut Charter, id: &str) {
    charter.parties.iter_mut().find(|p| p.id.as_str() == id).unwrap().root = next_root(id).public();
}

/// Signs as every party of the draft with the root that it names.
fn all_sign(draft: &mut UnverifiedCharter) -> VerifiedCharter {
    for party in draft.claims().parties.clone() {
        let id = party.id.as_str();
        let key = if party.root == root(id).public() { root(id) } else { next_root(id) };
        draft.sign(&party.id, &key).unwrap();
    }
    draft.verify(None).unwrap()
}

fn not_agreed(id: &str) -> CharterError {
    CharterError::NotAgreed { party: party(id), algorithm: Algorithm::Ed25519, fault: Fault::Missing }
}

fn retire(charter: &mut Charter, id: &str) {
    let node = charter.nodes.iter_mut().find(|node| node.id.as_str() == id).unwrap();
    node.retired = true;
    node.addresses.clear();
}

#[test]
fn all_agree_and_it_takes_the_place() {
    let held = held();
    let next = amended(&held, |charter| charter.lines.truncate(2));
    assert_eq!(next.supersedes(&held), Ok(()));
    assert_eq!(next.supersedes(&next), Ok(()));
    assert!(matches!(held.supersedes(&next), Err(CharterError::Older { offered: 1, held: 2 })));
}

#[test]
fn a_second_amendment_with_the_same_serial_is_refused() {
    let held = held();
    let (one, other) = (amended(&held, |c| c.lines.truncate(2)), amended(&held, |c| c.lines.truncate(1)));
    assert_eq!(other.supersedes(&one), Err(CharterError::Conflicting(2)));
}

#[test]
fn a_party_leaves_with_its_own_signature_and_not_without() {
    let held = held();
    let mut expelled = draft(&held, |charter| without(charter, "KOR"));
    assert_eq!(held.awaits(&expelled), [party("JPN"), party("KOR"), party("USA")]);
    let two = all_sign(&mut expelled);
    assert_eq!(two.supersedes(&held), Err(not_agreed("KOR")));
    assert_eq!(held.awaits(&expelled), [party("KOR")]);
    expelled.consent(&held, &party("KOR"), &root("KOR")).unwrap();
    assert_eq!(held.awaits(&expelled), []);
    assert_eq!(expelled.verify(None).unwrap().supersedes(&held), Ok(()));
}

#[test]
fn the_leaving_partys_consent_is_its_root_and_for_this_amendment() {
    let held = held();
    let mut one = draft(&held, |charter| without(charter, "KOR"));
    assert!(matches!(one.consent(&held, &party("KOR"), &root("USA")), Err(CharterError::NotTheRoot(_))));
    assert!(matches!(one.consent(&held, &party("AUS"), &root("AUS")), Err(CharterError::NoSuchParty(_))));
    // What KOR agreed to was another amendment.
    let mut other = draft(&held, |charter| {
        without(charter, "KOR");
        charter.name = "Another".to_owned();
    });
    other.consent(&held, &party("KOR"), &root("KOR")).unwrap();
    all_sign(&mut one);
    all_sign(&mut other);
    let kept = cose::Many::decode(&other.encode(), 1 << 20).unwrap();
    let moved = cose::Many::decode(&one.encode(), 1 << 20).unwrap();
    assert_ne!(kept.payload(), moved.payload());
    assert_eq!(one.verify(None).unwrap().supersedes(&held), Err(not_agreed("KOR")));
}

#[test]
fn a_party_alone_expels_nobody_even_from_three() {
    let held = held();
    // A charter needs two parties: the second is one that the expelling party made up.
    let mut coup = draft(&held, |charter| {
        without(charter, "KOR");
        set_root(charter, "JPN");
    });
    let coup = all_sign(&mut coup);
    assert!(matches!(coup.supersedes(&held), Err(CharterError::NotAgreed { .. })));
}

#[test]
fn new_roots_alone_are_not_the_parties() {
    let held = held();
    let mut rotated = draft(&held, |charter| ["JPN", "KOR", "USA"].iter().for_each(|id| set_root(charter, id)));
    let verified = all_sign(&mut rotated);
    assert_eq!(verified.supersedes(&held), Err(not_agreed("JPN")));
    for id in ["JPN", "KOR", "USA"] {
        rotated.consent(&held, &party(id), &root(id)).unwrap();
    }
    assert_eq!(rotated.verify(None).unwrap().supersedes(&held), Ok(()));
}

#[test]
fn where_the_charter_says_so_all_but_one_may_go_on() {
    let first = held();
    let lenient = amended(&first, |charter| charter.policy.amending = Amending::AllButOne);
    let expel = |held: &VerifiedCharter, id: &str| all_sign(&mut draft(held, |charter| without(charter, id)));
    assert_eq!(expel(&lenient, "KOR").supersedes(&lenient), Ok(()));
    // A lost root key is replaced by the others.
    let rescued = all_sign(&mut draft(&lenient, |charter| set_root(charter, "KOR")));
    assert_eq!(rescued.supersedes(&lenient), Ok(()));
    // Two at once is a majority of nobody.
    let coup = all_sign(&mut draft(&lenient, |charter| {
        set_root(charter, "KOR");
        set_root(charter, "JPN");
    }));
    assert!(matches!(coup.supersedes(&lenient), Err(CharterError::NotAgreed { .. })));
    // Of two parties, none can be put out by the other.
    let two = expel(&lenient, "KOR");
    let coup = all_sign(&mut draft(&two, |charter| set_root(charter, "JPN")));
    assert_eq!(coup.supersedes(&two), Err(not_agreed("JPN")));
}

#[test]
fn a_nodes_index_is_its_own_for_good() {
    let held = held();
    // It sorts before all others and moves nobody.
    let more = amended(&held, |charter| add_node(charter, "aaa-1", "USA", 3));
    assert_eq!(more.supersedes(&held), Ok(()));
    for node in &held.nodes {
        assert_eq!(more.node_index(&node.id), held.node_index(&node.id));
    }
    let taken = amended(&held, |charter| {
        retire_and_replace(charter);
        charter.nodes.iter_mut().find(|node| node.id.as_str() == "usa-1").unwrap().index = 9;
    });
    let id = NodeId::new("usa-1").unwrap();
    assert_eq!(taken.supersedes(&held), Err(Breach::Index { node: id, index: 9 }.into()));
    let gone = amended(&held, |charter| without(charter, "KOR"));
    let again = amended(&held, |charter| {
        without(charter, "KOR");
        add_node(charter, "usa-2", "USA", 1);
    });
    assert_eq!(gone.supersedes(&held), Ok(()));
    assert!(matches!(again.supersedes(&held), Err(CharterError::NotAnAmendment(Breach::Index { .. }))));
}

fn retire_and_replace(charter: &mut Charter) {
    retire(charter, "usa-1");
    add_node(charter, "usa-2", "USA", 3);
}

#[test]
fn a_node_is_retired_and_never_comes_back() {
    let held = held();
    let usa = NodeId::new("usa-1").unwrap();
    let retired = amended(&held, retire_and_replace);
    assert_eq!(retired.supersedes(&held), Ok(()));
    assert!(!retired.serves(&usa) && retired.node(&usa).is_some());
    let forgotten = amended(&held, |charter| {
        add_node(charter, "usa-2", "USA", 3);
        charter.nodes.retain(|node| node.id != usa);
    });
    assert_eq!(forgotten.supersedes(&held), Err(Breach::NodeMissing(usa.clone()).into()));
    let back = amended(&retired, |charter| {
        let node = charter.nodes.iter_mut().find(|node| node.id == usa).unwrap();
        (node.retired, node.addresses) = (false, vec!["127.0.0.1:9003".to_owned()]);
    });
    assert_eq!(back.supersedes(&retired), Err(Breach::NodeBack(usa).into()));
}

#[test]
fn a_journal_key_is_replaced_and_the_one_before_stays_known() {
    let held = held();
    let usa = NodeId::new("usa-1").unwrap();
    let rotate = |named: bool| {
        amended(&held, |charter| {
            let node = charter.nodes.iter_mut().find(|node| node.id == usa).unwrap();
            if named {
                node.former.push(Former { key: node.journal.ed25519, last: None });
            }
            node.journal = next_key("usa-1").public();
        })
    };
    assert_eq!(rotate(true).supersedes(&held), Ok(()));
    assert_eq!(rotate(false).supersedes(&held), Err(Breach::FormerKeys(usa).into()));
}

#[test]
fn an_office_does_not_change_hands() {
    let held = held();
    let moved = amended(&held, |charter| {
        charter.offices.iter_mut().find(|office| office.id.as_str() == "kor-notes").unwrap().party = party("USA");
    });
    assert!(matches!(moved.supersedes(&held), Err(CharterError::NotAnAmendment(Breach::OfficeMoved(_)))));
}

#[test]
fn a_key_id_that_looks_like_a_former_root_must_name_a_party() {
    let mut strange = cose::Many::decode(fixture_bytes().as_slice(), 1 << 20).unwrap();
    strange.sign(cose::domain::AMENDMENT, b"former not a party", &fixture::root("USA"));
    assert!(matches!(UnverifiedCharter::decode(&strange.encode()), Err(CharterError::StrangeSignature(_))));
}

fn fixture_bytes() -> Vec<u8> {
    held().bytes().to_vec()
}
