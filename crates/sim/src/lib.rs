//! Many nodes and consoles in one process, under a network, disks and clocks that a seed decides: what takes a world of
//! machines and bad luck to happen, happens here in milliseconds and again the same way. Test only.

pub mod acts;
mod agenda;
pub mod chaos;
pub mod console;
pub mod disk;
pub mod fixture;
mod forge;
mod happen;
mod heard;
pub mod invariants;
mod media;
mod member;
mod models;
pub mod mutation;
mod network;
pub mod node;
mod quiet;
pub mod real;
pub mod reference;
pub mod rng;
pub mod runner;
mod taken;
pub mod trace;
pub mod trouble;
mod truth;
pub mod world;

pub use console::SimConsole;
pub use disk::{Disk, Health};
pub use fixture::{DUTY, Fixture, LEADERS, SUMMIT, Site, fixture, fixture_of};
pub use models::Models;
pub use mutation::Mutation;
pub use node::SimNode;
pub use real::with_real_consoles;
pub use rng::Rng;
pub use trace::Trace;
pub use world::{DEVICES, JPN, KOR, USA, World};
