//! Creating a group and committing changes to it.

use super::offer::{first_key, own_keys};
use super::{GROUPS_MAX, Invite, Keyring, KeyringError, MEMBERS_MAX, Pending, leaves, unlimited};
use openmls::prelude::*;
use std::collections::BTreeSet;
use trialogue_charter::DeviceId;
use trialogue_journal::GroupId;

impl Keyring {
    /// Creates a group with this console alone in it, at epoch 0.
    pub fn create(&mut self, group: GroupId) -> Result<(), KeyringError> {
        if self.has(&group) {
            return Err(KeyringError::HaveGroup);
        }
        if self.groups.len() >= GROUPS_MAX {
            return Err(KeyringError::TooMany { what: "groups", most: GROUPS_MAX });
        }
        let config = MlsGroupCreateConfig::builder()
            .ciphersuite(self.suite)
            .wire_format_policy(PURE_PLAINTEXT_WIRE_FORMAT_POLICY)
            .use_ratchet_tree_extension(true)
            .max_past_epochs(0)
            .capabilities(self.capabilities())
            .with_leaf_node_extensions(self.hearing_extension()?)
            .map_err(|e| KeyringError::mls("create a group", e))?
            .lifetime(unlimited())
            .build();
        let id = openmls::group::GroupId::from_slice(&group.0);
        let made = MlsGroup::new_with_group_id(&self.provider, &self.signer, &config, id, self.credential())
            .map_err(|e| KeyringError::mls("create a group", e))?;
        self.groups.insert(group, made);
        Ok(())
    }

    /// One commit that adds and removes. Devices already in are not added again, devices not in are not removed, and a
    /// key package that does not verify, or has a key of a member or of one before it in the list, is left out and
    /// reported: one bad device never keeps the others out.
    ///
    /// A commit that only adds carries no new path (RFC 9420 §12.4 allows it): newcomers learn no earlier key, and with
    /// post-quantum keys it is a third of the size. One that removes always does.
    pub fn add_and_remove(
        &mut self,
        group: &GroupId,
        adds: &[Invite<'_>],
        removes: &[DeviceId],
    ) -> Result<Pending, KeyringError> {
        let held = self.group(group)?;
        if held.pending_commit().is_some() {
            return Err(KeyringError::CommitPending);
        }
        let members = leaves(held.members())?;
        let epoch = held.epoch().as_u64();

        let mut removed: Vec<DeviceId> = Vec::new();
        let mut indices = Vec::new();
        for device in removes {
            let leaf = members.iter().find(|leaf| leaf.device == *device && leaf.device != self.device);
            if let Some(leaf) = leaf
                && !removed.contains(device)
            {
                removed.push(*device);
                indices.push(LeafNodeIndex::new(leaf.index));
            }
        }

        let mut added: Vec<DeviceId> = Vec::new();
        let mut packages = Vec::new();
        let mut refused = Vec::new();
        // MLS refuses a whole commit in which two have the same key: whoever comes later in the list is left out.
        let tree = held.treesync();
        let leaves = tree.full_leaves().map(|(_, leaf)| first_key(leaf.encryption_key()));
        let parents = tree.full_parents().map(|(_, parent)| first_key(parent));
        let mut keys = leaves.chain(parents).collect::<Result<BTreeSet<_>, _>>()?;
        // Who comes back has the signature key that it had.
        let stays = members.iter().filter(|leaf| !removed.contains(&leaf.device));
        keys.extend(stays.map(|leaf| leaf.signature_key.clone()));
        for invite in adds {
            let stays = members.iter().any(|leaf| leaf.device == invite.device) && !removed.contains(&invite.device);
            if stays || added.contains(&invite.device) {
                continue;
            }
            if members.len() - removed.len() + added.len() >= MEMBERS_MAX {
                refused.push((invite.device, KeyringError::TooMany { what: "members", most: MEMBERS_MAX }));
                continue;
            }
            let accepted = self.accept_offer(invite).and_then(|package| {
                let [encryption, init] = own_keys(&package)?;
                let own = [encryption, init, invite.signature_key.to_vec()];
                if own.iter().any(|key| keys.contains(key)) {
                    Err(KeyringError::KeyOfAnother)
                } else {
                    Ok((package, own))
                }
            });
            match accepted {
                Ok((package, own)) => {
                    keys.extend(own);
                    added.push(invite.device);
                    packages.push(package);
                }
                Err(error) => refused.push((invite.device, error)),
            }
        }
        if added.is_empty() && removed.is_empty() {
            return match refused.into_iter().next() {
                Some((_, error)) => Err(error),
                None => Err(KeyringError::NothingToChange),
            };
        }

        let pending = Pending { epoch, added, removed, refused, ..Pending::default() };
        if packages.is_empty() {
            return self.stage(group, indices, packages, pending);
        }
        match self.stage(group, indices.clone(), packages.clone(), pending.clone()) {
            Ok(pending) => Ok(pending),
            Err(_) => self.stage_who_fit(group, indices, packages, pending),
        }
    }

    /// Somebody spoils the commit for all, in a way that was not foreseen: each is tried beside those who fit, whoever
    /// does not is refused, and who is to go goes in any case.
    fn stage_who_fit(
        &mut self,
        group: &GroupId,
        removals: Vec<LeafNodeIndex>,
        packages: Vec<KeyPackage>,
        pending: Pending,
    ) -> Result<Pending, KeyringError> {
        let mut fit = Vec::new();
        let (mut added, mut refused) = (Vec::new(), pending.refused.clone());
        for (package, device) in packages.into_iter().zip(pending.added.iter().copied()) {
            fit.push(package);
            match self.stage(group, removals.clone(), fit.clone(), Pending::default()) {
                Ok(_) => {
                    self.discard(group)?;
                    added.push(device);
                }
                Err(error) => {
                    fit.pop();
                    refused.push((device, error));
                }
            }
        }
        if fit.is_empty() && removals.is_empty() {
            return Err(refused.pop().map_or(KeyringError::NothingToChange, |(_, error)| error));
        }
        self.stage(group, removals, fit, Pending { added, refused, ..pending })
    }

    /// A commit that changes nobody's membership and gives this console fresh secrets (RFC 9420 §12.4: an UpdatePath
    /// alone): who had taken its keys before is out.
    ///
    /// # Errors
    /// [`KeyringError::NoGroup`], [`KeyringError::CommitPending`].
    pub fn renew(&mut self, group: &GroupId) -> Result<Pending, KeyringError> {
        let held = self.group(group)?;
        if held.pending_commit().is_some() {
            return Err(KeyringError::CommitPending);
        }
        let epoch = held.epoch().as_u64();
        self.stage(group, Vec::new(), Vec::new(), Pending { epoch, ..Pending::default() })
    }

    fn stage(
        &mut self,
        group: &GroupId,
        removals: Vec<LeafNodeIndex>,
        packages: Vec<KeyPackage>,
        pending: Pending,
    ) -> Result<Pending, KeyringError> {
        let step = "commit";
        let held = self.groups.get_mut(group).ok_or(KeyringError::NoGroup)?;
        let bundle = held
            .commit_builder()
            .consume_proposal_store(false)
            .force_self_update(removals.is_empty() && packages.is_empty())
            .propose_removals(removals)
            .propose_adds(packages)
            .load_psks(self.provider.storage())
            .map_err(|e| KeyringError::mls(step, e))?
            .build(self.provider.rand(), self.provider.crypto(), &self.signer, |_| true)
            .map_err(|e| KeyringError::mls(step, e))?
            .stage_commit(&self.provider)
            .map_err(|e| KeyringError::mls(step, e))?;
        let commit = bundle.commit().to_bytes().map_err(|e| KeyringError::mls(step, e))?;
        let welcome = match bundle.to_welcome_msg() {
            Some(message) => Some(message.to_bytes().map_err(|e| KeyringError::mls(step, e))?),
            None => None,
        };
        Ok(Pending { commit, welcome, ..pending })
    }

    /// The node has accepted the own commit: moves to the next epoch, which it returns.
    pub fn confirm(&mut self, group: &GroupId) -> Result<u64, KeyringError> {
        let held = self.groups.get_mut(group).ok_or(KeyringError::NoGroup)?;
        if held.pending_commit().is_none() {
            return Err(KeyringError::NothingPending);
        }
        held.merge_pending_commit(&self.provider).map_err(|e| KeyringError::mls("confirm a commit", e))?;
        Ok(held.epoch().as_u64())
    }

    /// The node has accepted another commit for this epoch: forgets the own one.
    pub fn discard(&mut self, group: &GroupId) -> Result<(), KeyringError> {
        let held = self.groups.get_mut(group).ok_or(KeyringError::NoGroup)?;
        held.clear_pending_commit(self.provider.storage()).map_err(|e| KeyringError::mls("discard a commit", e))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use trialogue_charter::Suite;

    #[test]
    fn one_that_spoils_a_commit_keeps_nobody_else_out() {
        let ring = |device: u8, seed: u8| {
            let mut chance = crate::chance::any();
            Keyring::new(Suite::XWing, DeviceId([device; 32]), &[seed; 32], &mut chance).unwrap()
        };
        let (mut lead, mut first, mut same, mut other) = (ring(1, 1), ring(2, 2), ring(9, 2), ring(3, 3));
        let group = GroupId([1; 16]);
        lead.create(group).unwrap();
        let accepted = |ring: &mut Keyring| {
            let key_package = ring.key_package().unwrap();
            let signature_key = ring.signature_key().to_vec();
            let invite = Invite { device: ring.device(), signature_key: &signature_key, key_package: &key_package };
            lead.accept_offer(&invite).unwrap()
        };
        // The signature key of another: MLS refuses a commit with both.
        let packages: Vec<KeyPackage> = [&mut first, &mut same, &mut other].map(accepted).into();
        let added = [2, 9, 3].map(|n| DeviceId([n; 32])).to_vec();
        assert!(lead.stage(&group, Vec::new(), packages.clone(), Pending::default()).is_err());
        let pending = Pending { added, ..Pending::default() };
        let made = lead.stage_who_fit(&group, Vec::new(), packages, pending).unwrap();
        assert_eq!(made.added, [DeviceId([2; 32]), DeviceId([3; 32])]);
        assert_eq!(made.refused.iter().map(|(device, _)| *device).collect::<Vec<_>>(), [DeviceId([9; 32])]);
        lead.confirm(&group).unwrap();
        assert_eq!(lead.members(&group).unwrap().len(), 3);
    }
}
