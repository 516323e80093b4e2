//! Every bound of the wire in one place, with what raising or lowering it costs. The journal's own bounds are shown
//! here too.

pub use trialogue_charter::limits::{ADDRESS_MAX, CARRIER_MAX, CERTIFICATE_MAX, CHARTER_MAX, NODES_EVER, ORIGIN_MAX};
pub use trialogue_journal::limits::*;

/// Largest message on a console's WebSocket or a link's control stream, in bytes. A commit and a welcome of the largest
/// size ([`BODY_MAX`]) with their entry nearly fill it; raising it lets a hostile console hold more memory, lowering it
/// limits calls.
pub const MESSAGE_MAX: usize = 1 << 20;
/// Largest frame on a path's control stream, in bytes: a message and its number.
pub const FRAME_MAX: usize = MESSAGE_MAX + 9;
/// Messages that are on their way on one link and not yet acknowledged. More is memory of the receiver while one is
/// missing; fewer slow a long path down.
pub const WINDOW_MESSAGES: u64 = 256;
/// Bytes of such messages; one that is larger alone passes all the same. A 600 ms path carries 28 Mbit/s with it.
pub const WINDOW_BYTES: usize = 2 << 20;
/// Largest message from somebody who has not proven who they are, in bytes: a log-in or a hello. A stranger can make a
/// node hold no more than this; lower than a device certificate (about 16 kB), nobody could log in.
pub const FIRST_MAX: usize = 64 << 10;
/// Most data items in one message: [`ENTRIES_MAX`] entries with their bodies. More costs memory in decoding (about 24
/// bytes each).
pub const MESSAGE_ITEMS_MAX: usize = 16 << 10;
/// Most entries in one message; a longer history takes several messages.
pub const ENTRIES_MAX: usize = 256;

/// Keep-alive of a console on watch, in microseconds. More often costs a sleeping laptop its battery.
pub const PING_US: u64 = 5_000_000;
/// Keep-alive of a console in a call, at every site that it is connected to, in microseconds. By it the console knows
/// within the half second in which a call is not lost that its network or a site is gone, also while nobody sends
/// media. More often is load for every node, less often a longer silence.
pub const PING_IN_CALL_US: u64 = 100_000;
/// Most bytes of a throughput probe. It is sent once in a test period, when nobody is in a call: more delays a ring
/// that comes just then.
pub const PROBE_MAX: usize = 32 << 10;
/// Largest word of a node about a console's media, in bytes: the longest ids and numbers make some 200. More is memory
/// for each stream.
pub const WORD_MAX: usize = 512;
/// Largest signature in a log-in or of a word, in bytes: Ed25519 is 64.
pub const SIGNATURE_MAX: usize = 64;
/// Most hashes in one request for bodies. More costs a larger answer at once.
pub const WANT_MAX: usize = 32;
/// Largest SDP text read from the own WebRTC stack, in bytes; none travels. A browser describes 24 media sections in
/// about 40 kB.
pub const SDP_MAX: usize = 128 << 10;
/// Most addresses at which a node says that a leg reaches it, UDP and TCP counted apart. A console tries each: more
/// lets a node make it knock at more doors, fewer may hide the one that is reached.
pub const LEG_ADDRESSES_MAX: usize = 32;
/// Largest `mid` of a media section: an RTP header extension of one-byte form carries 16 (RFC 8285 §4.2, RFC 9143).
pub const MID_MAX: usize = 16;
/// Paths of a link that are up at once: each is a connection that costs some memory, and its copy of every voice.
pub const PATHS_MAX: usize = 8;
/// Paths of a link that consoles are told of, up or not: those that either side may dial. More is a longer message
/// every few seconds.
pub const PATHS_SHOWN_MAX: usize = 32;
/// Largest RTP payload (a sealed frame or a part of one) forwarded, in bytes.
pub const PAYLOAD_MAX: usize = 1_400;
/// Most voices heard by one console at once, and most pictures seen.
pub const VOICES_MAX: usize = 24;
/// See [`VOICES_MAX`].
pub const PICTURES_MAX: usize = 16;
/// Most other sites of its party that a console is told of; it holds a leg to one of them. More is of no use, fewer
/// than a party has hides one.
pub const SITES_MAX: usize = 4;
/// Longest web address of a site, in bytes.
pub const URL_MAX: usize = 256;
