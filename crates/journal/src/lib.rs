//! The journal: what a node says, as an append-only, hash-chained, signed log; and the fold that turns all journals
//! into the state of the lines. Pure. The bytes are specified in `spec/journal.md`.
//!
//! Types prove their state: [`entry::Entry`] is a claim, a signed entry is bytes, only a verified entry can be folded.
//! What was read or checked once goes on with the value: bytes are read once, and a signature is checked once by a key.

pub mod append;
mod canonical;
pub mod chain;
pub mod entry;
pub mod fold;
pub mod heads;
pub mod limits;
mod occasion;
pub mod signed;
pub mod stated;
pub mod statement;
pub mod strict;
pub mod tally;
pub mod test;
pub mod writing;

pub use append::Journal;
pub use chain::{Chain, ChainError, Fork};
pub use entry::*;
pub use fold::{Applied, Ignored, State};
pub use occasion::Occasion;
pub use signed::{EntryError, SignedEntry, UnverifiedEntry, VerifiedEntry};
pub use stated::{SignedStatement, StatementError, UnverifiedStatement, VerifiedStatement};
pub use statement::*;
pub use tally::{Grade, Level, PairTests, Tally};
pub use test::{Language, PathTest, StationTest};
pub use writing::{Kind, Traffic, Wrapped, Written, chunk_list, chunks};
