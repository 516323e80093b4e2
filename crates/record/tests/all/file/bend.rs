//! Every way in which a file is bent: each class of bytes of each kind of item, and each kind of item as a whole.

use super::*;
use std::collections::BTreeMap;
use trialogue_charter::cose::{Many, domain};
use trialogue_charter::fixture::{self, amended};
use trialogue_charter::{Hash, HybridSecret, UnverifiedCharter, VerifiedCharter};
use trialogue_journal::{Act, Body, Occasion, TreeHead, UnverifiedEntry};
use trialogue_record::Item;

/// What was done, and the file.
pub type Bent = (String, Vec<u8>);

/// Numbers from a seed, the same in every run (SplitMix64).
pub struct Chance(pub u64);

impl Chance {
    pub fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % most as u64) as usize
    }
}

/// Places in so many bytes: the first and the last, where structure is, and some between.
fn places(len: usize, some: usize, chance: &mut Chance) -> Vec<usize> {
    let mut all: Vec<usize> = (0..len.min(16)).chain(len.saturating_sub(3)..len).collect();
    if len > 19 {
        all.extend((0..some).map(|_| 16 + chance.below(len - 19)));
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// Bytes are flipped, put in, taken out, cut and put behind, by somebody who repairs nothing.
pub fn of_bytes(items: &[Item], chance: &mut Chance) -> Vec<Bent> {
    let whole = sealed(items);
    let mut bent = Vec::new();
    let mut begin = 0;
    let mut spans: Vec<usize> = items.iter().map(|item| item.encode().len()).collect();
    spans.push(whole.len() - spans.iter().sum::<usize>());
    for (number, len) in spans.iter().enumerate() {
        for at in places(*len, 5, chance) {
            let mut flipped = whole.clone();
            flipped[begin + at] ^= 1 << chance.below(8);
            bent.push((format!("a bit of item {number}, byte {at} of {len}"), flipped));
        }
        let at = begin + chance.below(*len);
        bent.push((format!("cut in item {number}"), whole[..at].to_vec()));
        bent.push((format!("cut before item {number}"), whole[..begin].to_vec()));
        bent.push((format!("a byte more in item {number}"), [&whole[..at], &[0], &whole[at..]].concat()));
        bent.push((format!("a byte less in item {number}"), [&whole[..at], &whole[at + 1..]].concat()));
        for (what, other) in encodings(&whole[begin..begin + len]) {
            bent.push((format!("{what} in item {number}"), [&whole[..begin], &other, &whole[begin + len..]].concat()));
        }
        begin += len;
    }
    bent.push(("a byte behind".into(), [&whole[..], &[0]].concat()));
    bent.push(("twice".into(), [&whole[..], &whole[..]].concat()));
    bent.push(("nothing".into(), Vec::new()));
    bent
}

/// The same item in encodings that are not its one, and with something more in it.
fn encodings(item: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let fields = item[2] & 0x1f;
    vec![
        ("a long array head", [&[0x98, 0x02], &item[1..]].concat()),
        ("an array without an end", [&[0x9f], &item[1..], &[0xff]].concat()),
        ("a long number", [&item[..1], &[0x18, item[1]], &item[2..]].concat()),
        ("a long map head", [&item[..2], &[0xb8, fields], &item[3..]].concat()),
        ("a map without an end", [&item[..2], &[0xbf], &item[3..], &[0xff]].concat()),
        ("a long key", [&item[..3], &[0x18, item[3]], &item[4..]].concat()),
        ("a field more", [&item[..2], &[item[2] + 1], &item[3..], &[0x09, 0x00]].concat()),
        ("a null", [&item[..2], &[item[2] + 1], &item[3..], &[0x09, 0xf6]].concat()),
        ("a tag", [&[0xc1], item].concat()),
        ("another kind", [&item[..1], &[0x05], &item[2..]].concat()),
    ]
}

/// Ends a file in each of the three ways.
fn covered(what: &str, items: &[Item], before: &[u8]) -> Vec<(Cover, Bent)> {
    vec![
        (Cover::Bare, (format!("{what}, without a seal"), file(items, None))),
        (Cover::Stale, (format!("{what}, under the seal of before"), file(items, Some(before.to_vec())))),
        (Cover::Sealed, (format!("{what}, sealed anew"), sealed(items))),
    ]
}

/// Items go, come twice, change places; what is in them is bent by somebody who repairs the end of the file, or has the
/// exporter's key.
pub fn of_items(held: &Held, chance: &mut Chance) -> Vec<(Cover, Bent)> {
    let items = held.items();
    let before = seal(&items, OWN).sign(key(OWN));
    let mut bent = Vec::new();
    let mut add = |what: String, items: Vec<Item>| bent.extend(covered(&what, &items, &before));
    for at in 0..items.len() {
        let mut less = items.clone();
        less.remove(at);
        add(format!("without item {at}"), less);
        let mut more = items.clone();
        more.insert(at, items[at].clone());
        add(format!("item {at} twice"), more);
        if at + 1 < items.len() {
            let mut swapped = items.clone();
            swapped.swap(at, at + 1);
            add(format!("item {at} after the next"), swapped);
        }
        let mut last = items.clone();
        let moved = last.remove(at);
        last.push(moved);
        add(format!("item {at} last"), last);
    }
    for kind in 0..4u8 {
        let of = |item: &Item| match item {
            Item::Header { .. } => 0,
            Item::Charter { .. } => 1,
            Item::Evidence { .. } => 2,
            Item::Entry { .. } | Item::End { .. } => 3,
        };
        add(format!("without any item {kind}"), items.iter().filter(|item| of(item) != kind).cloned().collect());
    }
    for id in NODES {
        let of = |item: &&Item| matches!(item, Item::Entry { entry, .. } if named(entry) == id);
        add(format!("without the journal of {id}"), items.iter().filter(|item| !of(item)).cloned().collect());
    }
    for (at, item) in items.iter().enumerate() {
        let Item::Entry { entry, certificate } = item else { continue };
        let mut put = |what: &str, entry: Vec<u8>, certificate: Option<Vec<u8>>| {
            let mut other = items.clone();
            other[at] = Item::Entry { entry, certificate };
            add(format!("{what} of item {at}"), other);
        };
        for place in places(entry.len(), 2, chance).into_iter().step_by(5) {
            let mut flipped = entry.clone();
            flipped[place] ^= 1 << chance.below(8);
            put(&format!("a bit at {place} of the entry"), flipped, certificate.clone());
        }
        put("another certificate", entry.clone(), Some(vec![7; 90]));
        put("no certificate", entry.clone(), None);
        if let Some(certificate) = certificate {
            let mut flipped = certificate.clone();
            flipped[chance.below(certificate.len())] ^= 1;
            put("a bent certificate", entry.clone(), Some(flipped));
        }
    }
    bent
}

fn named(entry: &[u8]) -> String {
    UnverifiedEntry::decode(entry).unwrap().claim().node.to_string()
}

/// A charter with the signatures of one party, of one kind, or of all gone, or bent.
fn charters() -> Vec<(&'static str, Vec<u8>)> {
    let whole = Many::decode(NEXT.bytes(), 1 << 20).unwrap();
    let signed = |parties: &[&str]| {
        let mut less = Many::new(whole.payload().to_vec());
        parties.iter().for_each(|party| less.sign(domain::CHARTER, party.as_bytes(), &fixture::root(party)));
        less
    };
    let mut other = signed(&["JPN", "KOR"]);
    other.sign(domain::CHARTER, b"USA", &HybridSecret::from_seed(&[8; 32]));
    let mut stranger = signed(&["JPN", "KOR", "USA"]);
    stranger.sign(domain::CHARTER, b"nobody", &fixture::root("USA"));
    let mut flipped = NEXT.bytes().to_vec();
    *flipped.last_mut().unwrap() ^= 1;
    let conflict = amended(&THREE.charter, |charter| charter.name += " of others");
    vec![
        ("without a party's signatures", signed(&["JPN", "USA"]).encode()),
        ("without signatures", signed(&[]).encode()),
        ("signed by another root", other.encode()),
        ("signed by a stranger", stranger.encode()),
        ("with a bent signature", flipped),
        ("that conflicts", conflict.bytes().to_vec()),
        ("that is none", vec![0x80]),
    ]
}

/// What takes the exporter's own key, or another node's: none of it may hold, however it is sealed.
pub fn hostile(held: &Held) -> Vec<Bent> {
    let mut bent: Vec<Bent> = Vec::new();
    let mut add = |what: &str, items: &[Item]| bent.push((what.to_owned(), sealed(items)));
    let items = held.items();
    for (what, bytes) in charters() {
        let mut other = items.clone();
        other[2] = Item::Charter { charter: bytes };
        add(&format!("a charter {what}"), &other);
    }
    let never = amended(&NEXT, |charter| charter.name += " never in force");
    let mut more = items.clone();
    more.insert(3, Item::Charter { charter: never.bytes().to_vec() });
    more[0] = Item::Header { version: 2, node: node(OWN), charter: never.hash() };
    add("a charter that was never in force", &more);
    for (what, id, charter, version) in [
        ("an unknown node", "prk-1", NEXT.hash(), 2),
        ("another charter", OWN, Hash([7; 48]), 2),
        ("the older charter", OWN, THREE.charter.hash(), 2),
        ("another version", OWN, NEXT.hash(), 3),
    ] {
        let mut other = items.clone();
        other[0] = Item::Header { version, node: node(id), charter };
        add(&format!("a header with {what}"), &other);
    }
    let at = 3 + held.evidence.len();
    for (what, against, seq, entry) in [
        ("garbage", "jpn-1", 3, vec![7; 90]),
        ("the journal's own entry", "usa-1", 3, held.entries[held.at("usa-1", 3)].0.clone()),
        ("a fork at another position", "usa-1", 4, held.other("usa-1", 3)),
        ("a fork of another node", "kor-1", 3, held.other("usa-1", 3)),
    ] {
        let mut other = items.clone();
        other.insert(at, Item::Evidence { node: node(against), seq, entry });
        add(&format!("evidence that is {what}"), &other);
    }
    for (what, id, seq, body) in words(held) {
        let mut other = held.clone();
        // Others would have signed for what it was before.
        other.entries.retain(|(entry, _)| named(entry) == id || !matches!(claim(entry).body, Body::Seen { .. }));
        other.rewrite(id, seq, |was| *was = body);
        add(what, &other.items());
    }
    let mut unknown = held.clone();
    let mut entry = unknown.claim(unknown.at("usa-1", 1));
    entry.node = node("zzz-1");
    unknown.entries.push((entry.sign(key("usa-1")).0, None));
    add("an entry of a node that no charter has", &unknown.items());
    let mut last = held.clone();
    let mut entry = last.claim(last.at("usa-1", 6));
    entry.seq = u64::MAX;
    entry.body = Body::Seen { heads: vec![head(u64::MAX), own(u64::MAX - 1)], signature: None };
    last.entries.push((entry.sign(key("usa-1")).0, None));
    add("an entry at the last of all positions", &last.items());
    last.entries.push((vec![7; 9], None));
    last.entries.push((entry.sign(key("jpn-1")).0, None));
    add("and more behind it", &last.items());
    bent.extend(seals(&items));
    bent
}

fn head(size: u64) -> TreeHead {
    TreeHead { node: node("jpn-1"), size, root: [7; 32] }
}

fn own(size: u64) -> TreeHead {
    TreeHead { node: node("usa-1"), size, root: [7; 32] }
}

fn claim(entry: &[u8]) -> trialogue_journal::Entry {
    UnverifiedEntry::decode(entry).unwrap().claim().clone()
}

/// What a hostile node writes into its own journal.
fn words(held: &Held) -> Vec<(&'static str, &'static str, u64, Body)> {
    let stated = |statement| Body::Stated { statement };
    let mut flipped = statement("usa-1", 2, Act::Leave { cause: None });
    *flipped.last_mut().unwrap() ^= 1;
    let (secret, ..) = THREE.device("usa-duty", 1);
    let mut noise = Many::new(vec![0xa0]);
    noise.sign(b"noise", b"noise", key("usa-1"));
    let Body::Seen { heads, signature } = held.claim(held.at("usa-1", 6)).body else { panic!("seen") };
    let mut wrong = signature.unwrap();
    wrong[100] ^= 1;
    let here = Occasion { node: node("usa-1"), charter: THREE.charter.hash(), now_ms: BEGIN_MS };
    let leave = |at: Occasion| stated(statement_at("usa-1", &at, 2, Act::Leave { cause: None }));
    vec![
        ("a statement for another node", "usa-1", 3, leave(Occasion { node: node("jpn-1"), ..here.clone() })),
        ("a statement of an hour before", "usa-1", 3, leave(Occasion { now_ms: BEGIN_MS - 3_600_000, ..here.clone() })),
        ("a statement of an hour later", "usa-1", 3, leave(Occasion { now_ms: BEGIN_MS + 3_600_000, ..here.clone() })),
        ("a statement under a charter to come", "usa-1", 3, leave(Occasion { charter: NEXT.hash(), ..here })),
        ("a statement whose signature is bent", "usa-1", 3, stated(flipped)),
        ("a statement that is garbage", "usa-1", 3, stated(vec![0xff; 40])),
        ("a statement that is empty", "usa-1", 3, stated(Vec::new())),
        ("a statement that is no One", "usa-1", 3, stated(noise.encode())),
        ("a statement of a map of nothing", "usa-1", 3, stated(secret.sign_statement(&[0xa0]))),
        ("a statement of an array", "usa-1", 3, stated(secret.sign_statement(&[0x80]))),
        ("heads whose second signature is bent", "usa-1", 6, Body::Seen { heads, signature: Some(wrong) }),
    ]
}

/// The last item: signed by others, by halves, over other things.
fn seals(items: &[Item]) -> Vec<Bent> {
    let good = seal(items, OWN);
    let payload = Many::decode(&good.sign(key(OWN)), 1 << 20).unwrap().payload().to_vec();
    let by = |names: &[(&str, &HybridSecret)]| {
        let mut signed = Many::new(payload.clone());
        names.iter().for_each(|(name, key)| signed.sign(domain::RECORD, name.as_bytes(), key));
        signed.encode()
    };
    let with = |change: &dyn Fn(&mut trialogue_record::Seal)| {
        let mut other = good.clone();
        change(&mut other);
        other.sign(key(OWN))
    };
    let mut wrong_domain = Many::new(payload.clone());
    wrong_domain.sign(domain::HEAD, OWN.as_bytes(), key(OWN));
    let mut all = vec![
        ("by another node", by(&[("usa-1", key("usa-1"))])),
        ("in its name by another key", by(&[(OWN, key("usa-1"))])),
        ("by two", by(&[(OWN, key(OWN)), ("usa-1", key("usa-1"))])),
        ("by nobody", by(&[])),
        ("for another purpose", wrong_domain.encode()),
        ("over another digest", with(&|seal| seal.digest = Hash([7; 48]))),
        ("over other heads", with(&|seal| seal.heads[0].size -= 1)),
        ("over no heads", with(&|seal| seal.heads.clear())),
        ("of another node", seal(items, "usa-1").sign(key("usa-1"))),
        ("of garbage", vec![7; 90]),
    ];
    let signed = good.sign(key(OWN));
    for at in [0, 3, 8, 30, 200, signed.len() / 4, signed.len() / 2, signed.len() - 1] {
        let mut flipped = signed.clone();
        flipped[at] ^= 4;
        all.push(("with a bit flipped", flipped));
    }
    let mut bent: Vec<Bent> =
        all.into_iter().map(|(what, seal)| (format!("a seal {what}"), file(items, Some(seal)))).collect();
    bent.push(("no seal".into(), file(items, None)));
    for (what, end) in [
        ("a wrong number", Item::End { items: 1, digest: digest(items), seal: Some(signed.clone()) }),
        ("the greatest number", Item::End { items: u64::MAX, digest: digest(items), seal: Some(signed.clone()) }),
        ("a wrong digest", Item::End { items: items.len() as u64, digest: Hash([7; 48]), seal: Some(signed) }),
    ] {
        bent.push((format!("an end with {what}"), items.iter().chain([&end]).flat_map(Item::encode).collect()));
    }
    bent
}

/// The same record for an auditor with another charter.
pub fn auditors() -> BTreeMap<&'static str, VerifiedCharter> {
    let never = amended(&NEXT, |charter| charter.name += " never in force");
    let other = amended(&THREE.charter, |charter| charter.name += " of others");
    let mut renamed = fixture::charter(trialogue_charter::Suite::XWing);
    renamed.name += " of others";
    let mut draft = UnverifiedCharter::draft(renamed).unwrap();
    for party in fixture::PARTIES {
        let id = trialogue_charter::PartyId::new(party).unwrap();
        draft.sign(&id, &fixture::root(party)).unwrap();
    }
    BTreeMap::from([
        ("a newer one, never in force", never),
        ("one with the same serial", other),
        ("one with the first serial", draft.verify(None).unwrap()),
    ])
}
