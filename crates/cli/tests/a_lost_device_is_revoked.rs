//! A device is lost in the middle of a call. The operator finds it with one command and revokes it with another; the
//! two others go on with keys that it never had.
#![allow(clippy::unwrap_used, clippy::panic)]

mod hotline;

use hotline::endpoint::Endpoint;
use hotline::{Hotline, party};
use std::process::{Command, Output};
use std::time::Instant;

fn trialogue(hotline: &Hotline, what: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trialogue"));
    command.args(["device", what[0], "--config"]).arg(hotline.house().join("jpn/node.toml")).args(&what[1..]);
    command.output().unwrap()
}

#[test]
fn a_lost_device_is_revoked() {
    let hotline = Hotline::start();
    let mut endpoints = hotline.duty_officers();
    let devices = endpoints.each_ref().map(Endpoint::device);
    endpoints[0].ring();
    for endpoint in &mut endpoints[1..] {
        endpoint.until_view("a ring", |view| !hotline::line(view)["ring"].is_null());
        endpoint.answer();
    }
    for endpoint in &mut endpoints {
        endpoint.until_sealed_for(&devices);
    }

    let listed = trialogue(&hotline, &["list"]);
    let listed = String::from_utf8(listed.stdout).unwrap();
    let row = listed.lines().find(|row| row.starts_with(&devices[1])).unwrap_or_else(|| panic!("not listed: {listed}"));
    assert!(row.contains("accepted") && row.contains("jpn-duty-officer"), "{row}");
    let root = |party: &str| hotline.house().join(party).join("root.key").display().to_string();
    let wrong = trialogue(&hotline, &["revoke", "--root", &root("jpn"), "1234"]);
    assert!(!wrong.status.success() && String::from_utf8_lossy(&wrong.stderr).contains("device list"));
    let stranger = trialogue(&hotline, &["revoke", "--root", &root("usa"), &devices[1]]);
    let said = String::from_utf8_lossy(&stranger.stdout).into_owned();
    assert!(
        stranger.status.success() && said.contains("check whose root"),
        "another party's root says nothing of it: {said}"
    );
    // Only devices of the own party are suspended.
    assert!(
        trialogue(&hotline, &["suspend", &devices[2]]).status.code().is_some_and(|code| code != 0),
        "not a device of this party"
    );

    // Signed where the root is, and brought to the node.
    let signed = hotline.house().join("lost.revocation").display().to_string();
    let mut offline = Command::new(env!("CARGO_BIN_EXE_trialogue"));
    let made =
        offline.args(["device", "revoke", "--root", &root("jpn"), "--out", &signed, &devices[1]]).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let asked = Instant::now();
    let revoked = trialogue(&hotline, &["revoke", "--revocation", &signed]);
    assert!(revoked.status.success(), "{}", String::from_utf8_lossy(&revoked.stderr));
    let [usa, lost, kor] = &mut endpoints;
    lost.until_view("it is told why", |view| view["trouble"]["reason"] == "revoked" && view["call"].is_null());
    let left = [devices[0].clone(), devices[2].clone()];
    for endpoint in [&mut *usa, &mut *kor] {
        endpoint.until_sealed_for(&left);
        eprintln!("out of the call and of its keys after {} ms", asked.elapsed().as_millis());
        endpoint.until_view("the party is not in", |view| party(view, "JPN")["ring"]["kind"] != "answered");
    }
    // They still hear each other, with keys made without it.
    usa.until_more_voice(&devices[2], 100);
    kor.until_more_voice(&devices[0], 100);
    assert!(String::from_utf8(trialogue(&hotline, &["list"]).stdout).unwrap().contains("revoked"));
}
