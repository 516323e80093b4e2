//! Voices that are sent later: said again on a bad line, or together with the next ones on a narrow one.

use crate::limits::links::VOICES_WAITING;
use bytes::Bytes;
use quinn::Connection;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

/// A voice is said again after so long; a burst of loss shorter than that does not take both. Longer than the second
/// one a listener has concealed it already.
const AGAIN: [Duration; 2] = [Duration::from_millis(20), Duration::from_millis(60)];
/// Three voices of a console share a packet: 60 ms of it. Longer is delay, shorter is headers: a packet costs 50 bytes
/// beside its voices.
const SHARED: Duration = Duration::from_millis(60);

/// What is to be sent, and when.
type Due = (Instant, Bytes);

/// The sending half; cheap, never waits. The other half ends with it.
pub(super) struct Later {
    queue: mpsc::Sender<Due>,
    began: Instant,
}

impl Later {
    /// For one path; the task ends when this is dropped.
    pub(super) fn start(connection: Connection) -> Self {
        let (queue, due) = mpsc::channel(VOICES_WAITING);
        tokio::spawn(send(connection, due));
        Self { queue, began: Instant::now() }
    }

    /// Says it so many times again.
    pub(super) fn again(&self, times: u8, datagram: &Bytes) {
        let now = Instant::now();
        for after in AGAIN.iter().take(usize::from(times)) {
            // One that finds no room has been said once.
            let _ = self.queue.try_send((now + *after, datagram.clone()));
        }
    }

    /// Sends it with all others of the same moment. False: too many wait.
    pub(super) fn together(&self, datagram: Bytes) -> bool {
        let passed = self.began.elapsed().as_millis() / SHARED.as_millis();
        let moment = self.began + SHARED * u32::try_from(passed + 1).unwrap_or(u32::MAX);
        self.queue.try_send((moment, datagram)).is_ok()
    }
}

async fn send(connection: Connection, mut queue: mpsc::Receiver<Due>) {
    let mut waiting: BTreeMap<(Instant, u64), Bytes> = BTreeMap::new();
    let mut number = 0;
    loop {
        let next = waiting.first_key_value().map(|((at, _), _)| *at);
        tokio::select! {
            due = queue.recv(), if waiting.len() < VOICES_WAITING => {
                let Some((at, datagram)) = due else { return };
                number += 1;
                waiting.insert((at, number), datagram);
            }
            () = async { match next {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            } } => {
                let now = Instant::now();
                // Given at once they leave in one packet, as many as fit.
                while waiting.first_key_value().is_some_and(|((at, _), _)| *at <= now) {
                    if let Some((_, datagram)) = waiting.pop_first() {
                        // A path that is gone takes what waited with it.
                        let _ = connection.send_datagram(datagram);
                    }
                }
            }
        }
    }
}
