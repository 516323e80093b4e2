//! An exported record is bent in every class of its bytes and in every item, by somebody without a key and by the
//! exporting node itself. Two programs that share no code say the same of each file, and of none that all holds.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::file;

use file::bend::*;
use file::*;
use trialogue_charter::VerifiedCharter;

/// Files that are judged at once.
const AT_ONCE: usize = 128;

/// Both programs say the same of each; `holds` says of which they may say that all holds.
fn judge(bent: &[Bent], charter: &VerifiedCharter, holds: impl Fn(usize) -> bool) {
    let whole = [sealed(&Held::new().items()), sealed(&Held::with_evidence().items())];
    let mut wrong = Vec::new();
    for (turn, files) in bent.chunks(AT_ONCE).enumerate() {
        let bytes: Vec<Vec<u8>> = files.iter().map(|(_, bytes)| bytes.clone()).collect();
        for (number, (said, (what, bytes))) in theirs(&bytes, charter).into_iter().zip(files).enumerate() {
            let found = ours(bytes, charter);
            let same = whole.contains(bytes);
            if found != said || (found.code == 0 && !same && !holds(turn * AT_ONCE + number)) {
                wrong.push(format!("{what}: {found:?} {said:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), bent.len(), wrong[..wrong.len().min(40)].join("\n"));
}

#[test]
fn what_was_exported_holds() {
    let whole = sealed(&Held::new().items());
    let found = ours(&whole, &THREE.charter);
    assert_eq!((found.code, found.kinds.len()), (0, 0), "{found:?}");
    assert_eq!(found.covered["usa-1"], (5, 5));
    assert_eq!(found.covered["kor-1"], (6, 6));
    assert_eq!(theirs(&[whole], &THREE.charter), [found]);
    let proof = sealed(&Held::with_evidence().items());
    let found = ours(&proof, &NEXT);
    assert_eq!((found.code, found.kinds.iter().map(String::as_str).collect::<Vec<_>>()), (5, vec!["two_histories"]));
    assert_eq!(theirs(&[proof], &NEXT), [found]);
}

#[test]
fn no_byte_is_bent_unseen() {
    let bent = of_bytes(&Held::new().items(), &mut Chance(1));
    judge(&bent, &THREE.charter, |_| false);
}

#[test]
fn no_byte_beside_evidence_is_bent_unseen() {
    let bent = of_bytes(&Held::with_evidence().items(), &mut Chance(2));
    let beside: Vec<Bent> = bent.into_iter().filter(|(what, _)| what.contains("item 3")).collect();
    judge(&beside, &THREE.charter, |_| false);
}

#[test]
fn no_item_is_bent_unseen() {
    let (covers, bent): (Vec<Cover>, Vec<Bent>) = of_items(&Held::new(), &mut Chance(3)).into_iter().unzip();
    // The node whose record it is may leave out what nobody has signed for.
    judge(&bent, &THREE.charter, |number| covers[number] == Cover::Sealed);
}

#[test]
fn no_evidence_is_bent_unseen() {
    let (_, bent): (Vec<Cover>, Vec<Bent>) = of_items(&Held::with_evidence(), &mut Chance(4)).into_iter().unzip();
    let beside: Vec<Bent> =
        bent.into_iter().filter(|(what, _)| what.contains("item 3") || what.contains("any")).collect();
    judge(&beside, &NEXT, |_| true);
}

#[test]
fn no_node_bends_it_with_its_own_key() {
    for held in [Held::new(), Held::with_evidence()] {
        judge(&hostile(&held), &THREE.charter, |_| false);
    }
}

#[test]
fn a_charter_that_was_never_in_force_is_no_anchor() {
    let whole = sealed(&Held::new().items());
    for (what, charter) in auditors() {
        let found = ours(&whole, &charter);
        assert!(found.code > 0 && found.kinds.contains("not_in_force"), "{what}: {found:?}");
        assert_eq!(theirs(std::slice::from_ref(&whole), &charter), [found], "{what}");
    }
}
