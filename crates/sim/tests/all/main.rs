//! All tests of this crate from outside, in one program: each further program would compile and link the generic code
//! of its libraries once more.
#![allow(clippy::unwrap_used)]

mod a_cable_is_cut;
mod a_charter_is_amended_during_a_call;
mod a_mutation_is_caught;
mod a_node_floods_through_another;
mod a_node_is_hostile;
mod a_node_is_restored;
mod a_node_loses_power;
mod a_ring_reaches_all_three;
mod a_start_from_what_was_kept;
mod a_stranger_at_the_door;
mod common;
mod keys_move_in_order;
mod many_worlds;
mod nobody_bends_the_record;
mod power_goes_at_every_write;
mod the_line_is_tested;
mod the_network_falls_apart_and_heals;
mod two_acts_cross_each_other;
mod voice_goes_through_third_nodes;
mod whole_networks_in_trouble;
