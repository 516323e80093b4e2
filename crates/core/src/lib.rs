//! The node as two pure machines: [`Machine`] (control: consoles, journal, links) and the `Forwarder` (media, in
//! [`forward`]). Neither reads a clock, draws randomness, or touches a socket or a file.
//!
//! # The calling contract
//! `handle(now, input)` mutates and queues; after each call drain `poll()` until it returns nothing and do what the
//! outputs say, in their order; `next_timeout()` says when to call `handle(now, Input::Tick)` at the latest.

mod amend;
mod amendment;
mod bucket;
mod budgets;
mod chunks;
mod consoles;
mod due;
mod effects;
pub mod forward;
mod here;
pub mod io;
mod journals;
pub mod limits;
mod links;
mod machine;
mod media;
pub mod note;
mod opening;
mod out;
mod proof;
mod restore;
mod revocations;
mod rings;
#[cfg(test)]
mod scene;
mod take_entries;
mod take_statement;
mod trials;
mod watch;
mod writings;

pub use amend::AmendError;
pub use due::{Cause, Due};
pub use io::*;
pub use journals::{Shelf, SnapshotError};
pub use machine::Machine;
pub use note::*;
pub use opening::CatchingUp;
pub use restore::{RestoreError, Setup, Start};
pub use revocations::{Errand, Fate, NotDone};
