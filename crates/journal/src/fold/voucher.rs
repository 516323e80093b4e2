//! A voucher makes one device of its party, at however many of the party's nodes that device is enrolled.

use super::State;
use super::node::NodeState;
use std::collections::BTreeSet;
use trialogue_charter::DeviceId;

impl State {
    /// Has a node of its party enrolled another device with the voucher of this one? Journals have no common order, so none of the two can be told
    /// to be the first: neither is accepted, and the security officer makes a new voucher.
    pub fn is_doubled(&self, device: &DeviceId) -> bool {
        let enrolled = self.nodes.values().filter_map(|node| Some((node, node.enrolled.get(device)?)));
        enrolled.into_iter().any(|(node, known)| self.is_used_twice(node, device, &known.device.voucher_id))
    }

    fn is_used_twice(&self, node: &NodeState, device: &DeviceId, voucher: &trialogue_charter::VoucherId) -> bool {
        let of_party = self.nodes.values().filter(|other| other.party == node.party);
        of_party.filter_map(|other| other.enrolled.made_by(voucher)).any(|other| other != device)
    }

    /// Enrolments that show that a voucher made two devices: small, and never to be missed.
    pub(super) fn doubled(&self, node: &NodeState) -> BTreeSet<u64> {
        let doubled = |(device, known): &(&DeviceId, &super::Enrolment)| {
            self.is_used_twice(node, device, &known.device.voucher_id)
        };
        node.devices().iter().filter(doubled).map(|(_, known)| known.seq).collect()
    }
}
