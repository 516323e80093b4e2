//! The ways by which this node leaves the building: a UDP socket each.

use super::share::Shares;
use super::{LinkError, accept, tls};
use crate::counters::Counters;
use crate::door::Known;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Most carriers of a node; a link has no more paths.
pub const CARRIERS_MAX: usize = trialogue_wire::limits::PATHS_MAX;

/// One carrier, as the operator set it up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carrier {
    /// 1 to 16 of `a-z 0-9 -`; empty: the only one.
    pub name: String,
    /// Its address of this machine, and the UDP port.
    pub listen: SocketAddr,
    /// What all paths over it may carry together, in kbit/s of datagrams and control without the headers of QUIC, UDP
    /// and IP; none: whatever fits.
    pub cap_kbit: Option<u32>,
}

/// A carrier with its socket.
#[derive(Clone)]
pub(super) struct Bound {
    pub carrier: Carrier,
    pub endpoint: quinn::Endpoint,
    /// Of the carrier, if it has one.
    pub cap: Option<Cap>,
}

/// The cap of a carrier, for all paths over it; clones are the same.
#[derive(Clone)]
pub(super) struct Cap(Arc<(Mutex<Shares>, Instant)>);

/// What a path may take of it, as one of its link's; given back when it is dropped.
pub(super) struct PathCap {
    cap: Cap,
    link: u8,
}

impl Cap {
    fn new(kbit: u32) -> Self {
        Self(Arc::new((Mutex::new(Shares::new(kbit, 0)), Instant::now())))
    }

    /// For a path of the link to the node with this index in the charter.
    pub(super) fn path(&self, link: u8) -> PathCap {
        let (mut shares, now_us) = self.shares();
        shares.join(link, now_us);
        PathCap { cap: self.clone(), link }
    }

    fn shares(&self) -> (MutexGuard<'_, Shares>, u64) {
        (self.0.0.lock().unwrap_or_else(PoisonError::into_inner), super::path::micros(self.0.1.elapsed()))
    }
}

impl PathCap {
    /// See [`Shares::media`].
    pub(super) fn media(&self, bytes: usize) -> bool {
        let (mut shares, now_us) = self.cap.shares();
        shares.media(self.link, bytes, now_us)
    }

    /// See [`Shares::control`].
    pub(super) fn control(&self, bytes: usize) -> bool {
        let (mut shares, now_us) = self.cap.shares();
        shares.control(self.link, bytes, now_us)
    }

    /// See [`Shares::each_kbit`].
    pub(super) fn each_kbit(&self) -> usize {
        self.cap.shares().0.each_kbit()
    }

    /// See [`Shares::has_room`].
    pub(super) fn has_room(&self) -> bool {
        let (mut shares, now_us) = self.cap.shares();
        shares.has_room(self.link, now_us)
    }
}

impl Drop for PathCap {
    fn drop(&mut self) {
        self.cap.shares().0.leave(self.link);
    }
}

pub(super) fn bind(
    carriers: &[Carrier],
    keys: &tls::Keys,
    known: &tls::Known,
    addresses: &Known,
    counters: &Counters,
) -> Result<Vec<Bound>, LinkError> {
    let bind = |carrier: &Carrier| {
        let endpoint = accept::bind(carrier.listen, keys, known, addresses, counters)?;
        Ok(Bound { carrier: carrier.clone(), endpoint, cap: carrier.cap_kbit.map(Cap::new) })
    };
    carriers.iter().map(bind).collect()
}
