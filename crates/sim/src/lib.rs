//! Many nodes and consoles in one process, under a network, disks and clocks that a seed decides: what takes a world of
//! machines and bad luck to happen, happens here in milliseconds and again the same way. Test only.

pub mod acts;
mod agenda;
mod checks;
pub mod console;
pub mod disk;
pub mod fixture;
mod happen;
mod live;
mod media;
mod mischief;
mod models;
pub mod mutation;
mod network;
pub mod node;
pub mod real;
pub mod reference;
pub mod rng;
pub mod runner;
mod talk;
pub mod trace;
mod witness;
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
