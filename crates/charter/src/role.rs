//! What the holder of an office does in a call, and what the parties agreed about calls.

use crate::agreement::Texts;
use crate::ids::SubjectId;
use minicbor::{Decode, Encode};

/// What the holder of an office does in a call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Role {
    /// Rings, answers, and prepares the call for the principals.
    #[default]
    #[n(0)]
    DutyOfficer,
    /// The leader, minister or adviser. On a staged line neither seen nor heard until every party is ready.
    #[n(1)]
    Principal,
    /// Speaks and hears, and does not act for the party.
    #[n(2)]
    Interpreter,
    /// Listens, visibly. Sends nothing.
    #[n(3)]
    NoteTaker,
    /// No person: a machine that tests the line by calling the other parties' machines. On test lines only, and nobody
    /// else is there.
    #[n(4)]
    Station,
}

impl Role {
    /// All.
    pub const ALL: [Self; 5] = [Self::DutyOfficer, Self::Principal, Self::Interpreter, Self::NoteTaker, Self::Station];

    /// Its name in files: `duty-officer`, `principal`, `interpreter`, `note-taker`, `station`.
    pub fn name(self) -> &'static str {
        match self {
            Self::DutyOfficer => "duty-officer",
            Self::Principal => "principal",
            Self::Interpreter => "interpreter",
            Self::NoteTaker => "note-taker",
            Self::Station => "station",
        }
    }

    /// The one of a name, if there is one.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// May ring, answer, decline and promise in the party's name, so that its presence means that the party is there.
    pub fn acts_for_party(self) -> bool {
        matches!(self, Self::DutyOfficer | Self::Principal | Self::Station)
    }

    /// May be heard and seen in a call.
    pub fn speaks(self) -> bool {
        self != Self::NoteTaker
    }
}

/// What the parties agreed about recording a line. Said on every console that is in a call there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Recording {
    /// Nobody records voice or picture.
    #[default]
    #[n(0)]
    None,
    /// Each party may keep a recording of its own.
    #[n(1)]
    EachParty,
}

impl Recording {
    /// All.
    pub const ALL: [Self; 2] = [Self::None, Self::EachParty];

    /// Its name in files: `none`, `each-party`.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::EachParty => "each-party",
        }
    }

    /// The one of a name, if there is one.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|recording| recording.name() == name)
    }
}

/// May the others drop a party from a call?
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Removal {
    /// Never: a party leaves by its own act alone.
    #[default]
    #[n(0)]
    Never,
    /// Yes, when more than half of the parties on the line say so, while they say so.
    #[n(1)]
    Majority,
}

impl Removal {
    /// All.
    pub const ALL: [Self; 2] = [Self::Never, Self::Majority];

    /// Its name in files: `never`, `majority`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Majority => "majority",
        }
    }

    /// The one of a name, if there is one.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|removal| removal.name() == name)
    }
}

/// What a consultation may be about. Agreed beforehand, in three languages, so that a request says it without free text
/// on a node.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Subject {
    /// Its id.
    #[n(1)]
    pub id: SubjectId,
    /// What it says.
    #[n(2)]
    pub text: Texts,
}
