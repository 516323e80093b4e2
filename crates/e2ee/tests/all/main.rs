//! All tests of this crate from outside, in one program: each further program would compile and link the generic code
//! of its libraries once more.
#![allow(clippy::unwrap_used)]

mod a_welcome_names_another_group;
mod a_writing_is_opened_by_its_readers_only;
mod common;
mod crypto_basics_vectors;
mod hostile_handshakes;
mod members_come_and_go;
mod rfc9420_vectors;
mod rfc9605_vectors;
mod sealed_frames;
mod the_vectors_hold;
mod three_consoles_three_groups;
mod two_commits_for_one_epoch;
mod who_sent_it;
