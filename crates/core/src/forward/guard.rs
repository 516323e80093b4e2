//! No node can talk over another one's consoles, nor for them.
//!
//! The first copy of a packet goes on, by whichever path it came, so that a cut or a lossy path costs nothing. A node
//! that relays could abuse this: send something of its own under numbers that the source is about to use, or has left
//! behind, or while the source sends nothing, and have the true packets dropped as copies or as more than a voice is.
//! So relayed packets come from those alone whom the route names; and where the source has a link to here, what comes
//! by it is the truth: a relay brings nothing but what goes on from there ([`super::reach`]), from a pace of its own,
//! and does not begin the stream anew; and a relayed packet that differs from the direct one of the same number bars
//! its relay for all of that source, and what it brought is forgotten.

use super::Nodes;
use super::pace::{Pace, Way};
use super::reach::{May, Reach};
use super::window::{Mark, Seen, Window};
use siphasher::sip::SipHasher13;
use std::hash::Hasher;
use trialogue_wire::console::Medium;
use trialogue_wire::media::MediaHeader;

/// How long a relay that was caught is barred. More keeps one longer from carrying what it may have to carry alone, and
/// that passed a liar's packets on in good faith; less lets a liar make itself heard as noise more often.
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
#[derive(Debug, Clone)]
pub(crate) struct Guard {
    /// Whom the route names.
    relays: Nodes,
    reach: Reach,
}

/// A packet, as it came.
pub(crate) struct Came<'a> {
    /// Over the link to this node.
    pub(crate) from: u8,
    pub(crate) header: &'a MediaHeader,
    /// Bytes of its payload.
    pub(crate) length: usize,
    /// Of all that matters in it.
    pub(crate) hash: u32,
    pub(crate) now_ms: u64,
}

/// What became of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It goes on under this number.
    New(u64),
    /// So does this one, and it is the newest that came from the source itself: nothing that a relay brought before may
    /// be in its way.
    Newest(u64),
    /// It goes on, and what was before it is not comparable.
    Restart(u64),
    /// A copy, or too late.
    Copy,
    /// The first copy that came from the source itself, of one that a relay had brought before; its number, where it is
    /// the newest that came from there.
    Late(Option<u64>),
    /// Of a node that is no relay of this stream, or is barred, or runs ahead of the source, or speaks while that is
    /// quiet.
    Forged,
    /// More than there is of such a medium. It is not remembered as a packet that came.
    OverRate,
}

impl Guard {
    pub(crate) fn of(medium: Medium) -> Self {
        Self { relays: Nodes::NONE, reach: Reach::of(medium) }
    }

    /// As the route says.
    pub(crate) fn set(&mut self, relays: Nodes, alive: bool, quiet_after: Option<u32>, now_ms: u64) {
        self.relays = relays;
        self.reach.told(alive, quiet_after, now_ms);
    }

    /// Judges a packet of the source, which is the node of its header. `barred`: relays that were caught with packets
    /// of this source; one that is caught now is added, and returned.
    pub(crate) fn take(
        &mut self,
        window: &mut Window,
        pace: &mut Pace,
        barred: &mut Barred,
        came: &Came<'_>,
    ) -> (Verdict, Option<u8>) {
        let Came { from, header, length, now_ms, .. } = *came;
        let way = if from == header.node { Way::Direct } else { Way::Relayed };
        if way == Way::Direct {
            self.reach.came_directly(header.sequence, now_ms);
        } else if barred.now(now_ms).has(from) || !self.relays.has(from) {
            return (Verdict::Forged, None);
        } else {
            match self.reach.may(header.sequence, now_ms) {
                May::Never => return (Verdict::Forged, None),
                May::Late => return (Verdict::Copy, None),
                May::InOrder if window.is_far(header.sequence) => return (Verdict::Copy, None),
                May::InOrder | May::Freely => {}
            }
        }
        // Before anything is remembered: what does not go on keeps no copy by another way from going on.
        if !pace.has_room(way, length, now_ms) && !window.has(header.sequence) {
            return (Verdict::OverRate, None);
        }
        let judged = self.judge(window, barred, came);
        if let Verdict::New(_) | Verdict::Newest(_) | Verdict::Restart(_) = judged.0 {
            pace.take(way, length);
        }
        if let (Verdict::Restart(_), Way::Direct) = (judged.0, way) {
            self.reach.began();
        }
        judged
    }

    fn judge(&self, window: &mut Window, barred: &mut Barred, came: &Came<'_>) -> (Verdict, Option<u8>) {
        let Came { from, header, hash, now_ms, .. } = *came;
        let direct = from == header.node;
        let mark = Mark { hash, via: from };
        let verdict = match window.take(header.sequence, mark) {
            Seen::New(sequence) if direct && self.reach.is_newest(header.sequence) => Verdict::Newest(sequence),
            Seen::New(sequence) => Verdict::New(sequence),
            Seen::Restart(sequence) => Verdict::Restart(sequence),
            Seen::Far if direct && window.top_via().is_some_and(|via| via != from) => {
                Verdict::Restart(window.restart(header.sequence, mark))
            }
            Seen::Copy(Some(held)) if held.hash != hash && direct && held.via != from => {
                // What came directly is the truth: all that the liar brought under numbers to come is forgotten, and
                // costs no true packet.
                barred.bar(held.via, now_ms);
                return (Verdict::Restart(window.restart(header.sequence, mark)), Some(held.via));
            }
            Seen::Copy(Some(held)) if held.hash != hash && !direct && held.via == header.node => {
                barred.bar(from, now_ms);
                return (Verdict::Forged, Some(from));
            }
            Seen::Copy(Some(held)) if held.hash == hash && direct && held.via != from => {
                let number = window.mark_again(header.sequence, mark);
                Verdict::Late(number.filter(|_| self.reach.is_newest(header.sequence)))
            }
            Seen::Far | Seen::Copy(_) => Verdict::Copy,
        };
        (verdict, None)
    }
}

/// A short hash of what matters in a packet, keyed so that a node cannot find two packets alike: SipHash-1-3. Whoever
/// guesses is barred at the first try that fails.
pub(crate) fn hash(key: [u64; 2], header: &MediaHeader, payload: &[u8]) -> u32 {
    let mut state = SipHasher13::new_with_keys(key[0], key[1]);
    let flags = u64::from(header.marker) << 1 | u64::from(header.key_frame);
    state.write_u64(u64::from(header.time) << 2 | flags);
    state.write(payload);
    state.finish() as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use trialogue_wire::media::Half;

    #[test]
    fn whatever_is_changed_in_a_packet_it_is_another() {
        let header = MediaHeader {
            marker: false,
            key_frame: false,
            half: Half::Whole,
            node: 2,
            stream: 5,
            sequence: 7,
            time: 960,
        };
        let hash = |header: &MediaHeader, payload: &[u8]| hash([1, 2], header, payload);
        for length in [1, 7, 8, 9, 16, 80, 161] {
            let payload = vec![0x5a; length];
            let whole = hash(&header, &payload);
            for bit in 0..length * 8 {
                let mut other = payload.clone();
                other[bit / 8] ^= 1 << (bit % 8);
                assert_ne!(hash(&header, &other), whole, "bit {bit} of {length} bytes");
            }
            assert_ne!(hash(&header, &payload[..length - 1]), whole);
            for more in [0, 0x5a, 0xff] {
                assert_ne!(hash(&header, &[&payload[..], &[more]].concat()), whole, "{length} bytes and {more}");
            }
            for other in [
                MediaHeader { marker: true, ..header },
                MediaHeader { key_frame: true, ..header },
                MediaHeader { time: 961, ..header },
            ] {
                assert_ne!(hash(&other, &payload), whole);
            }
        }
        // Zeros at the end are bytes as well.
        assert_ne!(hash(&header, &[1, 0]), hash(&header, &[1]));
    }
}
