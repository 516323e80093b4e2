//! The record: all journals together, so that an auditor years later needs nobody's word.
//!
//! A Merkle tree over each journal ([`tree`], RFC 9162 §2.1), proofs that an entry is in it and that it only grew
//! ([`proof`]), heads as C2SP notes ([`note`], [`inclusion`]), the file in which a record travels ([`item`]), and its
//! verification ([`verify`]) and reading ([`timeline`]). Pure. The bytes are specified in `spec/record.md`.

mod anchor;
mod check;
pub mod claims;
pub mod clocks;
mod cover;
pub mod coverage;
mod evidence;
pub mod finding;
mod found;
pub mod held;
mod in_force;
pub mod inclusion;
pub mod item;
pub mod limits;
pub mod note;
pub mod placing;
pub mod proof;
pub mod seal;
pub mod signed;
pub mod span;
mod spoken;
pub mod timeline;
pub mod tree;
pub mod utc;
pub mod verify;

pub use clocks::{Apart, Bracket, Clocks};
pub use coverage::{Covered, Mark};
pub use finding::{Finding, Weight};
pub use held::Held;
pub use item::{Digest, Item, ItemError};
pub use note::{Checkpoint, NoteError};
pub use seal::Seal;
pub use tree::{Frontier, Root};
pub use verify::{Report, Taken, Verifier};
