//! What waits for the disk. Own entries are always taken (the control machine bounds them); others only up to a bound, because they
//! can be had again from the node that wrote them.

use super::{WAITING_MAX, Write};
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// There is no room, or nobody writes any more; the write is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the disk does not keep up: free space on it or replace it")]
pub struct NotKept;

#[derive(Default)]
struct State {
    waiting: VecDeque<Write>,
    others: usize,
    ended: bool,
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

    pub(super) fn push(&self, write: Write, own: bool) -> Result<(), NotKept> {
        let mut state = self.lock();
        if state.ended || (!own && state.others >= WAITING_MAX) {
            return Err(NotKept);
        }
        state.others += usize::from(!own);
        state.waiting.push_back(write);
        self.changed.notify_one();
        Ok(())
    }

    /// True while many more of other nodes' entries can be taken.
    pub(super) fn has_room(&self) -> bool {
        self.lock().others < WAITING_MAX / 2
    }

    pub(super) fn end(&self) {
        self.lock().ended = true;
        self.changed.notify_one();
    }

    /// Moves what waits to `into`, and waits for something if there is nothing yet: for ever, or for `patience`. False: no more
    /// will come.
    pub(super) fn take(&self, into: &mut VecDeque<Write>, patience: Option<Duration>) -> bool {
        let mut state = self.lock();
        if state.waiting.is_empty() && !state.ended {
            state = match patience {
                None => self
                    .changed
                    .wait_while(state, |s| s.waiting.is_empty() && !s.ended)
                    .unwrap_or_else(PoisonError::into_inner),
                Some(time) => self.changed.wait_timeout(state, time).unwrap_or_else(PoisonError::into_inner).0,
            };
        }
        into.append(&mut state.waiting);
        !state.ended
    }

    /// So many writes of others are on disk.
    pub(super) fn done(&self, others: usize) {
        let mut state = self.lock();
        state.others = state.others.saturating_sub(others);
    }
}
