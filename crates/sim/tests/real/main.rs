//! Networks with real consoles, in a program of their own: they take as long as all others together, and the time of a
//! program is bounded.
#![allow(clippy::unwrap_used)]

mod real_consoles_talk;
mod real_networks_in_trouble;
