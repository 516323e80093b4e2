//! All tests of this crate from outside, in one program: each further program would compile and link the generic code
//! of its libraries once more.
#![allow(clippy::unwrap_used)]

mod a_charter_needs_every_signature;
mod a_device_is_enrolled_by_link;
mod a_key_file_is_read_back;
mod a_key_has_one_form;
mod a_root_may_fail_to_sign;
mod an_altered_charter_is_refused;
mod an_amendment_needs_everyone;
mod an_officer_proves_the_root;
mod only_the_root_revokes;
mod texts_show_what_they_say;
mod the_vectors_hold;
