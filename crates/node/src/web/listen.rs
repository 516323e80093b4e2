//! TCP, with TLS where configured, and HTTP/1.1 on it. Connections are served beside each other, each step within a
//! time.

use super::WebError;
use super::stream::{Inner, Stream};
use crate::config::WebTls;
use crate::counters::Counters;
use crate::door::{Cut, Group, Keeper, Known, Paces, Place};
use crate::limits::door::{HEAD, KEPT, STREAMS, TLS};
use crate::limits::web::HEAD_MAX;
use axum::Router;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// Who is at the other end of a request's connection, as far as is known.
#[derive(Clone)]
pub(super) struct Visitor {
    pub(super) group: Group,
    /// Ends the connection.
    pub(super) cut: Cut,
    /// Held until it opens a WebSocket.
    pub(super) place: Arc<Place>,
}

/// What the doors of the web side have in common.
#[derive(Clone)]
pub(super) struct Doors {
    pub(super) known: Known,
    pub(super) paces: Paces,
    pub(super) counters: Counters,
}

/// The open port.
pub(super) struct Port {
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    pub(super) local: SocketAddr,
}

pub(super) async fn open(listen: SocketAddr, tls: Option<&WebTls>) -> Result<Port, WebError> {
    let tls = tls.map(acceptor).transpose()?;
    let listener = TcpListener::bind(listen).await.map_err(|e| WebError::Bind(listen, e))?;
    let local = listener.local_addr().map_err(|e| WebError::Bind(listen, e))?;
    Ok(Port { listener, tls, local })
}

impl Port {
    /// Serves until this future is dropped, and with it all connections that are no WebSocket.
    pub(super) async fn run(self, router: Router, doors: Doors) {
        let keeper = Keeper::new(STREAMS, KEPT, doors.known.clone());
        let mut connections = JoinSet::new();
        loop {
            while connections.try_join_next().is_some() {}
            let (stream, address) = match self.listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors, mostly: others must close first.
                    doors.counters.count("web_accept_failed");
                    tracing::warn!(%error, "a browser could not be accepted; raise the limit of open files");
                    tokio::time::sleep(Duration::from_millis(200)).await;
                    continue;
                }
            };
            // Small messages both ways; waiting for more would only add delay.
            let _ = stream.set_nodelay(true);
            let group = Group::of(address.ip());
            let cut = Cut::new();
            let (place, crowded) = keeper.enter(group, cut.clone());
            if crowded {
                doors.counters.count("web_crowded");
            }
            let visitor = Visitor { group, cut, place: Arc::new(place) };
            let (tls, router, doors) = (self.tls.clone(), router.clone(), doors.clone());
            connections.spawn(serve(stream, tls, router, visitor, doors));
        }
    }
}

async fn serve(stream: TcpStream, tls: Option<TlsAcceptor>, router: Router, visitor: Visitor, doors: Doors) {
    let mut ended = visitor.cut.ended();
    let inner = match tls {
        None => Inner::Plain(stream),
        Some(tls) => {
            let handshake = async {
                // Nobody pays for a handshake of one who has said nothing.
                stream.readable().await.ok()?;
                doors.paces.turn(visitor.group).await;
                tls.accept(stream).await.ok()
            };
            tokio::select! {
                () = &mut ended => return,
                done = tokio::time::timeout(TLS, handshake) => match done {
                    Ok(Some(stream)) => Inner::Tls(Box::new(stream)),
                    Ok(None) | Err(_) => return doors.counters.count("web_handshake_failed"),
                },
            }
        }
    };
    let stream = Stream::new(inner, ended, visitor.place.clone());
    let answer = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(visitor.clone());
        hyper::service::Service::call(&TowerToHyperService::new(router.clone()), request)
    });
    // An error is the other side's: it went away, was too slow, or speaks no HTTP.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(HEAD_MAX)
        .serve_connection(TokioIo::new(stream), answer)
        .with_upgrades()
        .await;
}

fn acceptor(files: &WebTls) -> Result<TlsAcceptor, WebError> {
    let bad = |path: &std::path::Path, what| {
        let path = path.to_owned();
        move |e: rustls::pki_types::pem::Error| WebError::Pem(path, what, e.to_string())
    };
    let chain = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(bad(&files.certificate, "certificate"))?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(bad(&files.key, "private key"))?;
    // X25519MLKEM768 comes first in this provider (feature `prefer-post-quantum`).
    let mut config = rustls::ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
