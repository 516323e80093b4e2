//! How urgent a ring is, and which office may say so on which line.

use crate::agreement::Line;
use crate::ids::OfficeId;
use minicbor::{Decode, Encode};

/// Precedence of a ring, lowest first; the levels of multilevel precedence and pre-emption (ITU-T Q.955.3, RFC 4542).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Precedence {
    /// Everyday business. Every office on a line may ring so.
    #[default]
    #[n(0)]
    Routine,
    /// Should be answered before everyday business.
    #[n(1)]
    Priority,
    /// A situation that gravely affects security.
    #[n(2)]
    Immediate,
    /// Command and warning.
    #[n(3)]
    Flash,
    /// The heads of the parties.
    #[n(4)]
    FlashOverride,
}

impl Precedence {
    /// All, lowest first.
    pub const ALL: [Self; 5] = [Self::Routine, Self::Priority, Self::Immediate, Self::Flash, Self::FlashOverride];

    /// Its name in files: `routine`, `priority`, `immediate`, `flash`, `flash-override`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Routine => "routine",
            Self::Priority => "priority",
            Self::Immediate => "immediate",
            Self::Flash => "flash",
            Self::FlashOverride => "flash-override",
        }
    }

    /// The one of a name, if there is one.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|precedence| precedence.name() == name)
    }
}

/// An office may ring a line above routine.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Authority {
    /// Which office, of those on the line.
    #[n(1)]
    pub office: OfficeId,
    /// The highest precedence that its holders may ring with; above routine.
    #[n(2)]
    pub up_to: Precedence,
}

impl Line {
    /// The highest precedence with which holders of an office may ring this line; none: they may not ring it at all.
    pub fn authority(&self, office: &OfficeId) -> Option<Precedence> {
        let held = self.authority.iter().find(|authority| authority.office == *office);
        self.offices.contains(office).then(|| held.map_or(Precedence::Routine, |authority| authority.up_to))
    }
}
