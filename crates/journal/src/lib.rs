//! The journal: what a node says, as an append-only, hash-chained, signed log; and the fold that turns all journals into
//! the state of the lines. Pure. The bytes are specified in `spec/journal.md`.
//!
//! Types prove their state: [`entry::Entry`] is a claim, a signed entry is bytes, only a verified entry can be folded.

pub mod entry;
pub mod statement;

pub use entry::*;
pub use statement::*;
