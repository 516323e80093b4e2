//! The security officer's requests over the node's web origin: the party's root is heard, once and fresh; everything
//! else is refused with a sentence, and nothing happens.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::{House, Officer};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use trialogue_charter::cose::Many;
use trialogue_charter::limits::OFFICER_MAX;
use trialogue_charter::officer::Proven;
use trialogue_charter::{DeviceId, DeviceProof, NodeId, OfficerAct, OfficerRequest, PartyId, VerifiedCharter, fixture};
use trialogue_node::{Config, Node};
use trialogue_wire::console::{Refusal, ToConsole};

/// Status, head and body of one HTTP exchange.
async fn http(node: &Node, method: &str, path: &str, head: &str, body: &[u8]) -> (u16, Vec<u8>) {
    let mut stream = tokio::net::TcpStream::connect(node.web_addr()).await.unwrap();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\n{head}Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    // A node that refuses a body that is too long may close before it has read it.
    let _ = stream.write_all(body).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    let status = std::str::from_utf8(&answer[9..12]).unwrap().parse().unwrap();
    (status, answer[end..].to_vec())
}

async fn nonce(node: &Node) -> [u8; 32] {
    let (status, body) = http(node, "GET", "/officer/nonce", "", b"").await;
    let said: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((status, said["node"].as_str()), (200, Some("usa-1")));
    hex::decode(said["nonce"].as_str().unwrap()).unwrap().try_into().unwrap()
}

async fn request(node: &Node, act: OfficerAct) -> OfficerRequest {
    let party = PartyId::new("USA").unwrap();
    OfficerRequest { party, node: NodeId::new("usa-1").unwrap(), nonce: nonce(node).await, act }
}

fn revoke(device: DeviceId) -> OfficerAct {
    OfficerAct::Revoke { revocation: fixture::revocation("USA", &device) }
}

async fn ask(node: &Node, body: &[u8]) -> (u16, Value) {
    let (status, body) = http(node, "POST", "/officer/ask", "", body).await;
    (status, serde_json::from_slice(&body).unwrap())
}

/// What the node's proofs of a device prove, and how it said so.
async fn shown(house: &House, node: &Node, device: DeviceId) -> (Proven, Value) {
    let act = OfficerAct::Proofs { devices: vec![device] };
    let (status, said) = ask(node, &request(node, act).await.sign(&fixture::root("USA"))).await;
    assert_eq!((status, said["kind"].as_str()), (200, Some("proofs")), "{said}");
    let proof = said["proofs"][0].clone();
    assert_eq!(proof["device"], device.to_string());
    let bytes = |part: &str| proof[part].as_str().map(|text| hex::decode(text).unwrap());
    let held = DeviceProof { certificate: bytes("certificate"), revocation: bytes("revocation") };
    (held.check(&house.charter, &PartyId::new("USA").unwrap(), &device), proof)
}

/// Refused, with this in the sentence.
async fn refused(node: &Node, body: &[u8], why: &str) {
    let (status, said) = ask(node, body).await;
    assert_eq!((status, said["kind"].as_str()), (403, Some("refused")), "{said}");
    assert!(said["why"].as_str().unwrap().contains(why), "{said} says nothing of \"{why}\"");
}

#[tokio::test(flavor = "multi_thread")]
async fn and_revokes_a_device_in_one_step() {
    let house = House::new();
    let node = house.start("usa-1").await;
    let mut lost = Officer::on_watch(&house, node.web_addr(), "usa-duty").await;
    let root = fixture::root("USA");

    let (status, charter) = http(&node, "GET", "/officer/charter", "", b"").await;
    assert_eq!(status, 200);
    let charter = VerifiedCharter::open(&charter, Some(&root.public().fingerprint())).unwrap();
    assert_eq!(charter.hash(), house.charter.hash());

    let (status, said) = ask(&node, &request(&node, OfficerAct::Devices).await.sign(&root)).await;
    let devices = said["devices"].as_array().unwrap();
    assert_eq!((status, said["kind"].as_str(), devices.len()), (200, Some("devices"), 1));
    assert_eq!(devices[0]["device"], lost.id().to_string());
    assert_eq!((devices[0]["office"].as_str(), devices[0]["revoked"].as_bool()), (Some("usa-duty"), Some(false)));
    assert!(devices[0]["since_ms"].as_u64().unwrap() > 1_600_000_000_000);

    let (proven, _) = shown(&house, &node, lost.id()).await;
    assert_eq!(proven.device.map(|device| device.office.to_string()).as_deref(), Some("usa-duty"));
    assert!(!proven.revoked);

    let lost_one = request(&node, revoke(lost.id())).await;
    assert_eq!(ask(&node, &lost_one.sign(&root)).await.1["kind"], "done");
    lost.hear(&house, |m| matches!(m, ToConsole::Refused { reason: Refusal::Revoked, .. })).await;
    let (_, said) = ask(&node, &request(&node, OfficerAct::Devices).await.sign(&root)).await;
    assert_eq!(said["devices"][0]["revoked"], true);
    let (proven, _) = shown(&house, &node, lost.id()).await;
    assert!(proven.device.is_some() && proven.revoked, "by what the root has signed");
    let (proven, said) = shown(&house, &node, DeviceId([1; 32])).await;
    assert!(proven.device.is_none() && !proven.revoked && said["certificate"].is_null(), "{said}");
    // Before it is ever enrolled here.
    let nobody = request(&node, revoke(DeviceId([1; 32]))).await;
    assert_eq!(ask(&node, &nobody.sign(&root)).await.1["kind"], "done");
    // What it hands over proves itself, or counts for nothing.
    let unproven = request(&node, OfficerAct::Revoke { revocation: b"it is lost".to_vec() }).await;
    let (status, said) = ask(&node, &unproven.sign(&root)).await;
    assert_eq!((status, said["kind"].as_str()), (200, Some("refused")), "heard, and it is none");
}

#[tokio::test(flavor = "multi_thread")]
async fn and_nobody_else_is_heard() {
    let house = House::new();
    let node = house.start("usa-1").await;
    let duty = Officer::on_watch(&house, node.web_addr(), "usa-duty").await;
    let root = fixture::root("USA");
    let revoke = || revoke(duty.id());

    // Another party's root, under its own name and under a borrowed one.
    let stranger = fixture::root("JPN");
    let own_name = OfficerRequest { party: PartyId::new("JPN").unwrap(), ..request(&node, revoke()).await };
    refused(&node, &own_name.sign(&stranger), "party JPN does not run this node").await;
    refused(&node, &request(&node, revoke()).await.sign(&stranger), "signature of the party's root").await;

    // A nonce that the node never gave, one of another node, and one that was used.
    let invented = OfficerRequest { nonce: [7; 32], ..request(&node, revoke()).await };
    refused(&node, &invented.sign(&root), "no fresh nonce").await;
    let other = OfficerRequest { node: NodeId::new("jpn-1").unwrap(), ..request(&node, revoke()).await };
    refused(&node, &other.sign(&root), "made for node jpn-1").await;
    let once = request(&node, OfficerAct::Devices).await.sign(&root);
    assert_eq!(ask(&node, &once).await.0, 200);
    refused(&node, &once, "used before").await;

    // A body that was changed after it was signed, and one that nobody has signed.
    let signed = request(&node, OfficerAct::Devices).await.sign(&root);
    let mut changed = signed.clone();
    let last = changed.len() - 1;
    changed[last] ^= 1;
    refused(&node, &changed, "ML-DSA-87 signature").await;
    let payload = Many::decode(&signed, OFFICER_MAX).unwrap().payload().to_vec();
    refused(&node, &Many::new(payload).encode(), "is missing").await;

    // No request at all, one that is too long, and a page of another origin.
    refused(&node, b"let me in", "not a security officer's request").await;
    refused(&node, b"", "not a security officer's request").await;
    assert_eq!(ask(&node, &vec![0; OFFICER_MAX + 1]).await.0, 413);
    let (status, _) = http(&node, "POST", "/officer/ask", "Origin: https://elsewhere.example\r\n", &signed).await;
    assert_eq!(status, 403);
    let (status, _) = http(&node, "GET", "/officer/ask", "", b"").await;
    assert_eq!(status, 405);

    // What was refused did not use the nonce up, and nothing was revoked.
    let (_, said) = ask(&node, &signed).await;
    assert_eq!(said["devices"][0]["revoked"], false, "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_console_is_told_whether_it_must_have_a_passkey() {
    let house = House::new();
    let path = house.furnish("usa-1");
    for (setting, told) in [("", "required"), ("passkeys = \"offered\"\n", "offered")] {
        let text = std::fs::read_to_string(&path).unwrap() + setting;
        let node = house.start_with(Config::parse(&path, &text).unwrap()).await;
        let (status, body) = http(&node, "GET", "/console.json", "", b"").await;
        let said: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!((status, said["node"].as_str(), said["passkeys"].as_str()), (200, Some("usa-1"), Some(told)));
        let page = http(&node, "GET", "/officer", "", b"").await;
        assert_eq!(page, http(&node, "GET", "/", "", b"").await, "the officer's page is a place inside the console");
        node.stop().await;
    }
}
