//! Following the commits of others.

use super::hearing::hearing_of;
use super::offer::first_key;
use super::{Keyring, KeyringError, Leaf, Progress, check_members, check_size, device_of, leaves};
use openmls::prelude::{tls_codec::Deserialize as _, *};
use std::collections::BTreeSet;
use trialogue_charter::DeviceId;
use trialogue_journal::GroupId;

impl Keyring {
    /// Takes the commit that the node's journal holds for the group's current epoch. `by` is the device whose statement
    /// carried it. An own commit that still waits is discarded, since the journal chose this one.
    pub fn process(&mut self, group: &GroupId, by: &DeviceId, commit: &[u8]) -> Result<Progress, KeyringError> {
        check_size(commit)?;
        let message = MlsMessageIn::tls_deserialize_exact(commit).map_err(|_| KeyringError::Malformed("commit"))?;
        let MlsMessageBodyIn::PublicMessage(message) = message.extract() else {
            return Err(KeyringError::Malformed("commit"));
        };
        let message = ProtocolMessage::from(message);
        let held = self.groups.get_mut(group).ok_or(KeyringError::NoGroup)?;
        if message.group_id() != held.group_id() {
            return Err(KeyringError::OtherGroup);
        }
        let (theirs, ours) = (message.epoch().as_u64(), held.epoch().as_u64());
        if theirs != ours {
            return Err(KeyringError::Epoch { theirs, ours });
        }

        let before = leaves(held.members())?;
        let processed = held.process_message(&self.provider, message).map_err(|e| match e {
            ProcessMessageError::InvalidCommit(StageCommitError::OwnCommitMismatch) => KeyringError::OwnCommit,
            e => KeyringError::mls("follow a commit", e),
        })?;
        let Sender::Member(sender) = *processed.sender() else {
            return Err(KeyringError::ForbiddenProposal);
        };
        let sender = before.iter().find(|leaf| leaf.index == sender.u32()).ok_or(KeyringError::NotADevice)?;
        if sender.device != *by {
            return Err(KeyringError::OtherSender(sender.device));
        }
        let by = sender.device;
        let staged = match processed.into_content() {
            ProcessedMessageContent::StagedCommitMessage(staged) => staged,
            ProcessedMessageContent::OwnPendingCommit => return Err(KeyringError::OwnCommit),
            _ => return Err(KeyringError::Malformed("commit")),
        };
        let (added, removed) = check_commit(&staged, &before, sender)?;
        self.check_leaves(group, &staged, sender.index)?;
        let left = staged.self_removed();
        let held = self.groups.get_mut(group).ok_or(KeyringError::NoGroup)?;
        let epoch = ours + 1;
        held.merge_staged_commit(&self.provider, *staged).map_err(|e| KeyringError::mls("follow a commit", e))?;
        if left {
            self.drop_group(group);
        }
        Ok(Progress { epoch, by, added, removed, left })
    }
}

impl Keyring {
    /// All that a commit brings into the tree is as consoles make it: who comes, the sender's new leaf, and the keys on
    /// the path above it. The last commit is good for nothing where the next one cannot be made, which may be to remove
    /// somebody.
    fn check_leaves(&self, group: &GroupId, staged: &StagedCommit, sender: u32) -> Result<(), KeyringError> {
        for add in staged.add_proposals() {
            self.profile().check_package(add.add_proposal().key_package())?;
        }
        let Some(leaf) = staged.update_path_leaf_node() else { return Ok(()) };
        let keys = self.profile().check_leaf(leaf)?;
        self.profile().try_to_seal("encryption key", &keys.encryption)?;
        let held = self.group(group)?;
        // A console has one hearing key for as long as it lives.
        let before =
            held.treesync().full_leaves().find(|(at, _)| at.u32() == sender).and_then(|(_, leaf)| hearing_of(leaf));
        if before.is_none_or(|before| before != keys.hearing) {
            return Err(KeyringError::IdentityChanged);
        }
        let parents = held.treesync().full_parents().map(|(_, parent)| first_key(parent));
        let known = parents.collect::<Result<BTreeSet<_>, _>>()?;
        let after = staged
            .export_ratchet_tree(self.provider.crypto(), held.export_ratchet_tree())
            .map_err(|e| KeyringError::mls("follow a commit", e))?;
        after.map_or(Ok(()), |tree| self.profile().try_parents(tree.parents(), &known))
    }
}

/// Consoles add and remove, and keep who they are; whatever else MLS would allow is refused (RFC 9420 §5.3.1 leaves
/// credentials to the application).
fn check_commit(
    staged: &StagedCommit,
    before: &[Leaf],
    sender: &Leaf,
) -> Result<(Vec<DeviceId>, Vec<DeviceId>), KeyringError> {
    let (mut added, mut removed) = (Vec::new(), Vec::new());
    for queued in staged.queued_proposals() {
        match queued.proposal() {
            Proposal::Add(add) => added.push(device_of(add.key_package().leaf_node().credential())?),
            Proposal::Remove(remove) => {
                let leaf = before.iter().find(|leaf| leaf.index == remove.removed().u32());
                removed.push(leaf.ok_or(KeyringError::NotADevice)?.device);
            }
            _ => return Err(KeyringError::ForbiddenProposal),
        }
    }
    if let Some(leaf) = staged.update_path_leaf_node()
        && (device_of(leaf.credential())? != sender.device || leaf.signature_key().as_slice() != sender.signature_key)
    {
        return Err(KeyringError::IdentityChanged);
    }
    let stay = before.iter().map(|leaf| &leaf.device).filter(|device| !removed.contains(device));
    check_members(stay.chain(&added))?;
    Ok((added, removed))
}
