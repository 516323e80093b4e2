//! `trialogue node`: one node as one process.

use crate::config::{Config, LogFormat};
use crate::error::NodeError;
use crate::node::Node;
use crate::process;
use std::io::IsTerminal as _;
use std::path::Path;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// The libraries below speak of addresses; they are heard only when they complain.
pub const LOG_FILTER: &str =
    "info,str0m=off,quinn=error,quinn_proto=error,quinn_udp=error,rustls=error,hyper=error,tungstenite=error";

/// How a node starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Start {
    /// It was restored, and speaks although no other node has said how far it holds its journal: the operator knows
    /// that nobody can.
    pub alone: bool,
}

/// Runs the node of a configuration file until SIGINT or SIGTERM. Says on standard output when it is ready, logs to
/// standard error.
///
/// # Errors
/// When it cannot start, with the remedy.
pub fn run(config_path: &Path, start: Start) -> Result<(), NodeError> {
    let config = Config::read(config_path)?;
    start_log(config.log);
    process::open_files();
    if let Some(warning) = process::warning(process::keep_secrets()) {
        tracing::warn!("{warning}");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("node")
        .build()
        .map_err(NodeError::Start)?;
    runtime.block_on(async {
        let (mut interrupt, mut terminate) = (
            signal(SignalKind::interrupt()).map_err(NodeError::Start)?,
            signal(SignalKind::terminate()).map_err(NodeError::Start)?,
        );
        let scheme = if config.web_tls.is_some() { "https" } else { "http" };
        let node = Node::start_as(config, start).await?;
        println!("Node {} is ready: {scheme}://{}/", node.id(), node.web_addr());
        tracing::info!(node = %node.id(), version = env!("CARGO_PKG_VERSION"), "the node is ready");
        let mut look = tokio::time::interval(Duration::from_secs(1));
        let outcome = loop {
            tokio::select! {
                _ = interrupt.recv() => break Ok(()),
                _ = terminate.recv() => break Ok(()),
                _ = look.tick() => if !node.is_well() { break Err(NodeError::Defect) },
            }
        };
        tracing::info!(node = %node.id(), "the node stops");
        node.stop().await;
        outcome
    })
}

fn start_log(format: LogFormat) {
    let filter = EnvFilter::try_from_env("TRIALOGUE_LOG").unwrap_or_else(|_| EnvFilter::new(LOG_FILTER));
    let colours = std::io::stderr().is_terminal();
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(colours)
        .with_target(false);
    // A second node in one process keeps the first one's log.
    let _ = match format {
        LogFormat::Text => log.try_init(),
        LogFormat::Json => log.json().try_init(),
    };
}
