//! End-to-end encryption of consoles: who holds the keys ([`groups`], MLS, RFC 9420) and what they seal ([`sealing`],
//! SFrame, RFC 9605). Only consoles build this crate; a node never does. No sockets, files or threads; random numbers
//! come in as [`Chance`]; for MLS, the clock comes from the platform. The bytes are specified in `spec/sealing.md`.

mod chance;
pub mod groups;
pub mod sealing;
pub mod writing;

pub use chance::{Chance, NoChance};
pub use groups::{Expected, Hearer, Invite, Keyring, KeyringError, Leaf, Pending, Progress, TagsTold};
pub use sealing::{BaseKey, KeyId, Medium, OpenError, Opener, Receiver, SealError, Sealer, TagKey, TagSecret};
pub use trialogue_journal::GroupId;
