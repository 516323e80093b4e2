//! A writing is opened by the readers of its circle, as the writer signed it, and by nobody else; whatever its carriers
//! do to it.
#![allow(clippy::unwrap_used, clippy::panic)]

use trialogue_charter::fixture::Trilateral;
use trialogue_charter::{DeviceId, Hash, Suite};
use trialogue_e2ee::writing::*;
use trialogue_e2ee::{Chance, GroupId, Invite, KeyringError};
use trialogue_journal::Language;

/// Other numbers each time.
fn chance() -> Chance {
    Chance::new(|bytes| getrandom::fill(bytes).is_ok())
}

struct Device {
    ring: WritingKeys,
    id: DeviceId,
}

fn device(three: &Trilateral, suite: Suite, office: &str, number: u8) -> Device {
    let (secret, _, _) = three.device(office, number);
    let ring = WritingKeys::new(suite, secret.id(), &secret.mls_key(suite).private, &mut chance()).unwrap();
    Device { ring, id: secret.id() }
}

fn text(words: &str) -> Content {
    let text = Tongue { language: Language::Ja, text: words.to_owned() };
    Content::new(Part::Message { text, marking: String::new(), files: None }, &mut chance()).unwrap()
}

struct Scene {
    writer: Device,
    readers: Vec<Device>,
    stranger: Device,
    circle: GroupId,
    made: CircleMade,
}

fn scene(suite: Suite) -> Scene {
    let three = Trilateral::new(suite);
    let mut writer = device(&three, suite, "usa-duty", 1);
    let mut readers: Vec<Device> = ["jpn-duty", "kor-duty"].map(|office| device(&three, suite, office, 1)).into();
    let mut stranger = device(&three, suite, "jpn-leaders", 1);
    stranger.ring.make_stock().unwrap();
    let stocks: Vec<StockMade> = readers.iter_mut().map(|reader| reader.ring.make_stock().unwrap()).collect();
    let keys: Vec<Vec<u8>> = readers.iter().map(|reader| reader.ring.signature_key().to_vec()).collect();
    let invites: Vec<Invite<'_>> = readers
        .iter()
        .zip(&stocks)
        .zip(&keys)
        .map(|((reader, stock), key)| Invite { device: reader.id, signature_key: key, key_package: &stock.package })
        .collect();
    let circle = GroupId([7; 16]);
    let made = writer.ring.make_circle(circle, &invites).unwrap();
    Scene { writer, readers, stranger, circle, made }
}

fn wrap(scene: &Scene, number: u64) -> Wrap {
    Wrap { by: scene.writer.id, number, circle: scene.circle }
}

#[test]
fn readers_open_it_in_both_suites_and_a_stranger_does_not() {
    for suite in [Suite::XWing, Suite::Cnsa2] {
        let mut scene = scene(suite);
        let content = text("現地で確認中です。");
        let at = wrap(&scene, 5);
        let sealed = seal(&content, &[(at, &scene.made.key)], &mut chance()).unwrap();
        for reader in &mut scene.readers {
            let joined = reader.ring.join_circle(&scene.circle, &scene.writer.id, &scene.made.welcome).unwrap();
            assert_eq!(joined.readers.len(), 2);
            let opened = unseal(at, &sealed.keys[0], &joined.key, &sealed.content, &sealed.digest);
            assert_eq!(opened.as_ref(), Ok(&content));
            // The key package stays: the same welcome is read again after a start, and others can write.
            assert!(reader.ring.join_circle(&scene.circle, &scene.writer.id, &scene.made.welcome).is_ok());
        }
        let refused = scene.stranger.ring.join_circle(&scene.circle, &scene.writer.id, &scene.made.welcome).err();
        assert_eq!(refused, Some(KeyringError::NotForUs));
        let other = CircleKey::from_kept([9; 32]);
        let opened = unseal(at, &sealed.keys[0], &other, &sealed.content, &sealed.digest);
        assert_eq!(opened, Err(UnsealError::Seal));
    }
}

#[test]
fn a_kept_key_package_opens_after_a_start_and_a_damaged_one_is_refused() {
    let suite = Suite::XWing;
    let three = Trilateral::new(suite);
    let mut writer = device(&three, suite, "usa-duty", 1);
    let mut reader = device(&three, suite, "jpn-duty", 1);
    let stock = reader.ring.make_stock().unwrap();
    let key = reader.ring.signature_key().to_vec();
    let invite = Invite { device: reader.id, signature_key: &key, key_package: &stock.package };
    let made = writer.ring.make_circle(GroupId([1; 16]), &[invite]).unwrap();
    let mut again = device(&three, suite, "jpn-duty", 1);
    let (circle, by) = (GroupId([1; 16]), writer.id);
    assert_eq!(again.ring.join_circle(&circle, &by, &made.welcome).err(), Some(KeyringError::NotForUs));
    again.ring.take_stock(&stock.secret).unwrap();
    assert!(again.ring.join_circle(&circle, &by, &made.welcome).is_ok());
    let damaged = StockSecret(zeroize::Zeroizing::new(stock.secret.0[1..].to_vec()));
    assert!(again.ring.take_stock(&damaged).is_err());
}

#[test]
fn what_is_changed_on_its_way_is_refused() {
    let scene = scene(Suite::XWing);
    let content = text("三隻が南下しています。");
    let at = wrap(&scene, 5);
    let sealed = seal(&content, &[(at, &scene.made.key)], &mut chance()).unwrap();
    let open = |at, key: &[u8; 48], bytes: &[u8], digest: &Hash| unseal(at, key, &scene.made.key, bytes, digest);
    for place in [0, sealed.content.len() / 2, sealed.content.len() - 1] {
        let mut bent = sealed.content.clone();
        bent[place] ^= 1;
        assert_eq!(open(at, &sealed.keys[0], &bent, &sealed.digest), Err(UnsealError::Seal));
    }
    assert_eq!(open(at, &sealed.keys[0], &sealed.content[..20], &sealed.digest), Err(UnsealError::Seal));
    assert_eq!(open(at, &sealed.keys[0], &[], &sealed.digest), Err(UnsealError::Seal));
    let mut key = sealed.keys[0];
    key[3] ^= 1;
    assert_eq!(open(at, &key, &sealed.content, &sealed.digest), Err(UnsealError::Seal));
    // The key of one statement is no key of another, nor of another device or circle.
    assert_eq!(open(wrap(&scene, 6), &sealed.keys[0], &sealed.content, &sealed.digest), Err(UnsealError::Seal));
    let other = Wrap { by: scene.readers[0].id, ..at };
    assert_eq!(open(other, &sealed.keys[0], &sealed.content, &sealed.digest), Err(UnsealError::Seal));
    let other = text("二隻が南下しています。");
    assert_eq!(open(at, &sealed.keys[0], &sealed.content, &Hash::of(&other.encode())), Err(UnsealError::Digest));
}

#[test]
fn a_content_has_one_form_and_shows_what_it_says() {
    let message = |words: &str| {
        let text = Tongue { language: Language::En, text: words.to_owned() };
        Content::new(Part::Message { text, marking: String::new(), files: None }, &mut chance())
    };
    assert!(message("Two lines\nof text.").is_ok());
    for hidden in [
        "",
        "  \n ",
        "a\u{202e}b",
        "a\u{200b}b",
        "a\u{2066}b",
        "a\0b",
        "tab\tbed",
        "a\u{61c}b",
        "a\u{200c}b",
        "a\u{2028}b",
        "a\u{ad}b",
        "a\u{3164}b",
        "a\u{2800}b",
        "a\u{e0041}b",
        "a\u{fe0f}b",
    ] {
        assert_eq!(message(hidden), Err(ContentError::Text), "{hidden:?}");
    }
    assert_eq!(message(&"海".repeat(TEXT_MAX + 1)), Err(ContentError::Text));
    let longest = message(&"海".repeat(TEXT_MAX)).unwrap();
    assert_eq!(Content::decode(&longest.encode()), Some(longest));
    let two = |a, b| {
        let text = |language| Tongue { language, text: "text".to_owned() };
        Content::new(Part::Readout { texts: vec![text(a), text(b)] }, &mut chance())
    };
    assert!(two(Language::En, Language::Ko).is_ok());
    assert!(two(Language::Ko, Language::En).is_err() && two(Language::En, Language::En).is_err());
    let mut bytes = text("あ").encode();
    bytes.push(0);
    assert_eq!(Content::decode(&bytes), None);
    for cut in 0..bytes.len() - 1 {
        assert_eq!(Content::decode(&bytes[..cut]), None);
    }
}

#[test]
fn texts_of_about_the_same_length_look_the_same_from_outside() {
    let scene = scene(Suite::XWing);
    let at = wrap(&scene, 5);
    let len = |words: &str| seal(&text(words), &[(at, &scene.made.key)], &mut chance()).unwrap().content.len();
    assert_eq!(len("はい。"), len("いいえ、まだ何も確認できていません。"));
    assert_eq!((len("はい。") - 16) % 256, 0);
}
