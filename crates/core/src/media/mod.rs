//! Media of consoles, as the control side has it.

mod at;
mod hops;
mod key_frames;
mod spares;

pub(crate) use at::At;
pub(crate) use key_frames::KeyFrames;
