//! The operator asks a running node on its own machine: which devices are there, and one of them no more.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod common;

use common::{House, Officer};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use trialogue_charter::{CallId, PartyId, Revocation, fixture};
use trialogue_journal::{Act, Body};
use trialogue_node::admin::{self, DeviceInfo, Reply, Request, ask};
use trialogue_wire::console::{Refusal, ToConsole};

/// As another process would: not on a thread that the node needs.
async fn asked(data: PathBuf, request: Request) -> Reply {
    tokio::task::spawn_blocking(move || ask(&data, &request).unwrap()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn and_is_out_of_its_call_and_the_others_hear_of_it() {
    let house = House::new();
    let nodes = house.start_all().await;
    let mut usa = Officer::on_watch(&house, nodes[2].web_addr(), "usa-duty").await;
    let mut jpn = Officer::on_watch(&house, nodes[0].web_addr(), "jpn-duty").await;
    let call = CallId([1; 16]);
    usa.act("duty", Act::Ring { call, offers: Vec::new(), precedence: Default::default() }).await;
    jpn.sees(&house, "usa-1", |entry| matches!(entry.entry().body, Body::Stated { .. })).await;

    let data = house.dir.path().join("usa-1/data");
    assert_eq!(std::fs::metadata(admin::socket(&data)).unwrap().permissions().mode() & 0o777, 0o600);
    let Reply::Devices { devices } = asked(data.clone(), Request::Devices).await else {
        panic!("devices were asked for")
    };
    let id = usa.id().to_string();
    assert_eq!(
        devices.iter().map(|d| (&d.device, d.office.as_str(), d.revoked)).collect::<Vec<_>>(),
        [(&id, "usa-duty", false)]
    );

    let device = usa.id();
    let revoke = |revocation: &[u8]| Request::Revoke { revocation: hex::encode(revocation) };
    // Nobody's word but that of the own party's root: not another root's, and no nonsense.
    let other = Revocation { party: PartyId::new("USA").unwrap(), device }.sign(&fixture::root("JPN"));
    for (wrong, why) in [(revoke(&other), "signature of the party's root"), (revoke(b"it is lost"), "not a revocation")]
    {
        let reply = asked(data.clone(), wrong).await;
        assert!(matches!(&reply, Reply::Refused { why: said } if said.contains(why)), "{reply:?}");
    }
    // Any node takes it: this one is another party's, and the own node has it from there.
    let revocation = fixture::revocation("USA", &device);
    let abroad = house.dir.path().join("kor-1/data");
    assert_eq!(asked(abroad.clone(), revoke(&revocation)).await, Reply::Done);
    assert_eq!(asked(abroad, revoke(&revocation)).await, Reply::Done, "twice is once");
    usa.hear(&house, |m| matches!(m, ToConsole::Refused { reason: Refusal::Revoked, .. })).await;
    jpn.sees(
        &house,
        "usa-1",
        |entry| matches!(&entry.entry().body, Body::Revoked { revocation: r } if *r == revocation),
    )
    .await;
    let Reply::Devices { devices } = asked(data, Request::Devices).await else { panic!("devices were asked for") };
    assert!(devices[0].revoked);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_root_it_is_suspended_and_let_in_again() {
    let house = House::new();
    let node = house.start("usa-1").await;
    let mut usa = Officer::on_watch(&house, node.web_addr(), "usa-duty").await;
    let data = house.dir.path().join("usa-1/data");
    let suspend = |device: String, on| Request::Suspend { device, on };
    for wrong in ["", "zz", &"00".repeat(32)] {
        let reply = asked(data.clone(), suspend(wrong.to_owned(), true)).await;
        assert!(matches!(reply, Reply::Refused { why } if why.contains("device list")));
    }
    let id = usa.id().to_string();
    assert_eq!(asked(data.clone(), suspend(id.clone(), true)).await, Reply::Done);
    assert_eq!(asked(data.clone(), suspend(id.clone(), true)).await, Reply::Done, "twice is once");
    usa.hear(&house, |m| matches!(m, ToConsole::Refused { reason: Refusal::Suspended, .. })).await;
    let said = |devices: Vec<DeviceInfo>| (devices[0].suspended, devices[0].revoked);
    let Reply::Devices { devices } = asked(data.clone(), Request::Devices).await else { panic!("devices") };
    assert_eq!(said(devices), (true, false));
    assert_eq!(asked(data.clone(), suspend(id, false)).await, Reply::Done);
    let Reply::Devices { devices } = asked(data, Request::Devices).await else { panic!("devices") };
    assert_eq!(said(devices), (false, false));
    let counted = ["device_suspended", "device_let_in_again"].map(|counter| node.counters().value(counter));
    assert_eq!(counted, [2, 1]);
    let _again = Officer::on_watch(&house, node.web_addr(), "usa-duty").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_on_the_socket_gets_a_reason_and_disturbs_nobody() {
    let house = House::new();
    let node = house.start("usa-1").await;
    let data = house.dir.path().join("usa-1/data");
    let answers = tokio::task::spawn_blocking({
        let data = data.clone();
        move || {
            ["\n", "{\"do\":\"dance\"}\n", "\u{0}\u{1}\n"].map(|line| {
                let mut stream = UnixStream::connect(admin::socket(&data)).unwrap();
                stream.write_all(line.as_bytes()).unwrap();
                let mut answer = String::new();
                stream.read_to_string(&mut answer).unwrap();
                answer
            })
        }
    });
    for answer in answers.await.unwrap() {
        assert!(answer.contains("not a request of this version"), "{answer}");
    }
    assert_eq!(asked(data.clone(), Request::Devices).await, Reply::Devices { devices: Vec::new() });
    node.stop().await;
    let gone = tokio::task::spawn_blocking(move || ask(&data, &Request::Devices)).await.unwrap();
    assert!(gone.unwrap_err().to_string().contains("start the node"));
}
