//! Packets from sockets to legs, and from legs to sockets.

use super::address;
use super::tcp::Weight;
use super::thread::{Media, TCP_FIRST, WAKER};
use super::udp::{BATCH, Incoming, Udp};
use super::voice::Path;
use crate::limits::media::BATCHES;
use mio::net::{TcpListener, UdpSocket};
use mio::{Interest, Token};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use str0m::net::{Protocol, Transmit};

/// How long a UDP path is preferred after its last nomination.
const UDP_FOR: Duration = Duration::from_secs(5);
/// Networks are looked at again for a new leg, but not more often than this.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// Most local addresses in the life of a node.
const ADDRESSES_MAX: usize = 64;

impl Media {
    /// Takes packets on one more address.
    pub(super) fn listen(
        &mut self,
        local: SocketAddr,
        mut socket: UdpSocket,
        listener: TcpListener,
    ) -> std::io::Result<()> {
        self.poll.registry().register(&mut socket, Token(1 + self.udp.len()), Interest::READABLE)?;
        self.tcp.listen(local, listener, self.poll.registry())?;
        self.udp.push(Udp::new(local, socket));
        self.reach();
        Ok(())
    }

    /// Networks come and go while a node runs: takes up new addresses, and offers only those that are there.
    pub(super) fn look_around(&mut self, now: Instant) {
        if !self.everywhere || now.duration_since(self.looked) < LOOK_AGAIN {
            return;
        }
        self.looked = now;
        self.here = address::local();
        for ip in self.here.clone() {
            if self.udp.len() < ADDRESSES_MAX
                && !self.udp.iter().any(|u| u.local.ip() == ip)
                && let Ok((local, socket, listener)) = address::bind_one(ip, self.port)
                && let Err(error) = self.listen(local, socket, listener)
            {
                tracing::warn!(%error, "a new network cannot be used for media; raise the limit of open files");
            }
        }
        self.reach();
    }

    /// What is offered to consoles.
    fn reach(&mut self) {
        let public = self.public.iter().map(|ip| SocketAddr::new(*ip, self.port));
        let here = |u: &&Udp| !self.everywhere || self.here.contains(&u.local.ip());
        let mut addresses: Vec<SocketAddr> = public.chain(self.udp.iter().filter(here).map(|u| u.local)).collect();
        addresses.sort_unstable();
        addresses.dedup();
        self.legs.common.addresses = addresses;
    }

    pub(super) fn take(&mut self, token: usize, now: Instant) {
        if token == WAKER.0 {
            return;
        }
        if token >= TCP_FIRST {
            let mut came = Vec::new();
            let now_ms = self.ms(now);
            self.tcp.ready(token, self.poll.registry(), now_ms, |from, to, packet| {
                came.push((from, to, packet.to_vec()));
            });
            self.stay.arrived = None;
            for (from, to, packet) in came {
                if self.receive(Protocol::Tcp, from, to, &packet, now) {
                    self.tcp.proven(from, self.poll.registry());
                }
            }
            return;
        }
        let mut incoming = std::mem::replace(&mut self.incoming, Incoming::none());
        self.unread.remove(&token);
        for batch in 1..=BATCHES {
            let count = self.udp[token - 1].receive(&mut incoming);
            let to = self.udp[token - 1].local;
            for (from, arrived, datagram) in incoming.datagrams() {
                self.stay.arrived = arrived;
                self.receive(Protocol::Udp, from, to, datagram, now);
            }
            if count < BATCH {
                break;
            }
            // The system says only once that a socket is readable. What is left has its turn after all others have had
            // theirs: who floods one socket keeps neither the others nor what is due waiting.
            if batch == BATCHES {
                self.unread.insert(token);
            }
        }
        self.incoming = incoming;
    }

    /// True: a leg took it.
    fn receive(&mut self, proto: Protocol, from: SocketAddr, to: SocketAddr, datagram: &[u8], now: Instant) -> bool {
        self.counters.received += 1;
        let mut drained = std::mem::take(&mut self.drained);
        let taken = self.legs.receive(proto, from, to, datagram, now, &mut drained);
        let of_leg = taken.is_some();
        match taken {
            Some((leg, done)) => self.done(leg, done, &mut drained, now),
            None => self.counters.strangers += 1,
        }
        self.drained = drained;
        of_leg
    }

    pub(super) fn transmit(&mut self, transmit: Transmit) {
        match transmit.proto {
            Protocol::Udp => match self.udp.iter_mut().find(|u| u.local == transmit.source) {
                Some(socket) => socket.queue(transmit.destination, transmit.contents),
                None => self.counters.unsent += 1,
            },
            _ if self.tcp.send(transmit.destination, &transmit.contents, Weight::of(&transmit.contents)) => {
                self.counters.sent += 1;
            }
            _ => self.counters.unsent += 1,
        }
    }

    pub(super) fn nominated(
        &mut self,
        leg: u32,
        (proto, local, remote): (Protocol, SocketAddr, SocketAddr),
        now: Instant,
    ) {
        let Some(state) = self.legs.get_mut(leg) else { return };
        match &mut state.path {
            Some(path) if (path.proto, path.local, path.remote) == (proto, local, remote) => path.nominated = now,
            // Some nominate every path that works; then a living UDP path is not left for TCP.
            Some(path)
                if path.proto == Protocol::Udp
                    && proto != Protocol::Udp
                    && now.duration_since(path.nominated) < UDP_FOR => {}
            path => {
                let socket = self.udp.iter().position(|u| u.local == local);
                *path =
                    socket.map(|socket| Path { proto, local, remote, nominated: now, socket, storage: remote.into() });
            }
        }
    }
}
