//! What happens next, in order, and what time it is. The world's clock moves only here.

use crate::fixture::BEGINS_MS;
use crate::media::Datagram;
use crate::real::Happens;
use std::collections::BTreeMap;
use trialogue_core::{ConsoleKey, Input};

/// What happens at some time.
pub(crate) enum Event {
    /// An input of a node's run.
    Input { node: usize, run: u64, input: Input },
    /// A control message arrives, if its connection still stands.
    Message { from: usize, to: usize, connection: u64, bytes: Vec<u8> },
    /// A sync returns.
    Sync { node: usize, run: u64 },
    /// A console hears something.
    Hear { console: usize, key: ConsoleKey, bytes: Vec<u8>, last: bool },
    /// A node's cables are tried again.
    Dial { node: usize },
    /// A console says that it is still there.
    Ping { console: usize, key: ConsoleKey },
    /// A connection over which nothing has come for too long is given up.
    Idle { pair: (usize, usize), connection: u64 },
    /// A leg is connected.
    LegReady { node: usize, run: u64, console: ConsoleKey },
    /// A console sends voice, and now and then picture.
    Talk { console: usize, key: ConsoleKey },
    /// A media datagram arrives, if its connection still stands.
    Datagram(Datagram),
    /// Something happens to a real console.
    Real(Happens),
}

/// What is to happen, in the order of its times; of one time, in the order in which it was entered.
pub(crate) struct Agenda {
    now_us: u64,
    queue: BTreeMap<(u64, u64), Event>,
    /// Counts entries, so that none takes the place of another.
    ties: u64,
}

impl Default for Agenda {
    /// A world begins at one second: what looks back a little finds a time.
    fn default() -> Self {
        Self { now_us: 1_000_000, queue: BTreeMap::new(), ties: 0 }
    }
}

impl Agenda {
    /// Microseconds since the world began.
    pub(crate) fn now_us(&self) -> u64 {
        self.now_us
    }

    /// The true time, milliseconds since 1970 UTC.
    pub(crate) fn wall_ms(&self) -> u64 {
        BEGINS_MS + self.now_us / 1_000
    }

    pub(crate) fn at(&mut self, due_us: u64, event: Event) {
        self.ties += 1;
        self.queue.insert((due_us, self.ties), event);
    }

    pub(crate) fn later(&mut self, after_us: u64, event: Event) {
        self.at(self.now_us + after_us, event);
    }

    /// When the next thing happens.
    pub(crate) fn first_us(&self) -> Option<u64> {
        self.queue.keys().next().map(|(first, _)| *first)
    }

    /// The next thing, if it happens by `until_us`; its time has come.
    pub(crate) fn take(&mut self, until_us: u64) -> Option<Event> {
        let ((due_us, _), event) = self.queue.first_entry().filter(|next| next.key().0 <= until_us)?.remove_entry();
        self.pass_to(due_us);
        Some(event)
    }

    /// It is at least so late.
    pub(crate) fn pass_to(&mut self, at_us: u64) {
        self.now_us = self.now_us.max(at_us);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(agenda: &mut Agenda, until_us: u64) -> Option<usize> {
        match agenda.take(until_us)? {
            Event::Dial { node } => Some(node),
            _ => None,
        }
    }

    #[test]
    fn what_is_of_one_time_happens_in_the_order_in_which_it_was_entered() {
        let mut agenda = Agenda::default();
        for (due_us, node) in [(2_000_000, 0), (1_500_000, 1), (1_500_000, 2)] {
            agenda.at(due_us, Event::Dial { node });
        }
        let order: Vec<usize> = std::iter::from_fn(|| taken(&mut agenda, u64::MAX)).collect();
        assert_eq!(order, [1, 2, 0]);
    }

    #[test]
    fn nothing_happens_before_its_time_and_the_clock_waits_for_it() {
        let mut agenda = Agenda::default();
        agenda.later(10, Event::Dial { node: 0 });
        assert_eq!((taken(&mut agenda, 1_000_009), agenda.now_us()), (None, 1_000_000));
        assert_eq!((taken(&mut agenda, 1_000_010), agenda.now_us()), (Some(0), 1_000_010));
    }

    #[test]
    fn the_clock_never_runs_back() {
        let mut agenda = Agenda::default();
        agenda.pass_to(5_000_000);
        agenda.at(4_000_000, Event::Dial { node: 0 });
        assert_eq!((taken(&mut agenda, 5_000_000), agenda.now_us()), (Some(0), 5_000_000));
    }
}
