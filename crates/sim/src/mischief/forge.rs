//! A node of the charter that says what it must not: entries in another's name, other histories of its own, media that
//! is not its own.

use super::Means;
use super::member::turns_on_media;
use trialogue_journal::{Body, Entry, UnverifiedEntry, VerifiedEntry};
use trialogue_wire::Bundle;
use trialogue_wire::link::LinkMessage;

/// What became of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Forged {
    /// There was nothing to say.
    Nothing,
    /// Somebody has the node's keys, and found nothing to do with them.
    Tried,
    /// Something was said in the node's name.
    Said,
}

/// Says something of the kind over a link that stands. The node's own machine goes on and knows nothing of it, as when
/// somebody has stolen the keys.
pub(crate) fn forge(from: usize, to: usize, means: &mut Means) -> Forged {
    if !means.nodes[from].is_on() || means.nodes[to].machine.is_none() {
        return Forged::Nothing;
    }
    let nodes = means.nodes.len();
    let victim = (to + means.rng.below(nodes as u64 - 1) as usize + 1) % nodes;
    if means.rng.one_in(2) {
        return if turns_on_media(from, to, means) { Forged::Said } else { Forged::Tried };
    }
    let message = match means.rng.below(3) {
        0..=1 if victim != from => in_the_name_of(from, to, victim, means),
        _ => Some(trialogue_wire::encode(&LinkMessage::Neighbours { nodes: Vec::new() })),
    };
    let Some(mut bytes) = message else { return Forged::Nothing };
    if means.rng.one_in(6) {
        let at = means.rng.below(bytes.len() as u64) as usize;
        bytes[at] ^= 1 << means.rng.below(8);
    }
    means.say(from, to, bytes);
    Forged::Said
}

/// The entry that would follow in another's journal, signed by the forger.
fn in_the_name_of(from: usize, to: usize, victim: usize, means: &Means) -> Option<Vec<u8>> {
    let node = means.nodes[victim].id.clone();
    let held = means.nodes[to].known.range((node.clone(), 0)..=(node.clone(), u64::MAX)).next_back();
    let ((_, seq), bytes) = held?;
    let (seq, previous) = (seq + 1, VerifiedEntry::open(bytes, &means.fixture.charter).ok()?.hash());
    let entry = Entry { node, seq, previous, time_ms: means.agenda.wall_ms(), body: Body::Restarted {} };
    let signed = entry.sign(&means.fixture.sites[from].journal).0;
    UnverifiedEntry::decode(&signed).ok()?;
    let bundles = vec![Bundle { entry: signed, bodies: Vec::new() }];
    Some(trialogue_wire::encode(&LinkMessage::Entries { bundles }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::World;
    use trialogue_core::Count;

    #[test]
    fn what_is_forged_in_anothers_name_is_noticed_and_changes_nothing() {
        let mut world = World::on_watch(3, 1);
        let (_, mut means) = world.mischief();
        let bytes = in_the_name_of(0, 1, 2, &means).unwrap();
        means.say(0, 1, bytes);
        world.run(1_000_000);
        assert_eq!(world.nodes[1].count(Count::EntryForged), 1);
        world.check_converged();
    }

    #[test]
    fn nothing_is_said_to_a_node_without_power() {
        let mut world = World::on_watch(3, 1);
        world.crash(1);
        let (_, mut means) = world.mischief();
        assert_eq!(forge(0, 1, &mut means), Forged::Nothing);
    }
}
