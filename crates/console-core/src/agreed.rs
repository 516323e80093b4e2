//! What all parties have agreed on, as far as this console follows it, and what that says of this console.

use crate::authority::{AuthorityView, authority};
use std::sync::Arc;
use trialogue_charter::{CertificateError, Device, DeviceCertificate, Hash, NodeId, VerifiedCharter};

/// A charter that may take effect, and what the own certificate says under it.
#[derive(Debug)]
pub(crate) struct Followed {
    charter: Arc<VerifiedCharter>,
    me: Device,
}

impl Followed {
    pub(crate) fn charter(&self) -> &Arc<VerifiedCharter> {
        &self.charter
    }
}

/// The charter in force here, by the own party's root and the own certificate.
pub(crate) struct Agreed {
    root: Hash,
    certificate: Vec<u8>,
    charter: Option<Arc<VerifiedCharter>>,
    /// What the own certificate says, under the charter.
    me: Option<Device>,
}

impl Agreed {
    pub(crate) fn new(root: Hash, certificate: Vec<u8>) -> Self {
        Self { root, certificate, charter: None, me: None }
    }

    pub(crate) fn charter(&self) -> Option<&Arc<VerifiedCharter>> {
        self.charter.as_ref()
    }

    /// What the own certificate says.
    pub(crate) fn me(&self) -> Option<&Device> {
        self.me.as_ref()
    }

    /// The own certificate.
    pub(crate) fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// The charter that the platform has kept. None: it does not verify any more (a disk fault), and is as good as
    /// none: the node shows the present one.
    pub(crate) fn recall(&self, kept: &[u8]) -> Result<Option<Followed>, CertificateError> {
        let charter = VerifiedCharter::open(kept, Some(&self.root)).ok();
        charter.map(|charter| self.certified(charter)).transpose()
    }

    /// A charter that a node shows: signed by all, with the own root among them, and following on the one held. None:
    /// it is the one held. An error: a sentence for the operator.
    pub(crate) fn follow(&self, bytes: &[u8]) -> Result<Option<Followed>, String> {
        if self.charter.as_ref().is_some_and(|held| held.bytes() == bytes) {
            return Ok(None);
        }
        let charter = VerifiedCharter::open(bytes, Some(&self.root)).map_err(|error| error.to_string())?;
        if let Some(held) = &self.charter {
            charter.supersedes(held).map_err(|error| error.to_string())?;
        }
        self.certified(charter).map(Some).map_err(|error| error.to_string())
    }

    fn certified(&self, charter: VerifiedCharter) -> Result<Followed, CertificateError> {
        let me = DeviceCertificate::verify(&charter, &self.certificate)?;
        Ok(Followed { charter: Arc::new(charter), me })
    }

    /// It takes effect. Returns the one before.
    pub(crate) fn take(&mut self, Followed { charter, me }: Followed) -> Option<Arc<VerifiedCharter>> {
        self.me = Some(me);
        self.charter.replace(charter)
    }

    /// The node must be one of the own party that is in service.
    pub(crate) fn check_node(&self, node: &NodeId) -> Result<(), String> {
        let serving = self.charter.as_ref().filter(|charter| charter.serves(node));
        let party = serving.and_then(|charter| charter.node(node)).map(|node| &node.party);
        if party.is_none() || party != self.me.as_ref().map(|me| &me.party) {
            return Err(format!("{node} is no node of this console's party in the charter: check the address"));
        }
        Ok(())
    }

    /// Serial of the held charter, where this one is a true and newer one that does not follow on it by itself: this
    /// console was away for more than one amendment.
    pub(crate) fn missed_some(&self, bytes: &[u8]) -> Option<u64> {
        let held = self.charter.as_ref()?;
        let newer = VerifiedCharter::open(bytes, Some(&self.root)).ok()?;
        let missed = newer.serial > held.serial && newer.supersedes(held).is_err();
        missed.then_some(held.serial)
    }

    /// Is it a charter under which the own certificate is good for nothing any more?
    pub(crate) fn is_put_out_by(&self, bytes: &[u8]) -> bool {
        let charter = VerifiedCharter::open(bytes, None).ok();
        charter.is_some_and(|charter| DeviceCertificate::verify(&charter, &self.certificate).is_err())
    }

    /// Who may do what; none before there is a charter.
    pub(crate) fn authority(&self) -> Option<AuthorityView> {
        let mut view = authority(self.charter.as_ref()?);
        view.own_office = self.me.as_ref().map(|me| me.office.to_string()).unwrap_or_default();
        Some(view)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use trialogue_charter::Suite;
    use trialogue_charter::fixture::Trilateral;

    /// A console of the USA before it has reached a node, and the charter of its time.
    fn begun() -> (Agreed, VerifiedCharter) {
        let fixture = Trilateral::new(Suite::XWing);
        let (_, certificate, device) = fixture.device("usa-duty", 1);
        let root = fixture.charter.party(&device.party).unwrap().root.fingerprint();
        (Agreed::new(root, certificate), fixture.charter.clone())
    }

    #[test]
    fn a_charter_counts_when_the_own_root_has_signed_it_and_once() {
        let (mut agreed, charter) = begun();
        assert!(agreed.charter().is_none() && agreed.me().is_none() && agreed.authority().is_none());
        assert!(agreed.follow(b"no charter").is_err());
        assert!(agreed.recall(b"no charter").unwrap().is_none(), "a disk fault is no reason not to begin");
        let stranger = Agreed::new(Hash([7; 48]), agreed.certificate().to_vec());
        assert!(stranger.follow(charter.bytes()).is_err() && stranger.recall(charter.bytes()).unwrap().is_none());
        let followed = agreed.follow(charter.bytes()).unwrap().unwrap();
        assert!(agreed.take(followed).is_none());
        assert_eq!(agreed.me().unwrap().office.as_str(), "usa-duty");
        assert!(agreed.follow(charter.bytes()).unwrap().is_none(), "it is held");
        assert_eq!(agreed.missed_some(charter.bytes()), None);
        assert!(!agreed.is_put_out_by(charter.bytes()));
    }

    #[test]
    fn only_nodes_of_the_own_party_are_logged_in_to() {
        let (mut agreed, charter) = begun();
        let node = |id: &str| NodeId::new(id).unwrap();
        assert!(agreed.check_node(&node("usa-1")).is_err(), "there is no charter yet");
        let followed = agreed.recall(charter.bytes()).unwrap().unwrap();
        agreed.take(followed);
        assert!(agreed.check_node(&node("usa-1")).is_ok());
        assert!(agreed.check_node(&node("jpn-1")).is_err() && agreed.check_node(&node("usa-9")).is_err());
    }
}
