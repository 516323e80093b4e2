//! The node as two pure machines: [`Machine`] (control: consoles, journal, links) and the `Forwarder` (media, in
//! [`forward`]). Neither reads a clock, draws randomness, or touches a socket or a file.
//!
//! # The calling contract
//! `handle(now, input)` mutates and queues; after each call drain `poll()` until it returns nothing and do what the
//! outputs say, in their order; `next_timeout()` says when to call `handle(now, Input::Tick)` at the latest.

mod amendment;
mod bucket;
mod budgets;
mod catch_up;
mod chunks;
mod consoles;
pub mod forward;
mod here;
pub mod io;
mod journals;
pub mod limits;
mod links;
mod machine;
mod media;
pub mod note;
mod out;
mod revocations;
mod rings;
#[cfg(test)]
mod scene;
mod statements;
mod stays;
mod trials;
mod watch;
mod writings;

pub use amendment::AmendError;
pub use catch_up::CatchingUp;
pub use io::*;
pub use journals::{Shelf, SnapshotError};
pub use machine::{Cause, Due, Machine, RestoreError, Setup, Start};
pub use note::*;
pub use revocations::{Errand, Fate, NotDone};
