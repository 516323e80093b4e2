//! Somebody has KOR's node key and does whatever a node can do to the two others: opens and drops paths by the
//! thousand, opens ten thousand streams, says valid things without end, sends media of streams that are none, stalls.
//! The others' call goes on, their ring rings, their nodes' memory stays bounded; and KOR's own node is let in again
//! when it is over.
#![allow(clippy::unwrap_used, clippy::panic)]

mod hotline;

use hotline::endpoint::Endpoint;
use hotline::machine::resident_kib;
use hotline::{DUTY, Hotline, line, party};
use quinn::crypto::rustls::QuicClientConfig;
use quinn::{Connection, SendStream};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{DigitallySignedStruct, Error, SignatureScheme};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use trialogue_charter::keyfile::NodeSecret;
use trialogue_charter::{DeviceId, HybridSecret, LineId, NodeId, UnverifiedCharter};
use trialogue_wire::console::Medium;
use trialogue_wire::link::{Head, LinkMessage, PROTOCOL};
use trialogue_wire::path::{Open, PathFrame};
use trialogue_wire::word::{What, Word, signed};

/// Voice frames that count as talking on: two seconds.
const TALK: u64 = 100;
/// What a node may grow by under all of it: for each of a link's 8 paths 2 MiB received, 2 MiB to be sent and 768 KiB
/// of media, 16 MiB of messages to be sent and 4 that wait to be looked at, 6 of handshakes; and one and a half times
/// as much for what the allocator keeps for each thread: with one arena for all it is a third of what is seen
/// otherwise.
const GROWTH_KIB: u64 = 160 << 10;
/// Streams that are asked for at once.
const STREAMS: usize = 10_000;

/// Takes whatever key the node shows.
#[derive(Debug)]
struct Anyone;

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}

/// Who has the key, and what is known of the hotline.
struct Villain {
    endpoint: quinn::Endpoint,
    config: quinn::ClientConfig,
    hello: Vec<u8>,
    journal: HybridSecret,
    victims: Vec<SocketAddr>,
    devices: Vec<DeviceId>,
    over: AtomicBool,
    done: [AtomicU64; 5],
}

impl Villain {
    fn new(hotline: &Hotline, devices: &[String]) -> Self {
        let secret = std::fs::read_to_string(hotline.house().join("kor/node.key")).unwrap();
        let secret = NodeSecret::parse(&secret).unwrap();
        let prefix = [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
        let der = [prefix.as_slice(), secret.link.ed25519_seed()].concat();
        let signer = aws_lc_rs::sign::any_eddsa_type(&PrivatePkcs8KeyDer::from(der)).unwrap();
        let spki = CertificateDer::from(signer.public_key().unwrap().to_vec());
        let own = Arc::new(CertifiedKey::new(vec![spki], signer));
        let kx_groups = vec![aws_lc_rs::kx_group::X25519MLKEM768];
        let provider = CryptoProvider { kx_groups, ..aws_lc_rs::default_provider() };
        let mut tls = rustls::ClientConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Anyone))
            .with_client_cert_resolver(Arc::new(rustls::client::AlwaysResolvesClientRawPublicKeys::new(own)));
        tls.alpn_protocols = vec![b"trialogue/1".to_vec()];
        let config = quinn::ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls).unwrap()));
        let charter = std::fs::read(hotline.house().join("charter.cbor")).unwrap();
        let charter = UnverifiedCharter::decode(&charter).unwrap().verify(None).unwrap();
        let nodes = charter.nodes.iter().map(|node| Head { node: node.id.clone(), seq: 1 << 40 });
        let hello = LinkMessage::Hello {
            protocol: PROTOCOL,
            node: secret.node.clone(),
            charter: charter.hash(),
            heads: nodes.collect(),
            serial: charter.serial,
        };
        let device = |hex: &String| DeviceId(hex::decode(hex).unwrap().try_into().unwrap());
        Self {
            endpoint: quinn::Endpoint::client("127.0.0.1:0".parse().unwrap()).unwrap(),
            config,
            hello: trialogue_wire::encode(&hello),
            journal: secret.journal.clone(),
            victims: ["usa", "jpn"].map(|party| hotline.link(party)).to_vec(),
            devices: devices.iter().map(device).collect(),
            over: AtomicBool::new(false),
            done: Default::default(),
        }
    }

    fn goes_on(&self) -> bool {
        !self.over.load(Ordering::Relaxed)
    }

    fn count(&self, what: usize) {
        self.done[what].fetch_add(1, Ordering::Relaxed);
    }

    async fn dial(&self, to: SocketAddr) -> Option<Connection> {
        self.endpoint.connect_with(self.config.clone(), to, "anyone.invalid").ok()?.await.ok()
    }

    /// A path that was opened as it should be.
    async fn path(&self, to: SocketAddr, label: &str) -> Option<(Connection, SendStream)> {
        let connection = self.dial(to).await?;
        let (mut send, mut receive) = connection.open_bi().await.ok()?;
        let open = Open { life: 7, carrier: String::new(), label: label.to_owned(), ordinal: 0 };
        // KOR is above JPN and below USA: it says both what a higher and what a lower node says.
        for frame in [PathFrame::Open(open), PathFrame::Begin(7)] {
            send.write_all(&frame.write().unwrap()).await.ok()?;
        }
        let mut answer = [0; 13];
        receive.read(&mut answer).await.ok()??;
        Some((connection, send))
    }

    /// Dials and goes away, by the thousand.
    async fn knocks(&self, to: SocketAddr) {
        while self.goes_on() {
            let connection = tokio::time::timeout(Duration::from_secs(5), self.dial(to)).await;
            self.count(0);
            drop(connection);
        }
    }

    /// Opens a path and ten thousand streams on it, and writes on all that it gets.
    async fn opens_streams(&self, to: SocketAddr) {
        while self.goes_on() {
            let Some((connection, _send)) = self.path(to, "streams").await else { continue };
            let mut asked = tokio::task::JoinSet::new();
            for at in 0..STREAMS {
                let connection = connection.clone();
                asked.spawn(async move {
                    let send =
                        if at % 2 == 0 { connection.open_uni().await } else { connection.open_bi().await.map(|s| s.0) };
                    if let Ok(mut send) = send {
                        let _ = send.write_all(&[0xff; 1_000]).await;
                    }
                });
            }
            self.count(1);
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
    }

    /// Says what the protocol has, over and over.
    async fn talks(&self, to: SocketAddr) {
        while self.goes_on() {
            let Some((_connection, mut send)) = self.path(to, "talk").await else { continue };
            let mut number = 1;
            let mut say = self.hello.clone();
            let mut turn = 0u64;
            while self.goes_on() {
                let frame = PathFrame::Message { number, bytes: &say }.write().unwrap();
                if !matches!(tokio::time::timeout(Duration::from_secs(5), send.write_all(&frame)).await, Ok(Ok(()))) {
                    break;
                }
                self.count(2);
                (number, turn) = (number + 1, turn + 1);
                say = trialogue_wire::encode(&self.word(turn));
            }
        }
    }

    fn word(&self, turn: u64) -> LinkMessage {
        let device = self.devices[turn as usize % self.devices.len()];
        let source = ["usa-1", "jpn-1", "kor-1"][turn as usize / 7 % 3];
        let (source, line) = (NodeId::new(source).unwrap(), LineId::new("duty").unwrap());
        match turn % 7 {
            0 => LinkMessage::KeyFrame { device },
            1..=3 => {
                let what = match turn % 7 {
                    1 => What::Sending { voice: turn.is_multiple_of(2), picture: turn.is_multiple_of(3) },
                    2 => What::Stream { number: turn as u16, medium: Medium::Voice, quiet_after: None },
                    _ => What::Over { medium: Medium::Voice },
                };
                let word = trialogue_wire::encode(&Word { node: source, number: 1 << 60 | turn, device, line, what });
                let signature = self.journal.sign_ed25519(&signed(&word)).to_vec();
                LinkMessage::Said { word, signature }
            }
            4 => LinkMessage::Heads { heads: vec![Head { node: source, seq: turn << 20 }] },
            5 => LinkMessage::Neighbours { nodes: vec![source] },
            _ => LinkMessage::Charter { charter: vec![turn as u8; 300_000] },
        }
    }

    /// Sends media of every stream there could be.
    async fn floods(&self, to: SocketAddr) {
        while self.goes_on() {
            let Some((connection, _send)) = self.path(to, "flood").await else { continue };
            let mut turn = 0u32;
            while self.goes_on() && connection.close_reason().is_none() {
                let mut datagram = vec![turn as u8; 200];
                datagram[0] &= 0x03;
                datagram[1] = (turn % 3) as u8;
                datagram[2..4].copy_from_slice(&(turn as u16 % 64).to_be_bytes());
                let _ = connection.send_datagram_wait(datagram.into()).await;
                self.count(3);
                turn = turn.wrapping_add(1);
            }
        }
    }

    /// Begins a frame of the largest size and never goes on.
    async fn stalls(&self, to: SocketAddr) {
        while self.goes_on() {
            let Some((connection, mut send)) = self.path(to, "stall").await else { continue };
            let _ = send.write_all(&[0, 0x10, 0, 0, 2, 0]).await;
            self.count(4);
            let closed = tokio::time::timeout(Duration::from_secs(3), connection.closed()).await;
            drop(closed);
        }
    }

    async fn everything(self: Arc<Self>) {
        let mut all = tokio::task::JoinSet::new();
        for to in self.victims.clone() {
            for what in 0..5 {
                let villain = self.clone();
                all.spawn(async move {
                    match what {
                        0 => villain.knocks(to).await,
                        1 => villain.opens_streams(to).await,
                        2 => villain.talks(to).await,
                        3 => villain.floods(to).await,
                        _ => villain.stalls(to).await,
                    }
                });
            }
        }
        while all.join_next().await.is_some() {}
    }
}

#[test]
fn a_hostile_member_disturbs_nobody() {
    let hotline = Hotline::start();
    let [mut usa, mut jpn, mut kor] = hotline.duty_officers();
    let devices = [&usa, &jpn, &kor].map(Endpoint::device);
    hotline.kill_node("kor");
    kor.until_view("its node is gone", |view| view["node"] == "connecting");
    usa.ring();
    jpn.answer_ring();
    for (endpoint, other) in [(&mut usa, &devices[1]), (&mut jpn, &devices[0])] {
        endpoint.until_sealed_for(&devices[..2]);
        endpoint.until_more_voice(other, TALK);
    }
    let victims = ["usa", "jpn"].map(|party| hotline.pid(party));
    let before = victims.map(resident_kib);

    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let entered = runtime.enter();
    let villain = Arc::new(Villain::new(&hotline, &devices));
    drop(entered);
    let attack = runtime.spawn(villain.clone().everything());
    let busy = || villain.done.iter().all(|done| done.load(Ordering::Relaxed) > 0);
    hotline::wait_for("everything is tried", busy);
    for (endpoint, other) in [(&mut usa, &devices[1]), (&mut jpn, &devices[0])] {
        endpoint.until_more_voice(other, 3 * TALK);
    }
    // The call was not disturbed; nor is the next ring.
    usa.hang_up();
    for endpoint in [&mut usa, &mut jpn] {
        endpoint.until_quiet();
    }
    jpn.ring();
    usa.until_view("a ring of JPN", |view| line(view)["ring"]["from"]["officeId"] == DUTY[1]);
    usa.answer();
    for (endpoint, other) in [(&mut usa, &devices[1]), (&mut jpn, &devices[0])] {
        endpoint.until_sealed_for(&devices[..2]);
        endpoint.until_more_voice(other, 3 * TALK);
    }
    let after = victims.map(resident_kib);
    let done: Vec<u64> = villain.done.iter().map(|done| done.load(Ordering::Relaxed)).collect();
    eprintln!("knocks, stream floods, messages, datagrams, stalls: {done:?}; resident KiB {before:?} -> {after:?}");
    for (before, after) in before.into_iter().zip(after) {
        assert!(after < before + GROWTH_KIB, "a node grew from {before} to {after} KiB");
    }
    villain.over.store(true, Ordering::Relaxed);
    runtime.block_on(attack).unwrap();
    villain.endpoint.close(0u32.into(), b"over");

    let _node = hotline.restart_node("kor");
    for endpoint in [&mut usa, &mut jpn] {
        endpoint.until_view("KOR is reached", |view| party(view, "KOR")["reached"] == true);
    }
    kor.until_view("the call", |view| line(view)["active"] == true);
    if kor.view["call"].is_null() {
        kor.ring();
    }
    kor.until_sealed_for(&devices);
    for endpoint in [&mut usa, &mut jpn, &mut kor] {
        endpoint.until_sealed_for(&devices);
    }
    kor.until_more_voice(&devices[0], TALK);
}
