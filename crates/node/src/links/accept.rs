//! The door: connections that other nodes open.

use super::inflow::Limited;
use super::open::{self, Candidate, Side};
use super::{LinkError, tls, transport};
use crate::counters::Counters;
use crate::door::{Cut, Group, Keeper, Known, Paces, Place};
use crate::limits::door::{HANDSHAKES, KEPT_FEW};
use crate::limits::links::{HANDSHAKE, INCOMING, INCOMING_BYTES, RETRY_FROM};
use nix::sys::socket::{setsockopt, sockopt};
use quinn::{ClientConfig, Endpoint, Incoming, Runtime, ServerConfig, TokioRuntime};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::mpsc;
use tokio::time::timeout;
use trialogue_charter::NodeId;

/// Where a keeper takes paths that its node opened.
#[derive(Clone)]
pub(super) struct Door {
    pub paths: mpsc::Sender<Candidate>,
    /// This node has the lower id of the two.
    pub lower: bool,
    /// Of this node, for that link.
    pub life: Arc<AtomicU64>,
}

/// Of every other node.
pub(super) type Doors = Arc<RwLock<BTreeMap<NodeId, Door>>>;

/// Of the socket of a carrier, in bytes; Linux gives at most `net.core.wmem_max` and `rmem_max`. Packets to a neighbour
/// on the same wire that is gone wait in the system for up to three seconds, 200 kB of them, and count against the one
/// socket from which all links of the carrier are sent: with its usual 200 kB they hold up everybody's.
const SOCKET_BUFFER: usize = 4 << 20;

pub(super) fn bind(
    listen: SocketAddr,
    keys: &tls::Keys,
    known: &tls::Known,
    addresses: &Known,
    counters: &Counters,
) -> Result<Endpoint, LinkError> {
    let server = server(keys, known, counters)?;
    let socket = std::net::UdpSocket::bind(listen).map_err(|e| LinkError::Bind(listen, e))?;
    // What the system refuses costs nothing but this.
    let _ = setsockopt(&socket, sockopt::SndBuf, &SOCKET_BUFFER);
    let _ = setsockopt(&socket, sockopt::RcvBuf, &SOCKET_BUFFER);
    let bound = |socket| {
        let runtime = Arc::new(TokioRuntime);
        let socket = Arc::new(Limited::new(runtime.wrap_udp_socket(socket)?, addresses.clone(), counters));
        Endpoint::new_with_abstract_socket(transport::endpoint(), Some(server), socket, runtime)
    };
    bound(socket).map_err(|e| LinkError::Bind(listen, e))
}

/// How connections are taken, with the node's present key.
pub(super) fn server(keys: &tls::Keys, known: &tls::Known, counters: &Counters) -> Result<ServerConfig, LinkError> {
    let crypto = keys.server(known.clone(), counters.clone())?;
    let mut server = ServerConfig::with_crypto(Arc::new(crypto));
    server.transport_config(transport::transport());
    server.max_incoming(INCOMING);
    server.incoming_buffer_size(INCOMING_BYTES.0).incoming_buffer_size_total(INCOMING_BYTES.1);
    Ok(server)
}

pub(super) fn client(keys: &tls::Keys, expected: [u8; 32]) -> Result<ClientConfig, LinkError> {
    let mut client = ClientConfig::new(Arc::new(keys.client(expected)?));
    client.transport_config(transport::transport());
    Ok(client)
}

/// What every carrier's door needs.
#[derive(Clone)]
pub(super) struct Callers {
    pub known: tls::Known,
    pub doors: Doors,
    /// Addresses of the charter's nodes, and those from which one of them has come: places are kept for them.
    pub addresses: Known,
    pub counters: Counters,
}

pub(super) async fn run(carrier: usize, endpoint: Endpoint, callers: Callers) {
    let keeper = Keeper::new(HANDSHAKES, KEPT_FEW, callers.addresses.clone());
    let paces = Paces::default();
    while let Some(incoming) = endpoint.accept().await {
        let busy = keeper.held() >= RETRY_FROM;
        if busy && !incoming.remote_address_validated() && incoming.may_retry() {
            // The answer with the token comes as a new `Incoming`.
            let _ = incoming.retry();
            continue;
        }
        let group = Group::of(incoming.remote_address().ip());
        let cut = Cut::new();
        let (place, crowded) = keeper.enter(group, cut.clone());
        if crowded {
            callers.counters.count("link_crowded");
        }
        let (callers, paces) = (callers.clone(), paces.clone());
        tokio::spawn(async move {
            let admitted = async {
                paces.turn(group).await;
                admit(carrier, incoming, &callers, &place).await
            };
            let admitted = tokio::select! {
                biased;
                () = cut.ended() => None,
                admitted = admitted => admitted,
            };
            match admitted {
                // A keeper that is gone is shutting down; the connection closes by being dropped.
                Some((door, candidate)) => drop(door.send(candidate).await),
                None => callers.counters.count("link_handshake_failed"),
            }
        });
    }
}

async fn admit(
    carrier: usize,
    incoming: Incoming,
    callers: &Callers,
    place: &Place,
) -> Option<(mpsc::Sender<Candidate>, Candidate)> {
    let connection = timeout(HANDSHAKE, incoming.accept().ok()?).await.ok()?.ok()?;
    let Callers { known, doors, counters, .. } = callers;
    let node = known.node(&tls::key_of(&connection)?)?;
    let door = doors.read().unwrap_or_else(PoisonError::into_inner).get(&node).cloned()?;
    let side = Side { lower: door.lower, life: door.life.load(Ordering::Relaxed), carrier, counters: counters.clone() };
    // The side that dialled opens the control stream and speaks first on it.
    let candidate = timeout(HANDSHAKE, open::accepted(connection, side)).await.ok()??;
    place.proven();
    Some((door.paths, candidate))
}
