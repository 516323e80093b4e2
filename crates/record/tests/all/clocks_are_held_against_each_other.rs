//! A clock that jumps is told, with what others' clocks say, and changes nothing of what holds.
#![allow(clippy::unwrap_used)]

use crate::file::*;
use trialogue_journal::{Body, Journal, TreeHead};
use trialogue_record::{Clocks, Frontier, Item, Report, Root, Verifier};

/// One journal as it is written: what its node sees of the others goes into it.
struct Writer {
    id: &'static str,
    journal: Journal,
    tree: Frontier,
    entries: Vec<Vec<u8>>,
}

/// Three nodes that sign for each other in turn, each by its own clock.
struct Three(Vec<Writer>);

impl Three {
    fn new() -> Self {
        let all = NODES.iter().map(|id| Writer {
            id,
            journal: Journal::new(node(id)),
            tree: Frontier::new(),
            entries: Vec::new(),
        });
        let mut three = Self(all.collect());
        for at in 0..3 {
            three.write(at, BEGIN_MS, Body::Opened { charter: THREE.charter.hash() });
        }
        three
    }

    fn write(&mut self, at: usize, time_ms: u64, body: Body) {
        let writer = &mut self.0[at];
        let entry = writer.journal.append(time_ms, body);
        writer.tree.push(Root::of(&entry));
        writer.entries.push(entry.sign(key(writer.id)).0);
    }

    /// A node signs for what it holds of the others, which is all but what `without` has written.
    fn sees(&mut self, at: usize, time_ms: u64, without: &[usize]) {
        let others = (0..3).filter(|other| *other != at && !without.contains(other));
        let head =
            |writer: &Writer| TreeHead { node: node(writer.id), size: writer.tree.size(), root: writer.tree.root().0 };
        let heads = others.map(|other| head(&self.0[other])).collect();
        self.write(at, time_ms, Body::Seen { heads, signature: None });
    }

    fn report(&self) -> Report {
        let mut verifier = Verifier::new(THREE.charter.clone());
        let charter = THREE.charter.hash();
        verifier.take(Item::Header { version: trialogue_record::item::VERSION, node: node(OWN), charter });
        verifier.take(Item::Charter { charter: THREE.charter.bytes().to_vec() });
        for entry in self.0.iter().flat_map(|writer| &writer.entries) {
            verifier.take(Item::Entry { entry: entry.clone(), certificate: None });
        }
        verifier.finish()
    }

    fn clocks(&self) -> Clocks {
        self.report().clocks
    }
}

const S: u64 = 1_000;
const HOUR: u64 = 3_600 * S;
const JPN: usize = 0;
const KOR: usize = 1;
const USA: usize = 2;

/// A round of all three, at a true time; Japan's clock is off by as much.
fn round(three: &mut Three, true_ms: u64, ahead_ms: u64) {
    three.sees(JPN, true_ms + ahead_ms, &[]);
    three.sees(KOR, true_ms + S, &[]);
    three.sees(USA, true_ms + 2 * S, &[]);
}

#[test]
fn clocks_that_agree_are_not_spoken_of() {
    let mut three = Three::new();
    for n in 1..20 {
        // The furthest that is not told: a few seconds, and what lies between writing and receiving.
        round(&mut three, BEGIN_MS + n * 10 * S, 4 * S);
    }
    assert_eq!(three.clocks().apart(), []);
    assert_eq!(three.clocks().against(&node("jpn-1"), 3), []);
}

#[test]
fn a_clock_that_is_an_hour_ahead_for_a_while_is_named_by_both_others() {
    let mut three = Three::new();
    for n in 1..9 {
        let ahead = if (3..6).contains(&n) { HOUR } else { 0 };
        round(&mut three, BEGIN_MS + n * 10 * S, ahead);
    }
    let report = three.report();
    let found = report.clocks.apart();
    // Entries 4 to 6 of Japan were written in the three rounds of the wrong hour; entries 7 on stand behind them.
    let of = |by: &str| found.iter().find(|one| one.node == node("jpn-1") && one.by == node(by) && !one.early).unwrap();
    for by in ["kor-1", "usa-1"] {
        assert_eq!((of(by).from, of(by).to), (4, 6), "{found:?}");
        assert!((HOUR - 15 * S..=HOUR).contains(&of(by).least_ms), "{found:?}");
    }
    let back = found.iter().find(|one| one.by == one.node).unwrap();
    assert_eq!((back.node.as_str(), back.from, back.early), ("jpn-1", 7, true));
    // The others are at odds with Japan's clock, and not with each other's.
    assert!(found.iter().all(|one| one.node == node("jpn-1") || one.by == node("jpn-1")), "{found:?}");
    let words: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert!(words.iter().any(|line| line.starts_with("entries 4 to 6 of jpn-1 are dated 59 min later")), "{words:?}");

    let against = report.clocks.against(&node("jpn-1"), 5);
    let kor = against.iter().find(|other| other.by == node("kor-1")).unwrap();
    let (after, before) = (kor.after.unwrap().0, kor.before.unwrap().0);
    let truth = BEGIN_MS + 40 * S;
    assert!(after <= truth && truth <= before && before - after <= 12 * S, "{kor}");
    assert_eq!(report.clocks.against(&node("jpn-1"), 3), []);
}

#[test]
fn nobody_moves_anothers_time_by_signing_for_what_is_not_there() {
    let mut three = Three::new();
    for n in 1..4 {
        round(&mut three, BEGIN_MS + n * 10 * S, 0);
    }
    let before = three.clocks().apart();
    // Japan signs for a thousand entries of Korea, of which there are four, an hour from now.
    let heads = vec![TreeHead { node: node("kor-1"), size: 1_000, root: [7; 32] }];
    three.write(JPN, BEGIN_MS + 40 * S, Body::Seen { heads, signature: None });
    three.sees(USA, BEGIN_MS + 41 * S, &[]);
    assert_eq!((three.clocks().apart(), before), (vec![], vec![]));
}

#[test]
fn a_node_that_was_cut_off_is_bracketed_by_what_it_held_and_not_accused() {
    let mut three = Three::new();
    round(&mut three, BEGIN_MS + 10 * S, 0);
    // For an hour nobody hears of Korea, nor Korea of anybody.
    for n in 1..7 {
        three.sees(KOR, BEGIN_MS + n * 600 * S, &[JPN, USA]);
        three.sees(USA, BEGIN_MS + n * 600 * S + S, &[KOR]);
    }
    round(&mut three, BEGIN_MS + 2 * HOUR, 0);
    assert_eq!(three.clocks().apart(), []);
}

#[test]
fn nobody_hides_what_the_others_agree_on_behind_many_faults_of_its_own() {
    let mut three = Three::new();
    for n in 1..300 {
        // Japan dates every other entry an hour ahead; Korea's clock is a minute ahead all the time.
        three.sees(JPN, BEGIN_MS + n * 10 * S + if n % 2 == 0 { HOUR } else { 0 }, &[]);
        three.sees(KOR, BEGIN_MS + n * 10 * S + 61 * S, &[]);
        three.sees(USA, BEGIN_MS + n * 10 * S + 2 * S, &[]);
    }
    let found = three.clocks().apart();
    assert!(found.len() <= 15, "of each journal, clock and side one: {}", found.len());
    assert!(found.iter().any(|one| one.node == node("kor-1") && one.by == node("usa-1") && !one.early), "{found:?}");
    let japan = found.iter().find(|one| one.node == node("jpn-1") && one.by == node("usa-1") && !one.early).unwrap();
    assert!(japan.more > 100 && japan.to_string().ends_with(" times more by less"), "{japan}");
}
