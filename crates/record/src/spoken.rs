//! What devices are made to say: every statement in a journal was signed by the device that it names, whether it counts or not.

use crate::finding::Finding;
use std::collections::BTreeMap;
use trialogue_charter::cose;
use trialogue_charter::{Device, DeviceCertificate, DeviceId, NodeId, VerifiedCharter};
use trialogue_journal::limits::ITEMS_MAX;
use trialogue_journal::{Body, Entry, strict};

/// Devices by the journal that enrolled them. A device that was revoked stays: nobody may put words into its mouth either.
#[derive(Default)]
pub(crate) struct Spoken {
    devices: BTreeMap<(NodeId, DeviceId), Device>,
}

impl Spoken {
    /// Takes an entry with what travels beside it.
    pub(crate) fn take(
        &mut self,
        charter: &VerifiedCharter,
        entry: &Entry,
        certificate: Option<&[u8]>,
    ) -> Option<Finding> {
        let (node, seq) = (entry.node.clone(), entry.seq);
        match &entry.body {
            Body::Enrolled { device, certificate: named } => {
                let beside: Vec<&[u8]> = certificate.into_iter().collect();
                let Some(bytes) = named.find(&beside) else { return Some(Finding::NoCertificate { node, seq }) };
                let party = charter.node(&node).map(|node| &node.party);
                // One that does not lead to the party's root any more counts for nothing, and neither does what it says.
                if let Ok(known) = DeviceCertificate::verify(charter, bytes)
                    && known.id == *device
                    && Some(&known.party) == party
                {
                    self.devices.entry((node, *device)).or_insert(known);
                }
                None
            }
            Body::Revoked { list } => {
                // Whether it is the root's word is for the rules to say; that it is there, and the one that is named, is for here.
                let beside: Vec<&[u8]> = certificate.into_iter().collect();
                list.find(&beside).is_none().then_some(Finding::NoCertificate { node, seq })
            }
            _ if certificate.is_some() => Some(Finding::Certificate { node, seq }),
            Body::Stated { statement } => {
                let signed = match named(statement) {
                    Some(device) => {
                        let known = self.devices.get(&(node.clone(), device));
                        known.is_none_or(|known| known.open_statement(statement).is_ok())
                    }
                    None => false,
                };
                (!signed).then_some(Finding::Statement { node, seq })
            }
            _ => None,
        }
    }
}

/// The device that a statement names; none: these bytes are nothing that a device signs.
fn named(statement: &[u8]) -> Option<DeviceId> {
    let payload = cose::peek1(statement).ok()?;
    strict::check(&payload, ITEMS_MAX).ok()?;
    let mut read = minicbor::Decoder::new(&payload);
    let fields = read.map().ok()?;
    let first = read.u8().ok()?;
    let device = read.bytes().ok()?.try_into().ok()?;
    (fields.is_some() && first == 1).then_some(DeviceId(device))
}
