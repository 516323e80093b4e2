//! Somebody with a node's key opens paths as they like and numbers messages as they like: bounded, counted, nobody else disturbed.
#![allow(clippy::unwrap_used)]

mod common;
mod trusting;

use common::house::id;
use common::{House, until};
use quinn::crypto::rustls::QuicClientConfig;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;
use std::net::SocketAddr;
use std::sync::Arc;
use trialogue_charter::HybridSecret;
use trialogue_node::Node;
use trialogue_wire::path::{Open, PathFrame};

struct Hostile {
    connection: quinn::Connection,
    send: quinn::SendStream,
    _receive: quinn::RecvStream,
}

/// JPN's key has the lower id: it says *begin*.
async fn path(to: SocketAddr, key: &HybridSecret, label: &str) -> Option<Hostile> {
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
    let open = Open { life: 0, carrier: label.to_owned(), label: String::new(), ordinal: 0 };
    send.write_all(&PathFrame::Open(open).write().unwrap()).await.ok()?;
    // Its open: 4 of length, 12 and the labels.
    receive.read_exact(&mut vec![0; 16 + label.len()]).await.ok()?;
    send.write_all(&PathFrame::Begin(7).write().unwrap()).await.ok()?;
    Some(Hostile { connection, send, _receive: receive })
}

async fn alone(house: &House) -> (Node, HybridSecret) {
    (house.start("usa-1").await, house.keys.link(&id("jpn-1")))
}

fn paths_up(node: &Node) -> usize {
    node.status().now().links.iter().find(|link| link.node == "jpn-1").map(|link| link.paths_up).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn as_many_paths_as_may_be_and_no_more() {
    let house = House::new();
    let (usa, key) = alone(&house).await;
    let to = usa.link_addr().unwrap();
    let mut held = Vec::new();
    for number in 0..20 {
        held.extend(path(to, &key, &format!("carrier-{number}")).await);
    }
    until("eight paths", || async { paths_up(&usa) == 8 }).await;
    let closed = || held.iter().filter(|hostile| hostile.connection.close_reason().is_some()).count();
    until("the others are closed", || async { closed() >= held.len() - 8 }).await;
    assert_eq!(paths_up(&usa), 8);
    usa.stop().await;
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
        let mut hostile = path(to, &key, "").await.unwrap();
        hostile.send.write_all(&frame.write().unwrap()).await.unwrap();
        let why = hostile.connection.closed().await;
        assert!(why.to_string().contains("the link ends"), "{frame:?}: {why}");
        until("counted", || async { usa.counters().value("link_malformed") as usize > round }).await;
    }
    until("no path", || async { paths_up(&usa) == 0 }).await;
    usa.stop().await;
}
