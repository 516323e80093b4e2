//! Real nodes and a real command: a ring at a station without anybody reaches people beyond it, and the caller sees
//! whether it did.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod common;

use common::{House, Officer};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use trialogue_charter::{CallId, Precedence};
use trialogue_journal::{Act, Body};
use trialogue_node::{Config, Node};

/// Starts a node whose alert command is this script.
async fn start(house: &House, node: &str, script: &str) -> Node {
    let toml = house.furnish(node);
    let command = toml.with_file_name("page-duty");
    std::fs::write(&command, script).unwrap();
    std::fs::set_permissions(&command, PermissionsExt::from_mode(0o700)).unwrap();
    let text =
        std::fs::read_to_string(&toml).unwrap() + &format!("[alert]\ncommand = [\"{}\", \"x y\"]\n", command.display());
    std::fs::write(&toml, text).unwrap();
    Node::start(Config::read(&toml).unwrap()).await.unwrap()
}

fn told(house: &House) -> PathBuf {
    house.dir.path().join("jpn-1/told")
}

#[tokio::test(flavor = "multi_thread")]
async fn and_the_caller_sees_whether_it_worked() {
    let house = House::new();
    let jpn = "#!/bin/sh\necho \"$1|$TRIALOGUE_LINE|$TRIALOGUE_FROM|$TRIALOGUE_PRECEDENCE|$TRIALOGUE_CONSOLES\" >> \"$(dirname \"$0\")/told\"\n";
    let _jpn = start(&house, "jpn-1", jpn).await;
    let _kor = start(&house, "kor-1", "#!/bin/sh\nexit 3\n").await;
    let usa = house.start("usa-1").await;
    let mut usa = Officer::on_watch(&house, usa.web_addr(), "usa-duty").await;
    let call = CallId([1; 16]);
    usa.act("duty", Act::Ring { call, offers: Vec::new(), precedence: Precedence::Immediate }).await;
    let alerted = |done: bool| move |entry: &trialogue_journal::VerifiedEntry| matches!(&entry.entry().body, Body::Alerted { call: c, done: d, .. } if *c == call && *d == done);
    usa.sees(&house, "jpn-1", alerted(true)).await;
    usa.sees(&house, "kor-1", alerted(false)).await;
    assert_eq!(
        std::fs::read_to_string(told(&house)).unwrap(),
        "x y|duty|USA|immediate|0\n",
        "once, and everything it needs"
    );
}
