//! What the journals hold that proves who has a device, and that it is revoked: for the party's officer, who takes no
//! node's word for it.

use super::Journals;
use crate::here::Here;
use trialogue_charter::DeviceId;
use trialogue_charter::officer::DeviceProof;
use trialogue_journal::{Body, UnverifiedEntry};

/// The certificate of a device of the own party, from the journal of the node where it was enrolled, and its
/// revocation, from any journal. Reads the shelf; costs a read or two for each device.
pub(crate) fn proof_of(device: &DeviceId, here: &Here, journals: &Journals) -> DeviceProof {
    DeviceProof {
        certificate: certificate_of(device, here, journals),
        revocation: revocation_of(device, here, journals),
    }
}

fn certificate_of(device: &DeviceId, here: &Here, journals: &Journals) -> Option<Vec<u8>> {
    let enrolled = |own: bool| {
        let nodes = journals.state().nodes().filter(move |(id, _)| (**id == here.node) == own);
        nodes.filter_map(|(id, node)| Some((id, node.devices().get(device)?.seq)))
    };
    let mut places = enrolled(true).chain(enrolled(false));
    places.find_map(|(node, seq)| {
        let entry = UnverifiedEntry::decode(&journals.entry(node, seq)?).ok()?;
        let Body::Enrolled { certificate, .. } = &entry.claim().body else { return None };
        journals.body(&certificate.hash).map(Into::into)
    })
}

fn revocation_of(device: &DeviceId, here: &Here, journals: &Journals) -> Option<Vec<u8>> {
    let nodes = journals.state().nodes();
    let mut places = nodes.filter_map(|(id, node)| Some((id, node.revoked_at(&here.party, device)?)));
    places.find_map(|(node, seq)| {
        let entry = UnverifiedEntry::decode(&journals.entry(node, seq)?).ok()?;
        match &entry.claim().body {
            Body::Revoked { revocation } => Some(revocation.clone()),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::{OwnNode, node_id};
    use trialogue_charter::fixture;

    #[test]
    fn a_certificate_is_in_the_own_journal_and_a_revocation_in_any() {
        let mut own = OwnNode::at("usa-1");
        let [duty, other] = [1, 2].map(|person| own.scene.enrol("usa-duty", person));
        own.write();
        own.confirms();
        let proof = |own: &OwnNode| proof_of(&duty.device.id, &own.scene.here, &own.journals);
        let certificate = Some(duty.certificate.clone());
        assert_eq!(proof(&own), DeviceProof { certificate: certificate.clone(), revocation: None });
        let revocation = fixture::revocation("USA", &duty.device.id);
        own.scene.entry(&node_id("jpn-1"), Body::Revoked { revocation: revocation.clone() }, &[]);
        own.take();
        assert_eq!(proof(&own), DeviceProof { certificate, revocation: Some(revocation) });
        assert_eq!(proof_of(&other.device.id, &own.scene.here, &own.journals).revocation, None);
    }
}
