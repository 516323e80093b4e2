//! Links: QUIC connections to the other nodes of the charter, at most one to each, kept up for as long as the node runs.
//!
//! Both sides dial. If both succeed at once, the connection dialled by the node with the lower id stays; otherwise the newer one
//! replaces the older, because a node that dials again has lost the old one.

mod accept;
mod keeper;
mod media;
mod stream;
mod tls;
mod transport;

pub use media::LinkMedia;

use crate::counters::Counters;
use crate::outbox::Outbox;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use trialogue_charter::{NodeId, VerifiedCharter};

/// Messages that wait to be sent on one link; a history is sent 256 entries at a time, so this is far more than a link needs.
const OUT_MESSAGES: usize = 1_024;
/// Bytes that wait to be sent on one link. A link that is slower than this is closed, and catches up when it is back.
const OUT_BYTES: usize = 16 << 20;

/// Why links cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The link key is not usable.
    #[error(
        "the node's link key is not usable: make a new one with `trialogue node-key init` and put its public half into the charter"
    )]
    Key,
    /// The secret key does not belong to the public key of the charter.
    #[error(
        "the node's link key is not the one in the charter: use the key file whose public half went into the charter"
    )]
    NotTheKey,
    /// rustls does not take the settings.
    #[error("TLS for links cannot be set up ({0}): this is a defect, please report it")]
    Tls(#[from] rustls::Error),
    /// The node is not in the charter.
    #[error("node {0} is not in the charter: check `node` and `charter` in the configuration")]
    NotInCharter(NodeId),
    /// The port is taken, or the address is not of this machine.
    #[error("listen_link {0} cannot be used ({1}): choose an address of this machine and a free UDP port")]
    Bind(SocketAddr, std::io::Error),
}

/// What a link tells the control task. All events of one node come in the order in which they happened.
pub enum LinkEvent {
    /// A connection with the node's pinned key stands. Nothing was said on it yet.
    Up {
        /// Which node.
        node: NodeId,
        /// Round trip in microseconds.
        round_trip_us: u32,
        /// For messages of the control stream. Dropping it closes the link; it is not dialled again for 5 s.
        out: Outbox<Vec<u8>>,
    },
    /// The connection is gone.
    Down {
        /// Which node.
        node: NodeId,
    },
    /// One message of the control stream.
    Message {
        /// Which node.
        node: NodeId,
        /// Without its length.
        bytes: Vec<u8>,
    },
    /// A newer measurement.
    RoundTrip {
        /// Which node.
        node: NodeId,
        /// Microseconds.
        round_trip_us: u32,
    },
}

/// Gets media datagrams: index of the sending node in the charter, and the datagram. Called from many tasks; must not wait.
pub type OnDatagram = Arc<dyn Fn(u8, Bytes) + Send + Sync>;

/// The link key: seed (RFC 8032 §5.1.5) of the Ed25519 key that the charter names.
pub struct LinkSecret<'a>(pub &'a [u8; 32]);

/// All links of this node. Dropping it closes them.
pub struct Links {
    endpoint: quinn::Endpoint,
    media: LinkMedia,
    tasks: JoinSet<()>,
}

impl Links {
    /// Binds the port and starts to accept and to dial. Must be called inside a Tokio runtime.
    ///
    /// # Errors
    /// When the port is taken or the key is not the charter's.
    pub fn start(
        listen: SocketAddr,
        node: &NodeId,
        secret: &LinkSecret<'_>,
        charter: &VerifiedCharter,
        counters: &Counters,
        events: mpsc::Sender<LinkEvent>,
        on_datagram: OnDatagram,
    ) -> Result<Self, LinkError> {
        let own = charter.node(node).ok_or_else(|| LinkError::NotInCharter(node.clone()))?;
        let keys = tls::Keys::new(secret.0, &own.link)?;
        let pins: tls::Pins = charter.nodes.iter().filter(|n| n.id != *node).map(|n| (n.link, n.id.clone())).collect();
        let endpoint = accept::bind(listen, &keys, pins.clone(), counters)?;
        let media = LinkMedia::new(charter.nodes.len());
        let mut tasks = JoinSet::new();
        let mut doors = BTreeMap::new();
        for (index, other) in charter.nodes.iter().enumerate().filter(|(_, n)| n.id != *node) {
            let (door, accepted) = mpsc::channel(4);
            let keeper = keeper::Keeper {
                own: node.clone(),
                other: other.id.clone(),
                index: u8::try_from(index).unwrap_or(u8::MAX),
                addresses: other.addresses.clone(),
                client: accept::client(&keys, other.link)?,
                endpoint: endpoint.clone(),
                events: events.clone(),
                media: media.clone(),
                on_datagram: on_datagram.clone(),
                counters: counters.clone(),
            };
            tasks.spawn(keeper.run(accepted));
            doors.insert(other.id.clone(), door);
        }
        tasks.spawn(accept::run(endpoint.clone(), pins, doors, counters.clone()));
        Ok(Self { endpoint, media, tasks })
    }

    /// For the media thread.
    pub fn media(&self) -> LinkMedia {
        self.media.clone()
    }

    /// The bound address.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.endpoint.local_addr()
    }

    /// Closes all links and waits until the other nodes were told, a second at most.
    pub async fn close(mut self) {
        self.tasks.shutdown().await;
        self.media.clear();
        self.endpoint.close(stream::code::SHUTDOWN, b"shutdown");
        // Who did not hear it finds out by silence.
        let _ = tokio::time::timeout(std::time::Duration::from_secs(1), self.endpoint.wait_idle()).await;
    }
}
