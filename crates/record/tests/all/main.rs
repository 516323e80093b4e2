//! All tests of this crate from outside, in one program: each further program would compile and link the generic code
//! of its libraries once more.
#![allow(clippy::unwrap_used)]

mod a_machine_s_return_is_no_ring_of_a_person;
mod a_text_is_handed_on;
mod clocks_are_held_against_each_other;
mod file;
mod heads_are_notes_that_other_tools_read;
mod nobody_bends_the_file;
mod the_tree_is_that_of_rfc_9162;
mod the_vectors_hold;
mod what_hostile_members_export;
