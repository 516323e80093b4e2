//! What devices are made to say: every statement in a journal was signed by the device that it names, and that was
//! enrolled there before, whether it counts or not.

use crate::finding::Finding;
use std::collections::BTreeMap;
use trialogue_charter::cose::{Signed1, domain};
use trialogue_charter::{DeviceCertificate, DeviceId, NodeId};
use trialogue_journal::limits::ITEMS_MAX;
use trialogue_journal::{Body, Entry, strict};

/// By what a device's statements are held.
enum Key {
    /// Its Ed25519 key. Its certificate may lead to no root any more, or be another party's: a device's id is made of
    /// its keys.
    Known([u8; 32]),
    /// The certificate is not beside the entry: nothing can be said.
    Missing,
    /// The certificate has no keys of that device: there is nobody who could have signed.
    Nobody,
}

/// Devices by the journal that enrolled them. A device that was revoked stays: nobody may put words into its mouth
/// either.
#[derive(Default)]
pub(crate) struct Spoken {
    devices: BTreeMap<(NodeId, DeviceId), Key>,
}

impl Spoken {
    /// Takes an entry with what travels beside it; `whole`: nothing is missing from the journal before it.
    pub(crate) fn take(&mut self, entry: &Entry, certificate: Option<&[u8]>, whole: bool) -> Option<Finding> {
        let (node, seq) = (entry.node.clone(), entry.seq);
        match &entry.body {
            Body::Enrolled { device, certificate: named } => {
                let beside: Vec<&[u8]> = certificate.into_iter().collect();
                let key = match named.find(&beside).map(DeviceCertificate::keys) {
                    None => Key::Missing,
                    Some(Some(keys)) if keys.device_id() == *device => Key::Known(keys.ed25519),
                    Some(_) => Key::Nobody,
                };
                let missing = matches!(key, Key::Missing).then(|| Finding::NoCertificate { node: node.clone(), seq });
                let held = self.devices.entry((node, *device)).or_insert(Key::Nobody);
                if matches!((&*held, &key), (Key::Nobody, _) | (Key::Missing, Key::Known(_))) {
                    *held = key;
                }
                missing
            }
            _ if certificate.is_some() => Some(Finding::Certificate { node, seq }),
            Body::Stated { statement } => {
                let read = Signed1::parse(statement).ok().and_then(|read| Some((named(&read)?, read)));
                let known = read.map(|(device, read)| (self.devices.get(&(node.clone(), device)), read));
                let signed = match known {
                    Some((Some(Key::Known(key)), read)) => read.holds(key, domain::STATEMENT),
                    Some((Some(Key::Missing), _)) => true,
                    // Where entries are missing, the enrolment may be among them.
                    Some((None, _)) => !whole,
                    Some((Some(Key::Nobody), _)) | None => false,
                };
                (!signed).then_some(Finding::Statement { node, seq })
            }
            _ => None,
        }
    }
}

/// The device that a statement names; none: these bytes are nothing that a device signs.
fn named(signed: &Signed1) -> Option<DeviceId> {
    strict::check(signed.payload(), ITEMS_MAX).ok()?;
    let mut read = minicbor::Decoder::new(signed.payload());
    let fields = read.map().ok()?;
    let first = read.u8().ok()?;
    let device = read.bytes().ok()?.try_into().ok()?;
    (fields.is_some() && first == 1).then_some(DeviceId(device))
}
