//! A node says that its consoles were given frames that are not their sender's.

use super::line::LineView;
use super::speaker::At;
use crate::limits::FORGERIES_MAX;
use minicbor::{Decode, Encode};
use std::collections::BTreeSet;
use trialogue_charter::{DeviceId, NodeId};

/// Frames that are not their sender's, as one node says.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Forgery {
    /// Whose they were said to be.
    #[n(0)]
    pub device: DeviceId,
    /// Nodes through whose links they may have come, sorted.
    #[n(1)]
    pub via: Vec<NodeId>,
    /// Position of the entry.
    #[n(2)]
    pub seq: u64,
    /// The node's time, milliseconds since 1970 UTC. A claim.
    #[n(3)]
    pub time_ms: u64,
}

/// The last of each device, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub(super) struct Forgeries {
    #[n(0)]
    told: Vec<Forgery>,
}

impl Forgeries {
    pub(super) fn told(&self) -> &[Forgery] {
        &self.told
    }

    pub(super) fn tell(&mut self, device: DeviceId, via: &[NodeId], At { seq, time_ms }: At) {
        self.told.retain(|before| before.device != device);
        if self.told.len() >= FORGERIES_MAX {
            self.told.remove(0);
        }
        self.told.push(Forgery { device, via: via.to_vec(), seq, time_ms });
    }

    /// Positions of the entries that say so.
    pub(super) fn relevant(&self, seqs: &mut BTreeSet<u64>) {
        seqs.extend(self.told.iter().map(|told| told.seq));
    }
}

impl<'a> LineView<'a, '_> {
    /// Forged frames that nodes have told of, by the node that says so; of each device what a node said last.
    pub(super) fn forgeries(self) -> impl Iterator<Item = (&'a NodeId, &'a Forgery)> {
        let nodes = self.nodes().iter();
        nodes.flat_map(move |(id, node)| node.lines.forgeries(self.id()).iter().map(move |told| (id, told)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::{at, device};
    use super::*;

    #[test]
    fn the_last_of_each_device_is_remembered_and_the_oldest_makes_room() {
        let mut forgeries = Forgeries::default();
        for number in 0..=FORGERIES_MAX as u8 {
            forgeries.tell(device(number), &[], at(u64::from(number) + 1));
        }
        assert_eq!(forgeries.told().len(), FORGERIES_MAX);
        assert_eq!(forgeries.told().first().map(|told| told.device), Some(device(1)));
        forgeries.tell(device(1), &[], at(999));
        assert_eq!(forgeries.told().len(), FORGERIES_MAX);
        assert_eq!(forgeries.told().last().map(|told| (told.device, told.seq)), Some((device(1), 999)));
        let mut seqs = BTreeSet::new();
        forgeries.relevant(&mut seqs);
        assert_eq!((seqs.len(), seqs.last()), (FORGERIES_MAX, Some(&999)));
    }
}
