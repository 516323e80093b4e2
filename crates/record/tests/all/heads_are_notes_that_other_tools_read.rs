//! Checkpoints and proofs as C2SP has them: the published examples, and what nodes of a charter sign.
#![allow(clippy::unwrap_used)]

use std::sync::LazyLock;
use trialogue_charter::fixture::{Trilateral, amended, next_key};
use trialogue_charter::{Former, NodeId, Suite};
use trialogue_journal::{Body, Journal};
use trialogue_record::inclusion::{Inclusion, InclusionError};
use trialogue_record::item::VERSION;
use trialogue_record::note::{Checkpoint, Note, NoteError, Signer, origin};
use trialogue_record::{Item, Root, proof, tree};

static THREE: LazyLock<Trilateral> = LazyLock::new(|| Trilateral::new(Suite::XWing));

/// The example of c2sp.org/tlog-cosignature.
const PUBLISHED: &str = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\u{2014} example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n\u{2014} witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";

fn node(id: &str) -> NodeId {
    NodeId::new(id).unwrap()
}

fn journal() -> Vec<Vec<u8>> {
    let mut journal = Journal::new(node("usa-1"));
    let bodies = [Body::Opened { charter: THREE.charter.hash() }, Body::Restarted {}, Body::Restarted {}];
    bodies.map(|body| journal.append(7, body).sign(THREE.journal(&node("usa-1"))).0).into()
}

fn head() -> (Vec<Root>, Checkpoint) {
    let entries = journal();
    let leaf = |bytes: &Vec<u8>| Root::of(trialogue_journal::UnverifiedEntry::decode(bytes).unwrap().claim());
    let leaves: Vec<Root> = entries.iter().map(leaf).collect();
    let head =
        Checkpoint { origin: origin(&THREE.charter, &node("usa-1")).unwrap(), size: 3, root: tree::root(&leaves) };
    (leaves, head)
}

fn signed(by: &[&str]) -> Note {
    let head = head().1;
    let sign = |by: &&str| head.sign(&THREE.charter, &node(by), THREE.journal(&node(by)), 1_800_000_000).unwrap();
    Note { signatures: by.iter().map(sign).collect(), checkpoint: head.clone() }
}

#[test]
fn a_published_checkpoint_is_read_and_is_of_no_journal_of_ours() {
    let note = Note::parse(PUBLISHED).unwrap();
    assert_eq!((note.checkpoint.size, note.signatures.len()), (20_852_163, 2));
    assert_eq!(note.text(), PUBLISHED);
    assert_eq!(note.verify(&THREE.charter), Err(NoteError::Origin));
}

#[test]
fn what_is_not_in_the_form_is_refused() {
    for (from, to) in [
        ("20852163", "020852163"),
        ("20852163", "-1"),
        ("\n\n", "\n"),
        ("CsU", "Cs U"),
        ("\u{2014} e", "- e"),
        ("=\n\n", "=\nmore\n\n"),
    ] {
        assert_eq!(Note::parse(&PUBLISHED.replacen(from, to, 1)), Err(NoteError::Malformed), "{from} {to}");
    }
}

#[test]
fn the_own_node_signs_as_log_and_others_as_witnesses() {
    let note = Note::parse(&signed(&["usa-1", "jpn-1", "kor-1"]).text()).unwrap();
    let witness = |id| Signer { node: node(id), witnessed_s: Some(1_800_000_000) };
    let own = Signer { node: node("usa-1"), witnessed_s: None };
    assert_eq!(note.verify(&THREE.charter), Ok((node("usa-1"), vec![own, witness("jpn-1"), witness("kor-1")])));
    let mut other = note.clone();
    other.checkpoint.size = 4;
    assert_eq!(other.verify(&THREE.charter), Err(NoteError::Signature));
    let mut nobody = note;
    nobody.signatures.clear();
    assert_eq!(nobody.verify(&THREE.charter), Err(NoteError::Nobody));
}

#[test]
fn one_entry_is_proven() {
    let (leaves, _) = head();
    let note = signed(&["jpn-1"]);
    let path = proof::inclusion(&leaves, 1).unwrap();
    let proof = Inclusion { entry: journal().remove(1), index: 1, path, note };
    assert_eq!(Inclusion::parse(&proof.text()).unwrap(), proof);
    assert_eq!(proof.verify(&THREE.charter).unwrap().0.entry().seq, 2);
    // The same words at another place, with the path of that place.
    let mut other = proof.clone();
    other.entry = journal().remove(2);
    assert_eq!(other.verify(&THREE.charter).err(), Some(InclusionError::Elsewhere));
    other.index = 2;
    assert_eq!(other.verify(&THREE.charter).err(), Some(InclusionError::NotIn));
    other.path = proof::inclusion(&leaves, 2).unwrap();
    assert!(other.verify(&THREE.charter).is_ok());
}

#[test]
fn a_key_that_was_replaced_signs_no_head() {
    let usa = node("usa-1");
    let rotated = amended(&THREE.charter, |charter| {
        let of = charter.nodes.iter_mut().find(|node| node.id == usa).unwrap();
        of.former.push(Former { key: of.journal.ed25519, last: None });
        of.journal = next_key("usa-1").public();
    });
    for by in ["usa-1", "jpn-1"] {
        assert_eq!(signed(&[by]).verify(&rotated).is_ok(), by == "jpn-1");
    }
    assert_eq!(signed(&["usa-1"]).verify(&rotated), Err(NoteError::Nobody));
    // Entries under it are proven by heads that the new one, or a witness, signs.
    let (leaves, mut head) = head();
    head.origin = origin(&rotated, &usa).unwrap();
    let path = proof::inclusion(&leaves, 1).unwrap();
    let signature = head.sign(&rotated, &usa, &next_key("usa-1"), 0).unwrap();
    let note = Note { checkpoint: head, signatures: vec![signature] };
    assert!(Inclusion { entry: journal().remove(1), index: 1, path, note }.verify(&rotated).is_ok());
}

#[test]
fn an_item_that_is_not_whole_yet_is_waited_for() {
    let items = [
        Item::Header { version: VERSION, node: node("usa-1"), charter: THREE.charter.hash() },
        Item::Entry { entry: journal().remove(0), certificate: Some(vec![7; 300]) },
        Item::Entry { entry: journal().remove(0), certificate: None },
        Item::End { items: 3, digest: THREE.charter.hash(), seal: None },
        Item::End { items: 3, digest: THREE.charter.hash(), seal: Some(vec![7; 300]) },
    ];
    for item in items {
        let bytes = item.encode();
        for cut in 0..bytes.len() {
            assert_eq!(Item::decode(&bytes[..cut]), Ok(None), "{cut} of {}", bytes.len());
        }
        let longer = [&bytes[..], &[0xff; 9]].concat();
        assert_eq!(Item::decode(&longer), Ok(Some((item, bytes.len()))));
    }
    assert!(Item::decode(&[0x82, 0x03, 0xa1, 0x01, 0x5a, 0x7f, 0xff, 0xff, 0xff]).is_err(), "2 GB are not waited for");
}
