//! No node can talk over another one's consoles, nor for them.
//!
//! The first copy of a packet goes on, by whichever path it came, so that a cut or a lossy path costs nothing. A node that relays could
//! abuse this: send something of its own under numbers that the source is about to use, or while the source sends nothing, and have the true
//! packets dropped as copies. So relayed packets come from those alone whom the route names; and where the source has a link to here, what
//! comes by it is the truth: nothing is taken of a relay after the source has said that it is quiet, nor far ahead of what came directly, and a
//! relayed packet that differs from the direct one of the same number bars its relay for all of that source, and what it brought is forgotten.

use super::Nodes;
use super::window::{Mark, Seen, WINDOW, Window};
use trialogue_wire::media::MediaHeader;

/// A direct path that brought something within this time is alive.
const ALIVE_MS: u64 = 1_000;
/// How far a relayed packet may be ahead of a living direct path, in packets: more than any difference of delays that a call can bear.
const AHEAD: i32 = 64;

/// How long a relay that was caught is barred. More keeps one longer from carrying what it may have to carry alone, and that passed a liar's packets
/// on in good faith; less lets a liar make itself heard as noise more often, at most [`AHEAD`] packets each time.
const BARRED_MS: u64 = 600_000;

/// Relays that were caught with other packets than a source's own.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Barred {
    relays: Nodes,
    until_ms: u64,
}

impl Barred {
    fn now(&self, now_ms: u64) -> Nodes {
        if now_ms < self.until_ms { self.relays } else { Nodes::NONE }
    }

    fn bar(&mut self, relay: u8, now_ms: u64) {
        self.relays = self.now(now_ms).with(relay);
        self.until_ms = now_ms + BARRED_MS;
    }
}

/// What is known of the paths of one stream of another node.
#[derive(Debug, Clone, Default)]
pub(crate) struct Guard {
    /// The newest one that came directly, and when one came last.
    direct: Option<(u32, u64)>,
    /// Whom the route names.
    relays: Nodes,
    /// The link to the source lives.
    alive: bool,
    /// The last packet before the source became quiet, as it says.
    quiet_after: Option<u32>,
}

/// What became of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It goes on under this number.
    New(u64),
    /// So does this one, and it is the newest that came from the source itself: nothing that a relay brought before may be in its way.
    Newest(u64),
    /// It goes on, and what was before it is not comparable.
    Restart(u64),
    /// A copy, or too late.
    Copy,
    /// The first copy that came from the source itself, of one that a relay had brought before.
    Late,
    /// Of a node that is no relay of this stream, or is barred, or runs ahead of the source, or speaks while that is quiet.
    Forged,
}

impl Guard {
    /// As the route says.
    pub(crate) fn set(&mut self, relays: Nodes, alive: bool, quiet_after: Option<u32>) {
        (self.relays, self.alive, self.quiet_after) = (relays, alive, quiet_after);
    }

    /// A packet of the source `header.node` came over the link to `from`. `hash` is of all that matters in it. `barred`: relays that were caught
    /// with packets of this source; one that is caught now is added, and returned.
    pub(crate) fn take(
        &mut self,
        window: &mut Window,
        barred: &mut Barred,
        from: u8,
        header: &MediaHeader,
        hash: u32,
        now_ms: u64,
    ) -> (Verdict, Option<u8>) {
        let direct = from == header.node;
        if direct {
            self.came_directly(header.sequence, now_ms);
        } else if barred.now(now_ms).has(from) || !self.admits(from, header.sequence, now_ms) {
            return (Verdict::Forged, None);
        }
        let mark = Mark { hash, via: from };
        let verdict = match window.take(header.sequence, mark) {
            Seen::New(sequence) if direct && self.direct.is_some_and(|(newest, _)| newest == header.sequence) => {
                Verdict::Newest(sequence)
            }
            Seen::New(sequence) => Verdict::New(sequence),
            Seen::Restart(sequence) => Verdict::Restart(sequence),
            Seen::Far if direct && window.top_via().is_some_and(|via| via != from) => {
                Verdict::Restart(window.restart(header.sequence, mark))
            }
            Seen::Copy(Some(held)) if held.hash != hash && direct && held.via != from => {
                // What came directly is the truth: all that the liar brought under numbers to come is forgotten, and costs no true packet.
                barred.bar(held.via, now_ms);
                return (Verdict::Restart(window.restart(header.sequence, mark)), Some(held.via));
            }
            Seen::Copy(Some(held)) if held.hash != hash && !direct && held.via == header.node => {
                barred.bar(from, now_ms);
                return (Verdict::Forged, Some(from));
            }
            Seen::Copy(Some(held)) if held.hash == hash && direct && held.via != from => {
                window.mark_again(header.sequence, mark);
                Verdict::Late
            }
            Seen::Far | Seen::Copy(_) => Verdict::Copy,
        };
        (verdict, None)
    }

    /// May a relay bring this one?
    fn admits(&self, from: u8, sequence: u32, now_ms: u64) -> bool {
        let after = |last: u32| sequence.wrapping_sub(last) as i32 > 0;
        let speaks = !(self.alive && self.quiet_after.is_some_and(after));
        self.relays.has(from) && speaks && !self.strays(sequence, now_ms)
    }

    /// The same packets come by several paths: the slowest of them does not say how far the source is.
    fn came_directly(&mut self, sequence: u32, now_ms: u64) {
        let newest = self.direct.map_or(sequence, |(last, _)| {
            let ahead = sequence.wrapping_sub(last) as i32;
            if ahead > 0 || ahead <= -(WINDOW as i32) { sequence } else { last }
        });
        self.direct = Some((newest, now_ms));
    }

    /// Is it where no honest copy can be while the direct path is alive?
    fn strays(&self, sequence: u32, now_ms: u64) -> bool {
        self.direct.is_some_and(|(last, at)| {
            let ahead = sequence.wrapping_sub(last) as i32;
            now_ms.saturating_sub(at) < ALIVE_MS && (ahead > AHEAD || ahead <= -(WINDOW as i32))
        })
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
