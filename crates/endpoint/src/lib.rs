//! The native endpoint: a console without a screen. It enrols like any console, rings and answers, plays a WAV and an
//! IVF file, records what it hears per speaker, and prints one JSON object per event (`docs/endpoint.md`). Tests,
//! benchmarks and line tests use it; the decisions are those of `trialogue-console-core`, as in the browser.

mod act;
pub mod archive;
pub mod args;
pub mod attachments;
mod control;
mod endpoint;
pub mod error;
pub mod event;
mod gaps;
mod identity;
mod leg;
mod listen;
mod media;
mod pace;
mod picture;
pub mod report;
mod run;
mod sealing;
mod slot;
mod socket;
mod speak;
pub mod station;
mod tls;
mod writings;

pub use args::Args;
#[doc(hidden)]
pub use control::{Control, Lines};
pub use error::EndpointError;
pub use report::Told;
pub use run::{run, run_with};
