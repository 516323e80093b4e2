//! What a charter says, as data. Signing and verifying live beside it.

use crate::ids::*;
use crate::journal_key::{Former, Last};
use crate::precedence::Authority;
use crate::role::{Recording, Removal, Role, Subject};
use crate::schedule::Tests;
use minicbor::{Decode, Encode};

/// MLS cipher suite (RFC 9420 §17.1; code points above 0x0900 are provisional, so the charter names them).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum Suite {
    /// X-Wing hybrid KEM, AES-256-GCM, SHA-384, Ed25519.
    XWing = 0x004E,
    /// ML-KEM-1024, AES-256-GCM, SHA-384, ML-DSA-87 (CNSA 2.0). The default.
    Cnsa2 = 0x0907,
}

impl Suite {
    /// The code point.
    pub fn id(self) -> u16 {
        self as u16
    }

    /// Its name in configuration files: `cnsa2` or `xwing`.
    pub fn name(self) -> &'static str {
        match self {
            Self::XWing => "xwing",
            Self::Cnsa2 => "cnsa2",
        }
    }

    /// The suite of a code point, if it is known.
    pub fn of(id: u16) -> Option<Self> {
        [Self::Cnsa2, Self::XWing].into_iter().find(|suite| suite.id() == id)
    }

    /// The suite of a name, if it is known.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Cnsa2, Self::XWing].into_iter().find(|suite| suite.name() == name)
    }
}

/// A name in the three languages of the console.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Texts {
    /// English.
    #[n(1)]
    pub en: String,
    /// Japanese.
    #[n(2)]
    pub ja: String,
    /// Korean.
    #[n(3)]
    pub ko: String,
}

/// Public half of a signing key pair of both kinds; a signature by such a key is two signatures, and both must hold.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct HybridPublic {
    /// Ed25519, 32 bytes.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub ed25519: [u8; 32],
    /// ML-DSA-87 (FIPS 204), 2,592 bytes.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub ml_dsa_87: Vec<u8>,
}

/// A sovereign member of the charter.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Party {
    /// Its id.
    #[n(1)]
    pub id: PartyId,
    /// Its name, shown on the board.
    #[n(2)]
    pub name: Texts,
    /// Its root key: signs charters and vouchers, kept by the security officer, never on a node.
    #[n(3)]
    pub root: HybridPublic,
}

/// A party's server.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Node {
    /// Its id.
    #[n(1)]
    pub id: NodeId,
    /// Whose it is.
    #[n(2)]
    pub party: PartyId,
    /// Signs the node's journal: Ed25519 per entry, ML-DSA-87 for heads.
    #[n(3)]
    pub journal: HybridPublic,
    /// Raw public key (RFC 7250) that the node shows on links: Ed25519, 32 bytes.
    #[cbor(n(4), with = "minicbor::bytes")]
    pub link: [u8; 32],
    /// Where other nodes reach it, `host:port`, UDP, in order of preference; at most 8, and none once it is retired.
    #[n(5)]
    pub addresses: Vec<String>,
    /// Its number on the wire and in key ids, 0 to 63. It stays the node's as long as the node is in the charter: an
    /// amendment moves nobody.
    #[n(6)]
    pub index: u8,
    /// Ed25519 halves of the journal keys that it had before, the oldest first, each with its last entry, so that its
    /// older entries can be verified; at most 8.
    #[n(7)]
    pub former: Vec<Former>,
    /// It is in service no more. It stays in the charter, because its journal says which devices were revoked.
    #[n(8)]
    pub retired: bool,
    /// Its last entry, once it is retired and an amendment says so: whoever has its key adds nothing.
    #[n(9)]
    pub last: Option<Last>,
    /// Where its consoles reach it: web origins (`https://host` or `https://host:port`, RFC 6454), ascending, at most
    /// [`crate::limits::ORIGINS_MAX`]. A console answers the node's challenge at no other, where there are any.
    #[n(10)]
    pub origins: Vec<String>,
}

/// A seat on a line.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Office {
    /// Its id.
    #[n(1)]
    pub id: OfficeId,
    /// Whose it is.
    #[n(2)]
    pub party: PartyId,
    /// Its title, shown beside the holder's name.
    #[n(3)]
    pub title: Texts,
    /// What its holders do in a call.
    #[n(4)]
    pub role: Role,
}

/// A standing channel at one level.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Line {
    /// Its id.
    #[n(1)]
    pub id: LineId,
    /// Its name, shown on the board.
    #[n(2)]
    pub name: Texts,
    /// Marking shown as a banner, for example `REL TO USA, JPN, KOR`.
    #[n(3)]
    pub marking: String,
    /// Offices whose holders may ring, answer and take part.
    #[n(4)]
    pub offices: Vec<OfficeId>,
    /// Which of them may ring above routine, and how far; sorted by office.
    #[n(5)]
    pub authority: Vec<Authority>,
    /// Calls begin among duty officers; principals are neither seen nor heard until every party is ready.
    #[n(6)]
    pub staged: bool,
    /// What the parties agreed about recording.
    #[n(7)]
    pub recording: Recording,
}

/// What all parties agreed on beyond names and keys.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Policy {
    /// Seconds a ring sounds before it expires (10 to 600).
    #[n(1)]
    pub ring_seconds: u16,
    /// Seconds a console in a call may be out of touch before its node says that it left (2 to 120).
    #[n(2)]
    pub lost_seconds: u16,
    /// Seconds that a ring sounds unanswered before a node alerts people beyond its consoles (5 to 600).
    #[n(3)]
    pub alert_seconds: u16,
    /// Seconds until a ring that nobody answers sounds at a party's next office on the line as well, in the line's
    /// order; 0: at all at once (at most 600).
    #[n(4)]
    pub escalate_seconds: u16,
    /// May the others drop a party from a call?
    #[n(5)]
    pub removal: Removal,
    /// Who must sign an amendment.
    #[n(6)]
    pub amending: Amending,
    /// Through which parties media is not relayed: sorted by party and via, each pair once (at most
    /// [`crate::limits::RELAYS_MAX`]).
    #[n(7)]
    pub relays: Vec<Barred>,
    /// How often paths, stations and people are tested.
    #[n(8)]
    pub tests: Tests,
    /// Consoles fill pictures to a multiple of so many bytes before they seal them; none: pictures are as long as they
    /// come ([`crate::limits::PICTURE_STEP`]).
    #[n(9)]
    pub picture_step: Option<u16>,
}

/// Media of one party's consoles is never relayed by another party: its nodes get none of it unless one of its own
/// consoles is to hear or see it, and hand none of it on. Journals are not media: they are everybody's record, and go
/// every way.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(map)]
pub struct Barred {
    /// Whose media.
    #[n(1)]
    pub party: PartyId,
    /// Who does not relay it.
    #[n(2)]
    pub via: PartyId,
}

impl Policy {
    /// May `via` relay what consoles of `party` send?
    pub fn may_relay(&self, party: &PartyId, via: &PartyId) -> bool {
        !self.relays.iter().any(|barred| barred.party == *party && barred.via == *via)
    }
}

/// Who, of the parties of the charter in force, must sign an amendment. Every party of the amended charter signs it in
/// any case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Amending {
    /// Every one, a party that leaves too.
    #[default]
    #[n(0)]
    All,
    /// Every one but at most one, and never fewer than two: a party that is gone, or has lost its root key, does not
    /// hold up the others.
    #[n(1)]
    AllButOne,
}

impl Amending {
    /// All.
    pub const ALL: [Self; 2] = [Self::All, Self::AllButOne];

    /// Its name in configuration files: `all` or `all-but-one`.
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::AllButOne => "all-but-one",
        }
    }

    /// The rule of a name, if it is known.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.name() == name)
    }
}

/// The whole agreement. Identical bytes on every node: deterministic CBOR (RFC 8949 §4.2).
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Charter {
    /// Version of this format: 1.
    #[n(0)]
    pub version: u8,
    /// A name for people, at most 80 characters.
    #[n(1)]
    pub name: String,
    /// Grows with every amendment; a node or console refuses one that is lower than it holds.
    #[n(2)]
    pub serial: u64,
    /// Cipher suite of every group, see [`Suite`].
    #[n(3)]
    pub suite: u16,
    /// Two to nine parties, sorted by id.
    #[n(4)]
    pub parties: Vec<Party>,
    /// Nodes, sorted by id, retired ones too.
    #[n(5)]
    pub nodes: Vec<Node>,
    /// Offices, sorted by id.
    #[n(6)]
    pub offices: Vec<Office>,
    /// Lines, in the order that the board shows.
    #[n(7)]
    pub lines: Vec<Line>,
    /// Policy.
    #[n(8)]
    pub policy: Policy,
    /// What consultations may be about, in the order that is shown; at most 32.
    #[n(9)]
    pub subjects: Vec<Subject>,
}
