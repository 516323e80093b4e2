//! Joining a group by welcome.

use super::{GROUPS_MAX, Joined, Keyring, KeyringError, check_members, check_size, leaves};
use openmls::prelude::{tls_codec::Deserialize as _, *};
use openmls_traits::storage::StorageProvider as _;
use trialogue_journal::GroupId;

impl Keyring {
    /// Joins the group that the welcome is for. A group of the same id that is held already is replaced if the welcome is for a
    /// later epoch: this console was out and is back. The key package is used up only if the welcome is good.
    pub fn join(&mut self, welcome: &[u8]) -> Result<Joined, KeyringError> {
        self.join_by(welcome, false)
    }

    /// Joins by a key package that stays for other welcomes.
    pub(crate) fn join_by_stock(&mut self, welcome: &[u8]) -> Result<Joined, KeyringError> {
        self.join_by(welcome, true)
    }

    fn join_by(&mut self, welcome: &[u8], stock: bool) -> Result<Joined, KeyringError> {
        check_size(welcome)?;
        let message = MlsMessageIn::tls_deserialize_exact(welcome).map_err(|_| KeyringError::Malformed("welcome"))?;
        let MlsMessageBodyIn::Welcome(welcome) = message.extract() else {
            return Err(KeyringError::Malformed("welcome"));
        };
        let ours = if stock { &self.stock } else { &self.offers };
        let Some(offer) = welcome.secrets().iter().map(|s| s.new_member()).find(|r| ours.contains(r)) else {
            return Err(KeyringError::NotForUs);
        };
        // openmls forgets a key package as soon as it looks at a welcome for it; a forged welcome must not cost us one.
        let kept: Option<KeyPackageBundle> =
            self.provider.storage().key_package(&offer).map_err(|e| KeyringError::mls("join", e))?;
        let kept = kept.ok_or(KeyringError::NotForUs)?;
        let joined = self.try_join(welcome);
        if stock || joined.is_err() {
            let _ = self.provider.storage().write_key_package(&offer, &kept);
        } else {
            self.offers.retain(|held| *held != offer);
        }
        joined
    }

    fn try_join(&mut self, welcome: Welcome) -> Result<Joined, KeyringError> {
        let config = MlsGroupJoinConfig::builder()
            .wire_format_policy(PURE_PLAINTEXT_WIRE_FORMAT_POLICY)
            .use_ratchet_tree_extension(true)
            .max_past_epochs(0)
            .build();
        let staged = StagedWelcome::build_from_welcome(&self.provider, &config, welcome)
            .map_err(|e| KeyringError::mls("join", e))?
            .replace_old_group()
            .build()
            .map_err(|e| KeyringError::mls("join", e))?;
        let context = staged.group_context();
        if context.ciphersuite() != self.suite {
            return Err(KeyringError::OtherSuite);
        }
        let id = <[u8; 16]>::try_from(context.group_id().as_slice()).map_err(|_| KeyringError::OtherGroup)?;
        let (group, epoch) = (GroupId(id), context.epoch().as_u64());
        match self.groups.get(&group) {
            Some(held) if held.epoch().as_u64() >= epoch => return Err(KeyringError::HaveGroup),
            None if self.groups.len() >= GROUPS_MAX => {
                return Err(KeyringError::TooMany { what: "groups", most: GROUPS_MAX });
            }
            _ => {}
        }
        let members = leaves(staged.members())?;
        check_members(members.iter().map(|leaf| &leaf.device))?;
        let own = staged.own_leaf_index();
        let sender = staged.welcome_sender_index();
        let by = members.iter().find(|leaf| leaf.index == sender.u32()).ok_or(KeyringError::NotADevice)?.device;
        if !members.iter().any(|leaf| leaf.index == own.u32() && leaf.device == self.device) {
            return Err(KeyringError::NotForUs);
        }
        self.drop_group(&group);
        let joined = staged.into_group(&self.provider).map_err(|e| KeyringError::mls("join", e))?;
        self.groups.insert(group, joined);
        Ok(Joined { group, epoch, by })
    }
}
