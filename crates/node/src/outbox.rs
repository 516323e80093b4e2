//! A queue of messages to one receiver, bounded in number and in bytes, so that who does not read cannot fill the
//! node's memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// The receiver does not keep up, or is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the receiver does not keep up: close it, it may come again")]
pub struct Full;

/// Puts messages in; never waits.
#[derive(Clone)]
pub struct Outbox<T> {
    queue: Sender<(usize, T)>,
    held: Arc<AtomicUsize>,
    most: usize,
}

/// Takes messages out.
pub struct Outgoing<T> {
    queue: Receiver<(usize, T)>,
    held: Arc<AtomicUsize>,
}

/// A queue of at most `count` messages and `bytes` bytes; one message larger than `bytes` passes when it is alone.
pub fn outbox<T>(count: usize, bytes: usize) -> (Outbox<T>, Outgoing<T>) {
    let (tx, rx) = channel(count);
    let held = Arc::new(AtomicUsize::new(0));
    (Outbox { queue: tx, held: held.clone(), most: bytes }, Outgoing { queue: rx, held })
}

impl<T> Outbox<T> {
    /// Queues a message that counts as `bytes`.
    ///
    /// # Errors
    /// When a bound is reached or nobody receives any more.
    pub fn put(&self, bytes: usize, message: T) -> Result<(), Full> {
        let before = self.held.fetch_add(bytes, Ordering::Relaxed);
        let fits = before == 0 || before.saturating_add(bytes) <= self.most;
        if fits && self.queue.try_send((bytes, message)).is_ok() {
            return Ok(());
        }
        self.held.fetch_sub(bytes, Ordering::Relaxed);
        Err(Full)
    }
}

impl<T> Outgoing<T> {
    /// Nobody puts anything in any more; what was put in before is still here.
    pub fn is_let_go(&self) -> bool {
        self.queue.is_closed()
    }

    /// The next message; none when every [`Outbox`] is gone.
    pub async fn next(&mut self) -> Option<T> {
        let (bytes, message) = self.queue.recv().await?;
        self.held.fetch_sub(bytes, Ordering::Relaxed);
        Some(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn holds_no_more_than_its_bounds() {
        let (tx, mut rx) = outbox::<u8>(3, 10);
        assert_eq!(tx.put(99, 1), Ok(()), "one alone may be large");
        assert_eq!(tx.put(1, 2), Err(Full));
        assert_eq!(rx.next().await, Some(1));
        for n in 0..3 {
            assert_eq!(tx.put(3, n), Ok(()));
        }
        assert_eq!(tx.put(0, 9), Err(Full), "three are held");
        assert!(!rx.is_let_go());
        drop(tx);
        assert!(rx.is_let_go());
        assert_eq!(rx.next().await, Some(0));
    }
}
