//! Bounds of the relay, each with what raising or lowering it costs.

/// Most bytes that one direction of a cable holds: 0.8 s at 40 Mbit/s. More is memory; less drops what a long, fast
/// path would carry.
pub const HELD_MAX: usize = 4 << 20;
/// Largest packet read, in bytes. Larger ones would not fit any path that a node uses.
pub const PACKET_MAX: usize = 9 << 10;
/// Most packets read from one side before the other has its turn. More is fewer system calls; less is fairer.
pub const TURN: usize = 64;
/// Longest sleep of a relay in milliseconds. Longer takes a change of shape later; shorter wakes up for nothing.
pub const SLEEP_MS: u64 = 20;
/// Longest line that the program takes, in bytes.
pub const LINE_MAX: u64 = 4 << 10;
/// Most flows that the UDP relay keeps apart; the one silent for longest makes room. Each is a socket and a thread.
pub const FLOWS_MAX: usize = 64;
