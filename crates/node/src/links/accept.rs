//! The door: connections that other nodes open.

use super::stream::{self, Candidate};
use super::{LinkError, tls, transport};
use crate::counters::Counters;
use quinn::{ClientConfig, Endpoint, Incoming, ServerConfig, TokioRuntime};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc};
use trialogue_charter::NodeId;

/// Handshakes under way at once; a stranger's costs a key exchange and a few kilobytes.
const HANDSHAKES_MAX: usize = 64;
/// From this many on, an address must first prove that it can receive (RFC 9000 §8.1.2).
const RETRY_FROM: usize = 16;
/// A handshake, and the opening of the control stream after it, take this long at most; a satellite needs under 3 s.
pub(super) const HANDSHAKE: Duration = Duration::from_secs(5);

pub(super) fn bind(
    listen: SocketAddr,
    keys: &tls::Keys,
    pins: tls::Pins,
    counters: &Counters,
) -> Result<Endpoint, LinkError> {
    let crypto = keys.server(pins, counters.clone())?;
    let mut server = ServerConfig::with_crypto(Arc::new(crypto));
    server.transport_config(transport::transport());
    server.max_incoming(HANDSHAKES_MAX * 2);
    let socket = std::net::UdpSocket::bind(listen).map_err(|e| LinkError::Bind(listen, e))?;
    Endpoint::new(transport::endpoint(), Some(server), socket, Arc::new(TokioRuntime))
        .map_err(|e| LinkError::Bind(listen, e))
}

pub(super) fn client(keys: &tls::Keys, expected: [u8; 32]) -> Result<ClientConfig, LinkError> {
    let mut client = ClientConfig::new(Arc::new(keys.client(expected)?));
    client.transport_config(transport::transport());
    Ok(client)
}

pub(super) async fn run(
    endpoint: Endpoint,
    pins: tls::Pins,
    doors: BTreeMap<NodeId, mpsc::Sender<Candidate>>,
    counters: Counters,
) {
    let places = Arc::new(Semaphore::new(HANDSHAKES_MAX));
    let (pins, doors) = (Arc::new(pins), Arc::new(doors));
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
        let (pins, doors, counters) = (pins.clone(), doors.clone(), counters.clone());
        tokio::spawn(async move {
            match tokio::time::timeout(HANDSHAKE, admit(incoming, &pins)).await {
                Ok(Some((node, candidate))) => {
                    if let Some(door) = doors.get(&node) {
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

async fn admit(incoming: Incoming, pins: &tls::Pins) -> Option<(NodeId, Candidate)> {
    let connection = incoming.accept().ok()?.await.ok()?;
    let node = tls::node_of(&connection, pins)?;
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
