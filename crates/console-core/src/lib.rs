//! The console as a pure machine: what the officer does and what the node sends go in; what to send, what to show and
//! which keys the media worker uses come out. The same code runs in the browser (WebAssembly) and in the native
//! endpoint.
//!
//! Calling contract: after every [`Console::handle`] drain [`Console::poll`] until it returns `None`; call `handle`
//! with [`Input::Tick`] when [`Console::next_timeout`] has come. The machine reads no clock and draws nothing by
//! itself: random numbers come from the [`Chance`] that it is given, which is the operating system's (the browser's) in
//! the products.

mod acts;
mod agreed;
mod around;
pub mod authority;
#[cfg(test)]
mod bench;
mod bodies;
mod call;
pub mod console;
mod duty;
pub mod identity;
pub mod io;
mod keys;
pub mod limits;
mod now;
mod outputs;
mod precedence;
mod repeats;
mod revocations;
mod rings;
mod roster;
#[cfg(test)]
mod scene;
mod show;
mod sites;
mod texts;
mod timers;
mod trial;
mod trouble;
pub mod view;
mod written;

pub use console::Console;
pub use identity::{EnrolError, Identity, enrol};
pub use io::{
    ArchiveWord, Archived, ArchivedChunk, Event, FilePart, Input, OpenKey, Output, Receiving, SealKey, Suspicion,
};
pub use trialogue_e2ee::{Chance, NoChance};
