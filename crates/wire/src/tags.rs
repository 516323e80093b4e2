//! Tags behind a sealed frame: for each receiving device a short proof of who sent the frame (`spec/sealing.md` §6).
//!
//! ```text
//! tagged frame = sealed frame ‖ block ‖ … ‖ block
//! block        = tags (n × length) ‖ n (1 byte, 1 to 255) ‖ more (1 bit) ‖ 0 (1 bit) ‖ party (6 bits)
//! ```
//! Blocks are read from the end; *more* says that another block stands before this one. A voice frame is one packet, so
//! nodes pass on only the block of whom a packet is for; a picture is cut into packets by others than us, and keeps all
//! of its blocks.

/// Length of one tag of a voice frame, in bytes. A forger who tries all day, heard of at each try, succeeds once in 2³²
/// packets, for each device of the receiving party, with 20 ms of noise that fits nothing; each byte more costs 0.4
/// kbit/s per receiving device on every path.
pub const VOICE_TAG: usize = 4;
/// Length of one tag of a picture, in bytes: one block a frame, so that there is room, and a forged picture would stay
/// on the screen.
pub const PICTURE_TAG: usize = 8;
/// Most tags of one frame: those of all members of a group.
pub const TAGS_MAX: usize = 256;
/// Bytes of a block besides its tags.
pub const BLOCK: usize = 2;
const MORE: u8 = 0b1000_0000;
const PARTY: u8 = 0b0011_1111;
const RESERVED: u8 = 0b0100_0000;

/// One block, as it stands at the end of `sealed`: where it starts, whose it is, and whether another one stands before
/// it.
struct Block {
    start: usize,
    party: u8,
    more: bool,
}

fn last(tagged: &[u8], length: usize) -> Option<Block> {
    let (head, [count, party]) = tagged.split_last_chunk::<BLOCK>()?;
    if *count == 0 || party & RESERVED != 0 {
        return None;
    }
    let start = head.len().checked_sub(usize::from(*count) * length)?;
    Some(Block { start, party: party & PARTY, more: party & MORE != 0 })
}

/// A frame taken apart: nothing of it is proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tagged<'a> {
    /// The sealed frame, without any block.
    pub sealed: &'a [u8],
    /// The tags of the party asked for; empty: there are none.
    pub tags: &'a [u8],
}

/// Takes a tagged frame apart. None: blocks that are none (cut, empty, one party twice, over [`TAGS_MAX`]). Allocates
/// nothing.
#[must_use]
pub fn split(tagged: &[u8], length: usize, party: u8) -> Option<Tagged<'_>> {
    let (mut rest, mut tags, mut seen, mut count) = (tagged, &tagged[..0], 0_u64, 0);
    loop {
        let block = last(rest, length)?;
        let bit = 1_u64 << block.party;
        count += (rest.len() - BLOCK - block.start) / length.max(1);
        if seen & bit != 0 || count > TAGS_MAX {
            return None;
        }
        seen |= bit;
        if block.party == party {
            tags = &rest[block.start..rest.len() - BLOCK];
        }
        rest = &rest[..block.start];
        if !block.more {
            return Some(Tagged { sealed: rest, tags });
        }
    }
}

/// Copies into `out` the frame with the blocks of those parties only for which `keep` holds, replacing what is there.
/// False: the frame has no such block, or its blocks are none; then `out` is empty. No allocation once `out` has grown.
pub fn keep(tagged: &[u8], length: usize, keep: impl Fn(u8) -> bool, out: &mut Vec<u8>) -> bool {
    out.clear();
    let Some(Tagged { sealed, .. }) = split(tagged, length, PARTY + 1) else { return false };
    out.extend_from_slice(sealed);
    // From the end to the start; what is kept comes to stand in the opposite order, which nothing depends on.
    let (mut rest, mut kept) = (tagged, false);
    while rest.len() > sealed.len() {
        let Some(block) = last(rest, length) else { break };
        if keep(block.party) {
            out.extend_from_slice(&rest[block.start..rest.len() - 1]);
            out.push(block.party | if kept { MORE } else { 0 });
            kept = true;
        }
        rest = &rest[..block.start];
    }
    if !kept {
        out.clear();
    }
    kept
}

/// Appends blocks to a sealed frame: each receiving device's tag, those of one party after each other.
pub struct Appender<'a> {
    frame: &'a mut Vec<u8>,
    open: Option<u8>,
    count: u8,
    all: usize,
    more: u8,
}

impl<'a> Appender<'a> {
    /// Behind this frame. Call [`Appender::finish`] at the end.
    pub fn new(frame: &'a mut Vec<u8>) -> Self {
        Self { frame, open: None, count: 0, all: 0, more: 0 }
    }

    /// One more tag. What is over a bound (255 of one party, [`TAGS_MAX`] in all) is left out: whom it is for does not
    /// hear the frame.
    pub fn push(&mut self, party: u8, tag: &[u8]) {
        let party = party & PARTY;
        if self.all >= TAGS_MAX || (self.open == Some(party) && self.count == u8::MAX) {
            return;
        }
        if self.open != Some(party) {
            self.close();
            self.open = Some(party);
        }
        self.frame.extend_from_slice(tag);
        self.count += 1;
        self.all += 1;
    }

    /// No more tags.
    pub fn finish(mut self) {
        self.close();
    }

    fn close(&mut self) {
        if let Some(party) = self.open.take() {
            self.frame.extend_from_slice(&[self.count, party | self.more]);
            (self.count, self.more) = (0, MORE);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn tagged(of: &[(u8, [u8; 4])]) -> Vec<u8> {
        let mut frame = b"sealed".to_vec();
        let mut tags = Appender::new(&mut frame);
        of.iter().for_each(|(party, tag)| tags.push(*party, tag));
        tags.finish();
        frame
    }

    #[test]
    fn each_party_finds_its_tags_and_nodes_pass_on_only_those() {
        let frame = tagged(&[(0, [1; 4]), (2, [2; 4]), (2, [3; 4]), (5, [4; 4])]);
        assert_eq!(frame.len(), 6 + 4 * 4 + 3 * BLOCK);
        let at = |party| split(&frame, 4, party).unwrap();
        assert_eq!(at(2), Tagged { sealed: b"sealed", tags: &[2, 2, 2, 2, 3, 3, 3, 3] });
        assert_eq!((at(0).tags, at(5).tags, at(1).tags), (&[1; 4][..], &[4; 4][..], &[][..]));
        let mut out = Vec::new();
        assert!(keep(&frame, 4, |party| party == 2, &mut out));
        assert_eq!(out, tagged(&[(2, [2; 4]), (2, [3; 4])]));
        assert!(keep(&frame, 4, |party| party != 2, &mut out));
        assert_eq!(split(&out, 4, 0).unwrap().tags, [1; 4]);
        assert_eq!(split(&out, 4, 5).unwrap(), Tagged { sealed: b"sealed", tags: &[4; 4] });
        assert!(!keep(&frame, 4, |party| party == 9, &mut out) && out.is_empty());
    }

    #[test]
    fn blocks_that_are_none_are_refused() {
        let frame = tagged(&[(0, [1; 4]), (2, [2; 4])]);
        for cut in 0..frame.len() {
            if let Some(tagged) = split(&frame[..cut], 4, 0) {
                assert!(tagged.sealed.len() < cut);
            }
        }
        for bad in
            [&[][..], &[0], &[0, 0], &[1, 0], &[9, 9, 9, 9, 1, RESERVED], &[1, 1, 1, 1, 1, 3, 2, 2, 2, 2, 1, MORE | 3]]
        {
            assert_eq!(split(bad, 4, 0), None, "{bad:?}");
            assert!(!keep(bad, 4, |_| true, &mut Vec::new()));
        }
    }
}
