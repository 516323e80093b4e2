//! All tests of this crate from outside, in one program: each further program would compile and link the generic code
//! of its libraries once more.
#![allow(clippy::unwrap_used)]

mod a_console_moves_to_the_alternate_site;
mod a_consultation_becomes_the_call;
mod a_device_is_enrolled_once;
mod a_node_restarts_during_a_call;
mod a_node_signs_two_histories;
mod a_replaced_key_signs_nothing_more;
mod a_revocation_proves_itself;
mod a_ring_is_acknowledged;
mod a_ring_is_answered_or_not;
mod a_statement_of_somebody_else;
mod a_test_of_the_line_is_missed;
mod an_act_is_for_one_node_one_charter_one_time;
mod an_answer_crosses_a_hang_up;
mod any_order_gives_the_same_state;
mod common;
mod every_entry_has_one_form;
mod journals_are_read_under_a_newer_charter;
mod memory_stays_bounded;
mod nobody_acts_beyond_the_own_role;
mod reference;
mod something_is_written;
mod the_fold_keeps_its_version;
mod two_commits_for_one_epoch;
mod two_parties_ring_at_once;
mod who_has_the_duty;
