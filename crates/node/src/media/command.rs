//! How the rest of the node talks to the media thread.

use super::link::LinkSender;
use super::packets::Packets;
use super::thread::Media;
use super::{MediaConfig, MediaCounters, MediaError, MediaEvent};
use crate::limits::media::COMMANDS;
use bytes::Bytes;
use mio::Waker;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use trialogue_charter::DeviceId;
use trialogue_charter::NodeId;
use trialogue_core::{ConsoleKey, Route};
use trialogue_wire::leg::LegOffer;

/// One thing to do.
pub(super) enum Command {
    Leg { console: ConsoleKey, leg: u32, offer: Box<LegOffer> },
    CloseLeg { console: ConsoleKey },
    Route(Box<Route>),
    RouteEnd { node: u8, number: u16 },
    RequestKeyFrame { console: ConsoleKey },
    TraceFrames { device: DeviceId },
    Nodes(BTreeMap<NodeId, u8>),
    Link { node: u8, sender: Option<Box<dyn LinkSender>> },
    Stop,
}

/// Both ends of what is shared with the thread.
pub(super) struct Inbox {
    pub(super) commands: Receiver<Command>,
    pub(super) packets: Arc<Packets>,
    pub(super) shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub(super) waker: Waker,
    /// True while a wake-up is on its way, so that a burst costs one system call.
    pub(super) woken: AtomicBool,
    pub(super) counters: Mutex<MediaCounters>,
    link_full: AtomicU64,
}

impl Shared {
    fn wake(&self) {
        if !self.woken.swap(true, Ordering::AcqRel) {
            let _ = self.waker.wake();
        }
    }
}

/// A handle to the media thread. Cheap to clone; nothing waits.
#[derive(Clone)]
pub struct MediaHandle {
    commands: SyncSender<Command>,
    packets: Arc<Packets>,
    shared: Arc<Shared>,
    port: u16,
}

impl MediaHandle {
    /// Opens the sockets and starts the thread; `events` is called there and must not wait.
    ///
    /// # Errors
    /// When an address cannot be listened on.
    pub fn start(config: &MediaConfig, events: impl FnMut(MediaEvent) + Send + 'static) -> Result<Self, MediaError> {
        let bound = super::address::bind(config)?;
        let port = bound.port;
        let poll = mio::Poll::new()?;
        let waker = Waker::new(poll.registry(), super::thread::WAKER)?;
        let shared = Arc::new(Shared {
            waker,
            woken: AtomicBool::new(false),
            counters: Mutex::default(),
            link_full: AtomicU64::new(0),
        });
        let (commands, command_inbox) = sync_channel(COMMANDS);
        let packets = Arc::new(Packets::new());
        let inbox = Inbox { commands: command_inbox, packets: packets.clone(), shared: shared.clone() };
        let (began, begun) = sync_channel(1);
        let config = config.clone();
        // Made where it runs: the tables of system calls hold pointers, which stay on one thread.
        std::thread::Builder::new().name("media".into()).spawn(move || {
            match Media::new(&config, poll, bound, inbox, Box::new(events)) {
                Ok(media) => {
                    let _ = began.send(Ok(()));
                    media.run();
                }
                Err(failed) => drop(began.send(Err(failed))),
            }
        })?;
        begun.recv().map_err(|_| std::io::Error::other("the media thread ended at once"))??;
        Ok(Self { commands, packets, shared, port })
    }

    /// The port of all legs.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Makes the leg of a console from its offer, in place of the one that it had. [`MediaEvent::Answer`] or
    /// [`MediaEvent::Refused`] follows. `leg`: the console's number of it, for what follows.
    pub fn leg(&self, console: ConsoleKey, leg: u32, offer: LegOffer) {
        self.command(Command::Leg { console, leg, offer: Box::new(offer) });
    }

    /// Ends the leg of a console, if there is one.
    pub fn close_leg(&self, console: ConsoleKey) {
        self.command(Command::CloseLeg { console });
    }

    /// A stream goes this way from now on.
    pub fn route(&self, route: Route) {
        self.command(Command::Route(Box::new(route)));
    }

    /// A stream is over.
    pub fn route_end(&self, node: u8, number: u16) {
        self.command(Command::RouteEnd { node, number });
    }

    /// Asks a console for a key frame.
    pub fn request_key_frame(&self, console: ConsoleKey) {
        self.command(Command::RequestKeyFrame { console });
    }

    /// Asks over which links frames of a device came lately ([`super::MediaEvent::FramesTraced`]).
    pub fn trace_frames(&self, device: DeviceId) {
        self.command(Command::TraceFrames { device });
    }

    /// The nodes of a newer charter, with their indices.
    pub fn nodes(&self, nodes: BTreeMap<NodeId, u8>) {
        self.command(Command::Nodes(nodes));
    }

    /// The link to a node (index in the charter) sends through this from now on; none: the link is gone.
    pub fn link(&self, node: u8, sender: Option<Box<dyn LinkSender>>) {
        self.command(Command::Link { node, sender });
    }

    /// A datagram came over the link to a node.
    pub fn link_packet(&self, from: u8, datagram: Bytes) {
        if self.packets.push(from, datagram) {
            self.shared.wake();
        } else {
            self.shared.link_full.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// What the thread did, as of at most a second ago.
    pub fn counters(&self) -> MediaCounters {
        let mut counters = self.shared.counters.lock().map(|c| *c).unwrap_or_default();
        counters.link_full += self.shared.link_full.load(Ordering::Relaxed);
        counters
    }

    /// Ends the thread and all legs.
    pub fn stop(&self) {
        self.command(Command::Stop);
    }

    fn command(&self, command: Command) {
        // Waits only if the thread is thousands of commands behind, and then loses none.
        if self.commands.send(command).is_ok() {
            self.shared.wake();
        }
    }
}
