//! A node in this process: everything opened in the right order, and closed again.

use crate::admin::{self, Asked, Door};
use crate::alert::Alerter;
use crate::config::Config;
use crate::control::{Clock, Control, Outs, Sources};
use crate::counters::Counters;
use crate::error::NodeError;
use crate::health::{Health, Recorder};
use crate::keys;
use crate::limits::control::{MEDIA_WAITING, WAITING};
use crate::links::{LinkSecret, Links};
use crate::media::{MediaConfig, MediaHandle};
use crate::officer::Officer;
use crate::run::Start;
use crate::store::{Store, Write};
use crate::web::{Assets, LinkStatus, Status, Web, WebSetup};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::{mpsc, watch};
use trialogue_charter::keyfile::NodeSecret;
use trialogue_charter::{NodeId, VerifiedCharter};
use trialogue_core::{Machine, Setup};

/// A running node. Dropping it without [`Node::stop`] leaves the disk consistent, but the others find out by silence.
pub struct Node {
    id: NodeId,
    web: Web,
    links: Links,
    media: MediaHandle,
    control: Option<std::thread::JoinHandle<()>>,
    stop: watch::Sender<bool>,
    status: Status,
    counters: Counters,
    _door: Option<Door>,
}

impl Node {
    /// Starts a node. Must be called inside a Tokio runtime.
    ///
    /// # Errors
    /// When something cannot be opened or does not fit together; each says what to do.
    pub async fn start(config: Config) -> Result<Self, NodeError> {
        Self::start_as(config, Start::default()).await
    }

    /// The same in another way.
    ///
    /// # Errors
    /// As [`Node::start`].
    pub async fn start_as(config: Config, start: Start) -> Result<Self, NodeError> {
        // Before the journal is opened: a key of another node is found without touching the disk.
        keys::read(&config.node_key, &config.node)?;
        read_charter(&config)?;
        let assets = Assets::load(Assets::find(config.console_dir.as_deref()).as_deref())?;
        let clock = Clock::new();
        let store = Store::open(&config.data_dir, &config.node)?;
        let charters = charter_in_force(&config, &store)?;
        let charter = charters.last().cloned().ok_or_else(|| NodeError::NotInCharter(config.node.clone()))?;
        let index = charter.node_index(&config.node).ok_or_else(|| NodeError::NotInCharter(config.node.clone()))?;
        let secret = keys_of(&config, &charter)?;
        let restored = store.is_restored()?;
        let waits = restored && !start.alone;
        say_restored(restored, start);
        let (machine, store) = open_journal(&config, &charters, &secret, &clock, store, waits)?;

        let counters = Counters::default();
        let (status, stop) = (Status::default(), watch::Sender::new(false));
        let others = charter.in_service().filter(|n| n.id != config.node);
        status.change(|s| {
            s.node = config.node.to_string();
            s.links = others.map(|n| LinkStatus::of(n.id.to_string())).collect();
        });

        let (media_events, media_in) = mpsc::channel(MEDIA_WAITING);
        let media_config = MediaConfig {
            listen: config.listen_media,
            public: config.public_addresses.clone(),
            own: index,
            nodes: charter.indices(),
        };
        let lost = counters.clone();
        let media = MediaHandle::start(&media_config, move |event| {
            if media_events.try_send(event).is_err() {
                lost.count("media_event_lost");
            }
        })?;

        let (link_events, links_in) = mpsc::channel(WAITING);
        let datagrams = media.clone();
        let links = Links::start(
            &config.carriers,
            &config.node,
            &LinkSecret(secret.link.ed25519_seed()),
            &charter,
            &counters,
            link_events,
            Arc::new(move |from, datagram| datagrams.link_packet(from, datagram)),
        )?;

        let (console_events, consoles_in) = mpsc::channel(WAITING);
        let figures = media.clone();
        let charters = watch::Sender::new(charter.clone());
        let (officer, officer_in) = open_officer(&config, charters.subscribe());
        let (alerter, alerts_in) = Alerter::new(&config.alert, &counters)?;
        let health = Health::open(&config.data_dir)?;
        let recorder = Recorder::new(health.clone(), clock.now());
        let web = Web::start(WebSetup {
            health,
            listen: config.listen_web,
            tls: config.web_tls.clone(),
            origins: config.web_origins.clone(),
            sites: config.sites.iter().map(|site| site.url.clone()).collect(),
            assets,
            status: status.clone(),
            counters: counters.clone(),
            media: Box::new(move || figures.counters()),
            officer,
            passkeys: config.passkeys,
            events: console_events,
        })
        .await?;

        let (door, operator_in) = open_door(&config);
        let control = Control {
            alerter,
            machine,
            clock,
            node: config.node.clone(),
            indices: media_config.nodes,
            node_key: config.node_key.clone(),
            amender: links.amender(),
            charters,
            store,
            media: media.clone(),
            link_media: links.media(),
            status: status.clone(),
            recorder,
            counters: counters.clone(),
            links: Outs::default(),
            consoles: BTreeMap::new(),
            restored,
            catching_up: false,
            errands: Default::default(),
            gaps: false,
        };
        let from = Sources {
            links: links_in,
            consoles: consoles_in,
            media: media_in,
            alerts: alerts_in,
            operator: operator_in,
            officer: officer_in,
            stop: stop.subscribe(),
        };
        let control = spawn_control(control, from)?;
        Ok(Self { id: config.node, web, links, media, control: Some(control), stop, status, counters, _door: door })
    }

    /// Which node this is.
    pub fn id(&self) -> &NodeId {
        &self.id
    }

    /// Where consoles come.
    pub fn web_addr(&self) -> SocketAddr {
        self.web.local_addr()
    }

    /// Where other nodes come.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn link_addr(&self) -> std::io::Result<SocketAddr> {
        self.links.local_addr()
    }

    /// The port of all legs.
    pub fn media_port(&self) -> u16 {
        self.media.port()
    }

    /// What `/healthz` shows.
    pub fn status(&self) -> Status {
        self.status.clone()
    }

    /// What `/metrics` counts.
    pub fn counters(&self) -> Counters {
        self.counters.clone()
    }

    /// True while the node works; false once its control task has ended, which it only does when told to.
    pub fn is_well(&self) -> bool {
        self.control.as_ref().is_some_and(|thread| !thread.is_finished())
    }

    /// Writes what waits for the disk, says goodbye on the links, and ends.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        if let Some(thread) = self.control.take() {
            // Its end cannot be waited for without a blocking thread; that it panicked was logged.
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
        self.media.stop();
        drop(self.web);
        self.links.close().await;
    }
}

fn say_restored(restored: bool, start: Start) {
    match (restored, start.alone) {
        (true, false) => tracing::warn!(
            "this node was restored: it speaks as soon as another node has said how far it holds its journal, and all of that is here; if no other node ever can, start it with --alone"
        ),
        (true, true) => tracing::error!(
            "this node was restored and is started with --alone: whatever others hold of its journal beyond the backup and it cannot learn now will be contradicted, and proven against it"
        ),
        (false, true) => tracing::info!("--alone changes nothing: this node was not restored, or has spoken since"),
        (false, false) => {}
    }
}

/// The operator's socket. A node without one works all the same.
fn open_door(config: &Config) -> (Option<Door>, mpsc::Receiver<Asked>) {
    match Door::open(&admin::socket(&config.data_dir)) {
        Ok((door, asked)) => (Some(door), asked),
        Err(error) => {
            tracing::error!(%error, "the operator's socket cannot be opened: devices cannot be revoked or suspended here; use a data_dir with a short path");
            (None, mpsc::channel(1).1)
        }
    }
}

/// The officer's way in. A node without one works all the same.
fn open_officer(
    config: &Config,
    charter: watch::Receiver<Arc<VerifiedCharter>>,
) -> (Option<Officer>, mpsc::Receiver<Asked>) {
    match Officer::new(config.node.clone(), charter) {
        Some((officer, proven)) => (Some(officer), proven),
        None => {
            tracing::error!("the system gives no random bytes: the officer's page does not work");
            (None, mpsc::channel(1).1)
        }
    }
}

fn read_charter(config: &Config) -> Result<VerifiedCharter, NodeError> {
    let path = &config.charter;
    let bytes = std::fs::read(path).map_err(|e| NodeError::File(path.clone(), "charter", e))?;
    VerifiedCharter::open(&bytes, Some(&config.party_root)).map_err(|e| NodeError::Charter(path.clone(), e))
}

/// The charter in force: the newest of those that were in force here and the one that the configuration names; with
/// those before it. What is stored was verified step by step when it took effect.
fn charter_in_force(config: &Config, store: &Store) -> Result<Vec<Arc<VerifiedCharter>>, NodeError> {
    let given = read_charter(config)?;
    if given.party_of_node(&config.node).is_none_or(|p| p.root.fingerprint() != config.party_root) {
        return Err(match given.node(&config.node) {
            Some(_) => NodeError::OtherParty(config.node.clone()),
            None => NodeError::NotInCharter(config.node.clone()),
        });
    }
    let mut held = Vec::new();
    for bytes in store.charters()? {
        // That it verifies still is one more lock.
        let charter =
            VerifiedCharter::open(&bytes, None).map_err(|e| NodeError::Charter(config.data_dir.clone(), e))?;
        held.push(Arc::new(charter));
    }
    let refused = |e| NodeError::Charter(config.charter.clone(), e);
    match held.iter().rfind(|held| held.serial <= given.serial) {
        Some(same) if same.serial == given.serial => given.supersedes(same).map_err(refused)?,
        Some(before) if held.last().is_some_and(|last| last.serial == before.serial) => {
            given.supersedes(before).map_err(refused)?;
            held.push(Arc::new(given));
        }
        None if held.is_empty() => held.push(Arc::new(given)),
        // One that was passed over here, or one from before this node began.
        _ => {}
    }
    if let Some(newest) = held.last() {
        tracing::info!(serial = newest.serial, "the newest charter is in force");
    }
    Ok(held)
}

/// The keys that the charter names: those of the key file, or those beside it that were waiting for this charter.
fn keys_of(config: &Config, charter: &VerifiedCharter) -> Result<NodeSecret, NodeError> {
    let own = charter.node(&config.node).filter(|node| !node.retired);
    let own = own.ok_or_else(|| NodeError::NotInCharter(config.node.clone()))?;
    if let Some(next) = keys::next(&config.node_key)?.filter(|next| keys::is_of(next, own)) {
        keys::promote(&config.node_key).map_err(|e| NodeError::File(config.node_key.clone(), "node key", e))?;
        return Ok(next);
    }
    keys::read(&config.node_key, &config.node)
}

fn open_journal(
    config: &Config,
    charters: &[Arc<VerifiedCharter>],
    secret: &NodeSecret,
    clock: &Clock,
    store: Store,
    restored: bool,
) -> Result<(Machine, crate::store::StoreHandle), NodeError> {
    let Some((charter, lineage)) = charters.split_last() else {
        return Err(NodeError::NotInCharter(config.node.clone()));
    };
    let setup = Setup {
        charter: charter.clone(),
        lineage: lineage.to_vec(),
        node: config.node.clone(),
        journal: secret.journal.clone(),
        next_journal: keys::next(&config.node_key)?.map(|next| next.journal),
        alerts: !config.alert.is_empty(),
        restored,
        shelf: Some(Box::new(store.shelf()?)),
    };
    let mut start = trialogue_core::Start::new(setup, clock.now())?;
    if let Some(snapshot) = store.snapshot()?
        && let Err(why) = start.snapshot(&snapshot)
    {
        tracing::warn!(%why, "what was made of the journals before is not used; they are read from their beginning, which takes a minute for each million entries");
    }
    let mut outcome = Ok(());
    store.entries_after(&start.positions(), |kept| {
        if outcome.is_ok() {
            outcome = start.entry(kept.bundle);
        }
    })?;
    outcome?;
    let mut machine = start.done();
    machine.set_sites(config.sites.clone());
    let handle = store.start()?;
    let charter = Write::Charter { serial: charter.serial, hash: charter.hash(), bytes: charter.bytes().to_vec() };
    handle.write(charter).map_err(NodeError::NotKept)?;
    Ok((machine, handle))
}

/// A thread of its own: post-quantum signatures take milliseconds, and no web request shall wait behind them, nor they
/// behind one.
fn spawn_control(control: Control, from: Sources) -> Result<std::thread::JoinHandle<()>, NodeError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(NodeError::Start)?;
    let run = move || runtime.block_on(control.run(from));
    std::thread::Builder::new().name("control".into()).spawn(run).map_err(NodeError::Start)
}
