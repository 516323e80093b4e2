//! How urgent a ring is, and which office may say so on which line.

use crate::agreement::Line;
use crate::ids::OfficeId;
use minicbor::{Decode, Encode};

/// One table for everything that knows each level: what it is called, its number on the wire, and that it is among all
/// of them.
macro_rules! levels {
    ($($(#[$about:meta])* $level:ident, $number:literal, $name:literal;)*) => {
        /// Precedence of a ring, lowest first; the levels of multilevel precedence and pre-emption (ITU-T Q.955.3, RFC
        /// 4542).
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
        #[cbor(index_only)]
        pub enum Precedence {
            $($(#[$about])* #[n($number)] $level,)*
        }

        impl Precedence {
            /// All, lowest first.
            pub const ALL: [Self; [$($number),*].len()] = [$(Self::$level),*];

            /// Its name in files: `routine`, `priority`, `immediate`, `flash`, `flash-override`.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$level => $name,)*
                }
            }
        }
    };
}

levels! {
    /// Everyday business. Every office on a line may ring so.
    #[default]
    Routine, 0, "routine";
    /// Should be answered before everyday business.
    Priority, 1, "priority";
    /// A situation that gravely affects security.
    Immediate, 2, "immediate";
    /// Command and warning.
    Flash, 3, "flash";
    /// The heads of the parties.
    FlashOverride, 4, "flash-override";
}

impl Precedence {
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
