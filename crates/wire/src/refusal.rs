//! Why a node refuses what a console says.

use minicbor::{Decode, Encode};

/// Why something from a console was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Refusal {
    /// Another protocol version.
    #[n(0)]
    Protocol,
    /// The certificate does not lead to the party's root in this charter, has expired, or its voucher was used.
    #[n(1)]
    Certificate,
    /// The device was revoked.
    #[n(2)]
    Revoked,
    /// The signature does not hold.
    #[n(3)]
    Signature,
    /// The office is not on that line.
    #[n(4)]
    NotOnLine,
    /// The number is not above the device's last.
    #[n(5)]
    Replayed,
    /// The bytes are not a message of this protocol, or over a limit.
    #[n(6)]
    Malformed,
    /// A handshake for another epoch than the group's: one of the same node came first.
    #[n(7)]
    Epoch,
    /// The act does not fit the state (answering no ring, leaving without being in).
    #[n(8)]
    NotNow,
    /// Too much at once.
    #[n(9)]
    Busy,
    /// The charter does not let the office ring that line at that precedence.
    #[n(10)]
    AboveAuthority,
    /// The role of the office does not let it do that.
    #[n(11)]
    Role,
    /// A party disposes of its own people only.
    #[n(12)]
    NotOwn,
    /// The charter does not let the others drop a party from a call.
    #[n(13)]
    Policy,
    /// The party was dropped from the call by the majority that the charter asks for.
    #[n(14)]
    Dropped,
    /// The time named is past, or further ahead than the act may reach.
    #[n(15)]
    Time,
    /// The office is not one of the own party's on that line.
    #[n(16)]
    OtherOffice,
    /// No such consultation waits: withdrawn, begun, over, or never proposed.
    #[n(17)]
    NoConsultation,
    /// The node was restored and takes its own journal back from the others before it speaks.
    #[n(18)]
    CatchingUp,
    /// The statement was made for another node.
    #[n(19)]
    OtherNode,
    /// The statement was made under another charter than the one in force at the node.
    #[n(20)]
    OtherCharter,
    /// The statement was made too long ago, by the clocks of console and node: it is to be made anew.
    #[n(21)]
    Outdated,
    /// The statement's number or time is too far ahead of the node's clock.
    #[n(22)]
    Ahead,
    /// The console has reached the node at an address that the charter does not have for it.
    #[n(23)]
    Origin,
    /// The party has as many devices in on the line as it has seats in a group.
    #[n(24)]
    NoSeat,
    /// The node lets the device in no more, by its own word: another node of the party may.
    #[n(25)]
    Suspended,
}

impl From<trialogue_journal::Ignored> for Refusal {
    fn from(ignored: trialogue_journal::Ignored) -> Self {
        use trialogue_journal::Ignored;
        match ignored {
            Ignored::BodyMissing | Ignored::Malformed | Ignored::Revocation => Self::Malformed,
            Ignored::Certificate | Ignored::VoucherUsed | Ignored::Late | Ignored::UnknownDevice => Self::Certificate,
            Ignored::Revoked => Self::Revoked,
            Ignored::Suspended => Self::Suspended,
            Ignored::Signature => Self::Signature,
            Ignored::NotOnLine => Self::NotOnLine,
            Ignored::AboveAuthority => Self::AboveAuthority,
            Ignored::Role => Self::Role,
            Ignored::NotOwn => Self::NotOwn,
            Ignored::Policy => Self::Policy,
            Ignored::Dropped => Self::Dropped,
            Ignored::Replayed => Self::Replayed,
            Ignored::Epoch => Self::Epoch,
            Ignored::UnknownNode | Ignored::AlreadyEnrolled | Ignored::NotIn | Ignored::NotNow => Self::NotNow,
            Ignored::Time => Self::Time,
            Ignored::OtherNode => Self::OtherNode,
            Ignored::OtherCharter => Self::OtherCharter,
            Ignored::Outdated | Ignored::Backdated => Self::Outdated,
            Ignored::Ahead => Self::Ahead,
            Ignored::OtherOffice => Self::OtherOffice,
            Ignored::NoConsultation => Self::NoConsultation,
            Ignored::Full => Self::Busy,
        }
    }
}
