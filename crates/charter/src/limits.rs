//! Every bound of charters, vouchers and certificates in one place, with what raising or lowering it costs.

/// Fewest parties of a charter: a line needs two ends.
pub const PARTIES_MIN: usize = 2;
/// Most parties. Each adds 2.7 kB of keys and 4.7 kB of signatures to the charter that every console loads.
pub const PARTIES_MAX: usize = 9;
/// Most nodes: a main and an alternate site each. A ring carries one key package per node, so this bounds a ring's
/// size.
pub const NODES_MAX: usize = 18;
/// Most nodes with those that are retired, which stay for the sake of their journals: each may be replaced once before
/// the oldest has to go with its party. More costs 2.7 kB of charter each.
pub const NODES_EVER: usize = 36;
/// Highest index of a node: a key id has 6 bits for it.
pub const INDEX_MAX: u8 = 63;
/// Most former journal keys of a node, 32 bytes each. A node that needs more is retired, and a new one takes its place.
pub const FORMER_MAX: usize = 8;
/// Fewest parties that may drop one that does not sign: one alone never can.
pub const AMENDERS_MIN: usize = 2;
/// Most offices, all parties together. Their titles are most of a large charter.
pub const OFFICES_MAX: usize = 96;
/// Most lines. The board shows them all at once.
pub const LINES_MAX: usize = 16;
/// Most subjects of consultations. They are shown as one list to choose from.
pub const SUBJECTS_MAX: usize = 32;
/// Most addresses of a node; a link tries all of them.
pub const ADDRESSES_MAX: usize = 8;
/// Longest `carrier=host:port`, in bytes: a DNS name has at most 253 (RFC 1035 §2.3.4).
pub const ADDRESS_MAX: usize = 277;
/// Longest name of a carrier, in characters. More does not fit a tile.
pub const CARRIER_MAX: usize = 16;
/// Most rules on relaying: each of the most parties there may be, through each other.
pub const RELAYS_MAX: usize = PARTIES_MAX * (PARTIES_MAX - 1);
/// Longest name, title or personal name, in characters. More does not fit a tile.
pub const TEXT_MAX: usize = 80;
/// Longest marking, in characters.
pub const MARKING_MAX: usize = 120;
/// Seconds a ring may sound, least and most.
pub const RING_SECONDS: std::ops::RangeInclusive<u16> = 10..=600;
/// Seconds out of touch before a console counts as lost, least and most.
pub const LOST_SECONDS: std::ops::RangeInclusive<u16> = 2..=120;
/// Seconds until a ring sounds at a party's next office; 0: at all at once.
pub const ESCALATE_SECONDS: std::ops::RangeInclusive<u16> = 0..=600;
/// Seconds that a ring sounds unanswered before people beyond the consoles are alerted.
pub const ALERT_SECONDS: std::ops::RangeInclusive<u16> = 5..=600;
/// Seconds between two measurements of every path. Each is an entry of about 0.3 kB in the journal of every node.
pub const PATH_SECONDS: std::ops::RangeInclusive<u32> = 10..=3_600;
/// Seconds between two test calls of every station. Each is a call of some seconds: about 40 entries and 1 MB of keys
/// that expire.
pub const STATION_SECONDS: std::ops::RangeInclusive<u32> = 60..=86_400;
/// Seconds between two test texts of officers. Oftener is a burden to them, more seldom leaves a shift untested.
pub const HUMAN_SECONDS: std::ops::RangeInclusive<u32> = 600..=604_800;
/// Bytes to whose multiples pictures are filled, least and most. A step costs half of itself for each picture of
/// several steps, and no picture is smaller than one: 25 times a second 64 bytes are 13 kbit/s, 1,024 are 205. Less
/// hides little of what a picture shows; more than the most leaves no room for pictures on lines that carry them
/// otherwise.
pub const PICTURE_STEP: std::ops::RangeInclusive<u16> = 64..=1_024;
/// Largest signed charter in bytes. Nine parties, 18 nodes and 96 offices with the longest names need about 250 kB.
pub const CHARTER_MAX: usize = 384 << 10;
/// Largest signed voucher in bytes: two signatures (4.7 kB) and the longest names.
pub const VOUCHER_MAX: usize = 6 << 10;
/// Largest device certificate in bytes: a voucher, two public keys (5.2 kB) and two signatures.
pub const CERTIFICATE_MAX: usize = 20 << 10;
/// Largest signed revocation in bytes: two signatures (4.7 kB) and two ids. It stands in a journal entry, so it is less
/// than an entry may have; with less the two signatures do not fit.
pub const REVOCATION_MAX: usize = 6 << 10;
/// Most devices whose proofs an officer asks for at once. A proof is at most 26 kB, so that an answer in hexadecimal
/// digits stays below a megabyte; with fewer a long list takes more requests, of which a node answers 256 in two
/// minutes.
pub const PROOFS_MAX: usize = 16;
/// Certificates that are remembered as verified under a charter, 3 kB each. Verifying one costs milliseconds of
/// post-quantum signatures, and a node meets each several times; beyond these it pays every time.
pub const CERTIFICATES_REMEMBERED: usize = 1_024;
/// Revocations that are remembered as verified under a charter, about 120 bytes each; the same stands in the journal of
/// every node, and beyond these each copy costs half a millisecond of signatures.
pub const REVOCATIONS_REMEMBERED: usize = 16_384;
/// Ed25519 signatures that each thread remembers as good, about 70 bytes each. More costs memory; less verifies a
/// statement again between the moment a node judges it and the moment its entry takes effect.
pub const SIGNATURES_REMEMBERED: usize = 8_192;
/// Most origins of a node.
pub const ORIGINS_MAX: usize = 8;
/// Longest origin in bytes: `https://`, a DNS name of at most 253 bytes, and a port.
pub const ORIGIN_MAX: usize = 267;
/// Largest request of a security officer in bytes: two signatures (4.7 kB), a few ids and a revocation. A node reads no
/// more from a stranger.
pub const OFFICER_MAX: usize = 12 << 10;
/// Longest PKCS#11 URI in a `root.token` file, in bytes: a path, a label and an id with every byte escaped.
pub const TOKEN_URI_MAX: usize = 2 << 10;
/// Longest enrolment link, in characters: a voucher in base64url and the address of the node.
pub const LINK_MAX: usize = 12 << 10;
