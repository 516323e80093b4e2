//! Names, addresses of consoles and session descriptions do not reach the log, the counters or the health page.
#![allow(clippy::unwrap_used)]

mod common;

use common::{House, Officer, until};
use std::io::Write;
use std::sync::{Arc, Mutex};
use trialogue_wire::console::ToNode;
use trialogue_wire::leg::fixture;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn nobody() {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt()
        .with_env_filter(trialogue_node::LOG_FILTER)
        .with_writer(move || writer.clone())
        .with_ansi(false)
        .init();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let house = House::new();
        let nodes = house.start_all().await;
        let usa = &nodes[2];
        let mut officer = Officer::on_watch(&house, usa.web_addr(), "usa-duty").await;
        let mut offer = fixture::offer(1);
        offer.end.fragment = "fragment198".to_owned();
        officer.say(&ToNode::Offer { offer: offer.clone(), leg: 1 }).await;
        offer.end.password = "198.51.100.7".to_owned();
        officer.say(&ToNode::Offer { offer, leg: 2 }).await;
        drop(officer);
        until("gone", || async { usa.status().now().consoles == 0 }).await;
        for node in nodes {
            node.stop().await;
        }
    });
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(text.contains("is on watch"), "{text}");
    for private in ["duty of USA 1", "127.0.0.1", "198.51.100.7", "fragment198", "::1"] {
        assert!(!text.contains(private), "{private:?} in the log:\n{text}");
    }
}
