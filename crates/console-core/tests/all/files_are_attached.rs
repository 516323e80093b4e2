//! Files attached to messages: sealed before they leave the console, given to its node before the message is said,
//! fetched by the other nodes in the background, read by those who can read the message, and by nobody else.
#![allow(clippy::unwrap_used)]

use crate::common;
use common::*;
use trialogue_charter::Suite;
use trialogue_charter::text::{Form, clean};
use trialogue_console_core::view::*;
use trialogue_console_core::{Identity, Input};
use trialogue_e2ee::writing::{FILES_BYTES_MAX, FILES_MAX, PIECE};
use trialogue_wire::link::LinkMessage;
use trialogue_wire::{decode, encode};

const LINE: &str = "summit";

/// Duty officers of the three parties with the written line open.
fn summit() -> (World, [usize; 3]) {
    let (world, desks, _) = summit_with();
    (world, desks)
}

/// The same with the identity of the first one, whose page is loaded anew.
fn summit_with() -> (World, [usize; 3], Identity) {
    let mut world = World::new(Suite::XWing);
    let identity = world.identity("usa-duty", 1);
    let usa = world.desk_with(identity.clone());
    world.desks[usa].console.keep_writings(None);
    let desks = [usa, world.writer("jpn-duty"), world.writer("kor-duty")];
    world.until(10, |world| world.desks.iter().all(|desk| desk.console.view().node == NodeLink::Up));
    for desk in desks {
        world.command(desk, Command::OpenWritten { line: Some(LINE.into()) });
    }
    world.until(10, |world| {
        world.desks.iter().all(|desk| desk.written.as_ref().is_some_and(|w| w.readers.len() == 3 && w.ready))
    });
    (world, desks, identity)
}

fn bytes(len: usize, seed: u8) -> Vec<u8> {
    let mut state = u64::from(seed) + 1;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    (0..len).map(|_| next()).collect()
}

fn write(world: &mut World, desk: usize, text: &str) {
    world.command(desk, writing::message(LINE, text, Language::En));
}

fn message<'a>(world: &'a World, desk: usize, text: &str) -> Option<&'a MessageView> {
    world.written(desk).messages.iter().find(|message| message.text == text)
}

/// The desk fetches a file of a message, and this is it.
fn fetch(world: &mut World, desk: usize, text: &str, at: u32) -> Vec<u8> {
    world.desks[desk].file = (Vec::new(), false);
    let id = message(world, desk, text).unwrap().id.clone();
    world.command(desk, Command::SaveFile { id, at });
    world.until(60, |world| world.desks[desk].file.1);
    assert_eq!(message(world, desk, text).unwrap().files[at as usize].state, FileState::Saved);
    std::mem::take(&mut world.desks[desk].file.0)
}

/// How many chunks a console has given to nodes.
fn gave(world: &World, desk: usize) -> usize {
    world.desks[desk].gave
}

#[test]
fn what_is_attached_comes_to_all_readers_as_it_was_and_no_node_can_read_it() {
    let (mut world, [usa, jpn, kor]) = summit();
    let (large, small) = (bytes(3 * PIECE + 1_234, 1), "海図の説明です。".repeat(40).into_bytes());
    world.attach_file(usa, LINE, "chart.tiff", &large);
    world.attach_file(usa, LINE, "説明.txt", &small);
    let names: Vec<&str> = world.written(usa).attached.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["chart.tiff", "説明.txt"]);
    write(&mut world, usa, "The chart is attached.");
    world.until(30, |world| {
        [jpn, kor]
            .iter()
            .all(|desk| message(world, *desk, "The chart is attached.").is_some_and(|m| m.files.len() == 2))
    });
    assert!(world.written(usa).attached.is_empty() && world.written(usa).outbox.is_empty());
    // A node says that it has the message when it has all of it.
    world.until(30, |world| message(world, usa, "The chart is attached.").is_some_and(|m| m.stored.len() == 3));
    for desk in [jpn, kor, usa] {
        assert!(fetch(&mut world, desk, "The chart is attached.", 0) == large);
        assert!(fetch(&mut world, desk, "The chart is attached.", 1) == small);
    }
    assert!(world.desks[usa].chunks.is_empty(), "what the node has is kept there alone");
    let readable = |heard: &[u8]| {
        heard.windows(32).any(|seen| seen == &small[..32]) || heard.windows(32).any(|seen| seen == &large[..32])
    };
    assert!(!world.desks.iter().flat_map(|desk| &desk.heard).any(|heard| readable(heard)), "a node can read it");
}

#[test]
fn an_upload_goes_on_where_it_was_cut_off_and_holds_nobody_up() {
    let (mut world, [usa, jpn, _], identity) = summit_with();
    let large = bytes(12 * PIECE, 2);
    world.attach_file(usa, LINE, "film.mp4", &large);
    // Five of them reach the node, and no more.
    world.desks[usa].gives = 5;
    write(&mut world, usa, "A film.");
    world.until(30, |world| gave(world, usa) == 5);
    world.run(SECOND);
    assert!(message(&world, jpn, "A film.").is_none(), "it is not said before all of it is at the node");
    world.reload_writer(usa, identity);
    world.desks[usa].gives = usize::MAX;
    world.command(usa, Command::OpenWritten { line: Some(LINE.into()) });
    world.until(30, |world| world.desks[usa].written.as_ref().is_some_and(|w| !w.outbox.is_empty()));
    write(&mut world, usa, "This is urgent.");
    world.until(60, |world| {
        message(world, jpn, "A film.").is_some() && message(world, jpn, "This is urgent.").is_some()
    });
    assert_eq!(gave(&world, usa), 12, "what the node had was not given again");
    world.until(30, |world| message(world, usa, "A film.").is_some_and(|m| m.stored.len() == 3));
    assert!(fetch(&mut world, jpn, "A film.", 0) == large);
}

#[test]
fn a_node_that_lacks_chunks_has_them_from_a_third_when_their_own_node_is_gone() {
    let (mut world, [usa, jpn, kor]) = summit();
    let node = |world: &World, desk: usize| world.desks[desk].node;
    let (of_usa, of_jpn, of_kor) = (node(&world, usa), node(&world, jpn), node(&world, kor));
    // Korea is cut off from the writer and hears of it from Japan alone.
    world.link(of_usa, of_kor, false);
    world.settle();
    let large = bytes(5 * PIECE + 77, 3);
    world.attach_file(usa, LINE, "report.pdf", &large);
    write(&mut world, usa, "The report.");
    world.until(60, |world| message(world, usa, "The report.").is_some_and(|m| m.stored.len() == 3));
    world.link(of_usa, of_jpn, false);
    world.settle();
    assert!(fetch(&mut world, kor, "The report.", 0) == large);
}

#[test]
fn where_machines_have_too_much_to_do_files_come_all_the_same() {
    let (mut world, [usa, jpn, kor]) = summit();
    let ids: Vec<_> = world.nodes.iter().map(|node| node.id.clone()).collect();
    for at in 0..ids.len() {
        for node in ids.iter().filter(|node| **node != ids[at]).cloned() {
            world.node_input(at, trialogue_core::Input::LinkSilent { node, silent: true });
        }
    }
    world.attach_file(usa, LINE, "map.png", &bytes(PIECE + 5, 7));
    write(&mut world, usa, "The map.");
    world.until(60, |world| message(world, usa, "The map.").is_some_and(|m| m.stored.len() == 3));
    assert!(fetch(&mut world, jpn, "The map.", 0) == fetch(&mut world, kor, "The map.", 0));
}

#[test]
fn a_node_that_gives_other_bytes_or_none_is_passed_over() {
    for lie in [0, 1, 2, 3] {
        let (mut world, [usa, jpn, kor]) = summit();
        let (of_usa, of_kor) = (world.desks[usa].node, world.desks[kor].node);
        world.link_tamper = Some(Box::new(move |from, to, bytes| {
            let Ok(LinkMessage::Chunk { hash, whole, at, bytes: mut part }) = decode(&bytes) else {
                return Some(bytes);
            };
            if (from, to) != (of_usa, of_kor) {
                return Some(bytes);
            }
            match lie {
                0 => part[0] ^= 1,
                1 => return None,
                2 => part.clear(),
                _ => return Some(encode(&LinkMessage::Chunk { hash, whole: u32::MAX, at, bytes: part })),
            }
            Some(encode(&LinkMessage::Chunk { hash, whole, at, bytes: part }))
        }));
        let file = bytes(2 * PIECE + 5, 6);
        world.attach_file(usa, LINE, "map.png", &file);
        write(&mut world, usa, "The map.");
        world.until(120, |world| message(world, usa, "The map.").is_some_and(|m| m.stored.len() == 3));
        assert!(fetch(&mut world, kor, "The map.", 0) == file, "lie {lie}");
        assert!(fetch(&mut world, jpn, "The map.", 0) == file);
    }
}

#[test]
fn a_node_that_gives_drop_by_drop_holds_nobody_up() {
    let (mut world, [usa, jpn, kor]) = summit();
    let (of_usa, of_jpn, of_kor) = (world.desks[usa].node, world.desks[jpn].node, world.desks[kor].node);
    // The American node gives nothing to Korea's, so that it asks Japan's, which has it and answers each time with one
    // byte.
    world.link_tamper = Some(Box::new(move |from, to, bytes| match decode(&bytes) {
        Ok(LinkMessage::Chunk { .. }) if (from, to) == (of_usa, of_kor) => None,
        Ok(LinkMessage::Chunk { hash, whole, at, bytes: part }) if (from, to) == (of_jpn, of_kor) => {
            Some(encode(&LinkMessage::Chunk { hash, whole, at, bytes: part[..1].to_vec() }))
        }
        _ => Some(bytes),
    }));
    let file = bytes(PIECE, 7);
    world.attach_file(usa, LINE, "map.png", &file);
    write(&mut world, usa, "The map.");
    world.until(30, |world| message(world, usa, "The map.").is_some_and(|m| m.stored.len() == 2));
    world.run(15 * SECOND);
    // Now the American node does give it: Korea's is not still taking bytes from Japan's.
    world.link_tamper = Some(Box::new(move |from, to, bytes| match decode(&bytes) {
        Ok(LinkMessage::Chunk { hash, whole, at, bytes: part }) if (from, to) == (of_jpn, of_kor) => {
            Some(encode(&LinkMessage::Chunk { hash, whole, at, bytes: part[..1].to_vec() }))
        }
        _ => Some(bytes),
    }));
    world.until(30, |world| message(world, usa, "The map.").is_some_and(|m| m.stored.len() == 3));
    assert!(fetch(&mut world, kor, "The map.", 0) == file);
}

#[test]
fn a_message_whose_files_its_node_does_not_have_is_not_journalled() {
    let (mut world, [usa, jpn, _]) = summit();
    world.attach_file(usa, LINE, "a.bin", &bytes(2 * PIECE, 4));
    // A browser that has lost what it kept.
    world.desks[usa].chunks.pop_first();
    write(&mut world, usa, "Look at this.");
    world.until(30, |world| world.written(usa).outbox.first().is_some_and(|out| out.waits == Waiting::Refused));
    assert!(message(&world, jpn, "Look at this.").is_none());
    // Taken back, it is what is being written again, and its file can be taken off.
    let id = world.written(usa).outbox[0].id.clone();
    world.command(usa, Command::Unsend { id });
    world.settle();
    assert_eq!(world.written(usa).draft.as_ref().unwrap().text, "Look at this.");
    assert_eq!(world.written(usa).attached.len(), 1);
    world.command(usa, Command::Detach { line: LINE.into(), at: 0 });
    world.settle();
    assert!(world.written(usa).attached.is_empty() && world.desks[usa].chunks.is_empty());
    write(&mut world, usa, "Without it.");
    world.until(10, |world| message(world, jpn, "Without it.").is_some());
}

#[test]
fn more_than_a_message_may_carry_is_refused_at_once() {
    let (mut world, [usa, ..]) = summit();
    for at in 0..FILES_MAX {
        world.attach_file(usa, LINE, &format!("{at}.txt"), b"x");
    }
    assert!(world.desks[usa].console.attach_file(LINE, "9.txt", 1).is_err());
    world.command(usa, Command::Detach { line: LINE.into(), at: 3 });
    world.command(usa, Command::Detach { line: LINE.into(), at: 99 });
    world.settle();
    let console = &mut world.desks[usa].console;
    assert!(console.attach_file(LINE, "too large", FILES_BYTES_MAX).is_err(), "together they are over the bound");
    assert!(console.attach_file("nowhere!", "9.txt", 1).is_err());
    // A name that leads elsewhere is a name: what would, is left out of it.
    assert_eq!(clean("../9.txt", Form::File), ".._9.txt");
    console.attach_file(LINE, "../9.txt", 1).unwrap();
    console.stop_attaching();
    console.attach_file(LINE, "9.txt", 10).unwrap();
    assert!(console.attach_piece(b"longer than it was").is_err(), "it changed while it was read");
    assert_eq!(console.attach_next(), 0, "and is not attached");
    assert!(console.attach_piece(b"x").is_err() && console.finish_attaching().is_err());
    console.attach_file(LINE, "9.txt", 10).unwrap();
    assert!(console.finish_attaching().is_err(), "nothing of it was read");
    assert_eq!(world.written(usa).attached.len(), FILES_MAX - 1);
}

#[test]
fn a_draft_with_files_outlives_the_page() {
    let (mut world, [usa, ..], identity) = summit_with();
    world.attach_file(usa, LINE, "note.txt", b"to be sent later");
    let draft = Draft { language: Language::En, text: "See".into() };
    world.command(usa, Command::KeepDraft { line: LINE.into(), draft: Some(draft) });
    world.settle();
    world.command(usa, Command::KeepDraft { line: LINE.into(), draft: None });
    world.settle();
    world.reload_writer(usa, identity);
    assert_eq!(world.desks[usa].console.chunks_needed().len(), 1, "it is kept");
    world.command(usa, Command::OpenWritten { line: Some(LINE.into()) });
    world.until(20, |world| world.desks[usa].written.as_ref().is_some_and(|w| w.attached.len() == 1));
    assert_eq!(world.desks[usa].console.chunks_needed().len(), 1);
    assert!(world.written(usa).draft.is_none(), "there is no text");
    // A chunk that nobody asked for changes nothing.
    let hash = *world.desks[usa].chunks.keys().next().unwrap();
    world.input(usa, Input::Chunk { hash, bytes: None });
    world.settle();
    assert_eq!(world.written(usa).attached.len(), 1);
}

#[test]
fn an_upload_goes_on_at_the_partys_other_site() {
    const MAIN: usize = 2;
    let mut world = World::with_alternate(Suite::XWing);
    let [jpn, usa] = ["jpn-duty", "usa-duty"].map(|office| world.writer(office));
    for desk in [jpn, usa] {
        world.command(desk, Command::OpenWritten { line: Some(LINE.into()) });
    }
    world.until(20, |world| world.desks[usa].other.1.is_some());
    world.until(20, |world| {
        [jpn, usa]
            .iter()
            .all(|desk| world.desks[*desk].written.as_ref().is_some_and(|w| w.ready && w.readers.len() == 2))
    });
    world.run(5 * SECOND);
    let file = bytes(6 * PIECE, 8);
    world.attach_file(usa, LINE, "film.mp4", &file);
    // The main site has half of it, and dies.
    world.desks[usa].gives = 3;
    write(&mut world, usa, "A film.");
    world.until(20, |world| gave(world, usa) == 3);
    world.run(SECOND);
    world.kill_node(MAIN);
    world.desks[usa].gives = usize::MAX;
    world.until(10, |world| world.desks[usa].active == 1 && world.view(usa).node == NodeLink::Up);
    world.until(10, |world| message(world, jpn, "A film.").is_some());
    assert!(fetch(&mut world, jpn, "A film.", 0) == file, "the other site got all of it");
    assert!(world.written(usa).outbox.is_empty());
}

#[test]
fn a_node_that_gives_nothing_holds_up_its_own_files_alone() {
    let (mut world, [usa, jpn, kor]) = summit();
    let of_jpn = world.desks[jpn].node;
    // Japan's node answers nobody who asks it for chunks.
    world.link_tamper = Some(Box::new(move |from, _, bytes| match decode(&bytes) {
        Ok(LinkMessage::Chunk { .. }) if from == of_jpn => None,
        _ => Some(bytes),
    }));
    for n in 0..3 {
        let text = format!("Japan's {n}");
        world.attach_file(jpn, LINE, "map.png", &bytes(PIECE, 10 + n));
        write(&mut world, jpn, &text);
        world.until(10, |world| message(world, kor, &text).is_some());
    }
    let large = bytes(3 * PIECE, 20);
    world.attach_file(usa, LINE, "report.pdf", &large);
    write(&mut world, usa, "The report.");
    world.until(5, |world| message(world, usa, "The report.").is_some_and(|m| m.stored.len() == 3));
    assert!(message(&world, jpn, "Japan's 0").unwrap().stored.len() < 3, "nobody has what was not given");
    assert!(fetch(&mut world, kor, "The report.", 0) == large);
    // Once it gives them, they are fetched.
    world.link_tamper = None;
    world.until(60, |world| (0..3).all(|n| message(world, jpn, &format!("Japan's {n}")).unwrap().stored.len() == 3));
}
