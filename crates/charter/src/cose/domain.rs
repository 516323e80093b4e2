//! What a signature is for: the `external_aad` of each kind of signed bytes.

/// A charter, by every party's root.
pub const CHARTER: &[u8] = b"trialogue charter 1";
/// A charter, by a root of the charter that it amends which is not in it any more: of a party that leaves, or a root
/// that is replaced.
pub const AMENDMENT: &[u8] = b"trialogue amendment 1";
/// A voucher, by the root of the party whose office it opens.
pub const VOUCHER: &[u8] = b"trialogue voucher 1";
/// A device certificate, by the voucher's key.
pub const DEVICE: &[u8] = b"trialogue device 1";
/// A journal entry, by the node.
pub const ENTRY: &[u8] = b"trialogue entry 1";
/// Heads of journals in an entry, by the node with its ML-DSA-87 key.
pub const HEAD: &[u8] = b"trialogue head 1";
/// An exported record, by the node whose record it is.
pub const RECORD: &[u8] = b"trialogue record 1";
/// A console's statement, by the device.
pub const STATEMENT: &[u8] = b"trialogue statement 1";
/// What a security officer asks the own node, by the party's root.
pub const OFFICER: &[u8] = b"trialogue officer 1";
/// A device of a party that is accepted no more, by the party's root.
pub const REVOCATION: &[u8] = b"trialogue revocation 1";
/// A device's word for the voucher with which it is enrolled: not COSE, the first bytes of what is signed.
pub const POSSESSION: &[u8] = b"trialogue possession 1";
/// A console's answer to its node's challenge: not COSE, the first bytes of what is signed.
pub const LOG_IN: &[u8] = b"trialogue log-in 2";
