//! A key that the charter does not name, a handshake without ML-KEM, a frame that is none: refused, counted, nobody
//! else disturbed.
#![allow(clippy::unwrap_used)]

mod common;

use common::house::{id, links_up};
use common::{House, until};
use quinn::crypto::rustls::QuicClientConfig;
use rustls::crypto::{CryptoProvider, SupportedKxGroup, aws_lc_rs};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;
use std::net::SocketAddr;
use std::sync::Arc;
use trialogue_charter::HybridSecret;

mod trusting;

/// Dials a node as who has this link key, with these key exchanges.
async fn dial(
    to: SocketAddr,
    key: &HybridSecret,
    kx: &'static dyn SupportedKxGroup,
) -> Result<quinn::Connection, quinn::ConnectionError> {
    let prefix = [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
    let der = [prefix.as_slice(), key.ed25519_seed()].concat();
    let signer = aws_lc_rs::sign::any_eddsa_type(&PrivatePkcs8KeyDer::from(der)).unwrap();
    let spki = CertificateDer::from(signer.public_key().unwrap().to_vec());
    let own = Arc::new(CertifiedKey::new(vec![spki], signer));
    let provider = CryptoProvider { kx_groups: vec![kx], ..aws_lc_rs::default_provider() };
    let mut tls = rustls::ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(trusting::Anyone))
        .with_client_cert_resolver(Arc::new(rustls::client::AlwaysResolvesClientRawPublicKeys::new(own)));
    tls.alpn_protocols = vec![b"trialogue/1".to_vec()];
    let config = quinn::ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls).unwrap()));
    let endpoint = quinn::Endpoint::client("127.0.0.1:0".parse().unwrap()).unwrap();
    let connection = endpoint.connect_with(config, to, "anyone.invalid").unwrap().await?;
    // The client is ready before the server has looked at its key: only an answer on the stream means to be let in.
    let (mut send, mut receive) = connection.open_bi().await?;
    let _ = send.write_all(&[0, 0, 0, 1, 0xff]).await;
    let mut answer = [0; 1];
    match receive.read(&mut answer).await {
        Ok(Some(_)) => Ok(connection),
        _ => Err(connection.closed().await),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_keys_of_the_charter_and_only_post_quantum() {
    let house = House::new();
    let nodes = house.start_all().await;
    let usa = &nodes[2];
    until("two links", || async { links_up(usa).len() == 2 }).await;
    let to = usa.link_addr().unwrap();

    let stranger = HybridSecret::from_seed(&[66; 32]);
    dial(to, &stranger, aws_lc_rs::kx_group::X25519MLKEM768).await.unwrap_err();
    until("counted", || async { usa.counters().value("link_stranger") == 1 }).await;

    let member = house.keys.link(&id("jpn-1"));
    dial(to, &member, aws_lc_rs::kx_group::X25519).await.unwrap_err();
    until("counted", || async { usa.counters().value("link_handshake_failed") >= 2 }).await;

    assert_eq!(links_up(usa).len(), 2, "the others' links stand");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_talks_nonsense_is_hung_up_on() {
    let house = House::new();
    // JPN itself is down; somebody with its key dials.
    let usa = house.start("usa-1").await;
    let member = house.keys.link(&id("jpn-1"));
    let connection = dial(usa.link_addr().unwrap(), &member, aws_lc_rs::kx_group::X25519MLKEM768).await;
    // It hears the node's hello, or is cut off before that.
    if let Ok(connection) = connection {
        connection.closed().await;
    }
    until("counted", || async { usa.counters().value("link_malformed") + usa.counters().value("link_refused") > 0 })
        .await;
    assert!(links_up(&usa).is_empty());
}
