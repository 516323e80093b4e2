//! How much a carrier's socket takes from one address.
//!
//! The QUIC library hands what the socket has received to the task of its connection by a queue without an end: whoever
//! sends faster than that connection can decrypt fills the memory. So what comes beyond a rate is dropped before it
//! gets there, as a narrower line would have dropped it.

use super::bucket::Bucket;
use crate::counters::Counters;
use crate::door::{Group, Known};
use crate::limits::links::{ADDRESSES, GROUP_KBIT, KBIT, PACKET};
use quinn::udp::{RecvMeta, Transmit};
use quinn::{AsyncUdpSocket, UdpPoller};
use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Instant;

/// How often, at most, room is looked for among them.
const SWEEP_US: u64 = 1_000_000;

/// A socket that takes from nobody more than [`KBIT`].
pub(super) struct Limited {
    socket: Arc<dyn AsyncUdpSocket>,
    began: Instant,
    inflow: Mutex<Inflow>,
    /// Addresses of the charter's nodes, and those to which paths stand.
    known: Known,
    counters: Counters,
}

impl Limited {
    pub(super) fn new(socket: Arc<dyn AsyncUdpSocket>, known: Known, counters: &Counters) -> Self {
        let inflow = Mutex::new(Inflow::new(0));
        Self { socket, began: Instant::now(), inflow, known, counters: counters.clone() }
    }
}

impl fmt::Debug for Limited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limited").finish_non_exhaustive()
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
                let packets = meta.len.div_ceil(meta.stride.max(1));
                let known = self.known.is_peer(Group::of(meta.addr.ip()));
                if !inflow.takes(meta.addr, known, (meta.len, packets), now_us) {
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
struct Inflow {
    known: Addresses,
    strangers: Addresses,
}

struct Addresses {
    each: Rates<SocketAddr>,
    groups: Rates<Group>,
}

impl Inflow {
    fn new(now_us: u64) -> Self {
        let addresses = || Addresses { each: Rates::new(KBIT, now_us), groups: Rates::new(GROUP_KBIT, now_us) };
        Self { known: addresses(), strangers: addresses() }
    }

    fn takes(&mut self, from: SocketAddr, known: bool, (bytes, packets): (usize, usize), now_us: u64) -> bool {
        let bytes = bytes.max(packets * PACKET);
        let Addresses { each, groups } = if known { &mut self.known } else { &mut self.strangers };
        each.of(from, now_us).take(bytes, now_us) && groups.of(Group::of(from.ip()), now_us).take(bytes, now_us)
    }
}

/// A rate for each of so many, and one for all others.
struct Rates<K> {
    kbit: u32,
    own: BTreeMap<K, Bucket>,
    others: Bucket,
    swept_us: u64,
}

impl<K: Ord + Copy> Rates<K> {
    fn new(kbit: u32, now_us: u64) -> Self {
        Self { kbit, own: BTreeMap::new(), others: Bucket::new(kbit, now_us), swept_us: now_us }
    }

    fn of(&mut self, who: K, now_us: u64) -> &mut Bucket {
        let full = self.own.len() >= ADDRESSES && !self.own.contains_key(&who);
        if full && now_us.saturating_sub(self.swept_us) >= SWEEP_US {
            self.swept_us = now_us;
            // One that has rested for so long is as good as a new one.
            self.own.retain(|_, bucket| !bucket.is_full(now_us));
        }
        if self.own.len() >= ADDRESSES && !self.own.contains_key(&who) {
            return &mut self.others;
        }
        self.own.entry(who).or_insert_with(|| Bucket::new(self.kbit, now_us))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: u64 = KBIT as u64 * 1_000 / 8 * 5 / 4;

    fn address(n: u32, port: u16) -> SocketAddr {
        SocketAddr::from((std::net::Ipv4Addr::from(n), port))
    }

    /// Bytes taken in a second of packets that come each microsecond.
    fn in_a_second(inflow: &mut Inflow, from: impl Fn(u64) -> SocketAddr) -> u64 {
        (0..1_000_000).filter(|now| inflow.takes(from(*now), false, (1_200, 1), 1_000_000 + *now)).count() as u64
            * 1_200
    }

    #[test]
    fn nobody_sends_more_than_the_rate_and_nobody_takes_anothers() {
        let mut inflow = Inflow::new(0);
        let taken = in_a_second(&mut inflow, |_| address(1, 7000));
        assert!((MOST * 9 / 10..=MOST).contains(&taken), "{taken}");
        assert!(inflow.takes(address(2, 7000), false, (60_000, 1), 2_000_000));
        // What is larger than what is left is dropped, and the next one passes in time.
        assert!(inflow.takes(address(1, 7000), false, (1_200, 1), 2_100_000));
    }

    #[test]
    fn packets_that_hold_next_to_nothing_count_as_what_they_cost() {
        let mut inflow = Inflow::new(0);
        let taken =
            (0..1_000_000).filter(|now| inflow.takes(address(1, 7000), false, (30, 1), 1_000_000 + *now)).count();
        assert!((50_000..=90_000).contains(&taken), "{taken} packets in a second");
    }

    #[test]
    fn many_ports_of_one_address_share_a_rate() {
        let mut inflow = Inflow::new(0);
        let taken = in_a_second(&mut inflow, |now| address(1, (now % 60_000) as u16));
        assert!(taken <= MOST / 2 * 3, "{taken}");
        assert!(inflow.takes(address(2, 7000), true, (60_000, 1), 2_000_000));
    }

    #[test]
    fn strangers_from_everywhere_share_one_rate_and_take_nothing_from_those_who_are_known() {
        let mut inflow = Inflow::new(0);
        let friend = address(0xc000_0201, 7000);
        assert!(inflow.takes(friend, true, (1_200, 1), 0));
        for n in 0..3 * ADDRESSES as u32 {
            inflow.takes(address(n, 7000), false, (1_200, 1), 0);
            assert!(inflow.strangers.each.own.len() <= ADDRESSES && inflow.strangers.groups.own.len() <= ADDRESSES);
        }
        let busy = in_a_second(&mut inflow, |now| address(ADDRESSES as u32 + now as u32, 7000));
        // One sweep, a second after the last one, gives those who come then a rate of their own: as many as there is
        // room for.
        assert!(busy <= MOST / 2 * 3 + 1_200 * ADDRESSES as u64, "{busy}");
        assert!((0..100).all(|n| inflow.takes(friend, true, (1_200, 1), 2_000_000 + n)));
    }
}
