//! Messages of a link in order, each once, whichever path brings them: pure, without a clock or a socket.
//!
//! A small message is given to every path at once, so that a path that dies costs it nothing. A large one goes by the
//! best path, and by another one too when it stays unacknowledged or its path goes down. No path gets a message twice:
//! what a path takes it delivers, or it dies.

use bytes::Bytes;
use std::collections::{BTreeMap, VecDeque};
use trialogue_wire::limits::{MESSAGE_MAX, WINDOW_BYTES, WINDOW_MESSAGES};

/// Up to this many bytes a message goes by every path. More makes copies of what is large, less makes more wait for a
/// path's end to be noticed.
const SMALL: usize = 16 << 10;
/// A message waits two round trips and this long for its acknowledgement before it goes by another path too.
const PATIENCE_US: u64 = 200_000;
/// And this long for each byte: 8 Mbit/s. A slower path has its large messages copied to another.
const PATIENCE_PER_BYTE_US: u64 = 1;

/// One path, as far as sending goes. Callers give them with the one to prefer first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Way {
    /// Its place among the paths of the link, below 8.
    pub slot: u8,
    /// Microseconds.
    pub round_trip_us: u64,
    /// Bytes that it may be given now; while there is any, one message passes.
    pub credit: usize,
}

struct Held {
    number: u64,
    frame: Bytes,
    /// Slots of paths that have it.
    given: u8,
    given_us: u64,
}

/// The sending side.
#[derive(Default)]
pub struct Sender {
    last: u64,
    held: VecDeque<Held>,
    bytes: usize,
}

/// The other side says that it has what was never sent; close the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a node acknowledged or numbered a message outside of the window; the link is closed")]
pub struct Outside;

impl Sender {
    /// May another message be taken?
    pub fn has_room(&self) -> bool {
        self.held.len() < WINDOW_MESSAGES as usize && (self.bytes < WINDOW_BYTES)
    }

    /// The number of the next message. [`Sender::take`] must follow.
    pub fn next(&self) -> u64 {
        self.last + 1
    }

    /// Takes the frame of the message with the next number.
    pub fn take(&mut self, frame: Bytes) {
        self.last += 1;
        self.bytes += frame.len();
        self.held.push_back(Held { number: self.last, frame, given: 0, given_us: 0 });
    }

    /// The other side has everything up to here.
    ///
    /// # Errors
    /// When that was not sent yet.
    pub fn received(&mut self, up_to: u64) -> Result<(), Outside> {
        if up_to > self.last {
            return Err(Outside);
        }
        while let Some(first) = self.held.front().filter(|first| first.number <= up_to) {
            self.bytes -= first.frame.len();
            self.held.pop_front();
        }
        Ok(())
    }

    /// A path is gone, and what it had taken may be lost.
    pub fn path_gone(&mut self, slot: u8) {
        for held in &mut self.held {
            held.given &= !bit(slot);
        }
    }

    /// What to give to which path now.
    pub fn due(&mut self, now_us: u64, ways: &mut [Way]) -> Vec<(u8, Bytes)> {
        let mut out = Vec::new();
        for held in &mut self.held {
            let len = held.frame.len();
            let patience = |way: &Way| 2 * way.round_trip_us + PATIENCE_US + len as u64 * PATIENCE_PER_BYTE_US;
            let had = ways.iter().filter(|way| held.given & bit(way.slot) != 0);
            let late = had.map(patience).max().is_none_or(|patience| now_us >= held.given_us + patience);
            let mut may = if len <= SMALL { ways.len() } else { usize::from(late) };
            for way in ways.iter_mut().filter(|way| way.credit > 0) {
                if may == 0 || held.given & bit(way.slot) != 0 {
                    continue;
                }
                way.credit = way.credit.saturating_sub(len);
                (held.given, held.given_us) = (held.given | bit(way.slot), now_us);
                out.push((way.slot, held.frame.clone()));
                may -= 1;
            }
            if held.given == 0 {
                // No path has room for it, and none for what follows: the order is kept where it can be.
                break;
            }
        }
        out
    }
}

const fn bit(slot: u8) -> u8 {
    1u8.wrapping_shl(slot as u32)
}

/// The receiving side.
#[derive(Default)]
pub struct Receiver {
    delivered: u64,
    ahead: BTreeMap<u64, Vec<u8>>,
    bytes: usize,
}

impl Receiver {
    /// Everything up to here was given out.
    pub fn delivered(&self) -> u64 {
        self.delivered
    }

    /// Takes a message and gives out what is in order now, into `out`.
    ///
    /// # Errors
    /// When it is outside of the window: nobody honest sends that.
    pub fn take(&mut self, number: u64, bytes: &[u8], out: &mut Vec<Vec<u8>>) -> Result<(), Outside> {
        if number <= self.delivered || self.ahead.contains_key(&number) {
            return Ok(());
        }
        if number - self.delivered > WINDOW_MESSAGES || self.bytes + bytes.len() > WINDOW_BYTES + MESSAGE_MAX {
            return Err(Outside);
        }
        self.ahead.insert(number, bytes.to_vec());
        self.bytes += bytes.len();
        while let Some(next) = self.ahead.remove(&(self.delivered + 1)) {
            self.delivered += 1;
            self.bytes -= next.len();
            out.push(next);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn ways(credits: &[usize]) -> Vec<Way> {
        let way = |(slot, credit): (usize, &usize)| Way { slot: slot as u8, round_trip_us: 10_000, credit: *credit };
        credits.iter().enumerate().map(way).collect()
    }

    fn slots(given: &[(u8, Bytes)]) -> Vec<u8> {
        given.iter().map(|(slot, _)| *slot).collect()
    }

    fn message(len: usize) -> Bytes {
        Bytes::from(vec![7; len])
    }

    #[test]
    fn a_small_message_goes_by_every_path_once() {
        let mut sender = Sender::default();
        sender.take(message(10));
        assert_eq!(slots(&sender.due(0, &mut ways(&[100, 100, 0]))), [0, 1], "the third has no room");
        assert_eq!(slots(&sender.due(1, &mut ways(&[100, 100, 100]))), [2]);
        assert!(sender.due(9_000_000, &mut ways(&[100, 100, 100])).is_empty(), "no path gets it twice");
        sender.received(1).unwrap();
        sender.path_gone(0);
        assert!(sender.due(9_000_000, &mut ways(&[100])).is_empty());
    }

    #[test]
    fn a_large_message_goes_by_another_path_when_the_first_is_late_or_gone() {
        let mut sender = Sender::default();
        sender.take(message(SMALL + 1));
        assert_eq!(slots(&sender.due(0, &mut ways(&[100, 100, 100]))), [0]);
        assert!(sender.due(100_000, &mut ways(&[100, 100, 100])).is_empty());
        assert_eq!(slots(&sender.due(300_000, &mut ways(&[100, 100, 100]))), [1], "late");
        sender.path_gone(0);
        sender.path_gone(1);
        assert_eq!(slots(&sender.due(300_001, &mut ways(&[0, 0, 100]))), [2], "gone");
    }

    #[test]
    fn what_no_path_has_room_for_waits_in_order() {
        let mut sender = Sender::default();
        sender.take(message(SMALL + 1));
        sender.take(message(5));
        assert!(sender.due(0, &mut ways(&[0])).is_empty());
        assert_eq!(sender.due(0, &mut ways(&[1 << 20])).len(), 2);
    }

    #[test]
    fn the_sender_stops_at_the_window_and_an_acknowledgement_of_the_future_is_refused() {
        let mut sender = Sender::default();
        while sender.has_room() {
            sender.take(message(1));
        }
        assert_eq!(sender.held.len() as u64, WINDOW_MESSAGES);
        assert_eq!(sender.received(WINDOW_MESSAGES + 1), Err(Outside));
        sender.received(WINDOW_MESSAGES).unwrap();
        sender.received(3).unwrap();
        assert_eq!((sender.held.len(), sender.bytes), (0, 0));
        while sender.has_room() {
            sender.take(message(MESSAGE_MAX));
        }
        assert_eq!(sender.held.len(), 2);
    }

    #[test]
    fn messages_come_out_in_order_once_however_they_come_in() {
        let mut receiver = Receiver::default();
        let mut out = Vec::new();
        for number in [2u8, 2, 4, 1, 1, 2, 3, 4, 5, 3] {
            receiver.take(number.into(), &[number], &mut out).unwrap();
        }
        assert_eq!(out, [[1], [2], [3], [4], [5]]);
        assert_eq!((receiver.delivered(), receiver.bytes, receiver.ahead.len()), (5, 0, 0));
    }

    #[test]
    fn a_hostile_node_fills_no_more_than_the_window() {
        let mut receiver = Receiver::default();
        let mut out = Vec::new();
        assert_eq!(receiver.take(WINDOW_MESSAGES + 1, b"far", &mut out), Err(Outside));
        assert_eq!(receiver.take(u64::MAX, b"far", &mut out), Err(Outside));
        let large = vec![0; MESSAGE_MAX];
        for number in 2..5 {
            receiver.take(number, &large, &mut out).unwrap();
        }
        assert_eq!(receiver.take(5, &large, &mut out), Err(Outside));
        assert!(out.is_empty());
        receiver.take(0, b"never sent", &mut out).unwrap();
        assert!(out.is_empty());
    }

    #[test]
    fn what_an_honest_sender_sends_is_never_outside_whatever_order_paths_bring_it_in() {
        let (mut sender, mut receiver, mut out) = (Sender::default(), Receiver::default(), Vec::new());
        let mut under_way: Vec<(u64, usize)> = Vec::new();
        let mut random = 1u64;
        for _ in 0..4_000 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            while sender.has_room() {
                let len = 1 + (random >> 40) as usize % 60_000;
                under_way.push((sender.next(), len));
                sender.take(message(len));
            }
            let (number, len) = under_way.swap_remove((random >> 33) as usize % under_way.len());
            receiver.take(number, &vec![0; len], &mut out).unwrap();
            sender.received(receiver.delivered()).unwrap();
        }
        assert_eq!(out.len() as u64, receiver.delivered());
        assert!(receiver.delivered() > 3_000);
    }
}
