//! What bytes of a stranger do to every decoder: nothing but what they may.
//!
//! Each target takes any bytes at all, and panics when a promise does not hold: nothing falls over, nothing forged is
//! believed, what is taken has one encoding. It says whether the outermost decoder took the bytes, so that a test can
//! tell that it tests something. The tests run every target for a moment
//! ([`tests/no_bytes_of_a_stranger_break_anything.rs`]); `cargo xtask fuzz` runs them for as long as one likes, guided
//! by coverage. Test only: the keys in here are public.
//!
//! [`tests/no_bytes_of_a_stranger_break_anything.rs`]: https://github.com/trialogue/trialogue/tree/main/crates/hostile/tests
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a panic is how a target fails"
)]

pub mod charter;
pub mod console;
pub mod fold;
pub mod forward;
pub mod handshake;
pub mod journal;
pub mod leg;
pub mod node;
mod parts;
pub mod record;
pub mod seals;
pub mod settings;
pub mod text;
pub mod vectors;
pub mod wire;
mod world;
pub mod written;

pub use parts::{Parts, join, parts};

/// One way in for a stranger's bytes.
#[derive(Clone, Copy)]
pub struct Target {
    /// As in `fuzz/fuzz_targets/`.
    pub name: &'static str,
    /// Takes any bytes; true: the outermost decoder took them. Panics when a promise does not hold.
    pub run: fn(&[u8]) -> bool,
    /// Bytes that are taken, for a search to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// How many altered inputs the ordinary tests try: about a second's worth in the development profile.
    pub rounds: u32,
}

const fn target(name: &'static str, run: fn(&[u8]) -> bool, seeds: fn() -> Vec<Vec<u8>>, rounds: u32) -> Target {
    Target { name, run, seeds, rounds }
}

/// Every target.
pub const TARGETS: &[Target] = &[
    target("charter_decode", charter::decode, charter::decode_seeds, 1_000),
    target("charter_certificate", charter::certificate, charter::certificate_seeds, 1_000),
    target("charter_signed", charter::signed, charter::signed_seeds, 10_000),
    target("charter_text", text::text, text::seeds, 3_000),
    target("journal_entry", journal::entry, journal::seeds, 5_000),
    target("journal_fold", fold::fold, fold::seeds, 600),
    target("record_file", record::file, record::file_seeds, 600),
    target("record_proof", record::proof, record::proof_seeds, 5_000),
    target("wire_messages", wire::messages, wire::message_seeds, 50_000),
    target("wire_stream", wire::stream, wire::stream_seeds, 20_000),
    target("wire_media", wire::media, wire::media_seeds, 50_000),
    target("sealed_frame", seals::frame, seals::seeds, 10_000),
    target("written_content", written::content, written::seeds, 5_000),
    target("handshake", handshake::handshake, handshake::seeds, 300),
    target("forwarder", forward::forward, forward::seeds, 3_000),
    target("console_machine", console::machine, console::seeds, 300),
    target("node_machine", node::machine, node::seeds, 300),
    target("leg_framing", leg::framing, leg::framing_seeds, 20_000),
    target("leg_offer", leg::offer, leg::offer_seeds, 300),
    target("node_toml", settings::node_toml, settings::node_toml_seeds, 2_000),
    target("charter_toml", settings::charter_toml, settings::charter_toml_seeds, 500),
    target("endpoint_commands", settings::commands, settings::command_seeds, 10_000),
];
