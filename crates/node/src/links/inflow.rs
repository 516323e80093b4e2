//! How much a carrier's socket takes from one address.
//!
//! The QUIC library hands what the socket has received to the task of its connection by a queue without an end: whoever sends faster than that
//! connection can decrypt fills the memory. So what comes beyond a rate is dropped before it gets there, as a narrower line would have dropped it.

use super::bucket::Bucket;
use crate::counters::Counters;
use quinn::udp::{RecvMeta, Transmit};
use quinn::{AsyncUdpSocket, UdpPoller};
use std::collections::BTreeMap;
use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Instant;

/// What one address may send, in kbit/s of UDP payload, and a quarter of a second of it at once. Twenty pictures of 2.5 Mbit/s are a fifth of it. Without
/// it a node grew by 330 MB in half a minute under 1 Gbit/s of a member's datagrams.
const KBIT: u32 = 256 << 10;
/// Addresses that have a rate of their own; all others share one.
const ADDRESSES: usize = 1_024;
/// How often, at most, room is looked for among them.
const SWEEP_US: u64 = 1_000_000;

/// A socket that takes from nobody more than [`KBIT`].
#[derive(Debug)]
pub(super) struct Limited {
    socket: Arc<dyn AsyncUdpSocket>,
    began: Instant,
    inflow: Mutex<Inflow>,
    counters: Counters,
}

impl Limited {
    pub(super) fn new(socket: Arc<dyn AsyncUdpSocket>, counters: &Counters) -> Self {
        Self { socket, began: Instant::now(), inflow: Mutex::new(Inflow::new(0)), counters: counters.clone() }
    }
}

impl AsyncUdpSocket for Limited {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        self.socket.clone().create_io_poller()
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        self.socket.try_send(transmit)
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        let received = self.socket.poll_recv(cx, bufs, meta);
        if let Poll::Ready(Ok(count)) = &received {
            let now_us = super::path::micros(self.began.elapsed());
            let mut inflow = self.inflow.lock().unwrap_or_else(PoisonError::into_inner);
            for meta in meta.iter_mut().take(*count) {
                if !inflow.takes(meta.addr, meta.len, now_us) {
                    let packets = meta.len.div_ceil(meta.stride.max(1));
                    self.counters.add("link_flooded", packets as u64);
                    // What has no bytes is not looked at.
                    meta.len = 0;
                }
            }
        }
        received
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    fn max_transmit_segments(&self) -> usize {
        self.socket.max_transmit_segments()
    }

    fn max_receive_segments(&self) -> usize {
        self.socket.max_receive_segments()
    }

    fn may_fragment(&self) -> bool {
        self.socket.may_fragment()
    }
}

/// What each address may still send; pure.
#[derive(Debug)]
struct Inflow {
    own: BTreeMap<SocketAddr, Bucket>,
    others: Bucket,
    swept_us: u64,
}

impl Inflow {
    fn new(now_us: u64) -> Self {
        Self { own: BTreeMap::new(), others: Bucket::new(KBIT, now_us), swept_us: now_us }
    }

    fn takes(&mut self, from: SocketAddr, bytes: usize, now_us: u64) -> bool {
        if let Some(bucket) = self.own.get_mut(&from) {
            return bucket.take(bytes, 0, now_us);
        }
        if self.own.len() >= ADDRESSES && now_us.saturating_sub(self.swept_us) >= SWEEP_US {
            self.swept_us = now_us;
            // One that has rested for so long is as good as a new one.
            self.own.retain(|_, bucket| !bucket.is_full(now_us));
        }
        if self.own.len() >= ADDRESSES {
            return self.others.take(bytes, 0, now_us);
        }
        self.own.entry(from).or_insert_with(|| Bucket::new(KBIT, now_us)).take(bytes, 0, now_us)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(n: u32) -> SocketAddr {
        SocketAddr::from((std::net::Ipv4Addr::from(n), 7000))
    }

    /// Bytes taken in a second of packets that come each microsecond.
    fn in_a_second(inflow: &mut Inflow, from: impl Fn(u64) -> SocketAddr) -> u64 {
        (0..1_000_000).filter(|now| inflow.takes(from(*now), 1_200, 1_000_000 + *now)).count() as u64 * 1_200
    }

    #[test]
    fn nobody_sends_more_than_the_rate_and_nobody_takes_anothers() {
        let mut inflow = Inflow::new(0);
        let most = u64::from(KBIT) * 1_000 / 8 * 5 / 4;
        let taken = in_a_second(&mut inflow, |_| address(1));
        assert!((most * 9 / 10..=most).contains(&taken), "{taken}");
        assert!(inflow.takes(address(2), 60_000, 2_000_000));
        // A single packet larger than what is left waits for nothing: it is dropped, and the next one passes in time.
        assert!(inflow.takes(address(1), 1_200, 2_100_000));
    }

    #[test]
    fn more_addresses_than_are_remembered_share_one_rate_and_those_at_rest_make_room() {
        let mut inflow = Inflow::new(0);
        for n in 0..3 * ADDRESSES as u32 {
            inflow.takes(address(n), 1_200, 0);
            assert!(inflow.own.len() <= ADDRESSES);
        }
        let most = u64::from(KBIT) * 1_000 / 8 * 5 / 4;
        let busy = in_a_second(&mut inflow, |now| address(ADDRESSES as u32 + now as u32));
        // One sweep, a second after the last one, gives those who come then a rate of their own: as many as there is room for.
        assert!(busy <= most + 1_200 * ADDRESSES as u64, "{busy}");
        assert!(inflow.own.len() <= ADDRESSES);
    }
}
