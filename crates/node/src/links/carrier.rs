//! The ways by which this node leaves the building: a UDP socket each.

use super::{LinkError, accept, tls};
use crate::counters::Counters;
use crate::door::Known;
use std::net::SocketAddr;

/// Most carriers of a node; a link has no more paths.
pub const CARRIERS_MAX: usize = trialogue_wire::limits::PATHS_MAX;

/// One carrier, as the operator set it up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carrier {
    /// 1 to 16 of `a-z 0-9 -`; empty: the only one.
    pub name: String,
    /// Its address of this machine, and the UDP port.
    pub listen: SocketAddr,
    /// What each path over it may carry, in kbit/s of datagrams and control without the headers of QUIC, UDP and IP; none: whatever fits.
    pub cap_kbit: Option<u32>,
}

/// A carrier with its socket.
#[derive(Clone)]
pub(super) struct Bound {
    pub carrier: Carrier,
    pub endpoint: quinn::Endpoint,
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
        Ok(Bound { carrier: carrier.clone(), endpoint })
    };
    carriers.iter().map(bind).collect()
}
