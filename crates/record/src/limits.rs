//! Bounds of the record, each with what raising or lowering it costs.

/// Sizes of a journal's tree, back from the newest, whose roots can be compared with what others have signed, at 32
/// bytes each. More compares with nodes that are further behind; `trialogue record verify` compares all sizes.
pub const RECENT_MAX: usize = 1_024;
/// Largest item of an exported record in bytes: a charter, or an entry and a certificate, with room for the heads.
/// Larger lets a hostile file take more memory.
pub const ITEM_MAX: usize = trialogue_charter::limits::CHARTER_MAX + (16 << 10);
/// Most data items in one item of an exported record: six, and room.
pub const ITEMS_MAX: usize = 16;
/// Most pieces of evidence in one exported record. A node keeps the first against each other node in each run; more
/// lets a hostile file take more memory.
pub const EVIDENCE_MAX: usize = 4_096;
/// Most charters in one exported record: one amendment a month for twenty years. Each takes up to 30 ms to verify.
pub const CHARTERS_MAX: usize = 256;
/// Largest seal of an exported record in bytes: two signatures (4.7 kB) and the heads of all nodes that a charter can
/// have, with room for those of parties that left.
pub const SEAL_MAX: usize = 16 << 10;
/// Most data items in a seal: eight of each head, and room.
pub const SEAL_ITEMS_MAX: usize = 1_024;
/// Longest that the newest entries of a journal may be without an ML-DSA-87 signature of their node, in milliseconds by
/// its clock: it signs within an hour, and writes down late at the worst. More leaves more to Ed25519 alone before
/// somebody asks.
pub const BARE_MS: u64 = 2 * 60 * 60 * 1_000;
/// How far a node's clock may be from another's before it is told, in milliseconds: further than nodes that keep time
/// are, and than what lies between writing an entry down and another node's receiving it.
pub const CLOCKS_TOLD_MS: u64 = 5_000;
/// Most findings of one kind that are told one by one; the rest is counted.
pub const FINDINGS_EACH: usize = 100;
/// Most findings that are told one by one; the rest is counted. More buries the first, which is the one to look at.
pub const FINDINGS_MAX: usize = 3_000;
/// Longest proof path: a tree of 2^63 entries.
pub const PATH_MAX: usize = 63;
/// Longest text of a signed note in bytes: a head with a signature of every node of a charter is about 6 kB.
pub const NOTE_MAX: usize = 16 << 10;
/// Longest text of a proof in bytes: a signed entry in base64, a path and a note.
pub const PROOF_MAX: usize = NOTE_MAX + (16 << 10);
/// Most signatures on a note that are looked at (C2SP signed-note asks for at least 16).
pub const SIGNATURES_MAX: usize = 64;
