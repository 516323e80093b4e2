//! Those who flood, from addresses 127.0.0.x that stand for several machines.
#![allow(dead_code, clippy::unwrap_used, missing_docs)]

use futures_util::StreamExt;
use quinn::crypto::rustls::QuicClientConfig;
use rustls::client::AlwaysResolvesClientRawPublicKeys;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream, UdpSocket};
use tokio::task::JoinSet;
use tokio_tungstenite::WebSocketStream;
use trialogue_node::config::WebTls;
use trialogue_wire::path::{Open, PathFrame};

fn from(host: u8) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, host], 0))
}

async fn tcp(to: SocketAddr, host: u8) -> Option<TcpStream> {
    let socket = TcpSocket::new_v4().ok()?;
    socket.bind(from(host)).ok()?;
    socket.connect(to).await.ok()
}

/// Connections that say this and then nothing.
pub struct Idle(Vec<TcpStream>);

impl Idle {
    pub async fn connect(to: SocketAddr, hosts: &[u8], count: usize, said: &[u8]) -> Self {
        let mut all = Vec::new();
        for host in hosts.iter().cycle().take(count) {
            let Some(mut stream) = tcp(to, *host).await else { continue };
            let _ = stream.write_all(said).await;
            all.push(stream);
        }
        Self(all)
    }
}

/// The same without a runtime.
pub fn connect(to: SocketAddr, host: u8, said: &[u8]) -> std::net::TcpStream {
    use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrStorage, bind, connect, socket};
    use std::os::fd::AsRawFd;
    let fd = socket(AddressFamily::Inet, SockType::Stream, SockFlag::empty(), None).unwrap();
    bind(fd.as_raw_fd(), &SockaddrStorage::from(from(host))).unwrap();
    connect(fd.as_raw_fd(), &SockaddrStorage::from(to)).unwrap();
    let mut stream = std::net::TcpStream::from(fd);
    let _ = std::io::Write::write_all(&mut stream, said);
    stream
}

/// A WebSocket that was told its challenge.
pub async fn challenged(web: SocketAddr, host: u8) -> Option<WebSocketStream<TcpStream>> {
    let stream = tcp(web, host).await?;
    let (mut socket, _) = tokio_tungstenite::client_async(format!("ws://{web}/console"), stream).await.ok()?;
    socket.next().await?.ok()?;
    Some(socket)
}

/// Asks the same again and again on one connection, while it lasts.
pub async fn ask_on(web: SocketAddr, host: u8, path: &str) {
    let Some(mut stream) = tcp(web, host).await else { return };
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
    let mut answer = vec![0; 64 << 10];
    while stream.write_all(request.as_bytes()).await.is_ok() {
        match stream.read(&mut answer).await {
            Ok(n) if n > 0 => {}
            _ => return,
        }
    }
}

pub fn certificate(dir: &Path) -> WebTls {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let tls = WebTls { certificate: dir.join("web.crt"), key: dir.join("web.key") };
    std::fs::write(&tls.certificate, made.cert.pem()).unwrap();
    std::fs::write(&tls.key, made.signing_key.serialize_pem()).unwrap();
    tls
}

/// The first page, over HTTPS.
pub async fn page(web: SocketAddr) -> String {
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(super::trusting::AnySite))
        .with_no_client_auth();
    let name = rustls::pki_types::ServerName::try_from("localhost").unwrap();
    let stream = TcpStream::connect(web).await.unwrap();
    let mut stream = tokio_rustls::TlsConnector::from(Arc::new(tls)).connect(name, stream).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// Checks of paths that are for no leg, as fast as they go.
pub struct Stun(Arc<AtomicBool>);

impl Stun {
    pub fn start(to: SocketAddr, threads: u8) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        for n in 0..threads {
            let stopped = stop.clone();
            std::thread::spawn(move || {
                let socket = std::net::UdpSocket::bind(from(2 + n)).unwrap();
                // A binding request with a username that no leg has.
                let mut check = vec![0, 1, 0, 16, 0x21, 0x12, 0xa4, 0x42];
                check.extend([n; 12]);
                check.extend([0, 6, 0, 9]);
                check.extend(b"nobody:me\0\0\0");
                while !stopped.load(Ordering::Relaxed) {
                    let _ = socket.send_to(&check, to);
                }
            });
        }
        Self(stop)
    }
}

impl Drop for Stun {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Handshakes of links that are begun again and again, prove that their address is real, and go no further.
pub struct Silent(JoinSet<()>);

impl Silent {
    pub async fn start(door: SocketAddr, hosts: &[u8], of_each: usize) -> Self {
        let mut tasks = JoinSet::new();
        for host in hosts.iter().flat_map(|host| std::iter::repeat_n(*host, of_each)) {
            tasks.spawn(async move {
                let endpoint = quinn::Endpoint::client(from(1)).unwrap();
                loop {
                    begin(&endpoint, door, host).await;
                    // Others have their turn also where the system has nothing left to give.
                    tokio::task::yield_now().await;
                }
            });
        }
        Self(tasks)
    }
}

/// One of them: what the node answers does not arrive, but for its question whether the address is real.
async fn begin(endpoint: &quinn::Endpoint, door: SocketAddr, host: u8) {
    // A key of its own, which the node never gets to see.
    static CLIENT: LazyLock<quinn::ClientConfig> = LazyLock::new(|| client(&[7; 32]));
    let (Ok(outside), Ok(inside)) = (UdpSocket::bind(from(host)).await, UdpSocket::bind(from(1)).await) else { return };
    let Ok(near) = inside.local_addr() else { return };
    let Ok(connecting) = endpoint.connect_with(CLIENT.clone(), near, "anyone.invalid") else { return };
    let (mut there, mut back) = ([0; 2_048], [0; 2_048]);
    let mut caller = None;
    loop {
        tokio::select! {
            Ok((len, from)) = inside.recv_from(&mut there) => {
                caller = Some(from);
                let _ = outside.send_to(&there[..len], door).await;
            }
            Ok((len, _)) = outside.recv_from(&mut back) => {
                // Retry (RFC 9000 §17.2.5). After anything else the node waits for an end of the handshake that never
                // comes.
                match caller.filter(|_| back[0] & 0xf0 == 0xf0) {
                    Some(caller) => drop(inside.send_to(&back[..len], caller).await),
                    None => break,
                }
            }
        }
    }
    drop(connecting);
}

/// Opens a path once, as the node that has this link key; the node with the lower id of the two. False: it was not let
/// in. A machine that is too slow for the handshake's time has not been turned away: it tries again.
pub async fn opens_path(door: SocketAddr, key: &[u8; 32]) -> bool {
    for _ in 0..20 {
        let began = std::time::Instant::now();
        if opens_once(door, key).await {
            return true;
        }
        if began.elapsed() < HANDSHAKE {
            return false;
        }
    }
    false
}

/// What a node gives a handshake, and the opening of a path after it.
const HANDSHAKE: std::time::Duration = std::time::Duration::from_secs(5);

async fn opens_once(door: SocketAddr, key: &[u8; 32]) -> bool {
    let endpoint = quinn::Endpoint::client(from(1)).unwrap();
    let open = async {
        let connection = endpoint.connect_with(client(key), door, "anyone.invalid").ok()?.await.ok()?;
        let (mut send, mut receive) = connection.open_bi().await.ok()?;
        let open = Open { life: 0, carrier: String::new(), label: String::new(), ordinal: 0 };
        send.write_all(&PathFrame::Open(open).write().ok()?).await.ok()?;
        // Its own: 4 of length, and 12.
        receive.read_exact(&mut [0; 16]).await.ok()
    };
    open.await.is_some()
}

fn client(key: &[u8; 32]) -> quinn::ClientConfig {
    let provider = rustls::crypto::CryptoProvider {
        kx_groups: vec![aws_lc_rs::kx_group::X25519MLKEM768],
        ..aws_lc_rs::default_provider()
    };
    let prefix = [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
    let der = PrivatePkcs8KeyDer::from([&prefix[..], key].concat());
    let signer = aws_lc_rs::sign::any_eddsa_type(&der).unwrap();
    let spki = CertificateDer::from(signer.public_key().unwrap().to_vec());
    let own = Arc::new(CertifiedKey::new(vec![spki], signer));
    let mut tls = rustls::ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(super::trusting::Anyone))
        .with_client_cert_resolver(Arc::new(AlwaysResolvesClientRawPublicKeys::new(own)));
    tls.alpn_protocols = vec![b"trialogue/1".to_vec()];
    quinn::ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls).unwrap()))
}
