//! Somebody with a node's key opens paths as they like and numbers messages as they like: bounded, counted, nobody else
//! disturbed.
#![allow(clippy::unwrap_used)]

mod common;
mod ends;
mod trusting;

use bytes::Bytes;
use common::house::id;
use common::{House, until};
use ends::{End, carrier};
use quinn::crypto::rustls::QuicClientConfig;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use trialogue_charter::HybridSecret;
use trialogue_node::Node;
use trialogue_wire::codec::encode;
use trialogue_wire::console::Medium;
use trialogue_wire::link::{LinkMessage, PROTOCOL};
use trialogue_wire::path::{Open, PathFrame};

struct Hostile {
    connection: quinn::Connection,
    send: quinn::SendStream,
    receive: quinn::RecvStream,
}

/// JPN's key has the lower id: it says *begin*. `carrier`: that from which it says to dial; `label` and `ordinal`: of
/// the address that it says it has dialled.
async fn path(to: SocketAddr, key: &HybridSecret, (carrier, label, ordinal): (&str, &str, u8)) -> Option<Hostile> {
    let prefix = [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
    let der = [prefix.as_slice(), key.ed25519_seed()].concat();
    let signer = aws_lc_rs::sign::any_eddsa_type(&PrivatePkcs8KeyDer::from(der)).unwrap();
    let spki = CertificateDer::from(signer.public_key().unwrap().to_vec());
    let own = Arc::new(CertifiedKey::new(vec![spki], signer));
    let provider =
        CryptoProvider { kx_groups: vec![aws_lc_rs::kx_group::X25519MLKEM768], ..aws_lc_rs::default_provider() };
    let mut tls = rustls::ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(trusting::Anyone))
        .with_client_cert_resolver(Arc::new(rustls::client::AlwaysResolvesClientRawPublicKeys::new(own)));
    tls.alpn_protocols = vec![b"trialogue/1".to_vec()];
    let config = quinn::ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls).unwrap()));
    let endpoint = quinn::Endpoint::client("127.0.0.1:0".parse().unwrap()).unwrap();
    let connection = endpoint.connect_with(config, to, "anyone.invalid").unwrap().await.ok()?;
    let (mut send, mut receive) = connection.open_bi().await.ok()?;
    let open = Open { life: 0, carrier: carrier.to_owned(), label: label.to_owned(), ordinal };
    send.write_all(&PathFrame::Open(open).write().unwrap()).await.ok()?;
    // Its open: 4 of length, 12 and the labels.
    receive.read_exact(&mut vec![0; 16 + carrier.len() + label.len()]).await.ok()?;
    send.write_all(&PathFrame::Begin(7).write().unwrap()).await.ok()?;
    Some(Hostile { connection, send, receive })
}

async fn alone(house: &House) -> (Node, HybridSecret) {
    (house.start("usa-1").await, house.keys.link(&id("jpn-1")))
}

fn paths_up(node: &Node) -> usize {
    node.status().now().links.iter().find(|link| link.node == "jpn-1").map(|link| link.paths_up).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_paths_than_the_charter_has_addresses() {
    let house = House::new();
    let (usa, key) = alone(&house).await;
    let to = usa.link_addr().unwrap();
    let mut held = Vec::new();
    // Carriers of which the charter says nothing, and addresses that it does not give.
    for number in 0..10 {
        held.extend(path(to, &key, (&format!("carrier-{number}"), "", 0)).await);
        held.extend(path(to, &key, ("", &format!("label-{number}"), 0)).await);
        held.extend(path(to, &key, ("", "", 1 + number)).await);
    }
    let closed = || held.iter().filter(|hostile| hostile.connection.close_reason().is_some()).count();
    until("all but one are closed", || async { closed() + 1 >= held.len() }).await;
    until("one path", || async { paths_up(&usa) == 1 }).await;
    usa.stop().await;
}

/// Counts what comes by a path.
fn count(hostile: Hostile, bytes: Arc<AtomicUsize>) {
    let Hostile { connection, send, mut receive } = hostile;
    let of_stream = bytes.clone();
    tokio::spawn(async move {
        let _send = send;
        while let Ok(Some(chunk)) = receive.read_chunk(64 << 10, true).await {
            of_stream.fetch_add(chunk.bytes.len(), Ordering::Relaxed);
        }
    });
    tokio::spawn(async move {
        while let Ok(datagram) = connection.read_datagram().await {
            bytes.fetch_add(datagram.len(), Ordering::Relaxed);
        }
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_carrier_with_a_cap_carries_no_more_however_many_paths_a_node_opens_and_nobody_is_starved() {
    const CAP_KBIT: usize = 64;
    const SECONDS: usize = 8;
    let (of_usa, of_kor) = (carrier("", 2, Some(CAP_KBIT as u32)), carrier("", 3, None));
    let house = House::written(|node, listen| match node.as_str() {
        "usa-1" => vec![of_usa.listen.to_string()],
        "kor-1" => vec![of_kor.listen.to_string()],
        _ => vec![listen.to_string()],
    });
    let (to_hostile, to_kor) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let heard = to_kor.clone();
    let on_datagram = Arc::new(move |_, datagram: Bytes| {
        heard.fetch_add(datagram.len(), Ordering::Relaxed);
    });
    let mut kor = End::start_with(
        &house,
        "kor-1",
        std::slice::from_ref(&of_kor),
        on_datagram,
        tokio::sync::mpsc::unbounded_channel().1,
    );
    let mut usa = End::start(&house, "usa-1", std::slice::from_ref(&of_usa));
    let (out_kor, key) = (usa.up("kor-1").await, house.keys.link(&id("jpn-1")));
    let mut held = Vec::new();
    for name in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        held.extend(path(of_usa.listen, &key, (name, "", 0)).await);
    }
    let out_jpn = usa.up("jpn-1").await;
    held.into_iter().for_each(|hostile| count(hostile, to_hostile.clone()));
    let index = |node: &str| house.charter.node_index(&id(node)).unwrap();
    let senders = [usa.links.media().sender(index("jpn-1")), usa.links.media().sender(index("kor-1"))];
    let (started, messages) = (Instant::now(), Arc::new(AtomicUsize::new(0)));
    let (said, of_messages) = (messages.clone(), to_kor.clone());
    tokio::spawn(async move {
        loop {
            let message = kor.message().await;
            said.fetch_add(1, Ordering::Relaxed);
            of_messages.fetch_add(message.len(), Ordering::Relaxed);
        }
    });
    tokio::spawn(usa.keep());
    // A voice each, together more than the cap; as much control as may wait for the hostile one, and a little for the
    // other.
    for turn in 0..50 * SECONDS {
        for sender in &senders {
            sender.send(Medium::Voice, Bytes::from(vec![7; 120]));
        }
        let _ = out_jpn.put(10_000, vec![7; 10_000]);
        if turn % 25 == 0 {
            let _ = out_kor.put(100, vec![7; 100]);
        }
        tokio::time::sleep_until((started + Duration::from_millis(20) * (turn as u32 + 1)).into()).await;
    }
    let seconds = started.elapsed().as_secs_f64();
    let kbit = |bytes: &AtomicUsize| bytes.load(Ordering::Relaxed) as f64 * 8.0 / 1_000.0 / seconds;
    let (hostile, honest, messages) = (kbit(&to_hostile), kbit(&to_kor), messages.load(Ordering::Relaxed));
    // A quarter of a second may pass at once.
    let most = CAP_KBIT as f64 * (1.0 + 0.25 / SECONDS as f64) + 1.0;
    assert!(hostile + honest <= most, "{hostile:.1} kbit/s to the hostile node, {honest:.1} to the honest one");
    assert!(honest >= CAP_KBIT as f64 * 0.4, "{honest:.1} kbit/s to the honest node, {hostile:.1} to the hostile one");
    assert!(messages >= SECONDS, "{messages} of {} messages to the honest node", 2 * SECONDS);
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_outside_of_the_window_end_the_link() {
    let house = House::new();
    let (usa, key) = alone(&house).await;
    let to = usa.link_addr().unwrap();
    let nonsense = [
        PathFrame::Message { number: 300, bytes: b"far ahead" },
        PathFrame::Received(1_000),
        PathFrame::Begin(7),
        PathFrame::Open(Open { life: 1, carrier: String::new(), label: String::new(), ordinal: 0 }),
    ];
    for (round, frame) in nonsense.into_iter().enumerate() {
        let mut hostile = path(to, &key, ("", "", 0)).await.unwrap();
        hostile.send.write_all(&frame.write().unwrap()).await.unwrap();
        let why = hostile.connection.closed().await;
        assert!(why.to_string().contains("the link ends"), "{frame:?}: {why}");
        until("counted", || async { usa.counters().value("link_malformed") as usize > round }).await;
    }
    until("no path", || async { paths_up(&usa) == 0 }).await;
    usa.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_whose_node_acknowledges_nothing_is_down_and_not_only_silent() {
    let house = House::new();
    let (usa, key) = alone(&house).await;
    let mut hostile = path(usa.link_addr().unwrap(), &key, ("", "", 0)).await.unwrap();
    let hello = LinkMessage::Hello {
        protocol: PROTOCOL,
        node: id("jpn-1"),
        charter: house.charter.hash(),
        heads: Vec::new(),
        serial: house.charter.serial,
    };
    let up = || usa.status().now().links.iter().any(|link| link.node == "jpn-1" && link.up);
    hostile.send.write_all(&PathFrame::Message { number: 1, bytes: &encode(&hello) }.write().unwrap()).await.unwrap();
    until("up", || async { up() }).await;
    // Each is answered, and no answer is ever acknowledged: those that may be under way, those that may wait, and more.
    for number in 2..2_000 {
        let probe = encode(&LinkMessage::Probe { number, filler: Vec::new() });
        let frame = PathFrame::Message { number: u64::from(number), bytes: &probe }.write().unwrap();
        if hostile.send.write_all(&frame).await.is_err() {
            break;
        }
    }
    until("overflowing", || async { usa.counters().value("link_overflow") > 0 }).await;
    let over = Instant::now();
    let down = tokio::time::timeout(Duration::from_secs(5), until("down", || async { !up() }));
    assert!(down.await.is_ok(), "the machine goes on saying things to a link that takes nothing");
    assert!(over.elapsed() < Duration::from_millis(500), "{:?}", over.elapsed());
    let why = tokio::time::timeout(Duration::from_secs(5), hostile.connection.closed()).await;
    assert!(why.is_ok_and(|why| why.to_string().contains("the link ends")));
    usa.stop().await;
}
