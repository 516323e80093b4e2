//! Every bound of the wire in one place, with what raising or lowering it costs.

/// Largest message on a console's WebSocket or a link's control stream, in bytes. A welcome for nine consoles in suite
/// 0x0907 is about 170 kB; raising it lets a hostile console hold more memory, lowering it limits the size of calls.
pub const MESSAGE_MAX: usize = 1 << 20;
/// Largest body beside an entry. See [`MESSAGE_MAX`].
pub const BODY_MAX: usize = 512 << 10;
/// Most bodies beside one entry: one key package per node, or a commit and a welcome.
pub const BODIES_MAX: usize = 32;
/// Largest signed entry: a statement with offers for 18 nodes. Bodies are not in it.
pub const ENTRY_MAX: usize = 8 << 10;
/// Most entries in one message.
pub const ENTRIES_MAX: usize = 256;
/// Largest SDP text accepted from a console. 24 media sections are about 40 kB.
pub const SDP_MAX: usize = 128 << 10;
/// Largest RTP payload (a sealed frame or a part of one) forwarded, in bytes.
pub const PAYLOAD_MAX: usize = 1_400;
/// Most voices heard by one console at once, and most pictures seen.
pub const VOICES_MAX: usize = 24;
/// See [`VOICES_MAX`].
pub const PICTURES_MAX: usize = 16;
