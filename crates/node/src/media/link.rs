//! Media on links: datagrams out, and packets too large for a path in two halves (`spec/media.md`).

use crate::limits::media::HALVES;
use bytes::{BufMut, Bytes, BytesMut};
use trialogue_wire::console::Medium;
use trialogue_wire::media::{HEADER, Half, MediaHeader};

/// Sends datagrams to one node; called on the media thread and must not wait.
pub trait LinkSender: Send {
    /// Sends or drops: a voice by every path, a picture by the best one. False: no path took it.
    fn send(&self, medium: Medium, datagram: Bytes) -> bool;
    /// Largest datagram that passes now wherever this medium goes, in bytes.
    fn max_size(&self, medium: Medium) -> usize;
    /// A picture may be sent now: nothing much waits before it that a voice would have to wait behind.
    fn has_room(&self) -> bool;
    /// No path has room for more than a voice or two: spare copies stay away.
    fn is_narrow(&self) -> bool;
}

/// Makes one datagram.
pub(super) fn datagram(header: &MediaHeader, payload: &[u8]) -> Bytes {
    let mut head = [0; HEADER];
    header.write(&mut head);
    let mut bytes = BytesMut::with_capacity(HEADER + payload.len());
    bytes.put_slice(&head);
    bytes.put_slice(payload);
    bytes.freeze()
}

/// Makes two datagrams.
pub(super) fn halves(header: &MediaHeader, payload: &[u8]) -> [Bytes; 2] {
    let (first, second) = payload.split_at(payload.len() / 2);
    [
        datagram(&MediaHeader { half: Half::First, ..*header }, first),
        datagram(&MediaHeader { half: Half::Second, ..*header }, second),
    ]
}

/// Joins halves that came over one link.
#[derive(Default)]
pub(super) struct Joiner {
    waiting: Vec<Option<(MediaHeader, Bytes)>>,
    next: usize,
}

impl Joiner {
    /// A half with its payload; gives the whole packet if the other half is here.
    pub(super) fn join(&mut self, header: MediaHeader, payload: Bytes) -> Option<(MediaHeader, Vec<u8>)> {
        let whole = |h: &MediaHeader| MediaHeader { half: Half::Whole, ..*h };
        let other = self
            .waiting
            .iter_mut()
            .find(|w| w.as_ref().is_some_and(|(h, _)| whole(h) == whole(&header) && h.half != header.half));
        let Some((_, held)) = other.and_then(Option::take) else {
            self.hold(header, payload);
            return None;
        };
        let (first, second) = if header.half == Half::First { (payload, held) } else { (held, payload) };
        Some((whole(&header), [first, second].concat()))
    }

    fn hold(&mut self, header: MediaHeader, payload: Bytes) {
        if self.waiting.len() < HALVES {
            self.waiting.push(Some((header, payload)));
        } else {
            self.waiting[self.next] = Some((header, payload));
            self.next = (self.next + 1) % HALVES;
        }
    }
}
