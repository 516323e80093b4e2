//! The node as two pure machines: [`Machine`] (control: consoles, journal, links) and the `Forwarder` (media, in
//! [`forward`]). Neither reads a clock, draws randomness, or touches a socket or a file.
//!
//! # The calling contract
//! `handle(now, input)` mutates and queues; after each call drain `poll()` until it returns nothing and do what the
//! outputs say, in their order; `next_timeout()` says when to call `handle(now, Input::Tick)` at the latest.

pub mod forward;
pub mod io;
pub mod note;

pub use io::*;
pub use note::*;
