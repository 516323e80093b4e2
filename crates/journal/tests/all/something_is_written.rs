//! What is written, by whom, about what, and what others may say of it.
#![allow(clippy::unwrap_used)]

use crate::common;
use common::*;
use std::sync::atomic::{AtomicU64, Ordering};
use trialogue_charter::{Hash, Precedence};
use trialogue_journal::*;

const CIRCLE: u8 = 7;

fn circle(number: u8, readers: &[&Console]) -> Act {
    let readers = readers.iter().map(|console| console.id()).collect();
    Act::Circle { circle: group(number), welcome: body("welcome"), readers }
}

/// Each with a content of its own.
fn written(kind: Kind, about: Option<Hash>) -> Written {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let content = COUNT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    Written {
        kind,
        about,
        keys: vec![Wrapped { circle: group(CIRCLE), key: [1; 48] }],
        content: body("content"),
        digest: Hash::of(&content),
        at_ms: 1_000,
        traffic: Traffic::Principal,
        precedence: Precedence::Routine,
        answer_by_ms: None,
        attached: None,
    }
}

fn write(kind: Kind, about: Option<Hash>) -> Act {
    Act::Write { written: written(kind, about) }
}

/// Two officers, one of whom has opened a circle for the other.
fn scene() -> (Scene, std::sync::Arc<Console>, std::sync::Arc<Console>) {
    let (usa, jpn) = (console("usa-duty", 1), console("jpn-duty", 1));
    let mut scene = Scene::with(&[&usa, &jpn]);
    scene.says(&usa, Act::Stock { package: body("usa") }).unwrap();
    scene.says(&jpn, Act::Stock { package: body("jpn") }).unwrap();
    scene.says(&usa, circle(CIRCLE, &[&jpn])).unwrap();
    (scene, usa, jpn)
}

fn last(scene: &Scene) -> Hash {
    scene.state.writings(&duty()).last().unwrap().0
}

/// What the console's own node would say to it now.
fn judged(scene: &Scene, console: &Console, act: Act) -> Result<(), Ignored> {
    let number = scene.state.last_number(&console.id()) + 1;
    let said = console.says_at(2_000_000, number, &duty(), act);
    let said = UnverifiedStatement::decode(&said).map_err(|_| Ignored::Malformed)?;
    scene.state.judge(&console.node, &said, 2_000_000).map(drop)
}

#[test]
fn a_message_is_stored_shown_and_acknowledged_and_each_word_is_remembered_once() {
    let (mut scene, usa, jpn) = scene();
    scene.says(&usa, write(Kind::Message, None)).unwrap();
    let id = last(&scene);
    scene.node("jpn-1", Body::Stored { writings: vec![id] }).unwrap();
    for _ in 0..2 {
        scene.says(&jpn, Act::Shown { writings: vec![id] }).unwrap();
        scene.says(&jpn, Act::AcknowledgeWriting { writing: id, read_back: None }).unwrap();
    }
    let all: Vec<_> = scene.state.receipts(&id).collect();
    assert_eq!(all.len(), 1);
    let (node, receipts) = &all[0];
    assert_eq!((node.as_str(), receipts.shown.len(), receipts.acknowledged.len()), ("jpn-1", 1, 1));
    let first = receipts.stored.unwrap();
    assert!(first.time_ms < receipts.shown[&jpn.id()].time_ms);
    assert!(receipts.shown[&jpn.id()].time_ms < receipts.acknowledged[&jpn.id()].0.time_ms, "the first word counts");
}

#[test]
fn nobody_writes_by_the_circle_of_another_or_one_that_is_not_there() {
    let (mut scene, usa, jpn) = scene();
    assert_eq!(scene.says(&jpn, write(Kind::Message, None)), Err(Ignored::NotNow));
    assert_eq!(scene.says(&jpn, circle(CIRCLE, &[&usa])).err(), None, "another journal, another circle of that id");
    let mut unknown = written(Kind::Message, None);
    unknown.keys[0].circle = group(9);
    assert_eq!(scene.says(&usa, Act::Write { written: unknown }), Err(Ignored::NotNow));
    assert_eq!(scene.says(&usa, circle(CIRCLE, &[&jpn])), Err(Ignored::Replayed), "an id is used once in a journal");
    assert_eq!(scene.says_at_summit(&usa, write(Kind::Message, None)), Err(Ignored::NotNow), "it is of another line");
}

#[test]
fn what_was_said_anew_is_written_down_once() {
    let (mut scene, usa, jpn) = scene();
    let said = written(Kind::Message, None);
    // The node keeps the first statement, says that it cannot write it down, and writes both.
    scene.says(&usa, Act::Write { written: said.clone() }).unwrap();
    let anew = Written { at_ms: said.at_ms + 1, ..said.clone() };
    assert_eq!(judged(&scene, &usa, Act::Write { written: anew.clone() }), Err(Ignored::Replayed));
    assert_eq!(scene.says(&usa, Act::Write { written: anew }), Err(Ignored::Replayed));
    assert_eq!(scene.state.writings(&duty()).len(), 1);
    // Another device's is another writing, whatever it has copied.
    scene.says(&jpn, circle(CIRCLE, &[&usa])).unwrap();
    scene.says(&jpn, Act::Write { written: said }).unwrap();
    assert_eq!(scene.state.writings(&duty()).len(), 2);
}

#[test]
fn times_urgency_and_roles_are_bounded() {
    let (mut scene, usa, jpn) = scene();
    let with = |change: fn(&mut Written)| {
        let mut changed = written(Kind::Message, None);
        change(&mut changed);
        Act::Write { written: changed }
    };
    assert_eq!(scene.says(&usa, with(|w| w.precedence = Precedence::Flash)), Err(Ignored::AboveAuthority));
    assert_eq!(scene.says(&usa, with(|w| w.at_ms = 2 * limits::WRITTEN_AHEAD_MS)), Err(Ignored::Time));
    assert_eq!(scene.says(&usa, with(|w| w.answer_by_ms = Some(1))), Err(Ignored::Time), "that is past");
    assert_eq!(scene.says(&usa, with(|w| w.answer_by_ms = Some(2 * limits::ANSWER_BY_MS))), Err(Ignored::Time));
    assert_eq!(scene.says(&usa, with(|w| w.keys.clear())), Err(Ignored::Malformed));
    assert_eq!(scene.says(&usa, write(Kind::Translation, None)), Err(Ignored::Malformed), "a translation of what?");
    // An interpreter translates and certifies; a note-taker reads.
    let (interpreter, notes) = (console("usa-interpreter", 1), console("jpn-notes", 1));
    scene.enrol(&interpreter).unwrap();
    scene.enrol(&notes).unwrap();
    scene.says_at_summit(&interpreter, circle(8, &[&jpn])).unwrap();
    let of_interpreter = |kind, about| {
        let mut by = written(kind, about);
        by.keys[0].circle = group(8);
        Act::Write { written: by }
    };
    assert_eq!(scene.says_at_summit(&interpreter, of_interpreter(Kind::Message, None)), Err(Ignored::Role));
    scene.says_at_summit(&interpreter, of_interpreter(Kind::Translation, Some(Hash([3; 48])))).unwrap();
    let certify = Act::CertifyWriting { writing: Hash([3; 48]) };
    assert_eq!(scene.says_at_summit(&notes, certify.clone()), Err(Ignored::Role));
    scene.says_at_summit(&interpreter, certify).unwrap();
    let shown = Act::Shown { writings: vec![Hash([3; 48])] };
    scene.says_at_summit(&notes, shown).unwrap();
    let acknowledge = Act::AcknowledgeWriting { writing: Hash([3; 48]), read_back: None };
    assert_eq!(scene.says_at_summit(&interpreter, acknowledge), Err(Ignored::Role));
}

#[test]
fn a_node_takes_words_about_what_is_there_and_is_anothers() {
    let (mut scene, usa, jpn) = scene();
    let no = Hash([3; 48]);
    assert_eq!(judged(&scene, &jpn, Act::Shown { writings: vec![no] }), Err(Ignored::NotNow));
    assert_eq!(judged(&scene, &usa, write(Kind::Translation, Some(no))), Err(Ignored::NotNow));
    scene.says(&usa, write(Kind::Message, None)).unwrap();
    let message = last(&scene);
    let acknowledge = |writing| Act::AcknowledgeWriting { writing, read_back: None };
    assert_eq!(judged(&scene, &jpn, acknowledge(message)), Ok(()));
    assert_eq!(judged(&scene, &usa, acknowledge(message)), Err(Ignored::NotOwn));
    assert_eq!(judged(&scene, &jpn, Act::Approve { writing: message }), Err(Ignored::NotNow), "it is no joint text");
    scene.says(&usa, write(Kind::Translation, Some(message))).unwrap();
    let all = scene.state.writings(&duty());
    let translation = all.iter().find(|(_, _, w)| w.written.kind == Kind::Translation).unwrap().0;
    assert_eq!(judged(&scene, &usa, Act::CertifyWriting { writing: translation }), Err(Ignored::NotOwn));
    assert_eq!(judged(&scene, &jpn, Act::CertifyWriting { writing: translation }), Ok(()));
    assert_eq!(judged(&scene, &jpn, acknowledge(translation)), Err(Ignored::NotNow));
}

#[test]
fn a_word_that_does_not_fit_counts_for_nobody() {
    let (mut scene, usa, jpn) = scene();
    let interpreter = console("usa-interpreter", 1);
    scene.enrol(&interpreter).unwrap();
    scene.says(&usa, write(Kind::Message, None)).unwrap();
    let message = last(&scene);
    scene.says(&usa, write(Kind::Readout, None)).unwrap();
    scene.says(&usa, write(Kind::Translation, Some(message))).unwrap();
    let find =
        |scene: &Scene, kind| scene.state.writings(&duty()).iter().find(|(_, _, w)| w.written.kind == kind).unwrap().0;
    let (readout, translation) = (find(&scene, Kind::Readout), find(&scene, Kind::Translation));
    let acknowledge = |writing| Act::AcknowledgeWriting { writing, read_back: None };
    let said = |scene: &Scene, id: &Hash| {
        let all: Vec<_> = scene.state.receipts(id).map(|(_, receipts)| receipts.into_owned()).collect();
        let sum = |of: fn(&fold::Receipts) -> usize| all.iter().map(of).sum::<usize>();
        [sum(|r| r.shown.len()), sum(|r| r.acknowledged.len()), sum(|r| r.certified.len()), sum(|r| r.approved.len())]
    };
    // A node writes down whatever its own consoles say. Of another kind:
    for (id, act) in [
        (readout, acknowledge(readout)),
        (message, Act::Approve { writing: message }),
        (message, Act::CertifyWriting { writing: message }),
        (translation, acknowledge(translation)),
    ] {
        scene.says(&jpn, act).unwrap();
        assert_eq!(said(&scene, &id), [0; 4]);
    }
    // By whom it is not to be said: the writer's own party, and the translator.
    scene.says(&usa, acknowledge(message)).unwrap();
    scene.says(&usa, Act::CertifyWriting { writing: translation }).unwrap();
    assert_eq!((said(&scene, &message), said(&scene, &translation)), ([0; 4], [0; 4]));
    // With the words of somebody else, and with none that are there.
    let back = |read_back| Act::AcknowledgeWriting { writing: message, read_back: Some(read_back) };
    scene.says(&jpn, back(translation)).unwrap();
    let words = |scene: &Scene| {
        let all: Vec<_> = scene.state.receipts(&message).flat_map(|(_, r)| r.into_owned().acknowledged).collect();
        all.into_iter().map(|(by, (_, words))| (by, words)).collect::<Vec<_>>()
    };
    assert_eq!(words(&scene), [(jpn.id(), None)], "it is acknowledged, and not read back");
    // On another line: there is no such writing there.
    let (leaders, other) = (console("kor-leaders", 1), console("kor-duty", 1));
    scene.enrol(&leaders).unwrap();
    scene.enrol(&other).unwrap();
    for act in [Act::Approve { writing: readout }, Act::Shown { writings: vec![readout] }] {
        scene.says_at_summit(&leaders, act.clone()).unwrap();
        assert_eq!(said(&scene, &readout), [0; 4]);
    }
    // What fits counts as before.
    scene.says(&jpn, Act::Approve { writing: readout }).unwrap();
    scene.says(&jpn, Act::CertifyWriting { writing: translation }).unwrap();
    assert_eq!((said(&scene, &readout), said(&scene, &translation)), ([0, 0, 0, 1], [0, 0, 1, 0]));
}

#[test]
fn years_of_writing_do_not_grow_the_state() {
    let (mut scene, usa, jpn) = scene();
    for n in 0..limits::WRITINGS_HELD as u64 + 10 {
        let mut one = written(Kind::Message, None);
        one.at_ms = n;
        scene.says(&usa, Act::Write { written: one }).unwrap();
    }
    let held = scene.state.writings(&duty());
    assert_eq!(held.len(), limits::WRITINGS_HELD);
    assert_eq!(held[0].2.written.at_ms, 10, "the oldest go first");
    for n in 0..60 {
        scene.says(&usa, circle(100 + n, &[&jpn])).unwrap();
    }
    let (kept, gone) = (scene.state.circle(&usa.node, &group(CIRCLE)), scene.state.circle(&usa.node, &group(100)));
    assert!(kept.is_some() && gone.is_none(), "one that is in use stays");
    for n in 0..limits::RECEIPTS_HELD as u64 + 1 {
        let mut id = [0; 48];
        id[..8].copy_from_slice(&n.to_be_bytes());
        scene.says(&jpn, Act::Shown { writings: vec![Hash(id)] }).unwrap();
    }
    assert_eq!(scene.state.receipts(&Hash([0; 48])).count(), 0);
}

#[test]
fn a_console_that_is_shown_what_matters_has_the_newest_writings_and_what_was_said_of_them() {
    let (mut scene, usa, jpn) = scene();
    scene.says(&usa, write(Kind::Message, None)).unwrap();
    let message = last(&scene);
    scene.says(&jpn, Act::AcknowledgeWriting { writing: message, read_back: None }).unwrap();
    for _ in 0..limits::WRITINGS_SHOWN {
        scene.says(&usa, write(Kind::Translation, Some(message))).unwrap();
    }
    let relevant = scene.state.relevant_entries();
    let mut other = State::new(CHARTER.clone());
    for (entry, bodies) in &scene.log {
        if relevant[&entry.entry().node].contains(&entry.entry().seq) {
            other.apply(entry, bodies).unwrap();
        }
    }
    let of = |state: &State| state.writings(&duty()).iter().map(|(id, _, _)| *id).collect::<Vec<_>>();
    assert_eq!(of(&other), of(&scene.state), "the message is old, and the newest are about it");
    assert_eq!(other.receipts(&message).count(), 1);
    assert_eq!(other.readers(&duty()).values().flatten().count(), 2);
    assert!(other.circle(&usa.node, &group(CIRCLE)).is_some());
}

#[test]
fn a_console_that_comes_later_reads_what_is_written_next_by_whom_wrote_long_ago() {
    let (mut scene, usa, jpn) = scene();
    let colleague = console("usa-duty", 2);
    scene.enrol(&colleague).unwrap();
    scene.says(&colleague, circle(CIRCLE + 1, &[&jpn])).unwrap();
    for _ in 0..limits::WRITINGS_SHOWN {
        let mut one = written(Kind::Message, None);
        one.keys[0].circle = group(CIRCLE + 1);
        scene.says(&colleague, Act::Write { written: one }).unwrap();
    }
    let relevant = scene.state.relevant_entries();
    let mut late = State::new(CHARTER.clone());
    for (entry, bodies) in &scene.log {
        if relevant[&entry.entry().node].contains(&entry.entry().seq) {
            late.apply(entry, bodies).unwrap();
        }
    }
    // Its circle stands since before, and nothing that is shown was written by it.
    scene.says(&usa, write(Kind::Message, None)).unwrap();
    let (entry, bodies) = scene.log.last().unwrap();
    late.apply(entry, bodies).unwrap();
}

#[test]
fn a_message_alone_has_files_and_their_list_has_a_bound() {
    let (scene, usa, _) = scene();
    let attached = |kind: Kind, len: usize| {
        let attached = BodyRef::of(&vec![5; len]);
        let about = (kind == Kind::Translation).then_some(Hash([3; 48]));
        judged(&scene, &usa, Act::Write { written: Written { attached, ..written(kind, about) } })
    };
    assert_eq!(attached(Kind::Message, 48), Ok(()));
    assert_eq!(attached(Kind::Message, 48 * limits::CHUNKS_MAX), Ok(()));
    for (kind, len) in [
        (Kind::Message, 0),
        (Kind::Message, 47),
        (Kind::Message, 49),
        (Kind::Message, 48 * (limits::CHUNKS_MAX + 1)),
        (Kind::Readout, 48),
        (Kind::Translation, 48),
    ] {
        assert_eq!(attached(kind, len), Err(Ignored::Malformed), "{kind:?} with a list of {len} bytes");
    }
    let hashes = [Hash([1; 48]), Hash([2; 48])];
    assert_eq!(chunks(&chunk_list(&hashes)), Some(hashes.to_vec()));
    assert_eq!(chunks(&[]), None);
    assert_eq!(chunks(&[0; 95]), None);
}
