//! With a certificate the console is served over TLS 1.3, with ML-KEM for browsers that offer it.
#![allow(clippy::unwrap_used)]

mod common;
mod trusting;

use common::House;
use rustls::crypto::{CryptoProvider, SupportedKxGroup, aws_lc_rs};
use rustls::pki_types::ServerName;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use trialogue_node::{Config, Node, NodeError};

async fn ask(node: &Node, kx_groups: Vec<&'static dyn SupportedKxGroup>) -> (String, rustls::NamedGroup) {
    let provider = CryptoProvider { kx_groups, ..aws_lc_rs::default_provider() };
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(trusting::AnySite))
        .with_no_client_auth();
    let stream = TcpStream::connect(node.web_addr()).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = TlsConnector::from(Arc::new(tls)).connect(name, stream).await.unwrap();
    let group = stream.get_ref().1.negotiated_key_exchange_group().unwrap().name();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    (answer, group)
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_come_encrypted() {
    let house = House::new();
    let mut config = Config::read(&house.furnish("usa-1")).unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let tls = trialogue_node::config::WebTls {
        certificate: house.dir.path().join("web.crt"),
        key: house.dir.path().join("web.key"),
    };
    std::fs::write(&tls.certificate, made.cert.pem()).unwrap();
    std::fs::write(&tls.key, "nothing").unwrap();
    config.web_tls = Some(tls.clone());
    let error = Node::start(config.clone()).await.err().unwrap();
    assert!(matches!(&error, NodeError::Web(_)) && error.to_string().contains("tls_key"), "{error}");

    std::fs::write(&tls.key, made.signing_key.serialize_pem()).unwrap();
    let node = loop {
        match Node::start(config.clone()).await {
            Ok(node) => break node,
            // What the first start had opened is given back a moment later.
            Err(NodeError::Link(_) | NodeError::Store(_)) => {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await
            }
            Err(other) => panic!("{other}"),
        }
    };
    let (page, group) = ask(&node, aws_lc_rs::ALL_KX_GROUPS.to_vec()).await;
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("strict-transport-security"), "{page}");
    assert_eq!(group, rustls::NamedGroup::X25519MLKEM768);
    let (page, group) = ask(&node, vec![aws_lc_rs::kx_group::X25519]).await;
    assert!(page.starts_with("HTTP/1.1 200"), "an older browser gets in too");
    assert_eq!(group, rustls::NamedGroup::X25519);
}
