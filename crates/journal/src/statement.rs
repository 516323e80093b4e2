//! What a console says, signed by the console itself, carried in its node's journal.

use crate::entry::BodyRef;
use crate::test::{Language, StationTest};
use crate::writing::Written;
use minicbor::{Decode, Encode};
use trialogue_charter::{CallId, DeviceId, Hash, LineId, NodeId, OfficeId, PartyId, Precedence, SubjectId};

/// One act of a console on a line. Signed as COSE_Sign1 with the device's Ed25519 key.
/// [`Statement::new`] makes it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
#[non_exhaustive]
pub struct Statement {
    /// Who says it.
    #[n(1)]
    pub device: DeviceId,
    /// Strictly growing per device (milliseconds since 1970, or the last number plus one): a replayed statement is
    /// ignored.
    #[n(2)]
    pub number: u64,
    /// On which line.
    #[n(3)]
    pub line: LineId,
    /// What.
    #[n(4)]
    pub act: Act,
    /// The node that is to write it down: in the journal of another it counts for nothing.
    #[n(5)]
    pub node: NodeId,
    /// Hash of the charter by which it was said.
    #[n(6)]
    pub charter: Hash,
    /// The last instant at which it may be written down, by the time of the entry, milliseconds since 1970 UTC.
    #[n(7)]
    pub not_after_ms: u64,
}

/// A one-time MLS key package for the group of one node.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct KeyOffer {
    /// Whose group it is for.
    #[n(1)]
    pub node: NodeId,
    /// The key package.
    #[n(2)]
    pub package: BodyRef,
}

/// Names one MLS group: drawn at random by the console that creates it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct GroupId(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; 16]);

impl GroupId {
    /// Its length in bytes.
    pub const LEN: usize = 16;
}

/// What a console does.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Act {
    /// Rings the line and takes part in the call.
    #[n(0)]
    #[cbor(map)]
    Ring {
        /// The new call.
        #[n(1)]
        call: CallId,
        /// One key package per node of the charter.
        #[n(2)]
        offers: Vec<KeyOffer>,
        /// How urgent; the charter says how far the ringer's office may go.
        #[n(3)]
        precedence: Precedence,
    },
    /// Answers a ring, joins a call that is under way, or comes back to it.
    #[n(1)]
    #[cbor(map)]
    Answer {
        /// Which call.
        #[n(1)]
        call: CallId,
        /// One key package per node of the charter.
        #[n(2)]
        offers: Vec<KeyOffer>,
    },
    /// Declines a ring for the party.
    #[n(2)]
    #[cbor(map)]
    Decline {
        /// Which ring.
        #[n(1)]
        call: CallId,
        /// Why.
        #[n(2)]
        reason: DeclineReason,
        /// When the party will call back, milliseconds since 1970 UTC.
        #[n(3)]
        call_back_ms: Option<u64>,
        /// Who could answer instead.
        #[n(4)]
        deputy: Option<OfficeId>,
    },
    /// Dismisses missed rings of another party for the own one: they wait for nobody any more.
    #[n(31)]
    #[cbor(map)]
    Dismiss {
        /// Who rang.
        #[n(1)]
        party: PartyId,
        /// Which rings, ascending, 1 to [`crate::limits::MISSED_MAX`].
        #[n(2)]
        calls: Vec<CallId>,
    },
    /// Hangs up: leaves the line.
    #[n(3)]
    #[cbor(map)]
    Leave {
        /// It leaves to answer a ring of this precedence on another line.
        #[n(1)]
        cause: Option<Precedence>,
    },
    /// Moves the group of the console's own node to the next epoch (RFC 9420 §12.4).
    #[n(4)]
    #[cbor(map)]
    Handshake {
        /// Which group.
        #[n(1)]
        group: GroupId,
        /// The epoch that it starts from; 0 creates the group.
        #[n(2)]
        epoch: u64,
        /// The commit, for those who are in; none when the group is created.
        #[n(3)]
        commit: Option<BodyRef>,
        /// The welcome, for those who are added.
        #[n(4)]
        welcome: Option<BodyRef>,
        /// Devices added, in the order of their leaves.
        #[n(5)]
        added: Vec<DeviceId>,
        /// Devices removed.
        #[n(6)]
        removed: Vec<DeviceId>,
    },
    /// Acknowledges a ring for the party without answering it: the person who will is being fetched. The ring goes on,
    /// quieter, until then.
    #[n(5)]
    #[cbor(map)]
    Acknowledge {
        /// Which ring.
        #[n(1)]
        call: CallId,
        /// When the party expects to answer, milliseconds since 1970 UTC.
        #[n(2)]
        ready_ms: u64,
    },
    /// The station of another party is the one that it says it is: the verification code was compared by voice.
    #[n(6)]
    #[cbor(map)]
    Confirm {
        /// Whose station.
        #[n(1)]
        party: PartyId,
    },
    /// On a staged line: the party's principal is ready to come on with these parties; with none: not any more.
    #[n(7)]
    #[cbor(map)]
    Ready {
        /// Parties, ascending, each confirmed before.
        #[n(1)]
        with: Vec<PartyId>,
    },
    /// A console stays in and is neither seen nor heard, or is so again. For itself, or by the party's duty officer.
    #[n(8)]
    #[cbor(map)]
    Hold {
        /// Which console of the party.
        #[n(1)]
        device: DeviceId,
        /// It is held from now on; otherwise it is not.
        #[n(2)]
        on: bool,
    },
    /// Another console of the party is out of the call: by the party's duty officer, or by the same person who has
    /// taken the call over.
    #[n(9)]
    #[cbor(map)]
    Remove {
        /// Which.
        #[n(1)]
        device: DeviceId,
    },
    /// Another party should be dropped from the call, or should not any more. Counts where the charter's policy lets a
    /// majority do that.
    #[n(10)]
    #[cbor(map)]
    Drop {
        /// Which party.
        #[n(1)]
        party: PartyId,
        /// It should be; otherwise the wish is taken back.
        #[n(2)]
        on: bool,
    },
    /// On a staged line: a principal comes on with these parties. Its console says so by itself once all are ready.
    #[n(15)]
    #[cbor(map)]
    ComeOn {
        /// Parties, ascending, that see and hear the principal from now on.
        #[n(1)]
        with: Vec<PartyId>,
    },
    /// Takes the duty of the console's office, or goes on with it, until the shift ends. Who had it is relieved.
    #[n(11)]
    #[cbor(map)]
    TakeDuty {
        /// End of the shift, milliseconds since 1970 UTC: after the entry, and at most [`crate::limits::SHIFT_MS`]
        /// after it.
        #[n(1)]
        until_ms: u64,
    },
    /// Asks the other parties of the line to meet: on which line, when, about what.
    #[n(12)]
    #[cbor(map)]
    Propose {
        /// The consultation, which becomes the call of this id.
        #[n(1)]
        id: CallId,
        /// About what, out of the charter's list.
        #[n(2)]
        subject: SubjectId,
        /// The line on which to meet.
        #[n(3)]
        level: LineId,
        /// When to meet, milliseconds since 1970 UTC: after the entry, and at most [`crate::limits::PROPOSE_MS`] after
        /// it.
        #[n(4)]
        at_ms: u64,
        /// How urgently it is asked.
        #[n(5)]
        precedence: Precedence,
    },
    /// Says for the party who comes to a consultation, or that nobody does. A later word replaces an earlier one.
    #[n(13)]
    #[cbor(map)]
    Attend {
        /// Hash of the payload of the proposing statement: an answer is to these very words.
        #[n(1)]
        proposal: Hash,
        /// The line on which to meet, as proposed.
        #[n(2)]
        level: LineId,
        /// Who comes; none: nobody of the party.
        #[n(3)]
        coming: Option<Coming>,
    },
    /// Takes back what the own party has proposed on the line.
    #[n(14)]
    #[cbor(map)]
    Withdraw {
        /// Which consultation.
        #[n(1)]
        id: CallId,
    },
    /// Comes over: the console, which is in on the line at another node of its party, is in here from now on, in the
    /// same call, with the same key packages, and with everything that it has said there.
    #[n(16)]
    #[cbor(map)]
    Attach {
        /// The call that it rang or answered.
        #[n(1)]
        call: CallId,
        /// Its key packages as offered before; their bodies do not travel again.
        #[n(2)]
        offers: Vec<KeyOffer>,
        /// Its ring of that id goes on, so urgent.
        #[n(3)]
        ring: Option<Precedence>,
        /// What it has said in the call so far.
        #[n(4)]
        word: Carried,
    },
    /// A station says what it heard of the others in a test call.
    #[n(18)]
    #[cbor(map)]
    StationTested {
        /// One per other party, sorted; at least one.
        #[n(1)]
        results: Vec<StationTest>,
    },
    /// A console on watch proves that it lives: it has sealed and opened a frame where it would seal and open those of
    /// a call.
    #[n(19)]
    #[cbor(map)]
    Alive {
        /// What its node asked it with.
        #[cbor(n(1), with = "minicbor::bytes")]
        nonce: [u8; 16],
    },
    /// An officer sends a test text to the other parties of the line.
    #[n(20)]
    #[cbor(map)]
    SendTest {
        /// Its number in the list (journal.md §10).
        #[n(1)]
        text: u16,
        /// The language in which it was read to be sent.
        #[n(2)]
        language: Language,
    },
    /// An officer of another party has read and translated a test text, and certifies so.
    #[n(21)]
    #[cbor(map)]
    Certify {
        /// Hash of the payload of the sending statement: these very words.
        #[n(1)]
        text: Hash,
        /// The language of the translation.
        #[n(2)]
        language: Language,
        /// The translation: 1 to [`crate::limits::TRANSLATION_MAX`] characters.
        #[n(3)]
        translation: String,
    },
    /// The key package with which others let this device read what they write from now on; it replaces the last.
    #[n(22)]
    #[cbor(map)]
    Stock {
        /// The key package (RFC 9420 §10), used many times, by every writer of every line.
        #[n(1)]
        package: BodyRef,
    },
    /// Opens a circle: an MLS group of one epoch, by whose key this device's writings on the line are sealed for these
    /// readers.
    #[n(23)]
    #[cbor(map)]
    Circle {
        /// Its id.
        #[n(1)]
        circle: GroupId,
        /// The welcome for the readers.
        #[n(2)]
        welcome: BodyRef,
        /// The readers, in the order of their leaves, 1 to [`crate::limits::READERS_MAX`].
        #[n(3)]
        readers: Vec<DeviceId>,
    },
    /// Writes something.
    #[n(24)]
    #[cbor(map)]
    Write {
        /// What.
        #[n(1)]
        written: Written,
    },
    /// These writings were on the screen of this console.
    #[n(25)]
    #[cbor(map)]
    Shown {
        /// Ids, ascending, 1 to [`crate::limits::SHOWN_MAX`].
        #[n(1)]
        writings: Vec<Hash>,
    },
    /// Acknowledges a message for the party.
    #[n(26)]
    #[cbor(map)]
    AcknowledgeWriting {
        /// Its id.
        #[n(1)]
        writing: Hash,
        /// The writing by which it was read back.
        #[n(2)]
        read_back: Option<Hash>,
    },
    /// Another officer than the translator certifies a translation.
    #[n(27)]
    #[cbor(map)]
    CertifyWriting {
        /// Its id.
        #[n(1)]
        writing: Hash,
    },
    /// Approves this very version of a joint text for the party.
    #[n(28)]
    #[cbor(map)]
    Approve {
        /// Id of the version.
        #[n(1)]
        writing: Hash,
    },
    /// Tells each of those who hear this console, who is in on the line, a secret that it shares with that one alone:
    /// by it they know that a frame is its own (sealing.md §6).
    #[n(30)]
    #[cbor(map)]
    Tags {
        /// Of its keys, from which on the secrets hold.
        #[n(1)]
        generation: u16,
        /// What it has told before, in this stay on the line, holds no more.
        #[n(2)]
        anew: bool,
        /// The signed list of sealed secrets.
        #[n(3)]
        secrets: BodyRef,
    },
    /// The party's archive, which a note-taker's office keeps, has these contents; or had them, and they were
    /// destroyed.
    #[n(29)]
    #[cbor(map)]
    Archive {
        /// Ids, ascending, 1 to [`crate::limits::SHOWN_MAX`].
        #[n(1)]
        writings: Vec<Hash>,
        /// They are there no more.
        #[n(2)]
        destroyed: bool,
    },
}

/// What a console that comes over has said about the call's parties and itself. Lists are ascending, each party once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Carried {
    /// Stations that it has confirmed.
    #[n(1)]
    pub confirmed: Vec<PartyId>,
    /// Parties with which its principal is ready; empty: is not ready.
    #[n(2)]
    pub ready: Vec<PartyId>,
    /// Parties with which it, a principal, is on; empty: is not on.
    #[n(3)]
    pub on: Vec<PartyId>,
    /// Parties that it wants dropped.
    #[n(4)]
    pub drops: Vec<PartyId>,
    /// It is held.
    #[n(5)]
    pub held: bool,
}

impl Carried {
    /// All its lists.
    pub fn lists(&self) -> [&[PartyId]; 4] {
        [&self.confirmed, &self.ready, &self.on, &self.drops]
    }
}

/// Who comes to a consultation, and when.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Coming {
    /// An office of the party on the line on which to meet.
    #[n(1)]
    pub office: OfficeId,
    /// When it will be there, milliseconds since 1970 UTC.
    #[n(2)]
    pub at_ms: u64,
}

/// Why a ring was declined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum DeclineReason {
    /// Nobody can come to the line now.
    #[n(0)]
    Busy,
    /// Somebody will call back.
    #[n(1)]
    CallBack,
    /// Another office should be rung.
    #[n(2)]
    Deputy,
    /// The party does not wish to talk now.
    #[n(3)]
    Refused,
}
