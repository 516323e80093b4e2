//! A party's records office: a reader whom everybody sees, which hands out every content once, and says in the journal
//! what its archive has and what it has destroyed.
#![allow(clippy::unwrap_used)]

use crate::common;
use common::*;
use trialogue_charter::{Hash, LineId, Suite};
use trialogue_console_core::view::*;
use trialogue_console_core::{ArchiveWord, Event, Identity, Input};
use trialogue_e2ee::writing::{Content, FileOpener, PIECE, Part};
use trialogue_journal::{Act, Body, UnverifiedEntry, UnverifiedStatement};
use trialogue_wire::console::ToConsole;

const LINE: &str = "summit";

struct Scene {
    world: World,
    jpn: usize,
    kor: usize,
    notes: usize,
    identity: Identity,
}

/// Two who write, and the records office of the United States.
fn scene() -> Scene {
    let mut world = World::new(Suite::XWing);
    let [jpn, kor] = ["jpn-duty", "kor-duty"].map(|office| world.writer(office));
    let identity = world.identity("usa-notes", 9);
    let notes = world.desk_with(identity.clone());
    world.desks[notes].console.keep_writings(None);
    world.desks[notes].console.archive_writings(Default::default());
    world.until(10, |world| world.desks.iter().all(|desk| desk.console.view().node == NodeLink::Up));
    for desk in [jpn, kor] {
        world.command(desk, Command::OpenWritten { line: Some(LINE.into()) });
    }
    let seen = |world: &World, desk: usize| {
        world.desks[desk].written.as_ref().is_some_and(|w| w.ready && w.readers.len() == 3)
    };
    world.until(10, |world| seen(world, jpn) && seen(world, kor));
    Scene { world, jpn, kor, notes, identity }
}

fn write(world: &mut World, desk: usize, text: &str, language: Language) {
    world.command(desk, writing::message(LINE, text, language));
}

fn texts(world: &World, notes: usize) -> Vec<String> {
    let contents = world.desks[notes].archived.iter().filter_map(|a| Content::decode(a.content.as_ref()?));
    let text = |content: Content| match content.part {
        Part::Message { text, .. } => text.text,
        _ => "?".to_owned(),
    };
    contents.map(text).collect()
}

/// What an archive's words in the journals, as a console hears them, say.
fn words(world: &World, desk: usize) -> Vec<(Vec<Hash>, bool)> {
    let messages = world.desks[desk].heard.iter().filter_map(|bytes| minicbor::decode::<ToConsole>(bytes).ok());
    let entries = messages.flat_map(|message| match message {
        ToConsole::Entries { bundles } => bundles,
        _ => Vec::new(),
    });
    let mut words = Vec::new();
    for bundle in entries {
        let entry = UnverifiedEntry::decode(&bundle.entry).unwrap();
        let Body::Stated { statement } = &entry.claim().body else { continue };
        if let Act::Archive { writings, destroyed } = &UnverifiedStatement::decode(statement).unwrap().claim().act {
            words.push((writings.clone(), *destroyed));
        }
    }
    words
}

#[test]
fn everything_that_it_may_read_is_handed_out_once() {
    let Scene { mut world, jpn, kor, notes, identity } = scene();
    assert!(world.written(jpn).readers.iter().any(|reader| reader.person.party == "USA"), "everybody sees who reads");
    write(&mut world, jpn, "現場で確認しています。", Language::Ja);
    write(&mut world, kor, "우리도 확인했습니다.", Language::Ko);
    world.until(10, |world| texts(world, notes).len() == 2);
    world.run(5 * SECOND);
    let mut all = texts(&world, notes);
    all.sort();
    assert_eq!(all, ["現場で確認しています。", "우리도 확인했습니다."]);
    // It was away, and its machine starts anew: what came meanwhile is handed out, and nothing is lost.
    world.cut(notes, true);
    world.settle();
    write(&mut world, jpn, "海上保安庁が向かっています。", Language::Ja);
    world.run(30 * SECOND);
    world.desks[notes].archived.clear();
    world.reload_writer(notes, identity);
    world.desks[notes].console.archive_writings(Default::default());
    world.until(20, |world| texts(world, notes).len() == 3);
}

#[test]
fn what_was_written_before_it_came_is_said_to_be_unreadable() {
    let Scene { mut world, jpn, notes, .. } = scene();
    write(&mut world, jpn, "確認しました。", Language::Ja);
    world.until(10, |world| texts(world, notes).len() == 1);
    let late = world.writer("kor-notes");
    world.desks[late].console.archive_writings(Default::default());
    world.until(20, |world| world.desks[late].archived.len() == 1);
    assert!(world.desks[late].archived[0].content.is_none());
}

#[test]
fn it_says_in_the_journal_what_it_keeps_and_what_it_has_destroyed() {
    let Scene { mut world, jpn, kor, notes, .. } = scene();
    write(&mut world, jpn, "確認しました。", Language::Ja);
    world.until(10, |world| world.desks[notes].archived.len() == 1);
    let (line, id) = (LineId::new(LINE).unwrap(), world.desks[notes].archived[0].id);
    for destroyed in [false, true] {
        let word = ArchiveWord { line: line.clone(), writings: vec![id], destroyed };
        world.input(notes, Input::ArchiveSay(word.clone()));
        world.until(10, |world| world.desks[notes].archive_said.last() == Some(&word));
    }
    world.run(SECOND);
    assert_eq!(words(&world, kor), [(vec![id], false), (vec![id], true)], "every party has it in the record");
    // Who does not keep the records cannot say it.
    world.desks[jpn].console.archive_writings(Default::default());
    world.input(jpn, Input::ArchiveSay(ArchiveWord { line, writings: vec![id], destroyed: true }));
    world.run(5 * SECOND);
    assert!(world.desks[jpn].archive_said.is_empty() && words(&world, kor).len() == 2);
    assert!(
        world.desks[jpn]
            .events
            .iter()
            .any(|event| matches!(event, Event::Refused(trialogue_wire::console::Refusal::Role)))
    );
    assert!(!world.desks[jpn].console.archive_may_say(), "it is not tried over and over");
}

#[test]
fn what_is_attached_is_handed_out_after_its_message_and_not_again_once_the_archive_has_it() {
    let Scene { mut world, jpn, notes, identity, .. } = scene();
    let files = [vec![1; PIECE + 9], b"note".to_vec()];
    for file in &files {
        world.attach_file(jpn, LINE, "file", file);
    }
    write(&mut world, jpn, "添付のとおりです。", Language::Ja);
    world.until(20, |world| world.desks[notes].archived_chunks.len() == 3);
    let archived = &world.desks[notes].archived[0];
    let content = Content::decode(archived.content.as_ref().unwrap()).unwrap();
    let mut chunks = world.desks[notes].archived_chunks.iter();
    for (file, expected) in content.files().iter().zip(&files) {
        let mut opener = FileOpener::new(file.clone());
        let opened: Vec<u8> =
            chunks.by_ref().take(file.chunks()).flat_map(|chunk| opener.open(&chunk.bytes).unwrap().to_vec()).collect();
        assert!(opener.is_whole() && opened == *expected);
    }
    // It starts anew: what the platform has is not asked for again, what it lacks is.
    let id = archived.id;
    for (has, again) in [([id].into(), 0), (Default::default(), 3)] {
        world.desks[notes].archived_chunks.clear();
        world.reload_writer(notes, identity.clone());
        world.desks[notes].console.archive_writings(has);
        world.run(20 * SECOND);
        assert_eq!(world.desks[notes].archived_chunks.len(), again);
    }
}
