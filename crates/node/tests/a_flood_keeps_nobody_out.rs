//! At each door of a node somebody floods, from as many addresses as a test has; meanwhile an officer logs in, a leg
//! comes up, a node links.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod client;
mod common;
mod flood;
mod house;
mod trusting;

use client::Client;
use common::house::{free_udp, id, links_up};
use common::{House, Officer, until};
use flood::{Idle, Silent};
use futures_util::{SinkExt, StreamExt};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use trialogue_node::admin::{self, Reply, Request};
use trialogue_node::{Config, Node};
use trialogue_wire::console::{PROTOCOL, ToConsole, ToNode};

/// The bound is for a broken build, not a measure.
async fn logs_in(house: &House, node: &Node) -> Officer {
    let officer = Officer::on_watch(house, node.web_addr(), "usa-duty");
    tokio::time::timeout(std::time::Duration::from_secs(60), officer).await.expect("kept out")
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_connections_keep_no_officer_out() {
    let house = House::new();
    let node = house.start("usa-1").await;
    // More than there are places, all in the officer's own network: they are there first.
    let _idle = Idle::connect(node.web_addr(), &[1], 1_100, b"").await;
    logs_in(&house, &node).await;
    // And from others, which have begun a request and do not end it.
    let _begun = Idle::connect(node.web_addr(), &[2, 3, 4, 5], 1_100, b"GET / HTTP/1.1\r\nHost: x\r\n").await;
    logs_in(&house, &node).await;
    assert!(node.counters().value("web_crowded") > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_ends_no_request_is_hung_up_on() {
    let house = House::new();
    let node = house.start("usa-1").await;
    let web = node.web_addr();
    let over = |said: &'static [u8]| async move {
        let mut stream = TcpStream::connect(web).await.unwrap();
        stream.write_all(said).await.unwrap();
        let mut answer = Vec::new();
        // However it is ended.
        let _ = stream.read_to_end(&mut answer).await;
        answer
    };
    let whole = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    let body = b"POST /officer/ask HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n";
    let (silent, begun, then_idle, no_body) =
        tokio::join!(over(b""), over(b"GET / HTTP/1.1\r\n"), over(whole), over(body));
    assert!(silent.is_empty() && begun.is_empty() && then_idle.starts_with(b"HTTP/1.1 200"));
    assert!(no_body.starts_with(b"HTTP/1.1 413"));
}

#[tokio::test(flavor = "multi_thread")]
async fn unfinished_handshakes_keep_nobody_out() {
    let house = House::new();
    let mut config = Config::read(&house.furnish("usa-1")).unwrap();
    config.web_tls = Some(flood::certificate(house.dir.path()));
    let node = house.start_with(config).await;
    let _idle = Idle::connect(node.web_addr(), &[2, 3, 4, 5], 1_100, &[22, 3, 1]).await;
    let page = flood::page(node.web_addr()).await;
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn unproven_websockets_drive_out_nobody_who_is_about_to_prove_itself() {
    let house = House::new();
    let node = house.start("usa-1").await;
    let web = node.web_addr();
    // All are told their challenge, and none answers it: as many as fill the door, and after the officer more than once
    // drove out the oldest.
    let strangers = |count: u8| futures_util::future::join_all((0..count).map(|n| flood::challenged(web, 2 + n % 4)));
    let (_, certificate, _) = house.keys.device("usa-duty", 1);
    let before = strangers(125).await;
    let mut officer = Officer::connect(&house, web, "usa-duty").await;
    let after = strangers(75).await;
    let signature = officer.secret.prove(&officer.node, "", &officer.nonce).to_vec();
    officer
        .say(&ToNode::Prove { protocol: PROTOCOL, certificate, signature, on_watch: true, origin: String::new() })
        .await;
    officer.hear(&house, |m| matches!(m, ToConsole::Welcome { .. })).await;
    drop((before, after));
}

#[tokio::test(flavor = "multi_thread")]
async fn websockets_without_end_keep_no_officer_out() {
    let house = House::new();
    let node = house.start("usa-1").await;
    let web = node.web_addr();
    let flood: Vec<_> = (2..10)
        .map(|host| {
            tokio::spawn(async move {
                let mut held = std::collections::VecDeque::new();
                loop {
                    if let Some(mut socket) = flood::challenged(web, host).await {
                        // A log-in that is none makes work before it is refused.
                        let garbage = ToNode::Prove {
                            protocol: PROTOCOL,
                            certificate: vec![1; 9_000],
                            signature: vec![7; 64],
                            on_watch: true,
                            origin: String::new(),
                        };
                        let _ = socket.send(Message::Binary(trialogue_wire::encode(&garbage).into())).await;
                        held.push_back(socket);
                    }
                    if held.len() > 40 {
                        held.pop_front();
                    }
                }
            })
        })
        .collect();
    until("the flood is there", || async { node.counters().value("console_refused") > 20 }).await;
    for _ in 0..3 {
        let mut officer = logs_in(&house, &node).await;
        officer.say(&ToNode::Ping { number: 7 }).await;
        officer.hear(&house, |m| *m == ToConsole::Pong { number: 7 }).await;
    }
    flood.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_house_behind_one_address_comes_all_at_once() {
    let house = House::new();
    let node = house.start("usa-1").await;
    let web = node.web_addr();
    // More than there are places for WebSockets before their log-in.
    let comers = (0..100).map(|_| flood::challenged(web, 1));
    let comers = futures_util::future::join_all(comers).await;
    assert!(comers.iter().all(Option::is_some), "somebody was turned away");
    logs_in(&house, &node).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_without_end_keep_no_officer_out() {
    let house = House::new();
    let node = house.start("usa-1").await;
    let web = node.web_addr();
    let asked = ["/officer/charter", "/officer/nonce", "/health.csv?window=quarter", "/metrics", "/healthz", "/"];
    let flood: Vec<_> = (0..60)
        .map(|n: usize| {
            tokio::spawn(async move {
                loop {
                    flood::ask_on(web, 2 + (n % 8) as u8, asked[n % asked.len()]).await;
                }
            })
        })
        .collect();
    logs_in(&house, &node).await;
    flood.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_says_nothing_on_the_operators_socket_keeps_no_operator_waiting() {
    let house = House::new();
    let config = Config::read(&house.furnish("usa-1")).unwrap();
    let data = config.data_dir.clone();
    let _node = house.start_with(config).await;
    let socket = admin::socket(&data);
    let mut silent = Vec::new();
    for _ in 0..40 {
        silent.push(tokio::net::UnixStream::connect(&socket).await.unwrap());
    }
    let reply = tokio::task::spawn_blocking(move || admin::ask(&data, &Request::Devices)).await.unwrap();
    assert!(matches!(reply, Ok(Reply::Devices { .. })), "{reply:?}");
    drop(silent);
}

#[test]
fn idle_media_connections_keep_no_leg_out() {
    let mut house = house::House::new();
    let to = SocketAddr::from(([127, 0, 0, 1], house.media.port()));
    // From eight addresses, more than there are places; then half a packet from the consoles' own.
    let _idle: Vec<_> = (0..400).map(|n| flood::connect(to, 2 + (n % 8) as u8, b"")).collect();
    let _half: Vec<_> = (0..200).map(|_| flood::connect(to, 1, &[0, 100, 1])).collect();
    house.add(1, Client::tcp(house.media.port(), 1, 1));
    house.add(2, Client::udp(1, 1));
}

#[test]
fn a_flood_of_stun_holds_up_neither_a_new_leg_nor_a_voice() {
    let mut house = house::House::new();
    house.add(1, Client::udp(1, 1));
    let flood = flood::Stun::start(SocketAddr::from(([127, 0, 0, 1], house.media.port())), 3);
    house.until(|h| h.media.counters().strangers > 1_000);
    house.add(2, Client::tcp(house.media.port(), 1, 1));
    house.media.route(house::route(1, trialogue_wire::console::Medium::Voice, &[2], &[]));
    let mut n = 0;
    house.until_with(
        |h| {
            n += 1;
            h.consoles.get_mut(&1).unwrap().speak(n, n as u32 * 960, b"sealed");
        },
        |h| h.consoles[&2].heard.len() > 20,
    );
    drop(flood);
}

#[tokio::test(flavor = "multi_thread")]
async fn handshakes_that_nobody_ends_keep_no_node_out() {
    // Only JPN finds the other: USA's dials go nowhere.
    let house = House::reached_by(|node, listen| match node.as_str() {
        "usa-1" => vec![listen],
        _ => vec![free_udp()],
    });
    let usa = house.start("usa-1").await;
    let door = usa.link_addr().unwrap();
    let flood = Silent::start(door, &[2, 3, 4, 5, 6, 7, 8, 9], 12).await;
    until("the door is crowded", || async {
        usa.counters().value("link_crowded") + usa.counters().value("link_handshake_refused") > 20
    })
    .await;
    // JPN's own key, from an address of the charter: let in each time it comes.
    let key = house.keys.link(&id("jpn-1"));
    for turn in 0..6 {
        assert!(flood::opens_path(door, key.ed25519_seed()).await, "turned away, the {turn}. time");
    }
    let jpn = house.start("jpn-1").await;
    until("the link", || async { links_up(&jpn) == ["usa-1"] }).await;
    drop(flood);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_told_the_challenge_and_went_leaves_nothing() {
    let house = House::new();
    let node = house.start("usa-1").await;
    for n in 0..200 {
        drop(flood::challenged(node.web_addr(), 2 + n % 4).await);
    }
    until("all are gone", || async { node.status().now().consoles == 0 }).await;
    let mut officer = logs_in(&house, &node).await;
    officer.say(&ToNode::Ping { number: 7 }).await;
    assert!(officer.socket.next().await.is_some());
}
