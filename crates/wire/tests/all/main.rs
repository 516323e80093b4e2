//! All tests of this crate from outside, in one program: each further program would compile and link the generic code
//! of its libraries once more.
#![allow(clippy::unwrap_used)]

mod a_node_turns_no_leg;
mod every_message_has_one_form;
mod hostile_bytes_are_refused;
