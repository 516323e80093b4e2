//! Joining a group by welcome.

use super::{Expected, GROUPS_MAX, Keyring, KeyringError, Leaf, check_members, check_size, leaves};
use openmls::prelude::{tls_codec::Deserialize as _, *};
use openmls_traits::storage::StorageProvider as _;
use std::collections::BTreeSet;

impl Keyring {
    /// Joins the group that the journal says the welcome is for. Whoever wrote it may have put anything into it: unless
    /// it is for the group, epoch and key package expected, by the device expected, nothing changes. A group of that id
    /// that is held already is replaced if that epoch is later: this console was out and is back. The key package is
    /// used up only if the welcome is good.
    pub fn join(&mut self, welcome: &[u8], expected: &Expected<'_>) -> Result<(), KeyringError> {
        self.join_by(welcome, expected, false)
    }

    /// Joins by a key package that stays for other welcomes, whichever of these it is.
    pub(crate) fn join_by_stock(&mut self, welcome: &[u8], expected: &Expected<'_>) -> Result<(), KeyringError> {
        self.join_by(welcome, expected, true)
    }

    fn join_by(&mut self, welcome: &[u8], expected: &Expected<'_>, stock: bool) -> Result<(), KeyringError> {
        check_size(welcome)?;
        match self.groups.get(&expected.group) {
            Some(held) if held.epoch().as_u64() >= expected.epoch => return Err(KeyringError::HaveGroup),
            None if self.groups.len() >= GROUPS_MAX => {
                return Err(KeyringError::TooMany { what: "groups", most: GROUPS_MAX });
            }
            _ => {}
        }
        let message = MlsMessageIn::tls_deserialize_exact(welcome).map_err(|_| KeyringError::Malformed("welcome"))?;
        let MlsMessageBodyIn::Welcome(welcome) = message.extract() else {
            return Err(KeyringError::Malformed("welcome"));
        };
        // openmls takes the first of ours that the welcome names: that one has to be right, or another group's key
        // package is used up.
        let ours = |reference: &KeyPackageRef| {
            let offered = self.offers.iter().find(|(held, _)| held == reference).map(|(_, hash)| Some(*hash));
            offered.or_else(|| self.stock.contains(reference).then_some(None))
        };
        let first = welcome.secrets().iter().map(EncryptedGroupSecrets::new_member);
        let mut first = first.filter_map(|reference| ours(&reference).map(|hash| (reference, hash)));
        let (offer, hash) = first.next().ok_or(KeyringError::NotForUs)?;
        let may = match hash {
            Some(hash) => !stock && expected.packages.contains(&hash),
            None => stock,
        };
        if !may {
            return Err(KeyringError::OtherPackage);
        }
        // openmls forgets a key package as soon as it looks at a welcome for it; a forged welcome must not cost us one.
        let kept: Option<KeyPackageBundle> =
            self.provider.storage().key_package(&offer).map_err(|e| KeyringError::mls("join", e))?;
        let kept = kept.ok_or(KeyringError::NotForUs)?;
        let joined = self.try_join(welcome, expected, stock);
        if stock || joined.is_err() {
            let _ = self.provider.storage().write_key_package(&offer, &kept);
        } else {
            self.offers.retain(|(held, _)| *held != offer);
        }
        joined
    }

    fn try_join(&mut self, welcome: Welcome, expected: &Expected<'_>, stock: bool) -> Result<(), KeyringError> {
        let config = MlsGroupJoinConfig::builder()
            .wire_format_policy(PURE_PLAINTEXT_WIRE_FORMAT_POLICY)
            .use_ratchet_tree_extension(true)
            .max_past_epochs(0)
            .build();
        // Building changes nothing in the storage yet, with this flag or without.
        let builder = StagedWelcome::build_from_welcome(&self.provider, &config, welcome)
            .map_err(|e| KeyringError::mls("join", e))?;
        // The same that is verified below.
        let info = builder.processed_welcome().unverified_group_info();
        let tree = info.extensions().ratchet_tree().map(|extension| extension.ratchet_tree().clone());
        let staged = builder
            .replace_old_group()
            // Whose lead lets in a leaf that has expired keeps nobody else from joining.
            .skip_lifetime_validation()
            .build()
            .map_err(|e| KeyringError::mls("join", e))?;
        self.check_staged(&staged, expected)?;
        // A circle has no further commits, and there are many.
        if !stock {
            self.check_tree(&tree.ok_or(KeyringError::Malformed("welcome"))?)?;
        }
        self.drop_group(&expected.group);
        let joined = staged.into_group(&self.provider).map_err(|e| KeyringError::mls("join", e))?;
        self.groups.insert(expected.group, joined);
        Ok(())
    }

    /// Whoever came in before is as consoles make it, and can be sealed for: who created the group was looked at by
    /// nobody else.
    fn check_tree(&self, tree: &RatchetTreeIn) -> Result<(), KeyringError> {
        for leaf in tree.leaves() {
            let keys = self.profile().check_leaf(leaf)?;
            self.profile().try_to_seal("encryption key", &keys.encryption)?;
        }
        self.profile().try_parents(tree.parents(), &BTreeSet::new())
    }

    /// It is what the journal says it is, and this console is in it once.
    fn check_staged(&self, staged: &StagedWelcome, expected: &Expected<'_>) -> Result<(), KeyringError> {
        let context = staged.group_context();
        if context.ciphersuite() != self.suite {
            return Err(KeyringError::OtherSuite);
        }
        if context.group_id().as_slice() != expected.group.0 {
            return Err(KeyringError::OtherGroup);
        }
        let theirs = context.epoch().as_u64();
        if theirs != expected.epoch {
            return Err(KeyringError::Epoch { theirs, ours: expected.epoch });
        }
        let members: Vec<Leaf> = leaves(staged.members())?;
        check_members(members.iter().map(|leaf| &leaf.device))?;
        let sender = staged.welcome_sender_index().u32();
        let by = members.iter().find(|leaf| leaf.index == sender).ok_or(KeyringError::NotADevice)?.device;
        if by != expected.by {
            return Err(KeyringError::OtherSender(by));
        }
        let own = staged.own_leaf_index().u32();
        if !members.iter().any(|leaf| leaf.index == own && leaf.device == self.device) {
            return Err(KeyringError::NotForUs);
        }
        Ok(())
    }
}
