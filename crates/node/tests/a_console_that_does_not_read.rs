//! It is cut off; the one beside it hears everything.
#![allow(clippy::unwrap_used)]

mod common;

use common::until;
use futures_util::StreamExt;
use tokio::sync::mpsc;
use tokio_tungstenite::connect_async;
use trialogue_node::counters::Counters;
use trialogue_node::health::Health;
use trialogue_node::web::{Assets, ConsoleEvent, ConsoleOut, Status, Web, WebSetup};

async fn opened(events: &mut mpsc::Receiver<ConsoleEvent>) -> ConsoleOut {
    match events.recv().await.unwrap() {
        ConsoleEvent::Opened { out, .. } => out,
        _ => panic!("not opened"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn is_cut_off_alone() {
    let (tx, mut events) = mpsc::channel(16);
    let counters = Counters::default();
    let dir = tempfile::tempdir().unwrap();
    let setup = WebSetup {
        listen: "127.0.0.1:0".parse().unwrap(),
        tls: None,
        origins: Vec::new(),
        sites: Vec::new(),
        assets: Assets::load(None).unwrap(),
        status: Status::default(),
        counters: counters.clone(),
        media: Box::new(Default::default),
        health: Health::open(dir.path()).unwrap(),
        officer: None,
        passkeys: trialogue_node::config::Passkeys::Required,
        events: tx,
    };
    let web = Web::start(setup).await.unwrap();
    let url = format!("ws://{}/console", web.local_addr());
    let (deaf, _) = connect_async(&url).await.unwrap();
    let deaf_out = opened(&mut events).await;
    let (mut good, _) = connect_async(&url).await.unwrap();
    let good_out = opened(&mut events).await;
    // 8 MiB here and what the system buffers there.
    let mut sent = 0;
    while deaf_out.send(vec![1; 100_000], false) {
        sent += 1;
        assert!(sent < 1_000, "nothing bounds it");
        tokio::task::yield_now().await;
    }
    until("cut", || async { counters.value("console_overflow") == 1 }).await;
    assert!(matches!(events.recv().await.unwrap(), ConsoleEvent::Closed { .. }));
    assert!(good_out.send(b"still here".to_vec(), true));
    assert_eq!(&good.next().await.unwrap().unwrap().into_data()[..], b"still here");
    drop(deaf);
}
