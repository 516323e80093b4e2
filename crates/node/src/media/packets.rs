//! Packets of links on their way to the media thread: each link has a queue of its own, and they are emptied by turns,
//! so that what one node floods neither fills the place of another's voices nor stands before them.

use crate::limits::media::PACKETS;
use bytes::Bytes;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use trialogue_charter::limits::INDEX_MAX;
use trialogue_core::forward::Nodes;

/// The queues of all links, by the other node's index in the charter.
pub(super) struct Packets {
    queues: Vec<Mutex<VecDeque<Bytes>>>,
    /// Which of them may hold something, a bit each.
    some: AtomicU64,
}

impl Packets {
    pub(super) fn new() -> Self {
        Self { queues: (0..=INDEX_MAX).map(|_| Mutex::default()).collect(), some: AtomicU64::new(0) }
    }

    fn of(&self, link: u8) -> Option<MutexGuard<'_, VecDeque<Bytes>>> {
        Some(self.queues.get(usize::from(link))?.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// False: there is no room, or no such link.
    pub(super) fn push(&self, link: u8, datagram: Bytes) -> bool {
        let Some(mut queue) = self.of(link).filter(|queue| queue.len() < PACKETS) else { return false };
        queue.push_back(datagram);
        drop(queue);
        self.some.fetch_or(1 << link, Ordering::AcqRel);
        true
    }

    /// Moves at most so many of each link to `out`, one of each by turns. True: there is more.
    pub(super) fn take(&self, of_each: usize, out: &mut Vec<(u8, Bytes)>) -> bool {
        let mask = self.some.swap(0, Ordering::AcqRel);
        let mut some: Nodes = (0..=INDEX_MAX).filter(|link| mask >> link & 1 == 1).collect();
        for _ in 0..of_each {
            for link in some.iter() {
                match self.of(link).and_then(|mut queue| queue.pop_front()) {
                    Some(datagram) => out.push((link, datagram)),
                    None => some = some.without(link),
                }
            }
            if some.is_empty() {
                return false;
            }
        }
        // Looked at again, empty or not.
        for link in some.iter() {
            self.some.fetch_or(1 << link, Ordering::AcqRel);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_floods_neither_takes_the_place_of_another_nor_its_turn() {
        let packets = Packets::new();
        let flood = (0..5_000).filter(|_| packets.push(1, Bytes::from_static(b"flood"))).count();
        assert_eq!(flood, PACKETS);
        assert!(packets.push(2, Bytes::from_static(b"voice")) && packets.push(2, Bytes::from_static(b"voice")));
        let mut out = Vec::new();
        assert!(packets.take(64, &mut out), "there is more of the flood");
        let voices = out.iter().take(4).filter(|(link, _)| *link == 2).count();
        assert_eq!((voices, out.len()), (2, 66));
        out.clear();
        while packets.take(64, &mut out) {}
        assert_eq!(out.len(), PACKETS - 64);
        assert!(!packets.push(200, Bytes::new()), "no such link");
    }
}
