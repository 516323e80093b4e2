//! Three nodes in three processes and a call between them: a charter is installed at one node, all three have it, and
//! everybody talks on.
#![allow(clippy::unwrap_used, clippy::panic)]

mod hotline;

use hotline::endpoint::Endpoint;
use hotline::{Hotline, PATIENCE};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::thread::sleep;
use std::time::{Duration, Instant};

fn trialogue(dir: &Path, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_trialogue")).current_dir(dir).args(words).output().unwrap()
}

fn does(dir: &Path, words: &[&str]) -> String {
    let output = trialogue(dir, words);
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Drafts from the changed plan and has these parties sign.
fn draft(house: &Path, plan: &str, held: &str, out: &str, signers: &[&str]) -> String {
    fs::write(house.join("next.toml"), plan).unwrap();
    let said = does(house, &["charter", "draft", "--from", "next.toml", "--amends", held, "--out", out]);
    for party in signers {
        let root = format!("{party}/root.key");
        does(house, &["charter", "sign", "--charter", out, "--root", &root, "--amends", held]);
    }
    said
}

fn until_logged(house: &Path, party: &str, what: &str) {
    let end = Instant::now() + PATIENCE;
    while !fs::read_to_string(house.join(party).join("node.log")).unwrap().contains(what) {
        assert!(Instant::now() < end, "{party} never logged: {what}");
        sleep(Duration::from_millis(50));
    }
}

#[test]
fn one_install_reaches_all_three_and_everybody_talks_on() {
    let hotline = Hotline::start();
    let house = hotline.house();
    let mut endpoints = hotline.duty_officers();
    let devices = endpoints.each_ref().map(Endpoint::device);
    endpoints[0].ring();
    endpoints[1..].iter_mut().for_each(Endpoint::answer_ring);
    endpoints.iter_mut().for_each(|endpoint| endpoint.until_sealed_for(&devices));
    let plan = fs::read_to_string(house.join("charter.toml")).unwrap();

    // Two of three cannot put out the third.
    let expel = plan.replace("serial = 1", "serial = 2");
    let expel = without_kor(&expel);
    let said = draft(&house, &expel, "charter.cbor", "coup.cbor", &["usa", "jpn"]);
    assert!(said.contains("KOR (") && said.contains("LEAVES"), "{said}");
    let refused = trialogue(&house, &["charter", "install", "--config", "usa/node.toml", "--charter", "coup.cbor"]);
    let why = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success() && why.contains("party KOR has not signed"), "{why}");

    // A line more, and new keys for the node of the USA; installed at the one of Japan.
    let address = fs::read_to_string(house.join("usa/node.pub")).unwrap();
    let address = address.lines().find_map(|line| line.strip_prefix("address: ")).unwrap().to_owned();
    does(&house, &["node-key", "--node", "usa-1", "--party", "USA", "--address", &address, "--out", "usa-next"]);
    fs::copy(house.join("usa-next/node.key"), house.join("usa/node.key.next")).unwrap();
    let more = format!(
        "{}\n[[line]]\nid = \"night\"\nname = {{ en = \"Night\", ja = \"夜間\", ko = \"야간\" }}\nmarking = \"TEST\"\n\
         offices = [\"usa-duty-officer\", \"jpn-duty-officer\", \"kor-duty-officer\"]\n",
        plan.replace("serial = 1", "serial = 2").replace("usa/node.pub", "usa-next/node.pub")
    );
    draft(&house, &more, "charter.cbor", "next.cbor", &["usa", "jpn", "kor"]);
    let said = does(&house, &["charter", "show", "--charter", "next.cbor", "--against", "charter.cbor"]);
    for sentence in ["Line night (Night", "signs its journal with another key", "Everyone has agreed"] {
        assert!(said.contains(sentence), "{said}");
    }
    let said = does(&house, &["charter", "install", "--config", "jpn/node.toml", "--charter", "next.cbor"]);
    assert!(said.contains("serial 2"), "{said}");
    for party in ["usa", "jpn", "kor"] {
        until_logged(&house, party, "the charter with serial 2 is in force");
    }
    for endpoint in &mut endpoints {
        endpoint.until_view("the new line", |view| {
            view["lines"].as_array().is_some_and(|lines| lines.iter().any(|line| line["id"] == "night"))
        });
        endpoint.until_sealed_for(&devices);
    }
    for (listener, endpoint) in endpoints.iter_mut().enumerate() {
        for speaker in (0..3).filter(|speaker| *speaker != listener) {
            endpoint.until_more_voice(&devices[speaker], 150);
        }
    }
    assert!(!house.join("usa/node.key.next").exists());

    // What was installed is in force after a power cut, with the new keys, whatever file the configuration names.
    hotline.kill_node("usa");
    let _usa = hotline.restart_node("usa");
    endpoints[0].until_view("the new line, after the power cut", |view| {
        view["node"] == "up" && view["lines"].as_array().is_some_and(|lines| lines.iter().any(|l| l["id"] == "night"))
    });
    endpoints.iter_mut().for_each(|endpoint| endpoint.until_sealed_for(&devices));
}

/// The plan without one of the three: its files, its offices, and what lines say of them.
fn without_kor(plan: &str) -> String {
    let plan = plan.replace(", \"kor/party.pub\"", "").replace(", \"kor/node.pub\"", "");
    let mut parts: Vec<String> = plan.split("\n[[").map(str::to_owned).collect();
    parts.retain(|part| !(part.starts_with("office]]") && part.contains("party = \"KOR\"")));
    for part in &mut parts {
        let lines = part.lines().map(|line| {
            let Some((key, list)) = line.split_once(" = ").filter(|(key, _)| ["offices", "authority"].contains(key))
            else {
                return line.to_owned();
            };
            let (open, close) = if key == "offices" { ('[', ']') } else { ('{', '}') };
            let items = list.trim_matches([open, close, ' ']).split(", ").filter(|item| !item.contains("kor-"));
            format!("{key} = {open} {} {close}", items.collect::<Vec<_>>().join(", "))
        });
        *part = lines.collect::<Vec<_>>().join("\n");
    }
    parts.join("\n[[")
}
