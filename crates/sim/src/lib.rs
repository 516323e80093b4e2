//! Many nodes and consoles in one process, under a network, disks and clocks that a seed decides: what takes a world of
//! machines and bad luck to happen, happens here in milliseconds and again the same way. Test only.

pub mod acts;
mod cables;
pub mod chaos;
pub mod console;
pub mod disk;
pub mod fixture;
pub mod invariants;
pub mod node;
pub mod rng;
pub mod world;

pub use console::SimConsole;
pub use disk::{Disk, Health};
pub use fixture::{DUTY, Fixture, LEADERS, SUMMIT, fixture};
pub use node::SimNode;
pub use rng::Rng;
pub use world::{DEVICES, JPN, KOR, USA, World};
