//! Legs for the tests of all crates; never part of a program.
#![allow(clippy::missing_panics_doc)]

use super::{LegAddress, LegAnswer, LegEnd, LegNumbers, LegOffer, LegStream};

fn end(fragment: String) -> LegEnd {
    LegEnd { fragment, password: "onlyForTestsOnlyForTests".to_owned(), fingerprint: [7; 32] }
}

/// An offer with two places for voices and one for pictures; `number` stands in its fragment.
#[must_use]
pub fn offer(number: u32) -> LegOffer {
    let numbers =
        LegNumbers { voice: 111, picture: 96, again: Some(97), mid: 4, sent_rate: Some(3), received_rate: Some(2) };
    let (voice, picture) = (LegStream { ssrc: 11, again: None }, LegStream { ssrc: 12, again: Some(13) });
    let mids = (0..5).map(|at| at.to_string()).collect();
    LegOffer { end: end(format!("offer{number}")), numbers, mids, voices: 2, voice, picture }
}

/// An answer to [`offer`]; `number` stands in its fragment.
#[must_use]
pub fn answer(number: u32) -> LegAnswer {
    let address = |tcp| LegAddress { ip: [127, 0, 0, 1].into(), port: 4_470, tcp };
    let stream = |ssrc, again| LegStream { ssrc, again };
    LegAnswer {
        end: end(format!("answer{number}")),
        addresses: vec![address(false), address(true)],
        streams: vec![stream(1, None), stream(2, None), stream(3, Some(4))],
    }
}

/// What a WebRTC stack would say of [`offer`].
#[must_use]
pub fn sdp(number: u32) -> String {
    offer(number).describe().unwrap_or_default()
}
