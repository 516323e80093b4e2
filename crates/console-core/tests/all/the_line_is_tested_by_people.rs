//! officers exchange a neutral text, translate and certify it; consoles prove that they live; every board says how
//! tests stand.
#![allow(clippy::unwrap_used)]

use crate::common;
use common::*;
use trialogue_charter::Suite;
use trialogue_console_core::Input;
use trialogue_console_core::view::*;

/// Sends what is offered at a desk.
fn sends(world: &mut World, desk: usize, language: Language) {
    let offer = world.view(desk).tests.offer.clone().unwrap();
    world.command(desk, Command::SendTest { line: offer.line, number: offer.number, language });
    world.until(5, |world| world.view(desk).tests.offer.is_none() && world.view(desk).tests.sent.is_some());
}

/// Certifies all that waits at a desk.
fn certifies(world: &mut World, desk: usize, language: Language, translation: &str) {
    for text in world.view(desk).tests.received.clone() {
        let translation = translation.to_owned();
        world.command(desk, Command::Certify { id: text.id, language, translation });
    }
    world.until(5, |world| world.view(desk).tests.received.is_empty());
}

fn pair<'a>(world: &'a World, desk: usize, a: &str, b: &str) -> &'a PairView {
    let pairs = &world.view(desk).tests.pairs;
    pairs.iter().find(|pair| [&*pair.a, &*pair.b] == [a, b] || [&*pair.a, &*pair.b] == [b, a]).unwrap()
}

#[test]
fn each_party_certifies_the_texts_of_the_others() {
    let mut world = World::leaders(Suite::XWing);
    let offers: Vec<u16> = [0, 1, 2].map(|desk| world.view(desk).tests.offer.as_ref().unwrap().number).into();
    assert!(offers[0] != offers[1] && offers[1] != offers[2], "each party sends another text");
    sends(&mut world, 2, Language::En);
    for desk in [0, 1] {
        world.until(5, |world| world.view(desk).tests.received.len() == 1);
        let text = &world.view(desk).tests.received[0];
        assert_eq!((text.by.party.as_str(), text.language, text.may_certify), ("USA", Language::En, true));
        assert!(!text.text.ja.is_empty(), "side by side with the original, in the reader's language");
    }
    assert_eq!(world.view(2).tests.sent.as_ref().unwrap().missing.len(), 2);
    certifies(&mut world, 0, Language::Ja, "  訳文\n です。 ");
    world.until(5, |world| world.view(2).tests.sent.as_ref().unwrap().certified.len() == 1);
    let sent = world.view(2).tests.sent.clone().unwrap();
    let by = &sent.certified[0];
    assert_eq!((by.by.party.as_str(), by.translation.as_str(), by.language), ("JPN", "訳文 です。", Language::Ja));
    assert_eq!(sent.missing.len(), 1, "Korea has not yet");
    certifies(&mut world, 1, Language::Ko, "번역문입니다.");
    // One direction says nothing of the other.
    assert_eq!(pair(&world, 2, "USA", "JPN").human.grade, Grade::Unknown);
    sends(&mut world, 0, Language::Ja);
    world.until(5, |world| world.view(2).tests.received.len() == 1);
    certifies(&mut world, 2, Language::En, "A translation.");
    for desk in [0, 1, 2] {
        world.until(5, |world| pair(world, desk, "USA", "JPN").human.grade == Grade::Good);
        assert_eq!(pair(&world, desk, "USA", "KOR").human.grade, Grade::Unknown);
    }
    // A console that comes on watch later sees the same.
    let late = world.desk("usa-leaders");
    world.until(10, |world| !world.view(late).tests.pairs.is_empty());
    world.until(10, |world| pair(world, late, "USA", "JPN").human.grade == Grade::Good);
    assert_eq!(world.view(late).tests.sent.as_ref().map(|sent| sent.certified.len()), Some(2));
    assert!(world.view(late).tests.offer.is_none(), "the party has sent its text");
}

#[test]
fn a_translation_that_nobody_could_read_is_refused_at_once() {
    let mut world = World::leaders(Suite::XWing);
    sends(&mut world, 2, Language::En);
    world.until(5, |world| world.view(0).tests.received.len() == 1);
    let id = world.view(0).tests.received[0].id.clone();
    for translation in ["", " \n ", &"長".repeat(501)] {
        let translation = translation.to_owned();
        world.command(0, Command::Dismiss { line: None });
        world.command(0, Command::Certify { id: id.clone(), language: Language::Ja, translation });
        world.until(1, |world| world.view(0).trouble == Some(Trouble::ActRefused { reason: Refusal::Malformed }));
    }
    assert_eq!(world.view(0).tests.received.len(), 1);
}

#[test]
fn a_console_says_that_it_lives_when_its_media_worker_has_shown_it() {
    let mut world = World::leaders(Suite::XWing);
    world.until(20, |world| (0..3).all(|desk| world.desks[desk].asked.is_some()));
    assert_eq!(pair(&world, 2, "USA", "JPN").station.grade, Grade::Unknown);
    for desk in [0, 1] {
        let nonce = world.desks[desk].asked.unwrap();
        world.input(desk, Input::Proven { nonce });
    }
    world.run(2 * SECOND);
    assert_eq!(pair(&world, 2, "USA", "JPN").station.grade, Grade::Unknown, "its own has shown nothing yet");
    assert_eq!(pair(&world, 2, "KOR", "JPN").station.grade, Grade::Good);
    // Another's number proves nothing, and nobody is told off for it.
    let nonce = world.desks[0].asked.unwrap();
    world.input(2, Input::Proven { nonce });
    world.run(2 * SECOND);
    assert_eq!((pair(&world, 2, "USA", "JPN").station.grade, world.view(2).trouble.clone()), (Grade::Unknown, None));
    let nonce = world.desks[2].asked.unwrap();
    world.input(2, Input::Proven { nonce });
    for desk in [0, 1, 2] {
        world.until(5, |world| pair(world, desk, "USA", "JPN").station.grade == Grade::Good);
    }
}
