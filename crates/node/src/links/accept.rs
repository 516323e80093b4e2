//! The door: connections that other nodes open.

use super::stream::{self, Candidate};
use super::{LinkError, tls, transport};
use crate::counters::Counters;
use quinn::{ClientConfig, Endpoint, Incoming, ServerConfig, TokioRuntime};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc};
use trialogue_charter::NodeId;

/// Handshakes under way at once; a stranger's costs a key exchange and a few kilobytes.
const HANDSHAKES_MAX: usize = 64;
/// From this many on, an address must first prove that it can receive (RFC 9000 §8.1.2).
const RETRY_FROM: usize = 16;
/// A handshake, and the opening of the control stream after it, take this long at most; a satellite needs under 3 s.
pub(super) const HANDSHAKE: Duration = Duration::from_secs(5);

/// Where each keeper takes connections that its node opened.
pub(super) type Doors = Arc<RwLock<BTreeMap<NodeId, mpsc::Sender<Candidate>>>>;

pub(super) fn bind(
    listen: SocketAddr,
    keys: &tls::Keys,
    known: &tls::Known,
    counters: &Counters,
) -> Result<Endpoint, LinkError> {
    let server = server(keys, known, counters)?;
    let socket = std::net::UdpSocket::bind(listen).map_err(|e| LinkError::Bind(listen, e))?;
    Endpoint::new(transport::endpoint(), Some(server), socket, Arc::new(TokioRuntime))
        .map_err(|e| LinkError::Bind(listen, e))
}

/// How connections are taken, with the node's present key.
pub(super) fn server(keys: &tls::Keys, known: &tls::Known, counters: &Counters) -> Result<ServerConfig, LinkError> {
    let crypto = keys.server(known.clone(), counters.clone())?;
    let mut server = ServerConfig::with_crypto(Arc::new(crypto));
    server.transport_config(transport::transport());
    server.max_incoming(HANDSHAKES_MAX * 2);
    Ok(server)
}

pub(super) fn client(keys: &tls::Keys, expected: [u8; 32]) -> Result<ClientConfig, LinkError> {
    let mut client = ClientConfig::new(Arc::new(keys.client(expected)?));
    client.transport_config(transport::transport());
    Ok(client)
}

pub(super) async fn run(endpoint: Endpoint, known: tls::Known, doors: Doors, counters: Counters) {
    let places = Arc::new(Semaphore::new(HANDSHAKES_MAX));
    while let Some(incoming) = endpoint.accept().await {
        let Ok(place) = places.clone().try_acquire_owned() else {
            counters.count("link_handshake_refused");
            incoming.refuse();
            continue;
        };
        let busy = HANDSHAKES_MAX - places.available_permits() >= RETRY_FROM;
        if busy && !incoming.remote_address_validated() && incoming.may_retry() {
            // The answer with the token comes as a new `Incoming`.
            let _ = incoming.retry();
            continue;
        }
        let (known, doors, counters) = (known.clone(), doors.clone(), counters.clone());
        tokio::spawn(async move {
            match tokio::time::timeout(HANDSHAKE, admit(incoming, &known)).await {
                Ok(Some((node, candidate))) => {
                    let door = doors.read().unwrap_or_else(PoisonError::into_inner).get(&node).cloned();
                    if let Some(door) = door {
                        // A keeper that is gone is shutting down; the connection closes by being dropped.
                        let _ = door.send(candidate).await;
                    }
                }
                Ok(None) | Err(_) => counters.count("link_handshake_failed"),
            }
            drop(place);
        });
    }
}

async fn admit(incoming: Incoming, known: &tls::Known) -> Option<(NodeId, Candidate)> {
    let connection = incoming.accept().ok()?.await.ok()?;
    let node = known.node(&tls::key_of(&connection)?)?;
    // The side that dialled opens the control stream and speaks first on it.
    let (send, receive) = match connection.accept_bi().await {
        Ok(streams) => streams,
        Err(_) => {
            connection.close(stream::code::PROTOCOL, b"no control stream");
            return None;
        }
    };
    Some((node, Candidate { connection, send, receive, dialled_here: false }))
}
