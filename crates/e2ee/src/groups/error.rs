//! Why a keyring refused.

use trialogue_charter::DeviceId;

/// A refusal by the keyring; its state is as it was before the call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    /// Not held.
    #[error("this console is not in the group: wait for a welcome, or create it")]
    NoGroup,
    /// Created or joined before.
    #[error("the group is held already: drop it first")]
    HaveGroup,
    /// One commit at a time.
    #[error("an own commit waits for the node's order: confirm or discard it first")]
    CommitPending,
    /// Confirm without a commit.
    #[error("no own commit waits: nothing to confirm")]
    NothingPending,
    /// No change asked for that could be made.
    #[error("nothing to change: every device asked for is refused, already in, or not in")]
    NothingToChange,
    /// The own commit came back through the journal.
    #[error("this is our own commit: confirm it instead of processing it")]
    OwnCommit,
    /// Not for this epoch: replayed, overtaken, or from the future.
    #[error("the handshake is for epoch {theirs}, the journal is at {ours}: process the journal in its order")]
    Epoch {
        /// The commit's.
        theirs: u64,
        /// The group's.
        ours: u64,
    },
    /// For another group than the caller named.
    #[error("the handshake is for another group than its statement says")]
    OtherGroup,
    /// Signed by another leaf than the caller named.
    #[error("the handshake is by {0}, not by the device that stated it")]
    OtherSender(DeviceId),
    /// Key package names another device, or carries another key than the certificate.
    #[error("the key package does not belong to the device that it is offered for: ask it for a new one")]
    NotTheirs,
    /// Nobody could tell it who sends.
    #[error("the key package has no hearing key: ask the device for a new one")]
    NoHearingKey,
    /// Not as every console makes them: what MLS allows beyond that could spoil a commit, or keep others from following
    /// it.
    #[error("the {0} of a leaf is not as the profile has it: its device has to offer a new key package")]
    OtherProfile(&'static str),
    /// Nothing can be sealed for one of its keys: nobody could renew the group any more, or remove others.
    #[error("the {0} is no public key of the suite: its device has to offer a new key package")]
    NoPublicKey(&'static str),
    /// A key that another member, or another one who is to be added, has: a group takes it once.
    #[error("the key package has a key of another device: ask both for new ones")]
    KeyOfAnother,
    /// Of another suite than the charter's.
    #[error("the handshake uses another cipher suite than the charter")]
    OtherSuite,
    /// A credential that is no device id.
    #[error("a leaf names no device: its credential must be basic, with 32 bytes")]
    NotADevice,
    /// A device with two leaves.
    #[error("device {0} would be in the group twice")]
    Twice(DeviceId),
    /// A proposal that consoles do not make.
    #[error("the commit does more than add and remove members: refused")]
    ForbiddenProposal,
    /// A committer changed its identity or key.
    #[error("the commit replaces its sender's identity: refused")]
    IdentityChanged,
    /// The welcome is for none of the key packages held.
    #[error("the welcome is for others, or its key package was used before")]
    NotForUs,
    /// The welcome is for a key package that was offered for another group.
    #[error("the welcome uses a key package that was offered for another group: refused, and the key package kept")]
    OtherPackage,
    /// Beyond [`super::HANDSHAKE_MAX`].
    #[error("a handshake of {len} bytes is larger than any honest one")]
    TooLarge {
        /// Its length in bytes.
        len: usize,
    },
    /// A bound is reached.
    #[error("too many {what}: at most {most}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// The bound.
        most: usize,
    },
    /// Bytes that are no MLS message of the expected kind.
    #[error("the bytes are no MLS {0}")]
    Malformed(&'static str),
    /// MLS itself refused: a signature, tag or tree does not verify.
    #[error("MLS refused to {step}: {why}")]
    Refused {
        /// What was tried.
        step: &'static str,
        /// The library's reason; without secrets.
        why: String,
    },
}

impl KeyringError {
    pub(crate) fn mls(step: &'static str, error: impl std::error::Error) -> Self {
        Self::Refused { step, why: error.to_string() }
    }
}
