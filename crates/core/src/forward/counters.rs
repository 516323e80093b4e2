//! What was forwarded and what was not, and why. Numbers only: nothing here names anybody.

/// Packets since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Taken from legs.
    pub from_legs: u64,
    /// Taken from links.
    pub from_links: u64,
    /// Given to legs.
    pub to_legs: u64,
    /// Given to links.
    pub to_links: u64,
    /// Copies that came by another path, or too late.
    pub copies: u64,
    /// Of a node that is no relay of that stream, said other things than the source, ran ahead of it, or spoke while it
    /// was quiet.
    pub forged: u64,
    /// Voices that were more than any voice is.
    pub over_rate: u64,
    /// Relays barred for other things than the source said, each for one source. Not zero: a node of the charter lies,
    /// or its memory fails.
    pub relays_barred: u64,
    /// Of a console that is in no call.
    pub not_in: u64,
    /// Of a stream that nobody has named.
    pub unknown: u64,
    /// Too large, empty, or with a header that cannot be.
    pub malformed: u64,
    /// Pictures held back because a receiver has too little room.
    pub held_back: u64,
    /// Pictures not sent because the receiver still waits for a key frame.
    pub before_key_frame: u64,
    /// Key frames asked for.
    pub key_frames_wanted: u64,
}
