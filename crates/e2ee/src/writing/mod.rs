//! What is written: circles of readers, and contents sealed for them (sealing.md §7).
//!
//! A circle is an MLS group of one epoch. The writer makes it with a key package of every reader, hands out one
//! welcome, and takes one secret out of it; then the group is forgotten. Who has the secret reads what the writer seals
//! for that circle; a change of readers is a new circle. Nothing has to be ordered, so that anybody can write while
//! everybody else is away.

mod archive;
mod attach;
mod circle;
mod content;
mod keep;
mod seal;
mod stock;

pub use archive::{ARCHIVE_PUBLIC, ArchiveError, ArchivePublic, ArchiveSecret};
pub use attach::{FILES_BYTES_MAX, FILES_MAX, File, FileError, FileOpener, FileSealer, NAME_MAX, PIECE, fit_together};
pub use circle::{CircleJoined, CircleKey, CircleMade, WritingKeys};
pub use content::{Content, ContentError, MARKING_MAX, Part, TEXT_MAX, Tongue};
pub use keep::KeepKey;
pub use seal::{CONTENT_MAX, Sealed, UnsealError, Wrap, seal, unseal};
pub use stock::{StockMade, StockSecret};
