//! What goes wrong on purpose: a node in hostile hands, what members say that they must not, safeguards that are
//! missing, disks that may fail.

mod forge;
mod member;
mod strokes;
mod taken;

use crate::agenda::Agenda;
use crate::fixture::Fixture;
use crate::media::{Datagram, Media, Packet};
use crate::models::Models;
use crate::mutation::Mutation;
use crate::network::{Network, Travel};
use crate::node::SimNode;
use crate::rng::Rng;
use crate::witness::Witness;
pub(crate) use forge::{Forged, forge};
pub(crate) use member::word_by;
pub(crate) use strokes::{HOUR_MS, Stroke};
pub(crate) use taken::Taken;
use trialogue_charter::NodeId;
use trialogue_wire::media::MediaHeader;

/// Tells the chance of a hostile member from that of the network.
const TAKEN: u64 = 0x7a6b_e417_0e5c_93d1;

/// What goes wrong in a world on purpose.
#[derive(Default)]
pub(crate) struct Mischief {
    taken: Option<Taken>,
    /// A safeguard that is missing here, to see that its loss is noticed.
    missing: Option<Mutation>,
    disks_fail: bool,
}

/// What somebody has who holds the keys of a node: it reads what nodes hold, and sends over the node's cables. No
/// machine is in its reach.
pub(crate) struct Means<'a> {
    pub(crate) fixture: &'static Fixture,
    pub(crate) nodes: &'a [SimNode],
    pub(crate) consoles: &'a Models,
    pub(crate) media: &'a Media,
    pub(crate) network: &'a mut Network,
    pub(crate) agenda: &'a mut Agenda,
    pub(crate) rng: &'a mut Rng,
    pub(crate) witness: &'a mut Witness,
}

impl Means<'_> {
    /// A node says something to another.
    fn say(&mut self, from: usize, to: usize, bytes: Vec<u8>) {
        let travel = &mut Travel { nodes: self.nodes, rng: self.rng, agenda: self.agenda };
        self.network.transmit(from, to, bytes, travel);
    }

    /// A node sends a packet to the one with this index, as far as the cable takes it.
    pub(crate) fn send(&mut self, from: usize, index: u8, header: MediaHeader, packet: Packet) {
        let Some(id) = self.nodes[from].charter().node_at(index).map(|node| &node.id) else { return };
        let Some(to) = self.nodes.iter().position(|node| node.id == *id) else { return };
        self.witness.sent(&packet, self.nodes.len());
        let datagram = Datagram { from, to, connection: 0, header, packet };
        let travel = &mut Travel { nodes: self.nodes, rng: self.rng, agenda: self.agenda };
        self.network.send(datagram, travel);
    }
}

impl Mischief {
    /// Disks may fail, as chance has it.
    pub(crate) fn let_disks_fail(&mut self, fail: bool) {
        self.disks_fail = fail;
    }

    pub(crate) fn disks_fail(&self) -> bool {
        self.disks_fail
    }

    /// A safeguard is missing from now on.
    pub(crate) fn take_away(&mut self, safeguard: Option<Mutation>) {
        self.missing = safeguard;
    }

    /// Is this safeguard missing?
    pub(crate) fn misses(&self, safeguard: Mutation) -> bool {
        self.missing == Some(safeguard)
    }

    /// What a node tells a console, as it comes there.
    pub(crate) fn withhold(&self, bytes: Vec<u8>) -> Vec<u8> {
        match self.missing {
            Some(safeguard) => safeguard.withhold(bytes),
            None => bytes,
        }
    }

    /// A link message as a node without some safeguard takes it, and by how much its clock is moved, in milliseconds.
    pub(crate) fn tamper(&self, node: &SimNode, bytes: Vec<u8>, fixture: &Fixture, wall_ms: u64) -> (Vec<u8>, u64) {
        match self.missing {
            Some(safeguard) => safeguard.tamper(node, bytes, fixture, wall_ms),
            None => (bytes, 0),
        }
    }

    /// Before which stroke of a network a node falls into hostile hands: in every other network, by a chance of its
    /// own.
    pub(crate) fn taken_at(seed: u64, strokes: u64) -> Option<u64> {
        let mut chance = Rng::new(seed ^ TAKEN);
        chance.one_in(2).then(|| chance.below(strokes))
    }

    /// The node that fell into hostile hands.
    pub(crate) fn taken(&self) -> Option<&Taken> {
        self.taken.as_ref()
    }

    /// Is this node in hostile hands?
    pub(crate) fn has_taken(&self, node: usize) -> bool {
        self.taken.as_ref().is_some_and(|taken| taken.node() == node)
    }

    /// A node, whose power is gone, falls into hostile hands. Whose they are, in words; none: it has said nothing yet.
    pub(crate) fn take(&mut self, at: usize, node: &SimNode, fixture: &'static Fixture) -> Option<String> {
        let taken = Taken::of(at, node, fixture)?;
        let words = taken.in_words(node);
        self.taken = Some(taken);
        Some(words)
    }

    /// One stroke of the hostile member; false: there was nobody to do it to.
    pub(crate) fn strike(&mut self, means: &mut Means) -> bool {
        self.taken.as_mut().is_some_and(|taken| taken.strike(means))
    }

    /// A link of a hostile node has come up.
    pub(crate) fn greet(&self, node: usize, other: &NodeId, means: &mut Means) {
        if let Some(taken) = self.taken.as_ref().filter(|taken| taken.node() == node) {
            taken.greet(other, means);
        }
    }

    /// Whatever the hostile member has shown one node comes to all.
    pub(crate) fn tell_all(&self, means: &mut Means) {
        if let Some(taken) = &self.taken {
            (0..means.nodes.len()).for_each(|to| taken.tell(to, means));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::World;

    #[test]
    fn about_every_other_network_has_a_hostile_member_within_its_strokes() {
        let taken: Vec<u64> = (0..1_000).filter_map(|seed| Mischief::taken_at(seed, 20)).collect();
        assert!((400..600).contains(&taken.len()), "{}", taken.len());
        assert!(taken.iter().all(|stroke| *stroke < 20));
    }

    #[test]
    fn a_node_that_is_taken_keeps_its_journal_and_nobody_else_is() {
        let mut world = World::on_watch(3, 1);
        world.make_hostile(1);
        let (mischief, means) = world.mischief();
        let words = mischief.take(1, &means.nodes[1], means.fixture).unwrap();
        assert_eq!(words, "kor-1 is in hostile hands, and all of its party");
        assert!(mischief.has_taken(1) && !mischief.has_taken(0));
    }

    #[test]
    fn nothing_is_tampered_with_while_every_safeguard_is_in_place() {
        let (mischief, fixture) = (Mischief::default(), crate::fixture::fixture(2));
        let node = SimNode::new(fixture.sites[0].node.clone(), fixture.charter.clone());
        assert_eq!(mischief.tamper(&node, vec![1, 2, 3], fixture, 0), (vec![1, 2, 3], 0));
        assert!(Mutation::ALL.iter().all(|safeguard| !mischief.misses(*safeguard)));
    }
}
