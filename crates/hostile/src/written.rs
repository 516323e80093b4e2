//! A content and its sealed form from a hostile writer or node: one encoding, no hidden characters, and nothing opens
//! that was not sealed.

use std::sync::LazyLock;
use trialogue_charter::{DeviceId, Hash};
use trialogue_e2ee::writing::{CircleKey, Content, Part, Sealed, Tongue, Wrap, seal, unseal};
use trialogue_e2ee::{Chance, GroupId};
use trialogue_journal::Language;

const AT: Wrap = Wrap { by: DeviceId([1; 32]), number: 7, circle: GroupId([2; 16]) };

fn circle() -> CircleKey {
    CircleKey::from_kept([3; 32])
}

fn text(language: Language, words: &str) -> Tongue {
    Tongue { language, text: words.to_owned() }
}

fn contents() -> Vec<Content> {
    let message =
        Part::Message {
            text: text(Language::Ja, "現地で確認中です。"), marking: "REL".to_owned(), files: None
        };
    let translation = Part::Translation { text: text(Language::En, "Two lines\nof text."), machine: true };
    let readout = Part::Readout {
        texts: vec![text(Language::En, "The parties spoke."), text(Language::Ko, "협의했습니다.")],
    };
    let back = Part::ReadBack { text: text(Language::Ko, "세 척입니다.") };
    let salted = |(at, part)| Content { salt: [at; 32], part };
    (0..).zip([message, translation, readout, back]).map(salted).collect()
}

static SEALED: LazyLock<Vec<(Content, Sealed)>> = LazyLock::new(|| {
    let sealed = |content: Content| {
        let sealed = seal(&content, &[(AT, &circle())], &mut Chance::replayable([7; 32])).expect("it is short");
        (content, sealed)
    };
    contents().into_iter().map(sealed).collect()
});

/// Read as a content, and opened as a sealed one. Taken: it is a content, or was really sealed.
pub fn content(data: &[u8]) -> bool {
    let read = Content::decode(data);
    if let Some(content) = &read {
        assert_eq!(content.encode(), data, "a content has one encoding");
    }
    let mut opened = false;
    for (content, sealed) in SEALED.iter() {
        // Its own digest, and one that the stranger chose.
        for digest in [sealed.digest, Hash::of(data)] {
            if let Ok(found) = unseal(AT, &sealed.keys[0], &circle(), data, &digest) {
                assert!(found == *content && sealed.content == data, "opened, and nobody has sealed it");
                opened = true;
            }
        }
    }
    read.is_some() || opened
}

/// Contents of each kind, open and sealed.
pub fn seeds() -> Vec<Vec<u8>> {
    let open = contents().into_iter().map(|content| content.encode());
    open.chain(SEALED.iter().map(|(_, sealed)| sealed.content.clone())).collect()
}
