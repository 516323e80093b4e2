//! What waits for the disk. Own entries are always taken (the control machine bounds them); others only up to a bound,
//! because they can be had again from the node that wrote them.
//!
//! Own entries go before what others bring, however much of that waits. What the order is good for stays: own entries,
//! charters and chunks go in their order, and so do the entries of others; an own entry that says what this node holds
//! goes after all that came before it, and so does a snapshot.

use super::Write;
use crate::limits::store::{BATCH_BYTES, BATCH_MAX, WAITING_BYTES, WAITING_MAX};
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// There is no room, or nobody writes any more; the write is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the disk does not keep up: free space on it or replace it")]
pub struct NotKept;

/// Where a write waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// Before what others bring.
    First,
    /// As well, but after what of others came before it: it says that they are on the disk.
    Speaks,
    /// With what others bring, and always taken.
    Last,
    /// An entry or evidence of others.
    Others,
}

/// What waits at the writer.
#[derive(Default)]
pub(super) struct Waiting {
    /// With how many of `others`, counted since the start, must go before it.
    first: VecDeque<(Write, u64)>,
    others: VecDeque<Write>,
    /// So many of `others` are written.
    passed: u64,
}

impl Waiting {
    pub(super) fn is_empty(&self) -> bool {
        self.first.is_empty() && self.others.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.first.len() + self.others.len()
    }

    /// All that waits, what goes first before the others.
    pub(super) fn all(&self) -> impl Iterator<Item = &Write> {
        self.first.iter().map(|(write, _)| write).chain(&self.others)
    }

    /// What goes into the next transaction, in its order.
    pub(super) fn next(&self) -> Vec<&Write> {
        let (mut first, mut others) = (self.first.iter().peekable(), self.others.iter());
        let (mut next, mut bytes, mut passed) = (Vec::new(), 0, self.passed);
        while next.len() < BATCH_MAX && bytes < BATCH_BYTES {
            let write = match first.next_if(|(_, after)| *after <= passed) {
                Some((write, _)) => write,
                None => {
                    let Some(write) = others.next() else { break };
                    passed += 1;
                    write
                }
            };
            bytes += write.len();
            next.push(write);
        }
        next
    }

    /// As many of [`Waiting::next`] are written.
    pub(super) fn written(&mut self, count: usize) -> Vec<Write> {
        let mut written = Vec::new();
        while written.len() < count {
            if self.first.front().is_some_and(|(_, after)| *after <= self.passed) {
                written.extend(self.first.pop_front().map(|(write, _)| write));
            } else {
                let Some(write) = self.others.pop_front() else { break };
                self.passed += 1;
                written.push(write);
            }
        }
        written
    }
}

#[derive(Default)]
struct State {
    first: VecDeque<(Write, u64)>,
    others: VecDeque<Write>,
    /// So many have waited in `others` since the start.
    came: u64,
    /// Of others, and not on the disk: how many, and their bytes.
    held: (usize, usize),
    ended: bool,
}

impl State {
    fn is_empty(&self) -> bool {
        self.first.is_empty() && self.others.is_empty()
    }
}

#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn push(&self, write: Write, turn: Turn) -> Result<(), NotKept> {
        let mut state = self.lock();
        let (count, bytes) = state.held;
        let full = count >= WAITING_MAX || bytes + write.len() > WAITING_BYTES;
        if state.ended || (turn == Turn::Others && full) {
            return Err(NotKept);
        }
        if turn == Turn::Others {
            state.held = (count + 1, bytes + write.len());
        }
        match turn {
            Turn::First => state.first.push_back((write, 0)),
            Turn::Speaks => {
                let after = state.came;
                state.first.push_back((write, after));
            }
            Turn::Last | Turn::Others => {
                state.came += 1;
                state.others.push_back(write);
            }
        }
        self.changed.notify_one();
        Ok(())
    }

    /// True while many more of other nodes' entries can be taken.
    pub(super) fn has_room(&self) -> bool {
        let (count, bytes) = self.lock().held;
        count < WAITING_MAX / 2 && bytes < WAITING_BYTES / 4
    }

    /// So many writes of others are not on disk.
    #[cfg(test)]
    pub(super) fn others(&self) -> usize {
        self.lock().held.0
    }

    pub(super) fn end(&self) {
        self.lock().ended = true;
        self.changed.notify_one();
    }

    /// Moves what waits to `into`, and waits for something if there is nothing yet: for ever, or for `patience`. False:
    /// no more will come.
    pub(super) fn take(&self, into: &mut Waiting, patience: Option<Duration>) -> bool {
        let mut state = self.lock();
        if state.is_empty() && !state.ended {
            state = match patience {
                None => {
                    self.changed.wait_while(state, |s| s.is_empty() && !s.ended).unwrap_or_else(PoisonError::into_inner)
                }
                Some(time) => self.changed.wait_timeout(state, time).unwrap_or_else(PoisonError::into_inner).0,
            };
        }
        into.first.append(&mut state.first);
        into.others.append(&mut state.others);
        !state.ended
    }

    /// So many writes of others, of so many bytes, are on disk.
    pub(super) fn done(&self, others: usize, bytes: usize) {
        let mut state = self.lock();
        state.held = (state.held.0.saturating_sub(others), state.held.1.saturating_sub(bytes));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Told apart by their bytes.
    fn write(n: u8) -> Write {
        Write::Snapshot(vec![n])
    }

    fn order(pushed: &[(u8, Turn)]) -> Vec<u8> {
        let (queue, mut waiting) = (Queue::default(), Waiting::default());
        pushed.iter().for_each(|(n, turn)| queue.push(write(*n), *turn).unwrap());
        queue.take(&mut waiting, None);
        let of = |write: &Write| match write {
            Write::Snapshot(bytes) => bytes[0],
            _ => unreachable!(),
        };
        let next: Vec<u8> = waiting.next().into_iter().map(of).collect();
        assert_eq!(waiting.written(1).iter().map(of).collect::<Vec<_>>(), next[..1]);
        assert_eq!(waiting.next().into_iter().map(of).collect::<Vec<_>>(), next[1..]);
        let rest = waiting.written(99);
        assert_eq!(rest.iter().map(of).collect::<Vec<_>>(), next[1..]);
        assert!(waiting.is_empty());
        next
    }

    #[test]
    fn what_is_own_goes_first_and_what_speaks_of_others_after_them() {
        use Turn::{First, Last, Others, Speaks};
        assert_eq!(order(&[(1, Others), (2, First), (3, Others), (4, First)]), [2, 4, 1, 3]);
        assert_eq!(
            order(&[(1, Others), (2, Speaks), (3, Others), (4, First)]),
            [1, 2, 4, 3],
            "own ones keep their order"
        );
        assert_eq!(order(&[(1, Others), (2, First), (3, Last), (4, Others), (5, First)]), [2, 5, 1, 3, 4]);
        // A snapshot comes after all that came before it.
        assert_eq!(order(&[(1, Others), (2, Speaks), (3, Last), (4, Speaks)]), [1, 2, 3, 4]);
    }
}
