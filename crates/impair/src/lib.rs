//! Bad networks for tests and measurements: one seeded path ([`Direction`]), cables and relays that behave like it, and
//! a [`Lab`] of network namespaces with whole nodes and consoles in it. No program that people run uses any of this.

mod cable;
mod command;
mod desk;
mod direction;
mod endpoint;
mod error;
mod house;
mod lab;
pub mod limits;
mod relay;
mod rng;
mod shape;
mod world;

pub use cable::Cable;
pub use desk::Desk;
pub use direction::{Counted, Direction};
pub use endpoint::Endpoint;
pub use error::LabError;
pub use house::{Extra, House, LINE, PARTIES, PartyRole, Suite};
pub use lab::{Carrier, Kind, Lab, why_not};
pub use relay::Relay;
pub use shape::{BadShape, Shape};
pub use world::{Plan, World};
