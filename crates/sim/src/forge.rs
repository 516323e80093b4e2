//! A node of the charter that says what it must not: entries in another's name, other histories of its own, media that
//! is not its own.

use crate::world::World;
use trialogue_journal::{Body, Entry, UnverifiedEntry, VerifiedEntry};
use trialogue_wire::Bundle;
use trialogue_wire::link::LinkMessage;

impl World {
    /// Says something of the kind over a link that stands; false: there was nothing to say. Its own machine goes on and
    /// knows nothing of it, as when somebody has stolen the keys.
    pub(crate) fn forge(&mut self, from: usize, to: usize) -> bool {
        if !self.nodes[from].is_on() || self.nodes[to].machine.is_none() {
            return false;
        }
        let victim = (to + self.rng.below(self.nodes.len() as u64 - 1) as usize + 1) % self.nodes.len();
        if self.rng.one_in(2) {
            self.nodes[from].dishonest = true;
            return self.turns_on_media(from, to);
        }
        let message = match self.rng.below(3) {
            0..=1 if victim != from => self.in_the_name_of(from, to, victim),
            _ => Some(trialogue_wire::encode(&LinkMessage::Neighbours { nodes: Vec::new() })),
        };
        let Some(mut bytes) = message else { return false };
        if self.rng.one_in(6) {
            let at = self.rng.below(bytes.len() as u64) as usize;
            bytes[at] ^= 1 << self.rng.below(8);
        }
        self.nodes[from].dishonest = true;
        self.say_as(from, to, bytes);
        true
    }

    /// The entry that would follow in another's journal, signed by the forger.
    fn in_the_name_of(&mut self, from: usize, to: usize, victim: usize) -> Option<Vec<u8>> {
        let node = self.nodes[victim].id.clone();
        let held = self.nodes[to].known.range((node.clone(), 0)..=(node.clone(), u64::MAX)).next_back();
        let (seq, previous) = match held {
            Some(((_, seq), bytes)) => (*seq, VerifiedEntry::open(bytes, &self.fixture.charter).ok()?.hash()),
            None => return None,
        };
        let entry = Entry { node, seq: seq + 1, previous, time_ms: self.agenda.wall_ms(), body: Body::Restarted {} };
        let signed = entry.sign(&self.fixture.sites[from].journal).0;
        UnverifiedEntry::decode(&signed).ok()?;
        let bundles = vec![Bundle { entry: signed, bodies: Vec::new() }];
        Some(trialogue_wire::encode(&LinkMessage::Entries { bundles }))
    }
}
