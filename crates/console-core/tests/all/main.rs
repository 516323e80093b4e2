//! All tests of this crate from outside, in one program: each further program would compile and link the generic code
//! of its libraries once more.
#![allow(clippy::unwrap_used)]

mod a_call_is_staged;
mod a_charter_is_amended_in_mid_call;
mod a_claim_holds_a_node_up;
mod a_console_cannot_sound;
mod a_console_is_cut_off;
mod a_consultation_becomes_the_call;
mod a_device_has_no_seat;
mod a_former_leg_speaks;
mod a_frame_is_forged;
mod a_group_is_made_without_end;
mod a_group_uses_up_its_epochs;
mod a_handshake_lies;
mod a_leg_is_not_as_agreed;
mod a_log_in_is_for_one_site;
mod a_member_floods_its_journal;
mod a_member_puts_out_another;
mod a_member_spoils_what_is_written;
mod a_member_takes_all_seats;
mod a_more_urgent_ring_takes_over;
mod a_node_is_hostile;
mod a_node_tells_without_end;
mod a_node_withholds_a_revocation;
mod a_ring_is_missed;
mod a_second_call_is_heard;
mod a_silent_station_holds_up_itself;
mod a_welcome_names_another_group;
mod an_act_is_said_anew;
mod an_interpreter_hears_again;
mod an_uninvited_device_opens_nothing;
mod anothers_bytes_are_said_again;
mod common;
mod files_are_attached;
mod keys_are_renewed;
mod keys_come_late;
mod rings_end;
mod the_archive_keeps_what_is_written;
mod the_charter_says_who_may_do_what;
mod the_line_is_tested_by_people;
mod the_main_site_dies_in_a_call;
mod the_parties_write;
mod three_parties_talk;
mod two_parties_ring_at_once;
mod who_has_the_duty;
