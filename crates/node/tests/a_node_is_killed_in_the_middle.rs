//! Real processes: a node dies by SIGKILL while its officers are at work. It comes back with everything that it had
//! acknowledged, its journal goes on without a fork, and the others saw nothing but its silence.
#![allow(clippy::unwrap_used)]

mod common;

use common::{House, Officer};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use trialogue_charter::CallId;
use trialogue_journal::{Act, Body, UnverifiedStatement, VerifiedEntry};
use trialogue_wire::console::ToConsole;

const CONFIG: &str = "TRIALOGUE_TEST_CONFIG";

/// One node in a process of its own.
#[test]
#[ignore = "only as a child of the test below"]
fn child() {
    let Some(config) = std::env::var_os(CONFIG) else { return };
    trialogue_node::run(Path::new(&config), trialogue_node::Start::default()).unwrap();
}

struct Process(Child, SocketAddr);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn spawn(house: &House, node: &str) -> Process {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "child", "--nocapture"])
        .env(CONFIG, house.furnish(node))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let ready = lines.find_map(|line| line.unwrap().split_once(" is ready: http://").map(|(_, url)| url.to_owned()));
    let web = ready.unwrap().trim_end_matches('/').parse().unwrap();
    // Whatever else it prints is read, so that it never waits for a reader.
    std::thread::spawn(move || lines.for_each(drop));
    Process(child, web)
}

fn is_ring(entry: &VerifiedEntry, call: CallId) -> bool {
    let Body::Stated { statement } = &entry.entry().body else { return false };
    let statement = UnverifiedStatement::decode(statement).unwrap();
    matches!(&statement.claim().act, Act::Ring { call: c, .. } | Act::Answer { call: c, .. } if *c == call)
}

#[tokio::test(flavor = "multi_thread")]
async fn and_comes_back_whole() {
    let house = House::new();
    let jpn_node = spawn(&house, "jpn-1");
    let mut jpn = Officer::on_watch(&house, jpn_node.1, "jpn-duty").await;
    let mut last = 0;
    for round in 0..3_u8 {
        let usa_node = spawn(&house, "usa-1");
        let mut usa = Officer::on_watch(&house, usa_node.1, "usa-duty").await;
        let call = CallId([round + 1; 16]);
        let number = usa.act("duty", Act::Ring { call, offers: Vec::new(), precedence: Default::default() }).await;
        usa.hear(&house, |m| match m {
            ToConsole::Refused { reason, .. } => panic!("{reason:?}"),
            m => matches!(m, ToConsole::Accepted { number: n, unrecorded: false } if *n == number),
        })
        .await;
        // Acknowledged, and at once:
        drop(usa_node);
        let usa_node = spawn(&house, "usa-1");
        let mut again = Officer::on_watch(&house, usa_node.1, "usa-duty").await;
        again.sees(&house, "usa-1", |entry| is_ring(entry, call)).await;
        jpn.sees(&house, "usa-1", |entry| is_ring(entry, call)).await;
        let own = &jpn.seen[&common::house::id("usa-1")];
        // An enrolment may be shown again beside what needs it.
        let mut held = BTreeMap::new();
        for entry in own {
            let same = *held.entry(entry.entry().seq).or_insert(entry.hash()) == entry.hash();
            assert!(same, "two different entries for position {}", entry.entry().seq);
        }
        let seqs: Vec<u64> = held.into_keys().collect();
        assert!(seqs.windows(2).all(|pair| pair[1] == pair[0] + 1), "a gap: {seqs:?}");
        assert!(*seqs.last().unwrap() > last);
        last = *seqs.last().unwrap();
    }
}
