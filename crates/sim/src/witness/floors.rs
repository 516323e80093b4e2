//! Who may hear whom at a node, as its state says.

use super::Sight;
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::DeviceId;
use trialogue_journal::fold::Floor;

/// Worked out when first asked after a change: by node; speaker, listener.
#[derive(Default)]
pub(super) struct Floors {
    of: BTreeMap<usize, BTreeSet<(DeviceId, DeviceId)>>,
}

impl Floors {
    /// A node's state may be another one than before.
    pub(super) fn changed(&mut self, node: usize) {
        self.of.remove(&node);
    }

    /// Both are in on one line, and neither's floor keeps them apart.
    pub(super) fn may_hear(&mut self, node: usize, speaker: DeviceId, listener: DeviceId, sight: &Sight) -> bool {
        let Some(machine) = &sight.nodes[node].machine else { return false };
        let of = self.of.entry(node).or_insert_with(|| {
            let mut allowed = BTreeSet::new();
            for line in &sight.fixture.charter.lines {
                let members = machine.state().in_on(&line.id);
                for (speaker, listener) in members.iter().flat_map(|s| members.iter().map(move |l| (s, l))) {
                    let held = listener.floor == Floor::Held;
                    if speaker.device != listener.device && !held && speaker.floor.reaches(&listener.party) {
                        allowed.insert((speaker.device, listener.device));
                    }
                }
            }
            allowed
        });
        of.contains(&(speaker, listener))
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::LEADERS;
    use crate::world::{JPN, USA, World};

    #[test]
    fn those_who_are_in_hear_each_other_until_one_is_held() {
        let mut world = World::on_watch(3, 1);
        let (usa, jpn) = (world.device(USA), world.device(JPN));
        let hears = |world: &mut World| {
            let (witness, sight) = world.witness();
            witness.floors.may_hear(2, usa, jpn, &sight)
        };
        assert!(!hears(&mut world), "nobody is in");
        let call = world.ring(USA, LEADERS);
        world.run(1_000_000);
        world.answer(JPN, LEADERS, call);
        world.run(1_000_000);
        assert!(hears(&mut world));
        world.act(JPN, LEADERS, trialogue_journal::Act::Hold { device: jpn, on: true }, Vec::new());
        world.run(1_000_000);
        assert!(!hears(&mut world), "one who is held gets nothing");
    }
}
