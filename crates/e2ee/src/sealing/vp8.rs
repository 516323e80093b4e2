//! What of a VP8 frame stays clear (RFC 6386 §9.1): packetisers and nodes read whether it is a key frame, and its size.

/// Clear bytes of a key frame: frame tag (3), start code (3), width and height (4).
pub const VP8_KEY_CLEAR: usize = 10;
/// Clear bytes of a delta frame: the frame tag.
pub const VP8_DELTA_CLEAR: usize = 3;

/// Does this VP8 frame, sealed or not, start with the tag of a key frame (lowest bit of the first byte 0).
pub fn is_vp8_key_frame(frame: &[u8]) -> bool {
    frame.first().is_some_and(|b| b & 1 == 0)
}

/// Length of the clear prefix of a VP8 frame, sealed or not. It says nothing of the frame's own length: a frame that is
/// shorter is neither sealed nor opened, since its sealed form, which is longer, would be read as having another
/// prefix.
pub fn vp8_clear(frame: &[u8]) -> usize {
    if is_vp8_key_frame(frame) { VP8_KEY_CLEAR } else { VP8_DELTA_CLEAR }
}
