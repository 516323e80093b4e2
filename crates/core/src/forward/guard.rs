//! No node can talk over another one's consoles.
//!
//! The first copy of a packet goes on, by whichever path it came, so that a cut or a lossy path costs nothing. A node that relays could
//! abuse this: send something of its own under numbers that the source is about to use, and have the true packets dropped as copies. It
//! could open nothing and nobody would take it for speech (frames are sealed), but it would silence the line between two others. So, for a
//! source with a direct link, what comes directly is the truth: a relayed packet that differs from the direct one of the same number bars
//! its relay, and a relayed packet may not run far ahead of the direct ones.

use super::Nodes;
use super::window::{Mark, Seen, WINDOW, Window};
use trialogue_wire::media::MediaHeader;

/// A direct path that brought something within this time is alive.
const ALIVE_MS: u64 = 1_000;
/// How far a relayed packet may be ahead of a living direct path, in packets: more than any difference of delays that a call can bear.
const AHEAD: i32 = 64;

/// What is known of the paths of one stream of another node.
#[derive(Debug, Clone, Default)]
pub(crate) struct Guard {
    /// The newest one that came directly, and when one came last.
    direct: Option<(u32, u64)>,
    barred: Nodes,
}

/// What became of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It goes on under this number.
    New(u64),
    /// It goes on, and what was before it is not comparable.
    Restart(u64),
    /// A copy, or too late.
    Copy,
    /// The first copy that came from the source itself, of one that a relay had brought before.
    Late,
    /// Of a relay that is barred, or is barred now, or runs ahead.
    Forged,
}

impl Guard {
    /// A packet of the source `header.node` came over the link to `from`. `hash` is of all that matters in it.
    pub(crate) fn take(
        &mut self,
        window: &mut Window,
        from: u8,
        header: &MediaHeader,
        hash: u32,
        now_ms: u64,
    ) -> Verdict {
        let direct = from == header.node;
        if direct {
            self.came_directly(header.sequence, now_ms);
        } else if self.barred.has(from) || self.strays(header.sequence, now_ms) {
            return Verdict::Forged;
        }
        match window.take(header.sequence, Mark { hash, via: from }) {
            Seen::New(sequence) => Verdict::New(sequence),
            Seen::Restart(sequence) => Verdict::Restart(sequence),
            Seen::Far if direct && window.top_via().is_some_and(|via| via != from) => {
                Verdict::Restart(window.restart(header.sequence, Mark { hash, via: from }))
            }
            Seen::Copy(Some(held)) if held.hash != hash => self.differs(direct, from, header.node, held.via),
            Seen::Copy(Some(held)) if direct && held.via != from => {
                window.mark_again(header.sequence, Mark { hash, via: from });
                Verdict::Late
            }
            Seen::Far | Seen::Copy(_) => Verdict::Copy,
        }
    }

    /// The same packets come by several paths: the slowest of them does not say how far the source is.
    fn came_directly(&mut self, sequence: u32, now_ms: u64) {
        let newest = self.direct.map_or(sequence, |(last, _)| {
            let ahead = sequence.wrapping_sub(last) as i32;
            if ahead > 0 || ahead <= -(WINDOW as i32) { sequence } else { last }
        });
        self.direct = Some((newest, now_ms));
    }

    /// Two packets of one number are not the same: what came directly is the truth.
    fn differs(&mut self, direct: bool, from: u8, source: u8, via: u8) -> Verdict {
        if direct && via != source {
            self.barred = self.barred.with(via);
        } else if !direct && via == source {
            self.barred = self.barred.with(from);
            return Verdict::Forged;
        }
        Verdict::Copy
    }

    /// Is it where no honest copy can be while the direct path is alive?
    fn strays(&self, sequence: u32, now_ms: u64) -> bool {
        self.direct.is_some_and(|(last, at)| {
            let ahead = sequence.wrapping_sub(last) as i32;
            now_ms.saturating_sub(at) < ALIVE_MS && (ahead > AHEAD || ahead <= -(WINDOW as i32))
        })
    }

    /// How many relays are barred.
    pub(crate) fn barred(&self) -> usize {
        self.barred.iter().count()
    }
}

/// A short hash of what matters in a packet, keyed so that a node cannot find two packets alike.
pub(crate) fn hash(key: u64, header: &MediaHeader, payload: &[u8]) -> u32 {
    let mut state = key ^ u64::from(header.time) << 2 ^ u64::from(header.marker) << 1 ^ u64::from(header.key_frame);
    let mut words = payload.chunks_exact(8);
    for word in &mut words {
        state = mix(state, word.first_chunk().map_or(0, |w| u64::from_le_bytes(*w)));
    }
    let mut rest = [0; 8];
    rest[..words.remainder().len()].copy_from_slice(words.remainder());
    state = mix(state, u64::from_le_bytes(rest));
    mix(state, payload.len() as u64) as u32
}

fn mix(state: u64, word: u64) -> u64 {
    let product = u128::from(state ^ 0x9e37_79b9_7f4a_7c15) * u128::from(word ^ 0xd1b5_4a32_d192_ed03 | 1);
    (product as u64) ^ (product >> 64) as u64 ^ state.rotate_left(23)
}
