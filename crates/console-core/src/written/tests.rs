//! Two consoles of two parties write to each other, with no more than the journals between them.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use super::*;
use crate::bench::Bench;
use crate::scene::{START_MS, Scene, line_id};
use crate::view::{Due, Language};
use trialogue_charter::Precedence;
use trialogue_journal::Traffic;
use trialogue_wire::console::ToNode;

/// Nothing else goes on.
pub(super) const FREE: Busy = Busy { in_call: false, ringing: false, awaits_keys: false };

/// A console with a written line, and what its page shows.
struct Station {
    bench: Bench,
    writer: Writer,
    page: Option<WrittenView>,
    /// What the platform keeps.
    kept: Vec<u8>,
}

impl Station {
    fn new(scene: &mut Scene, office: &str) -> Self {
        let bench = Bench::of(scene.enrol(office, 1));
        let mut writer = Writer::default();
        writer.turn_on(None, bench.console.device.id);
        writer.open(Some("duty".to_owned()));
        Self { bench, writer, page: None, kept: Vec::new() }
    }

    /// Nothing comes for a second. What is said goes into the journals, with bodies for everybody.
    fn tick(&mut self, scene: &mut Scene, other: &mut Self) {
        scene.time_ms += 1_000;
        self.writer.begin(true);
        self.writer.settle(FREE, &mut self.bench.around(scene));
        for output in self.bench.outputs() {
            match output {
                Output::Keep { version, bytes } => {
                    self.kept = bytes.to_vec();
                    self.writer.kept(version);
                }
                Output::Written(view) => self.page = view.map(|view| *view),
                Output::Send(bytes) => {
                    let ToNode::State { statement, bodies } = trialogue_wire::decode(&bytes).unwrap() else { continue };
                    for body in bodies {
                        for bodies in [&mut self.bench.bodies, &mut other.bench.bodies] {
                            bodies.keep(Hash::of(&body), body.to_vec());
                        }
                    }
                    scene.takes(&self.bench.console, statement);
                }
                _ => {}
            }
        }
    }

    fn write(&mut self, scene: &Scene, text: &str, answer_by_ms: Option<u64>) -> Result<(), Refusal> {
        let new = NewMessage {
            line: "duty".to_owned(),
            text: tongue(Language::En, text),
            marking: String::new(),
            traffic: Traffic::Service,
            precedence: Precedence::Routine,
            answer_by_ms,
            answers: None,
        };
        self.writer.write(new, &mut self.bench.around(scene))
    }

    fn note(&self, scene: &Scene) -> (u32, Option<Due>) {
        let note = self.writer.note(&line_id("duty"), scene.roster(&self.bench.console), Bench::now(scene));
        (note.unread, note.due)
    }
}

fn ticks(scene: &mut Scene, one: &mut Station, other: &mut Station, many: usize) {
    for _ in 0..many {
        one.tick(scene, other);
        other.tick(scene, one);
    }
}

/// Both have told the other by which key they read.
fn both() -> (Scene, Station, Station) {
    let mut scene = Scene::new();
    let (mut usa, mut jpn) = (Station::new(&mut scene, "usa-duty"), Station::new(&mut scene, "jpn-duty"));
    ticks(&mut scene, &mut usa, &mut jpn, 4);
    assert!(usa.page.as_ref().is_some_and(|page| page.ready && page.readers.len() == 2));
    (scene, usa, jpn)
}

#[test]
fn what_one_writes_another_reads_and_says_that_it_was_shown() {
    let (mut scene, mut usa, mut jpn) = both();
    usa.write(&scene, "Good morning.", None).unwrap();
    assert!(usa.writer.needs_bodies());
    ticks(&mut scene, &mut usa, &mut jpn, 4);
    assert!(usa.page.as_ref().is_some_and(|page| page.outbox.is_empty()), "the journal has it");
    let [message] = &jpn.page.as_ref().unwrap().messages[..] else { panic!() };
    assert_eq!((message.text.as_str(), message.by.party.as_str(), message.unread), ("Good morning.", "USA", true));
    assert_eq!(jpn.note(&scene), (1, None));
    let id = message.id.clone();
    jpn.writer.on_screen(&[id, "another".to_owned()], &mut jpn.bench.around(&scene));
    assert_eq!(jpn.note(&scene), (0, None), "before any journal says so");
    ticks(&mut scene, &mut jpn, &mut usa, 2);
    let [message] = &usa.page.as_ref().unwrap().messages[..] else { panic!() };
    assert_eq!(message.shown.iter().map(|shown| shown.by.party.as_str()).collect::<Vec<_>>(), ["JPN"]);
}

#[test]
fn what_was_kept_reads_and_sends_after_a_start() {
    let (mut scene, mut usa, mut jpn) = both();
    usa.writer.keep_draft("duty", Some(crate::view::Draft::default()), &mut usa.bench.around(&scene));
    usa.bench.is_up = false;
    usa.write(&scene, "It waits.", None).unwrap();
    ticks(&mut scene, &mut usa, &mut jpn, 1);
    assert!(jpn.page.as_ref().is_some_and(|page| page.messages.is_empty()));
    let kept = usa.kept.clone();
    assert!(Writer::default().turn_on(Some(&kept), jpn.bench.console.device.id).is_none(), "it is not its own");
    let mut writer = Writer::default();
    assert!(writer.turn_on(Some(&kept), usa.bench.console.device.id).is_some(), "with what is known of revocations");
    writer.open(Some("duty".to_owned()));
    (usa.writer, usa.bench.is_up) = (writer, true);
    ticks(&mut scene, &mut usa, &mut jpn, 4);
    for page in [&usa.page, &jpn.page] {
        let [message] = &page.as_ref().unwrap().messages[..] else { panic!() };
        assert_eq!(message.text, "It waits.");
    }
}

#[test]
fn a_message_that_is_to_be_acknowledged_is_due_until_somebody_of_the_party_has() {
    let (mut scene, mut usa, mut jpn) = both();
    let by_ms = scene.time_ms + 60_000;
    usa.write(&scene, "Please confirm.", Some(by_ms)).unwrap();
    ticks(&mut scene, &mut usa, &mut jpn, 4);
    assert_eq!(usa.note(&scene), (0, None), "nobody waits for the own party");
    let (_, Some(due)) = jpn.note(&scene) else { panic!() };
    assert!(!due.overdue && due.by.party == "USA");
    let next = jpn.writer.next_timeout(scene.roster(&jpn.bench.console), true, Bench::now(&scene));
    assert!(next.is_some_and(|next| next <= crate::scene::after_ms(by_ms - START_MS).us));
    scene.time_ms = by_ms;
    assert!(jpn.note(&scene).1.is_some_and(|due| due.overdue && due.sounds));
    let saying = jpn.writer.acknowledge(&due.id, None, &mut jpn.bench.around(&scene)).unwrap().unwrap();
    scene.says(&jpn.bench.console, "duty", saying.act);
    assert_eq!(jpn.note(&scene).1, None);
    assert!(jpn.writer.acknowledge("another", None, &mut jpn.bench.around(&scene)).is_err());
}

#[test]
fn what_is_read_back_is_written_first() {
    let (mut scene, mut usa, mut jpn) = both();
    usa.write(&scene, "Five of them.", None).unwrap();
    ticks(&mut scene, &mut usa, &mut jpn, 4);
    let id = jpn.page.as_ref().unwrap().messages[0].id.clone();
    let back = Some(tongue(Language::En, "Five."));
    assert_eq!(jpn.writer.acknowledge(&id, back, &mut jpn.bench.around(&scene)), Ok(None));
    ticks(&mut scene, &mut jpn, &mut usa, 5);
    let [word] = &usa.page.as_ref().unwrap().messages[0].acknowledged[..] else { panic!() };
    assert_eq!((word.by.party.as_str(), word.read_back.as_deref()), ("JPN", Some("Five.")));
}

#[test]
fn nothing_is_written_without_a_written_line_or_on_anothers() {
    let mut scene = Scene::new();
    let mut usa = Station::new(&mut scene, "usa-duty");
    let mut interpreter = Station::new(&mut scene, "usa-interpreter");
    usa.writer = Writer::default();
    assert_eq!(usa.write(&scene, "a", None), Err(Refusal::NotOnLine));
    assert_eq!(interpreter.write(&scene, "a", None), Err(Refusal::NotOnLine));
    usa.writer.turn_on(None, usa.bench.console.device.id);
    assert_eq!((usa.write(&scene, "", None), usa.write(&scene, "a", None)), (Err(Refusal::Malformed), Ok(())));
    assert_eq!(words::approve("another", scene.roster(&usa.bench.console)), Err(Refusal::NotNow));
}

#[test]
fn who_is_in_no_call_for_want_of_keys_writes_and_whose_keys_are_on_their_way_waits() {
    let mut scene = Scene::new();
    let mut usa = Station::new(&mut scene, "usa-duty");
    let awaits = Busy { in_call: true, awaits_keys: true, ..FREE };
    for (busy, makes) in [(awaits, false), (Busy { in_call: true, ..FREE }, true)] {
        for _ in 0..2 {
            scene.time_ms += 1_000;
            usa.writer.settle(busy, &mut usa.bench.around(&scene));
        }
        let kept = usa.bench.outputs().iter().any(|output| matches!(output, Output::Keep { .. }));
        assert_eq!(kept, makes, "a key package is made");
    }
}
