//! Charters that take the place of one another: which one may, and what is kept of those before.

mod lineage;

pub(crate) use lineage::Lineage;

use crate::here::Here;
use crate::journals::Journals;
use std::sync::Arc;
use trialogue_charter::{CharterError, HybridSecret, UnverifiedCharter, VerifiedCharter};
use trialogue_journal::VerifiedEntry;

/// Why a charter does not take effect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AmendError {
    /// It is not one, or may not take the place of the one in force.
    #[error(transparent)]
    Charter(#[from] CharterError),
    /// The own party has another root there and has not agreed to that with the one that it has.
    #[error(
        "the charter names another root for this node's own party, which its root in force has not signed: check with its security officer, then set party_root and charter in the configuration and start the node again"
    )]
    OwnRoot,
    /// The node has another journal key there.
    #[error(
        "the charter names another key for this node: put its key file beside the present one, named as that with .next after it, and install the charter at this node"
    )]
    OwnKey,
    /// What it says of the end of a former journal key is not so: this node's own entries would count no more.
    #[error(
        "the charter names another last entry under a former key of this node than its journal has: draft it again with `--journals` and a record exported at this node now; of a key that it replaces itself, only while the node stands still"
    )]
    OwnJournal,
}

/// What a node has for charters to come, and of those before.
pub(crate) struct Amendment {
    /// The journal key of a charter to come.
    next_secret: Option<HybridSecret>,
    lineage: Lineage,
}

impl Amendment {
    pub(crate) fn new(next_secret: Option<HybridSecret>, lineage: Vec<Arc<VerifiedCharter>>) -> Self {
        Self { next_secret, lineage: Lineage::new(lineage) }
    }

    /// Charters before the one in force.
    pub(crate) fn lineage(&self) -> &Lineage {
        &self.lineage
    }

    /// The journal key of a charter to come; none: that of before stays.
    pub(crate) fn has_key(&mut self, next: Option<HybridSecret>) {
        self.next_secret = next.or(self.next_secret.take());
    }

    /// Puts a charter in force, and its journal key for this node. None: it is in force already.
    ///
    /// # Errors
    /// When it does not take effect; nothing has changed then.
    pub(crate) fn take(
        &mut self,
        bytes: &[u8],
        here: &mut Here,
        journals: &Journals,
    ) -> Result<Option<Arc<VerifiedCharter>>, AmendError> {
        let offered = UnverifiedCharter::decode(bytes)?;
        if offered.hash() == here.charter.hash() {
            return Ok(None);
        }
        // Before any signature is looked at: whoever sends old ones costs nothing.
        if offered.claims().serial < here.charter.serial {
            return Err(CharterError::Older { offered: offered.claims().serial, held: here.charter.serial }.into());
        }
        let charter = offered.verify(None)?;
        charter.supersedes(&here.charter)?;
        if charter.party(&here.party).is_some() && here.charter.awaits(&offered).contains(&here.party) {
            return Err(AmendError::OwnRoot);
        }
        if !has_ended_so(&charter, here, journals) {
            return Err(AmendError::OwnJournal);
        }
        let own = charter.node(&here.node).filter(|own| !own.retired && own.journal != here.secret.public());
        if let Some(own) = own {
            let next = self.next_secret.take_if(|next| next.public() == own.journal);
            here.secret = next.ok_or(AmendError::OwnKey)?;
        }
        let charter = Arc::new(charter);
        self.lineage.remember(std::mem::replace(&mut here.charter, charter.clone()));
        Ok(Some(charter))
    }
}

/// Do the own entries around the ends that the charter names count under it?
fn has_ended_so(charter: &VerifiedCharter, here: &Here, journals: &Journals) -> bool {
    let head = journals.head(&here.node);
    let counts = |seq: u64| {
        let entry = journals.bundle(&here.node, seq);
        entry.is_some_and(|bundle| VerifiedEntry::open(&bundle.entry, charter).is_ok())
    };
    let keys = charter.node(&here.node).into_iter().flat_map(|own| own.journal_keys());
    let ends: Vec<u64> = keys.filter_map(|key| key.last()).map(|last| last.seq).collect();
    ends.iter().all(|seq| *seq <= head)
        && ends.iter().flat_map(|seq| [*seq, seq + 1]).filter(|seq| (1..=head).contains(seq)).all(counts)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::scene::OwnNode;
    use trialogue_charter::Former;
    use trialogue_charter::fixture::{amended, next_key};

    /// Japan's node gets another journal key.
    fn with_another_key(held: &VerifiedCharter) -> VerifiedCharter {
        amended(held, |charter| {
            let Some(node) = charter.nodes.iter_mut().find(|node| node.id.as_str() == "jpn-1") else { return };
            node.former.push(Former { key: node.journal.ed25519, last: None });
            node.journal = next_key("jpn-1").public();
        })
    }

    #[test]
    fn a_newer_charter_is_in_force_once_and_the_one_before_is_remembered() {
        let (mut own, mut amendment) = (OwnNode::at("jpn-1"), Amendment::new(None, Vec::new()));
        let before = own.scene.here.charter.clone();
        let newer = amended(&before, |charter| charter.policy.ring_seconds += 1);
        let mut take = |bytes: &[u8]| amendment.take(bytes, &mut own.scene.here, &own.journals);
        assert!(take(newer.bytes()).unwrap().is_some_and(|charter| charter.hash() == newer.hash()));
        assert!(take(newer.bytes()).unwrap().is_none());
        assert!(matches!(take(before.bytes()), Err(AmendError::Charter(CharterError::Older { .. }))));
        assert_eq!(own.scene.here.charter.hash(), newer.hash());
        assert!(amendment.lineage().after(0).map(|charter| charter.hash()).eq([before.hash()]));
    }

    #[test]
    fn another_key_of_this_node_is_to_be_here_first() {
        let (mut own, mut amendment) = (OwnNode::at("jpn-1"), Amendment::new(None, Vec::new()));
        let before = own.scene.here.charter.clone();
        let newer = with_another_key(&before);
        let mut take = |amendment: &mut Amendment| amendment.take(newer.bytes(), &mut own.scene.here, &own.journals);
        assert_eq!(take(&mut amendment).unwrap_err(), AmendError::OwnKey);
        amendment.has_key(Some(next_key("kor-1")));
        assert_eq!(take(&mut amendment).unwrap_err(), AmendError::OwnKey, "that is another one");
        amendment.has_key(Some(next_key("jpn-1")));
        amendment.has_key(None);
        assert!(take(&mut amendment).unwrap().is_some());
        assert_eq!(own.scene.here.secret.public(), next_key("jpn-1").public());
    }
}
