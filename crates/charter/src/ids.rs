//! Names of things in a charter. All are bounded, printable and without secrets; personal names are *not* here.

use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};
use std::fmt;

/// An id that does not have the form its type asks for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} id is not usable: {rule}")]
pub struct BadId {
    kind: &'static str,
    rule: &'static str,
}

macro_rules! slug {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $max:literal, $allowed:expr, $rule:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Longest accepted id in bytes.
            pub const MAX: usize = $max;

            /// Accepts an id of the documented form.
            pub fn new(text: impl Into<String>) -> Result<Self, BadId> {
                let text = text.into();
                let allowed: fn(u8) -> bool = $allowed;
                if text.is_empty() || text.len() > Self::MAX || !text.bytes().all(allowed) {
                    return Err(BadId { kind: $kind, rule: $rule });
                }
                Ok(Self(text))
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = BadId;
            fn from_str(s: &str) -> Result<Self, BadId> {
                Self::new(s)
            }
        }

        impl<C> Encode<C> for $name {
            fn encode<W: encode::Write>(&self, e: &mut Encoder<W>, _: &mut C) -> Result<(), encode::Error<W::Error>> {
                e.str(&self.0)?.ok()
            }
        }

        impl<'b, C> Decode<'b, C> for $name {
            fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
                Self::new(d.str()?).map_err(decode::Error::custom)
            }
        }
    };
}

slug!(
    /// A sovereign member, for example `USA`.
    PartyId, "party", 8, |b| b.is_ascii_uppercase() || b.is_ascii_digit(), "1 to 8 capital letters or digits"
);
slug!(
    /// A party's server, for example `usa-1`.
    NodeId, "node", 32, |b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-', "1 to 32 of a-z, 0-9 and -"
);
slug!(
    /// A standing channel at one level, for example `leaders`.
    LineId, "line", 32, |b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-', "1 to 32 of a-z, 0-9 and -"
);
slug!(
    /// A seat on a line, for example `usa-president`.
    OfficeId, "office", 48, |b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-', "1 to 48 of a-z, 0-9 and -"
);

slug!(
    /// What a consultation may be about, for example `missile-launch`.
    SubjectId, "subject", 32, |b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-', "1 to 32 of a-z, 0-9 and -"
);

macro_rules! bytes_id {
    ($(#[$doc:meta])* $name:ident, $len:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $len]);

        impl $name {
            /// Length in bytes.
            pub const LEN: usize = $len;
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                for b in &self.0[..8.min($len)] {
                    write!(f, "{b:02x}")?;
                }
                Ok(())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                // At once: a screen names its devices by it, after every input.
                let mut text = [0; 2 * $len];
                hex::encode_to_slice(self.0, &mut text).map_err(|_| fmt::Error)?;
                f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
            }
        }

        impl<C> Encode<C> for $name {
            fn encode<W: encode::Write>(&self, e: &mut Encoder<W>, _: &mut C) -> Result<(), encode::Error<W::Error>> {
                e.bytes(&self.0)?.ok()
            }
        }

        impl<'b, C> Decode<'b, C> for $name {
            fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
                <[u8; $len]>::try_from(d.bytes()?).map(Self).map_err(|_| decode::Error::message("wrong length"))
            }
        }
    };
}

bytes_id!(
    /// A console: the first 32 bytes of SHA-384 over its two public keys (Ed25519, then ML-DSA-87).
    DeviceId, 32
);
bytes_id!(
    /// SHA-384 of some bytes; what, the field says.
    Hash, 48
);
bytes_id!(
    /// A call, drawn at random by the console that rings.
    CallId, 16
);

impl Hash {
    /// SHA-384 of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        use sha2::Digest;
        Self(sha2::Sha384::digest(bytes).into())
    }
}
