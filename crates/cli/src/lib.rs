//! What the program `trialogue` does, subcommand by subcommand, so that tests and the demo can do the same.

pub mod archive;
pub mod charter;
pub mod demo;
pub mod device;
pub mod endpoint;
pub mod enrol;
pub mod entropy;
pub mod failure;
pub mod files;
pub mod node;
pub mod node_key;
pub mod party;
pub mod pdf;
pub mod record;
pub mod station;

pub use failure::Failure;
