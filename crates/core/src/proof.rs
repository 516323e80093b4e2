//! What the journals hold that proves who has a device, and that it is revoked: for the party's officer, who takes no
//! node's word for it.

use crate::machine::Machine;
use trialogue_charter::DeviceId;
use trialogue_charter::officer::DeviceProof;
use trialogue_journal::{Body, UnverifiedEntry};

impl Machine {
    /// The certificate of a device of the own party, from the journal of the node where it was enrolled, and its
    /// revocation, from any journal. Reads the shelf; costs a read or two for each device.
    pub fn proof_of(&self, device: &DeviceId) -> DeviceProof {
        DeviceProof { certificate: self.certificate_of(device), revocation: self.revocation_of(device) }
    }

    fn certificate_of(&self, device: &DeviceId) -> Option<Vec<u8>> {
        let enrolled = |own: bool| {
            let nodes = self.journals.state().nodes().filter(move |(id, _)| (**id == self.here.node) == own);
            nodes.filter_map(|(id, node)| Some((id, node.devices().get(device)?.seq)))
        };
        let mut places = enrolled(true).chain(enrolled(false));
        places.find_map(|(node, seq)| {
            let entry = UnverifiedEntry::decode(&self.journals.entry(node, seq)?).ok()?;
            let Body::Enrolled { certificate, .. } = &entry.claim().body else { return None };
            self.journals.body(&certificate.hash).map(Into::into)
        })
    }

    fn revocation_of(&self, device: &DeviceId) -> Option<Vec<u8>> {
        let mut places = self
            .journals
            .state()
            .nodes()
            .filter_map(|(id, node)| Some((id, node.revoked_at(&self.here.party, device)?)));
        places.find_map(|(node, seq)| {
            let entry = UnverifiedEntry::decode(&self.journals.entry(node, seq)?).ok()?;
            match &entry.claim().body {
                Body::Revoked { revocation } => Some(revocation.clone()),
                _ => None,
            }
        })
    }
}
