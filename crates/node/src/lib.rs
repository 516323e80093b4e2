//! A party's node: sockets, disk, clock and HTTP around the pure machines of `trialogue-core`.
//!
//! The node is blind: it never depends on the crate that can open media or messages.
//!
//! [`run`] is the program `trialogue node`; [`Node::start`] runs a node inside another program, as tests and the demo
//! do.

pub mod admin;
mod alert;
pub mod backup;
pub mod config;
mod control;
pub mod counters;
mod door;
mod error;
pub mod health;
mod keys;
mod limits;
pub mod links;
pub mod media;
mod node;
mod officer;
pub mod outbox;
mod pace;
pub mod process;
mod run;
pub mod store;
pub mod web;

pub use config::{Config, ConfigError};
pub use error::NodeError;
pub use node::Node;
pub use run::{LOG_FILTER, Start, run};
