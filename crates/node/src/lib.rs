//! A party's node: sockets, disk, clock and HTTP around the pure machines of `trialogue-core`.
//!
//! The node is blind: it never depends on the crate that can open media or messages.

pub mod config;
pub mod counters;
pub mod links;
pub mod outbox;
pub mod store;
pub mod web;

pub use config::{Config, ConfigError};
