//! A member of the charter that turns on the others' media: it speaks under their streams, mutes and ends them, says
//! old words again, and floods; and what must hold all the same.

use crate::media::Packet;
use crate::world::World;
use trialogue_core::Source;
use trialogue_wire::console::Medium;
use trialogue_wire::link::LinkMessage;
use trialogue_wire::media::{Half, MediaHeader};
use trialogue_wire::word::{What, Word, signed};

/// Packets under another's stream in one stroke.
const PACKETS: u64 = 100;
/// Words in one stroke of a flood.
const WORDS: u64 = 200;

impl World {
    /// A word with the signature of one node, whoever's it claims to be.
    pub fn word_by(&self, signer: usize, word: &Word) -> Vec<u8> {
        let bytes = trialogue_wire::encode(word);
        let signature = self.fixture.sites[signer].journal.sign_ed25519(&signed(&bytes)).to_vec();
        trialogue_wire::encode(&LinkMessage::Said { word: bytes, signature })
    }

    /// One stroke against the media of others; false: there was nothing to do it to.
    pub(crate) fn turns_on_media(&mut self, from: usize, to: usize) -> bool {
        match self.rng.below(4) {
            0 => self.words_of_others(from, to),
            1 => self.words_without_end(from, to),
            _ => self.speaks_as_others(from, to),
        }
    }

    /// Names, mutes and ends the streams of another's console.
    fn words_of_others(&mut self, from: usize, to: usize) -> bool {
        let console = self.rng.below(self.consoles.len() as u64) as usize;
        let victim = self.consoles[console].node;
        if victim == from {
            return false;
        }
        let (node, device) = (self.nodes[victim].id.clone(), self.device(console));
        let Some(line) = self.fixture.charter.lines.first().map(|line| line.id.clone()) else { return false };
        let medium = if self.rng.one_in(2) { Medium::Voice } else { Medium::Picture };
        let what = match self.rng.below(4) {
            0 => What::Sending { voice: false, picture: false },
            1 => What::Over { medium },
            2 => What::Stream { number: self.rng.draw() as u16, medium, quiet_after: None },
            _ => {
                let Some(number) = self.voice_at(to, from).map(|(_, number)| number) else { return false };
                What::Stream { number, medium, quiet_after: Some(self.rng.draw() as u32) }
            }
        };
        let word = Word { node, number: 1 << 60, device, line, what };
        let bytes = self.word_by(from, &word);
        self.say_as(from, to, bytes);
        true
    }

    /// Its own word for streams of devices that there are not: it fills its own place with them and nobody else's.
    fn words_without_end(&mut self, from: usize, to: usize) -> bool {
        let Some(line) = self.fixture.charter.lines.first().map(|line| line.id.clone()) else { return false };
        for at in 0..WORDS {
            let device = trialogue_charter::DeviceId(self.rng.bytes());
            let what = What::Stream { number: self.rng.draw() as u16, medium: Medium::Voice, quiet_after: None };
            // Far below its machine's own numbers, so that it mutes nobody of its own.
            let word = Word { node: self.nodes[from].id.clone(), number: at, device, line: line.clone(), what };
            let bytes = self.word_by(from, &word);
            self.say_as(from, to, bytes);
        }
        true
    }

    /// A voice of another node that is heard at `to`: index and number.
    fn voice_at(&mut self, to: usize, from: usize) -> Option<(u8, u16)> {
        let own = self.nodes[from].charter().node_index(&self.nodes[from].id)?;
        let routes = self.nodes[to].routes.values();
        let voices = routes.filter(|r| r.source == Source::Links && r.node != own && r.medium == Medium::Voice);
        let keys: Vec<_> = voices.map(|route| (route.node, route.number)).collect();
        (!keys.is_empty()).then(|| keys[self.rng.below(keys.len() as u64) as usize])
    }

    /// Sends packets of its own under another's stream, about where that one is.
    fn speaks_as_others(&mut self, from: usize, to: usize) -> bool {
        let Some(key) = self.voice_at(to, from) else { return false };
        let Some(device) = self.nodes[to].routes.get(&key).map(|route| route.device) else { return false };
        let Some(console) = self.consoles.with(&device) else { return false };
        let Some(index) = self.nodes[from].charter().node_index(&self.nodes[to].id) else { return false };
        // About where it came directly last; or where it was before it fell silent, so that nothing may have come
        // directly yet.
        let after_silence = self.rng.one_in(3);
        if self.media.legs(to).is_none() {
            return false;
        }
        let (newest, quiet_after) = self.witness.whereabouts(to, key);
        let near = if after_silence { quiet_after.or(newest) } else { newest.or(quiet_after) };
        let near = near.unwrap_or(1_000);
        let begin = near.wrapping_add(self.rng.below(80) as u32).wrapping_sub(8);
        for at in 0..PACKETS as u32 {
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
            let number = 1 << 40 | self.rng.below(1 << 40);
            let packet = Packet { made_up: true, ..Packet::voice(console, number) };
            self.send_datagram(from, index, header, packet);
        }
        true
    }
}
