//! How paths, parties and lines have been, kept for 90 days: a thread and a file of its own, so that nothing of it is
//! ever in the way of a call.

mod export;
mod page;
mod record;
mod series;
mod store;
mod words;

pub use export::{csv, json};
pub use page::page;
pub(crate) use record::Recorder;
pub use series::{Point, Series, Window};
pub use words::Tongue;

use crate::error::NodeError;
use crate::limits::health::{TURNS, WAITING};
use std::path::Path;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

/// The page's style: the console's rules let no page carry its own.
pub const STYLE: &str = include_str!("health.css");

/// What one minute was like for one path, party or line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) subject: String,
    pub(crate) sums: Sums,
}

/// Sums over a time, so that times can be put together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sums {
    /// Seconds that were watched.
    pub total: u64,
    /// Of them, with a way open.
    pub up: u64,
    /// How many measurements of delay, jitter and loss there are.
    pub count: u64,
    /// Round trips in microseconds.
    pub delay: u64,
    /// Jitter in microseconds.
    pub jitter: u64,
    /// Losses in millionths.
    pub loss: u64,
    /// How many figures of quality there are.
    pub heard: u64,
    /// Hundredths.
    pub quality: u64,
}

impl Sums {
    pub(crate) fn add(&mut self, other: &Self) {
        self.total += other.total;
        self.up += other.up;
        self.count += other.count;
        self.delay += other.delay;
        self.jitter += other.jitter;
        self.loss += other.loss;
        self.heard += other.heard;
        self.quality += other.quality;
    }
}

/// What the thread is asked for.
enum Ask {
    Minute { at_ms: u64, rows: Vec<Row> },
    Series { window: Window, now_ms: u64, reply: oneshot::Sender<Vec<Series>>, turn: OwnedSemaphorePermit },
}

/// Where to ask. Clones ask the same.
#[derive(Clone)]
pub struct Health {
    asks: mpsc::Sender<Ask>,
    /// Of those who ask: however many do, a minute finds room.
    turns: Arc<Semaphore>,
}

impl Health {
    /// Opens the file in the node's directory.
    ///
    /// # Errors
    /// When the thread cannot be started. A file that cannot be used is logged: the node works without.
    pub fn open(dir: &Path) -> Result<Self, NodeError> {
        let (asks, asked) = mpsc::channel(WAITING);
        let path = dir.join("health.db");
        let run = move || store::run(&path, asked);
        std::thread::Builder::new().name("health".into()).spawn(run).map_err(NodeError::Start)?;
        Ok(Self { asks, turns: Arc::new(Semaphore::new(TURNS)) })
    }

    /// One minute is over. False: it is lost, because the disk does not keep up.
    pub(crate) fn keep(&self, at_ms: u64, rows: Vec<Row>) -> bool {
        self.asks.try_send(Ask::Minute { at_ms, rows }).is_ok()
    }

    /// How everything was in a window that ends now; empty where nothing is known.
    pub async fn series(&self, window: Window, now_ms: u64) -> Vec<Series> {
        let Ok(turn) = self.turns.clone().acquire_owned().await else { return Vec::new() };
        let (reply, answer) = oneshot::channel();
        if self.asks.send(Ask::Series { window, now_ms, reply, turn }).await.is_err() {
            return Vec::new();
        }
        answer.await.unwrap_or_default()
    }
}
