//! The clear first bytes of VP8 (RFC 7741): does this packet begin a key frame?

/// True if the RTP payload is the first packet of a key frame.
pub(crate) fn begins_key_frame(payload: &[u8]) -> bool {
    let Some(&first) = payload.first() else {
        return false;
    };
    // §4.2: S=1 and PID=0 begin a frame.
    if first & 0x10 == 0 || first & 0x07 != 0 {
        return false;
    }
    let mut at = 1;
    if first & 0x80 != 0 {
        let Some(&extension) = payload.get(at) else {
            return false;
        };
        at += 1;
        if extension & 0x80 != 0 {
            let Some(&picture_id) = payload.get(at) else {
                return false;
            };
            at += if picture_id & 0x80 != 0 { 2 } else { 1 };
        }
        if extension & 0x40 != 0 {
            at += 1;
        }
        if extension & 0x30 != 0 {
            at += 1;
        }
    }
    // §4.3: the P bit is zero in a key frame.
    payload.get(at).is_some_and(|b| b & 1 == 0)
}
