//! TCP, with TLS where configured. Handshakes run beside each other, each within a time.

use super::{STREAMS_MAX, WebError};
use crate::config::WebTls;
use axum::serve::Listener;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// A TLS handshake takes this long at most.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// One accepted stream; counts against [`STREAMS_MAX`] while it lives.
pub(super) struct Stream {
    inner: Inner,
    _place: OwnedSemaphorePermit,
}

enum Inner {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// Accepts streams for axum.
pub(super) struct Door {
    ready: mpsc::Receiver<(Stream, SocketAddr)>,
    local: SocketAddr,
    acceptor: JoinHandle<()>,
}

impl Drop for Door {
    fn drop(&mut self) {
        self.acceptor.abort();
    }
}

pub(super) async fn open(listen: SocketAddr, tls: Option<&WebTls>) -> Result<Door, WebError> {
    let tls = tls.map(acceptor).transpose()?;
    let listener = TcpListener::bind(listen).await.map_err(|e| WebError::Bind(listen, e))?;
    let local = listener.local_addr().map_err(|e| WebError::Bind(listen, e))?;
    let (tx, ready) = mpsc::channel(32);
    Ok(Door { ready, local, acceptor: tokio::spawn(accept(listener, tls, tx)) })
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, ready: mpsc::Sender<(Stream, SocketAddr)>) {
    let places = Arc::new(Semaphore::new(STREAMS_MAX));
    loop {
        // Never closed; an error cannot occur.
        let Ok(place) = places.clone().acquire_owned().await else { return };
        let (stream, address) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, mostly: others must close first.
                tracing::warn!(%error, "a browser could not be accepted");
                tokio::time::sleep(Duration::from_millis(200)).await;
                continue;
            }
        };
        // Small messages both ways; waiting for more would only add delay.
        let _ = stream.set_nodelay(true);
        let (tls, ready) = (tls.clone(), ready.clone());
        tokio::spawn(async move {
            let inner = match tls {
                None => Inner::Plain(stream),
                Some(tls) => match tokio::time::timeout(HANDSHAKE, tls.accept(stream)).await {
                    Ok(Ok(stream)) => Inner::Tls(Box::new(stream)),
                    Ok(Err(_)) | Err(_) => return,
                },
            };
            // Only fails when the server has stopped.
            let _ = ready.send((Stream { inner, _place: place }, address)).await;
        });
    }
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

impl Listener for Door {
    type Io = Stream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Stream, SocketAddr) {
        match self.ready.recv().await {
            Some(accepted) => accepted,
            // The acceptor has ended: nobody comes any more.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.local)
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().inner {
            Inner::Plain(s) => Pin::new(s).poll_read(cx, buf),
            Inner::Tls(s) => Pin::new(s).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().inner {
            Inner::Plain(s) => Pin::new(s).poll_write(cx, buf),
            Inner::Tls(s) => Pin::new(s).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().inner {
            Inner::Plain(s) => Pin::new(s).poll_flush(cx),
            Inner::Tls(s) => Pin::new(s).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().inner {
            Inner::Plain(s) => Pin::new(s).poll_shutdown(cx),
            Inner::Tls(s) => Pin::new(s).poll_shutdown(cx),
        }
    }
}
