//! A member of the charter that turns on the others' media: it speaks under their streams, mutes and ends them, says
//! old words again, and floods.

use super::Means;
use crate::fixture::Fixture;
use crate::media::Packet;
use trialogue_charter::DeviceId;
use trialogue_core::Source;
use trialogue_wire::console::Medium;
use trialogue_wire::link::LinkMessage;
use trialogue_wire::media::{Half, MediaHeader};
use trialogue_wire::word::{What, Word, signed};

/// Packets under another's stream in one stroke.
const PACKETS: u32 = 100;
/// Words in one stroke of a flood.
const WORDS: u64 = 200;

/// A word with the signature of one node, whoever's it claims to be.
pub(crate) fn word_by(fixture: &Fixture, signer: usize, word: &Word) -> Vec<u8> {
    let bytes = trialogue_wire::encode(word);
    let signature = fixture.sites[signer].journal.sign_ed25519(&signed(&bytes)).to_vec();
    trialogue_wire::encode(&LinkMessage::Said { word: bytes, signature })
}

/// One stroke against the media of others; false: there was nothing to do it to.
pub(super) fn turns_on_media(from: usize, to: usize, means: &mut Means) -> bool {
    match means.rng.below(4) {
        0 => words_of_others(from, to, means),
        1 => words_without_end(from, to, means),
        _ => speaks_as_others(from, to, means),
    }
}

/// Names, mutes and ends the streams of another's console.
fn words_of_others(from: usize, to: usize, means: &mut Means) -> bool {
    let console = means.rng.below(means.consoles.len() as u64) as usize;
    let victim = means.consoles[console].node;
    if victim == from {
        return false;
    }
    let (node, device) = (means.nodes[victim].id.clone(), means.consoles.device(console));
    let Some(line) = means.fixture.charter.lines.first().map(|line| line.id.clone()) else { return false };
    let medium = if means.rng.one_in(2) { Medium::Voice } else { Medium::Picture };
    let what = match means.rng.below(4) {
        0 => What::Sending { voice: false, picture: false },
        1 => What::Over { medium },
        2 => What::Stream { number: means.rng.draw() as u16, medium, quiet_after: None },
        _ => {
            let Some((_, number)) = voice_at(to, from, means) else { return false };
            What::Stream { number, medium, quiet_after: Some(means.rng.draw() as u32) }
        }
    };
    let word = Word { node, number: 1 << 60, device, line, what };
    means.say(from, to, word_by(means.fixture, from, &word));
    true
}

/// Its own word for streams of devices that there are not: it fills its own place with them and nobody else's.
fn words_without_end(from: usize, to: usize, means: &mut Means) -> bool {
    let Some(line) = means.fixture.charter.lines.first().map(|line| line.id.clone()) else { return false };
    for at in 0..WORDS {
        let device = DeviceId(means.rng.bytes());
        let what = What::Stream { number: means.rng.draw() as u16, medium: Medium::Voice, quiet_after: None };
        // Far below its machine's own numbers, so that it mutes nobody of its own.
        let word = Word { node: means.nodes[from].id.clone(), number: at, device, line: line.clone(), what };
        means.say(from, to, word_by(means.fixture, from, &word));
    }
    true
}

/// A voice of another node that is heard at `to`: index and number.
fn voice_at(to: usize, from: usize, means: &mut Means) -> Option<(u8, u16)> {
    let own = means.nodes[from].charter().node_index(&means.nodes[from].id)?;
    let routes = means.nodes[to].routes.values();
    let voices = routes.filter(|r| r.source == Source::Links && r.node != own && r.medium == Medium::Voice);
    let keys: Vec<_> = voices.map(|route| (route.node, route.number)).collect();
    (!keys.is_empty()).then(|| keys[means.rng.below(keys.len() as u64) as usize])
}

/// Sends packets of its own under another's stream, about where that one is.
fn speaks_as_others(from: usize, to: usize, means: &mut Means) -> bool {
    let Some(key) = voice_at(to, from, means) else { return false };
    let Some(device) = means.nodes[to].routes.get(&key).map(|route| route.device) else { return false };
    let Some(console) = means.consoles.with(&device) else { return false };
    let Some(index) = means.nodes[from].charter().node_index(&means.nodes[to].id) else { return false };
    // About where it came directly last; or where it was before it fell silent, so that nothing may have come directly
    // yet.
    let after_silence = means.rng.one_in(3);
    if means.media.legs(to).is_none() {
        return false;
    }
    let (newest, quiet_after) = means.witness.whereabouts(to, key);
    let near = if after_silence { quiet_after.or(newest) } else { newest.or(quiet_after) };
    let begin = near.unwrap_or(1_000).wrapping_add(means.rng.below(80) as u32).wrapping_sub(8);
    for at in 0..PACKETS {
        let sequence = begin.wrapping_add(at);
        let header = MediaHeader {
            marker: false,
            key_frame: false,
            half: Half::Whole,
            node: key.0,
            stream: key.1,
            sequence,
            time: sequence.wrapping_mul(960),
        };
        let number = 1 << 40 | means.rng.below(1 << 40);
        means.send(from, index, header, Packet { made_up: true, ..Packet::voice(console, number) });
    }
    true
}
