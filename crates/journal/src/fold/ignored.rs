//! Why an entry changed nothing.

/// Why an entry changed nothing, and why a statement is refused. `trialogue_wire::console::Refusal` says the same to a
/// console.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Ignored {
    /// The node is not in the charter, or retired in it.
    #[error("the node is not in service by the charter")]
    UnknownNode,
    /// The certificate did not travel beside the entry.
    #[error("the certificate is missing beside the entry; ask for it and try again")]
    BodyMissing,
    /// The certificate does not lead to the root of the node's party, or is another device's.
    #[error("the certificate does not prove that the party enrolled this device; enrol it with a new voucher")]
    Certificate,
    /// The voucher was used for another device.
    #[error("the voucher was used already; ask the security officer for a new one")]
    VoucherUsed,
    /// The voucher had expired at the node's time of the entry.
    #[error("the voucher has expired; ask the security officer for a new one")]
    Late,
    /// The device is enrolled already.
    #[error("the device is enrolled already")]
    AlreadyEnrolled,
    /// No such device is enrolled at this node.
    #[error("no such device is enrolled at this node")]
    UnknownDevice,
    /// The device was revoked.
    #[error("the device was revoked")]
    Revoked,
    /// The node lets the device in no more, by its own word.
    #[error("the node has suspended the device")]
    Suspended,
    /// The root of no party of the charter has signed the revocation.
    #[error("the revocation is not signed by the root of its party")]
    Revocation,
    /// The device did not sign the statement.
    #[error("the signature on the statement does not hold")]
    Signature,
    /// Not a statement or list of this protocol in its one form.
    #[error("not in the form of this protocol")]
    Malformed,
    /// The number is not above the device's last.
    #[error("the statement's number is not above the device's last")]
    Replayed,
    /// The statement is for another node's journal.
    #[error("the statement was made for another node")]
    OtherNode,
    /// The charter by which it was said is not the one that the journal speaks under, nor the one that lately was.
    #[error("the statement was made under another charter")]
    OtherCharter,
    /// It may no longer be written down.
    #[error("the statement was made too long ago")]
    Outdated,
    /// The time of the entry is before that of entries before it.
    #[error("the entry's time is before that of entries before it")]
    Backdated,
    /// Its number, or the time until which it may stand, is too far ahead.
    #[error("the statement's number or time is too far ahead of the node's clock")]
    Ahead,
    /// The line is not in the charter, or the device's office (or the node's party) is not on it.
    #[error("the office is not on that line")]
    NotOnLine,
    /// The ring is above what the charter lets the office ring.
    #[error("the office may not ring that line at that precedence")]
    AboveAuthority,
    /// The role of the device's office does not let it do that.
    #[error("the role of the office does not let it do that")]
    Role,
    /// The device is another party's, or not enrolled at this node.
    #[error("a party disposes of its own people only")]
    NotOwn,
    /// The charter does not let parties drop one another.
    #[error("the charter does not let the others drop a party from a call")]
    Policy,
    /// The party was dropped from the call by a majority.
    #[error("the party was dropped from the call by the majority that the charter asks for")]
    Dropped,
    /// The device is not in on the line.
    #[error("the device is not in on that line")]
    NotIn,
    /// The handshake is not for the epoch that the node's group is at.
    #[error("the handshake is not for the group and epoch that are current")]
    Epoch,
    /// The act does not fit the state.
    #[error("the act does not fit the state of the line")]
    NotNow,
    /// The time named is past, or further ahead than the act may reach.
    #[error("the time is past, or too far ahead")]
    Time,
    /// The office is not one of the own party's on that line.
    #[error("the office is not one of the party's own on the line")]
    OtherOffice,
    /// No such consultation waits: withdrawn, begun, over, or never proposed.
    #[error("no such consultation waits to begin")]
    NoConsultation,
    /// A bound is reached.
    #[error("a bound of the fold is reached")]
    Full,
}
