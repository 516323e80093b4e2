//! One accepted connection: it ends when its place is needed, and when what is written to it does not move on.

use crate::door::{Ended, Place};
use crate::limits::door::STALL;
use std::future::Future;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};
use tokio_rustls::server::TlsStream;

/// One connection.
pub(super) struct Stream {
    inner: Inner,
    ended: Ended,
    /// While something waits to be written: when it is given up.
    stalls: Option<Pin<Box<Sleep>>>,
    _place: Arc<Place>,
}

pub(super) enum Inner {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    pub(super) fn new(inner: Inner, ended: Ended, place: Arc<Place>) -> Self {
        Self { inner, ended, stalls: None, _place: place }
    }

    fn check(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if Pin::new(&mut self.ended).poll(cx).is_ready() {
            return Err(ErrorKind::ConnectionAborted.into());
        }
        if self.stalls.as_mut().is_some_and(|stalls| stalls.as_mut().poll(cx).is_ready()) {
            return Err(ErrorKind::TimedOut.into());
        }
        Ok(())
    }

    /// Notes whether writing moved on.
    fn wrote<T>(&mut self, cx: &mut Context<'_>, outcome: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.stalls = None;
        } else if self.stalls.is_none() {
            let mut stalls = Box::pin(tokio::time::sleep_until(Instant::now() + STALL));
            // Wakes this task; that it is over already is seen the next time.
            let _ = stalls.as_mut().poll(cx);
            self.stalls = Some(stalls);
        }
        outcome
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.check(cx)?;
        match &mut this.inner {
            Inner::Plain(s) => Pin::new(s).poll_read(cx, buf),
            Inner::Tls(s) => Pin::new(s).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.check(cx)?;
        let outcome = match &mut this.inner {
            Inner::Plain(s) => Pin::new(s).poll_write(cx, buf),
            Inner::Tls(s) => Pin::new(s).poll_write(cx, buf),
        };
        this.wrote(cx, outcome)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.check(cx)?;
        let outcome = match &mut this.inner {
            Inner::Plain(s) => Pin::new(s).poll_flush(cx),
            Inner::Tls(s) => Pin::new(s).poll_flush(cx),
        };
        this.wrote(cx, outcome)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.check(cx)?;
        let outcome = match &mut this.inner {
            Inner::Plain(s) => Pin::new(s).poll_shutdown(cx),
            Inner::Tls(s) => Pin::new(s).poll_shutdown(cx),
        };
        this.wrote(cx, outcome)
    }
}
