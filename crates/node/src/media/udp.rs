//! Many datagrams per system call.

use crate::limits::media::LONGEST;
use mio::net::UdpSocket;
use nix::errno::Errno;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, MultiHeaders, SockaddrStorage, recvmmsg, sendmmsg};
use nix::sys::time::TimeSpec;
use std::io::{IoSlice, IoSliceMut};
use std::net::{SocketAddr, SocketAddrV4, SocketAddrV6};
use std::ops::Range;
use std::os::fd::AsRawFd;
use std::time::Duration;
use str0m::net::DatagramSend;

/// Datagrams per system call.
pub(super) const BATCH: usize = 64;

/// One socket with its buffers.
pub(super) struct Udp {
    pub(super) local: SocketAddr,
    socket: UdpSocket,
    outgoing: Vec<Datagram>,
    /// Sealed packets, one after the other.
    sealed: Vec<u8>,
    addresses: Vec<Option<SockaddrStorage>>,
    send_headers: MultiHeaders<SockaddrStorage>,
}

/// One datagram that waits for [`Udp::flush`].
enum Datagram {
    Of(DatagramSend),
    /// A part of the buffer of sealed packets.
    Sealed(Range<usize>),
}

/// Buffers to receive into, shared by all sockets.
pub(super) struct Incoming {
    buffers: Vec<[u8; LONGEST]>,
    headers: MultiHeaders<SockaddrStorage>,
    /// Length, sender, and when the system got it (since 1970).
    arrived: Vec<(usize, SocketAddr, Option<Duration>)>,
}

impl Incoming {
    pub(super) fn new() -> Self {
        Self {
            buffers: vec![[0; LONGEST]; BATCH],
            headers: MultiHeaders::preallocate(BATCH, Some(nix::cmsg_space!(TimeSpec))),
            arrived: Vec::with_capacity(BATCH),
        }
    }

    /// In place of buffers that are lent.
    pub(super) fn none() -> Self {
        Self { buffers: Vec::new(), headers: MultiHeaders::preallocate(0, None), arrived: Vec::new() }
    }

    /// What the last [`Udp::receive`] brought.
    pub(super) fn datagrams(&mut self) -> impl Iterator<Item = (SocketAddr, Option<Duration>, &mut [u8])> {
        let arrived = self.buffers.iter_mut().zip(&self.arrived);
        arrived.map(|(buffer, (length, from, at))| (*from, *at, &mut buffer[..*length]))
    }
}

impl Udp {
    pub(super) fn new(local: SocketAddr, socket: UdpSocket) -> Self {
        Self {
            local,
            socket,
            outgoing: Vec::with_capacity(4 * BATCH),
            sealed: Vec::with_capacity(4 * BATCH * 256),
            addresses: Vec::with_capacity(4 * BATCH),
            send_headers: MultiHeaders::preallocate(BATCH, None),
        }
    }

    /// Takes up to [`BATCH`] datagrams; how many.
    pub(super) fn receive(&self, into: &mut Incoming) -> usize {
        into.arrived.clear();
        let mut slices: Vec<[IoSliceMut<'_>; 1]> = into.buffers.iter_mut().map(|b| [IoSliceMut::new(b)]).collect();
        let result =
            recvmmsg(self.socket.as_raw_fd(), &mut into.headers, slices.iter_mut(), MsgFlags::MSG_DONTWAIT, None);
        let Ok(messages) = result else { return 0 };
        for message in messages {
            let from = message.address.as_ref().and_then(address);
            // A datagram without an address is kept as an empty one, so that the places of the others do not move.
            let length = if from.is_some() && !message.flags.contains(MsgFlags::MSG_TRUNC) { message.bytes } else { 0 };
            let at = message.cmsgs().ok().and_then(|mut all| all.find_map(stamp));
            into.arrived.push((length, from.unwrap_or(self.local), at));
        }
        into.arrived.len()
    }

    /// Queues a datagram until [`Udp::flush`].
    pub(super) fn queue(&mut self, to: SocketAddr, datagram: DatagramSend) {
        self.outgoing.push(Datagram::Of(datagram));
        self.addresses.push(Some(SockaddrStorage::from(to)));
    }

    /// Queues a sealed packet until [`Udp::flush`].
    pub(super) fn queue_sealed(&mut self, to: SockaddrStorage, packet: &[u8]) {
        let begin = self.sealed.len();
        self.sealed.extend_from_slice(packet);
        self.outgoing.push(Datagram::Sealed(begin..self.sealed.len()));
        self.addresses.push(Some(to));
    }

    /// Sends what is queued: how many went, and how many did not because the system's buffer is full.
    pub(super) fn flush(&mut self) -> (u64, u64) {
        let Self { outgoing, addresses, send_headers, socket, sealed, .. } = self;
        let (mut sent, mut unsent, mut at) = (0, 0, 0);
        while at < outgoing.len() {
            let end = (at + BATCH).min(outgoing.len());
            let slices: Vec<[IoSlice<'_>; 1]> = outgoing[at..end].iter().map(|d| [d.slice(sealed)]).collect();
            let result = sendmmsg(
                socket.as_raw_fd(),
                send_headers,
                slices.iter(),
                &addresses[at..end],
                [],
                MsgFlags::MSG_DONTWAIT,
            );
            match result.map(Iterator::count) {
                Ok(n) if n > 0 => {
                    sent += n as u64;
                    at += n;
                }
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN | Errno::ENOBUFS | Errno::ENOMEM) => {
                    unsent += (outgoing.len() - at) as u64;
                    at = outgoing.len();
                }
                // This one cannot go there (no route, refused by a filter); the others can.
                _ => {
                    unsent += 1;
                    at += 1;
                }
            }
        }
        outgoing.clear();
        addresses.clear();
        sealed.clear();
        (sent, unsent)
    }
}

impl Datagram {
    fn slice<'a>(&'a self, sealed: &'a [u8]) -> IoSlice<'a> {
        match self {
            Datagram::Of(datagram) => IoSlice::new(datagram),
            Datagram::Sealed(range) => IoSlice::new(&sealed[range.clone()]),
        }
    }
}

fn stamp(message: ControlMessageOwned) -> Option<Duration> {
    let ControlMessageOwned::ScmTimestampns(at) = message else { return None };
    Some(Duration::from(at))
}

fn address(storage: &SockaddrStorage) -> Option<SocketAddr> {
    if let Some(v4) = storage.as_sockaddr_in() {
        return Some(SocketAddrV4::from(*v4).into());
    }
    storage.as_sockaddr_in6().map(|v6| SocketAddrV6::from(*v6).into())
}
