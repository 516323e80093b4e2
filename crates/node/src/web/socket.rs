//! One console's WebSocket: bounded both ways.

use crate::counters::Counters;
use crate::door::{Cut, Group, Paces, Place};
use crate::limits::web::{OUT_BYTES, OUT_MESSAGES, RATE, SEND, SILENCE};
use crate::outbox::{Outbox, Outgoing, outbox};
use crate::pace::Pace;
use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{Notify, mpsc};
use trialogue_core::ConsoleKey;
use trialogue_wire::limits::FIRST_MAX;

/// What the control task is told. All events of one console come in the order in which they happened.
pub enum ConsoleEvent {
    /// A WebSocket was accepted.
    Opened {
        /// Its key.
        console: ConsoleKey,
        /// Random, for the challenge.
        nonce: [u8; 32],
        /// For messages to it.
        out: ConsoleOut,
    },
    /// One binary message.
    Message {
        /// From which.
        console: ConsoleKey,
        /// As it came.
        bytes: Vec<u8>,
    },
    /// It is gone.
    Closed {
        /// Which.
        console: ConsoleKey,
    },
}

struct Out {
    bytes: Vec<u8>,
    last: bool,
}

/// Sends to one console; never waits.
pub struct ConsoleOut {
    queue: Outbox<Out>,
    cut: Arc<Notify>,
    standing: Arc<Standing>,
}

/// By which door it came, and whether it has proven who it is.
struct Standing {
    entrance: Entrance,
    proven: AtomicBool,
}

/// Where a WebSocket stands until its console has proven who it is.
pub(super) struct Entrance {
    pub(super) place: Place,
    pub(super) group: Group,
    pub(super) cut: Cut,
    pub(super) paces: Paces,
}

impl Standing {
    /// Before the log-in everything that makes work waits for a turn of its address. False: it was ended meanwhile.
    async fn turn(&self) -> bool {
        let Entrance { group, cut, paces, .. } = &self.entrance;
        if self.proven.load(Ordering::Relaxed) {
            return true;
        }
        tokio::select! {
            biased;
            () = cut.ended() => false,
            () = paces.turn(*group) => true,
        }
    }
}

impl ConsoleOut {
    /// Queues a message. With `last` the WebSocket closes after it. False: the console did not keep up and is cut off.
    pub fn send(&self, bytes: Vec<u8>, last: bool) -> bool {
        let kept = self.queue.put(bytes.len(), Out { bytes, last }).is_ok();
        if !kept {
            self.cut.notify_one();
        }
        kept
    }

    /// The console has proven who it is: its connection is ended for nobody any more, and places are kept for its
    /// address.
    pub(crate) fn proven(&self) {
        self.standing.proven.store(true, Ordering::Relaxed);
        self.standing.entrance.place.proven();
    }
}

/// Serves one console until either side ends it.
pub(super) async fn serve(
    socket: WebSocket,
    console: ConsoleKey,
    entrance: Entrance,
    events: mpsc::Sender<ConsoleEvent>,
    counters: Counters,
) {
    let standing = Arc::new(Standing { entrance, proven: AtomicBool::new(false) });
    if !standing.turn().await {
        return;
    }
    let mut nonce = [0; 32];
    if getrandom::fill(&mut nonce).is_err() {
        tracing::error!("the system gives no random bytes; a console was turned away");
        return;
    }
    let (queue, outgoing) = outbox(OUT_MESSAGES, OUT_BYTES);
    let cut = Arc::new(Notify::new());
    let out = ConsoleOut { queue, cut: cut.clone(), standing: standing.clone() };
    if events.send(ConsoleEvent::Opened { console, nonce, out }).await.is_err() {
        return;
    }
    let (sink, stream) = socket.split();
    tokio::select! {
        () = read(stream, console, &standing, &events, &counters) => {}
        () = write(sink, outgoing) => {}
        () = cut.notified() => counters.count("console_overflow"),
    }
    // Fails only when the node stops.
    let _ = events.send(ConsoleEvent::Closed { console }).await;
}

async fn read(
    mut stream: SplitStream<WebSocket>,
    console: ConsoleKey,
    standing: &Standing,
    events: &mpsc::Sender<ConsoleEvent>,
    counters: &Counters,
) {
    let mut first = true;
    let mut pace = Pace::new(RATE);
    while let Ok(Some(Ok(message))) = tokio::time::timeout(SILENCE, stream.next()).await {
        pace.take().await;
        match message {
            Message::Binary(bytes) => {
                if first && bytes.len() > FIRST_MAX {
                    counters.count("console_oversize");
                    return;
                }
                first = false;
                let may = standing.turn().await;
                if !may || events.send(ConsoleEvent::Message { console, bytes: bytes.into() }).await.is_err() {
                    return;
                }
            }
            Message::Ping(_) | Message::Pong(_) => {}
            Message::Text(_) => {
                counters.count("console_text");
                return;
            }
            Message::Close(_) => return,
        }
    }
}

async fn write(mut sink: SplitSink<WebSocket, Message>, mut outgoing: Outgoing<Out>) {
    while let Some(Out { bytes, last }) = outgoing.next().await {
        if !bytes.is_empty() {
            match tokio::time::timeout(SEND, sink.send(Message::Binary(bytes.into()))).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) | Err(_) => return,
            }
        }
        if last {
            break;
        }
    }
    let close = CloseFrame { code: close_code::NORMAL, reason: "".into() };
    // Closing is a courtesy; the stream ends in any case.
    let _ = tokio::time::timeout(Duration::from_secs(1), sink.send(Message::Close(Some(close)))).await;
}
