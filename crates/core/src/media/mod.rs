//! Media of consoles, as the control side has it.

mod at;
mod key_frames;

pub(crate) use at::At;
pub(crate) use key_frames::KeyFrames;
