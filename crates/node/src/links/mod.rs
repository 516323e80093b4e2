//! Links: one to each other node of the charter, over as many paths as there are, kept up for as long as the node runs.
//!
//! A path is a QUIC connection from a local carrier to an address of the other node. Both sides dial. If both succeed
//! at once, the connection dialled by the node with the lower id stays as that path; otherwise the newer one replaces
//! the older, because a node that dials again has lost the old one.

mod accept;
mod bucket;
mod carrier;
mod choose;
mod condition;
mod dial;
mod inflow;
mod join;
mod keeper;
mod later;
mod media;
mod meter;
mod open;
mod path;
mod places;
mod sequence;
mod share;
mod steady;
mod stream;
mod tell;
mod tls;
mod transport;
mod ways;

pub use carrier::{CARRIERS_MAX, Carrier};
pub use media::LinkMedia;

use crate::counters::Counters;
use crate::door::{Group, Known};
use crate::outbox::Outbox;
use bytes::Bytes;
use keeper::{Keeper, Setup, Target};
use places::Places;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, mpsc, watch};
use tokio::task::JoinSet;
use trialogue_charter::{NodeId, VerifiedCharter, split_address};
use trialogue_wire::console::PathMeasure;

/// Why links cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The link key is not usable.
    #[error(
        "the node's link key is not usable ({0}): make a new one with `trialogue node-key init` and put its public half into the charter"
    )]
    Key(#[source] rustls::Error),
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
    #[error(
        "the link address {0} (listen_link, or listen of a carrier) cannot be used ({1}): choose an address of this machine and a free UDP port"
    )]
    Bind(SocketAddr, std::io::Error),
}

/// What a link tells the control task. All events of one node come in the order in which they happened.
pub enum LinkEvent {
    /// The first path to the node with the pinned key is up. Nothing was said on it yet. Paths that come after it are
    /// part of the link.
    Up {
        /// Which node.
        node: NodeId,
        /// Round trip in microseconds.
        round_trip_us: u32,
        /// For messages of the control stream. Dropping it closes the link; it is not dialled again for 5 s.
        out: Outbox<Vec<u8>>,
    },
    /// The last path is gone.
    Down {
        /// Which node.
        node: NodeId,
    },
    /// One message, each once, in the order in which the other side sent them, whichever path brought it.
    Message {
        /// Which node.
        node: NodeId,
        /// Without its length.
        bytes: Vec<u8>,
        /// What of the link's room it takes until it was looked at.
        room: Option<OwnedSemaphorePermit>,
    },
    /// A newer measurement, of the fastest path.
    RoundTrip {
        /// Which node.
        node: NodeId,
        /// Microseconds.
        round_trip_us: u32,
    },
    /// Nothing comes back by any path that is up, or something has come back for a while.
    Silent {
        /// Which node.
        node: NodeId,
        /// Is it so?
        silent: bool,
    },
    /// All paths, up or not: every second, and when one comes or goes. Also while the link is down.
    Paths {
        /// To which node.
        node: NodeId,
        /// Those that this node dials, in the charter's order, then others.
        paths: Vec<PathMeasure>,
    },
}

/// Gets media datagrams: index of the sending node in the charter, and the datagram. Called from many tasks; must not
/// wait.
pub type OnDatagram = Arc<dyn Fn(u8, Bytes) + Send + Sync>;

/// The link key: seed (RFC 8032 §5.1.5) of the Ed25519 key that the charter names.
pub struct LinkSecret<'a>(pub &'a [u8; 32]);

/// All links of this node. Dropping it closes them.
pub struct Links {
    media: LinkMedia,
    shared: Arc<Shared>,
}

/// What an amendment changes.
struct Shared {
    node: NodeId,
    bound: Arc<[carrier::Bound]>,
    places: Places,
    known: tls::Known,
    doors: accept::Doors,
    /// Addresses for which places are kept.
    addresses: Known,
    events: mpsc::Sender<LinkEvent>,
    media: LinkMedia,
    on_datagram: OnDatagram,
    counters: Counters,
    /// Where keepers run: the control task, which amends, runs elsewhere.
    runtime: tokio::runtime::Handle,
    state: Mutex<State>,
}

struct State {
    keys: tls::Keys,
    link: [u8; 32],
    keepers: BTreeMap<NodeId, watch::Sender<Option<Target>>>,
    tasks: JoinSet<()>,
}

/// Changes the links when the charter is amended. Cheap to clone.
#[derive(Clone)]
pub struct LinkAmender(Arc<Shared>);

impl Links {
    /// Binds the ports and starts to accept and to dial. Must be called inside a Tokio runtime.
    ///
    /// # Errors
    /// When a port is taken or the key is not the charter's.
    pub fn start(
        carriers: &[Carrier],
        node: &NodeId,
        secret: &LinkSecret<'_>,
        charter: &VerifiedCharter,
        counters: &Counters,
        events: mpsc::Sender<LinkEvent>,
        on_datagram: OnDatagram,
    ) -> Result<Self, LinkError> {
        let own = charter.node(node).ok_or_else(|| LinkError::NotInCharter(node.clone()))?;
        let keys = tls::Keys::new(secret.0, &own.link)?;
        let known = tls::Known::default();
        let addresses = Known::default();
        let bound: Arc<[carrier::Bound]> = carrier::bind(carriers, &keys, &known, &addresses, counters)?.into();
        let shared = Arc::new(Shared {
            node: node.clone(),
            bound: bound.clone(),
            places: Places::new(),
            known,
            doors: accept::Doors::default(),
            addresses,
            events,
            media: LinkMedia::new(),
            on_datagram,
            counters: counters.clone(),
            runtime: tokio::runtime::Handle::current(),
            state: Mutex::new(State { keys, link: own.link, keepers: BTreeMap::new(), tasks: JoinSet::new() }),
        });
        shared.amend(charter, None)?;
        for (at, bound) in bound.iter().enumerate() {
            let callers = accept::Callers {
                known: shared.known.clone(),
                doors: shared.doors.clone(),
                addresses: shared.addresses.clone(),
                counters: counters.clone(),
            };
            shared.state().tasks.spawn(accept::run(at, bound.endpoint.clone(), callers));
        }
        Ok(Self { media: shared.media.clone(), shared })
    }

    /// For the media thread.
    pub fn media(&self) -> LinkMedia {
        self.media.clone()
    }

    /// For the control task.
    pub fn amender(&self) -> LinkAmender {
        LinkAmender(self.shared.clone())
    }

    /// The bound address of the first carrier.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn local_addr(&self) -> std::io::Result<SocketAddr> {
        let first = self.shared.bound.first().ok_or(std::io::ErrorKind::AddrNotAvailable)?;
        first.endpoint.local_addr()
    }

    /// Closes all links and waits until the other nodes were told, a second at most.
    pub async fn close(self) {
        let mut tasks = std::mem::take(&mut self.shared.state().tasks);
        tasks.shutdown().await;
        self.media.clear();
        for bound in self.shared.bound.iter() {
            bound.endpoint.close(stream::code::SHUTDOWN, b"shutdown");
        }
        // Who did not hear it finds out by silence.
        let all = async {
            for bound in self.shared.bound.iter() {
                bound.endpoint.wait_idle().await;
            }
        };
        let _ = tokio::time::timeout(std::time::Duration::from_secs(1), all).await;
    }
}

impl Drop for Links {
    fn drop(&mut self) {
        self.shared.state().tasks.abort_all();
    }
}

impl LinkAmender {
    /// Links to the nodes of a newer charter and to no others. Connections that stand on keys which are not in it any
    /// more are made anew within seconds. `secret`: the link key that it names for this node, if that is another one.
    ///
    /// # Errors
    /// When the key is not the charter's; links go on as they were then.
    pub fn amend(&self, charter: &VerifiedCharter, secret: Option<&LinkSecret<'_>>) -> Result<(), LinkError> {
        self.0.amend(charter, secret)
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn amend(&self, charter: &VerifiedCharter, secret: Option<&LinkSecret<'_>>) -> Result<(), LinkError> {
        let state = &mut *self.state();
        if let Some(own) = charter.node(&self.node).filter(|own| own.link != state.link) {
            let secret = secret.ok_or(LinkError::NotTheKey)?;
            state.keys = tls::Keys::new(secret.0, &own.link)?;
            state.link = own.link;
            for bound in self.bound.iter() {
                bound.endpoint.set_server_config(Some(accept::server(&state.keys, &self.known, &self.counters)?));
            }
        }
        let serves = charter.serves(&self.node);
        let others: Vec<_> = charter.in_service().filter(|other| serves && other.id != self.node).collect();
        self.known.set(others.iter().map(|other| (other.link, other.id.clone())).collect());
        self.addresses.name(others.iter().flat_map(|other| &other.addresses).filter_map(|address| {
            // Those that are names are known once they were looked up, by dialling.
            split_address(address).1.parse::<SocketAddr>().ok().map(|address| Group::of(address.ip()))
        }));
        self.places.share(others.len());
        let own = charter.node(&self.node).map(|own| own.addresses.clone()).unwrap_or_default();
        let doors = || self.doors.write().unwrap_or_else(PoisonError::into_inner);
        state.keepers.retain(|node, target| {
            let stays = others.iter().any(|other| other.id == *node);
            if !stays {
                doors().remove(node);
                let _ = target.send(None);
            }
            stays
        });
        for other in others {
            let client = accept::client(&state.keys, other.link)?;
            let (own, addresses) = (own.clone(), other.addresses.clone());
            let target = Target { own, addresses, client, keys: [state.link, other.link] };
            if let Some(keeper) = state.keepers.get(&other.id) {
                let _ = keeper.send(Some(target));
                continue;
            }
            let (changes, target) = watch::channel(Some(target));
            let (paths, accepted) = mpsc::channel(4);
            let door = accept::Door { paths, lower: self.node < other.id, life: Arc::new(AtomicU64::new(0)) };
            let keeper = Keeper::new(Setup {
                own: self.node.clone(),
                other: other.id.clone(),
                index: other.index,
                target,
                bound: self.bound.clone(),
                life: door.life.clone(),
                places: self.places.clone(),
                events: self.events.clone(),
                media: self.media.clone(),
                on_datagram: self.on_datagram.clone(),
                counters: self.counters.clone(),
                addresses: self.addresses.clone(),
            });
            state.tasks.spawn_on(keeper.run(accepted), &self.runtime);
            state.keepers.insert(other.id.clone(), changes);
            doors().insert(other.id.clone(), door);
        }
        Ok(())
    }
}
