//! The one task that owns the control machine. Everything that consoles, links, the disk and the media thread say
//! passes through here, and everything that the machine answers goes out from here. It waits for nothing but its
//! inputs.

mod amend;
mod clock;
mod log;
pub(crate) mod operator;
mod outputs;
mod outs;
mod tests;

pub(crate) use clock::Clock;
pub(crate) use outs::Outs;

use crate::admin::Asked;
use crate::alert::{Alerted, Alerter};
use crate::counters::Counters;
use crate::health::Recorder;
use crate::links::{LinkAmender, LinkEvent, LinkMedia};
use crate::media::{MediaEvent, MediaHandle};
use crate::store::{StoreHandle, Write};
use crate::web::{CatchingUpStatus, ConsoleEvent, ConsoleOut, LinkStatus, PathFigures, Status};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use trialogue_charter::{NodeId, VerifiedCharter};
use trialogue_core::{ConsoleKey, Input, Machine};

/// The machine is told of the time no more often than that: each time asks it what is due.
const TICK_MIN: Duration = Duration::from_millis(1);

/// Everything that the task holds.
pub(crate) struct Control {
    /// Alerts people beyond the consoles, if the operator has means.
    pub(crate) alerter: Option<Alerter>,
    pub(crate) machine: Machine,
    pub(crate) clock: Clock,
    pub(crate) node: NodeId,
    /// Indices of all nodes that were in service since the start.
    pub(crate) indices: BTreeMap<NodeId, u8>,
    /// The node's key file; the one of a charter to come stands beside it.
    pub(crate) node_key: PathBuf,
    pub(crate) amender: LinkAmender,
    /// The charter in force, for those who ask for it without having proven anything.
    pub(crate) charters: watch::Sender<Arc<VerifiedCharter>>,
    pub(crate) store: StoreHandle,
    pub(crate) media: MediaHandle,
    pub(crate) link_media: LinkMedia,
    pub(crate) status: Status,
    pub(crate) recorder: Recorder,
    pub(crate) counters: Counters,
    pub(crate) links: Outs,
    pub(crate) consoles: BTreeMap<ConsoleKey, ConsoleOut>,
    /// The store says that it was restored, until the machine has spoken.
    pub(crate) restored: bool,
    /// An entry of another node was not written in this run.
    pub(crate) gaps: bool,
    /// The operator was shown that it takes back its own journal.
    pub(crate) catching_up: bool,
    /// Who waits for what they asked to be written.
    pub(crate) errands: operator::Errands,
}

/// Where its inputs come from.
pub(crate) struct Sources {
    pub(crate) links: mpsc::Receiver<LinkEvent>,
    pub(crate) consoles: mpsc::Receiver<ConsoleEvent>,
    pub(crate) media: mpsc::Receiver<MediaEvent>,
    pub(crate) alerts: mpsc::Receiver<Alerted>,
    pub(crate) operator: mpsc::Receiver<Asked>,
    pub(crate) officer: mpsc::Receiver<Asked>,
    pub(crate) stop: watch::Receiver<bool>,
}

impl Control {
    /// Runs until it is told to stop.
    pub(crate) async fn run(mut self, mut from: Sources) {
        let mut progress = self.store.progress();
        self.drain();
        self.show_catching_up();
        let mut next_tick = Instant::now();
        loop {
            let due = self.clock.instant(self.machine.next_timeout()).max(next_tick);
            // Entries of others are read no faster than the disk takes them, unless it fails: then calls come first.
            let links_may = self.store.has_room() || progress.borrow().failed > 0;
            tokio::select! {
                biased;
                _ = from.stop.wait_for(|stop| *stop) => return,
                // Before all that somebody could send without end: what is due is done under any flood.
                () = tokio::time::sleep_until(due) => {
                    self.input(Input::Tick);
                    // Should something be due that no tick moves, everything else is read all the same.
                    next_tick = Instant::now() + TICK_MIN;
                }
                Ok(()) = progress.changed() => {
                    let now = *progress.borrow_and_update();
                    if now.chunks > 0 {
                        self.input(Input::ChunksStored { total: now.chunks });
                    }
                    if now.appended > 0 {
                        self.input(Input::Appended { up_to: now.appended });
                    }
                    if now.failed > 0 {
                        self.input(Input::AppendFailed { up_to: now.failed });
                    }
                    self.status.change(|s| (s.journal_on_disk, s.unrecorded) = (s.journal_on_disk.max(now.appended), now.failed > 0));
                }
                Some(event) = from.media.recv() => self.media_event(event),
                Some(Alerted { call, line, done }) = from.alerts.recv() => self.input(Input::Alerted { call, line, done }),
                Some(asked) = from.operator.recv() => self.asked(asked, "the operator"),
                Some(asked) = from.officer.recv() => self.asked(asked, "the security officer"),
                Some(event) = next_fair(&mut from.links, links_may, &mut from.consoles) => match event {
                    Either::Link(event) => self.link_event(event),
                    Either::Console(event) => self.console_event(event),
                },
            }
            if !self.recorder.look(&self.machine, &self.node, self.clock.now()) {
                self.counters.count("health_minute_lost");
            }
        }
    }

    fn input(&mut self, input: Input) {
        self.machine.handle(self.clock.now(), input);
        self.drain();
        self.show_catching_up();
    }

    /// A node that does not speak yet says so where its operator looks.
    fn show_catching_up(&mut self) {
        let behind = self.machine.catching_up();
        if behind.is_some() || self.catching_up {
            self.catching_up = behind.is_some();
            let shown = behind.map(|behind| CatchingUpStatus { held: behind.held, known: behind.known });
            self.status.change(|s| s.catching_up = shown);
        }
        if self.restored && self.machine.has_opened() {
            self.restored = self.store.write(Write::Spoken).is_err();
        }
    }

    fn link_event(&mut self, event: LinkEvent) {
        match event {
            LinkEvent::Up { node, round_trip_us, out } => {
                self.links.up(node.clone(), out);
                self.set_link_media(&node, true);
                self.input(Input::LinkUp { node, round_trip_us: Some(round_trip_us) });
            }
            LinkEvent::Down { node } => {
                if self.links.down(&node) {
                    self.link_down(node);
                    self.drain();
                    self.show_catching_up();
                }
            }
            LinkEvent::Message { node, .. } | LinkEvent::Silent { node, .. } | LinkEvent::RoundTrip { node, .. }
                if !self.links.hears(&node) => {}
            LinkEvent::Message { node, bytes, room } => {
                self.input(Input::LinkMessage { node, bytes });
                drop(room);
            }
            LinkEvent::Paths { node, paths } => {
                let (up, all) = (paths.iter().filter(|path| path.up).count(), paths.len());
                let figures = paths.iter().map(|path| PathFigures {
                    up: path.up,
                    round_trip_us: path.round_trip_us,
                    jitter_us: path.jitter_us,
                    loss_ppm: path.loss_ppm,
                });
                let figures: Vec<PathFigures> = figures.collect();
                self.show_link(&node, |link| (link.paths_up, link.paths, link.figures) = (up, all, figures));
                self.input(Input::LinkPaths { node, paths });
            }
            LinkEvent::Silent { node, silent } => self.input(Input::LinkSilent { node, silent }),
            LinkEvent::RoundTrip { node, round_trip_us } => {
                self.show_link(&node, |link| link.round_trip_us = Some(round_trip_us));
                self.input(Input::LinkRoundTrip { node, round_trip_us });
            }
        }
    }

    fn console_event(&mut self, event: ConsoleEvent) {
        match event {
            ConsoleEvent::Opened { console, nonce, out } => {
                self.consoles.insert(console, out);
                self.input(Input::ConsoleOpened { console, nonce });
            }
            ConsoleEvent::Message { console, bytes } => self.input(Input::ConsoleMessage { console, bytes }),
            ConsoleEvent::Closed { console } => {
                self.consoles.remove(&console);
                self.input(Input::ConsoleClosed { console });
            }
        }
        let count = self.consoles.len();
        self.status.change(|s| s.consoles = count);
    }

    fn media_event(&mut self, event: MediaEvent) {
        let id = |index: u8| self.indices.iter().find(|(_, at)| **at == index).map(|(node, _)| node.clone());
        self.input(match event {
            MediaEvent::Answer { console, leg, answer } => Input::LegAnswer { console, leg, answer },
            MediaEvent::Refused { console, why } => {
                tracing::warn!(console = console.0, %why, "a leg was refused");
                Input::LegRefused { console }
            }
            MediaEvent::Leg { console, up } => Input::LegState { console, up },
            MediaEvent::Placed { console, leg, mid, device, medium } => {
                Input::Placed { console, leg, mid, device, medium }
            }
            MediaEvent::FramesTraced { device, via } => Input::FramesTraced { device, via },
            MediaEvent::KeyFrameWanted { device } => Input::KeyFrameWanted { device },
            MediaEvent::VoiceQuiet { number, after } => Input::VoiceQuiet { number, after },
            MediaEvent::RelayBarred { source, relay } => {
                let (Some(source), Some(relay)) = (id(source), id(relay)) else { return };
                Input::RelayBarred { source, relay }
            }
        });
    }

    /// The machine hears that a link is down; what it says to that is drained by the caller.
    fn link_down(&mut self, node: NodeId) {
        self.set_link_media(&node, false);
        self.show_link(&node, |link| (link.up, link.round_trip_us) = (false, None));
        self.machine.handle(self.clock.now(), Input::LinkDown { node });
    }

    fn set_link_media(&self, node: &NodeId, up: bool) {
        let Some(index) = self.indices.get(node).copied() else { return };
        self.media.link(index, up.then(|| self.link_media.sender(index)));
    }

    fn show_link(&self, node: &NodeId, change: impl FnOnce(&mut LinkStatus)) {
        self.status.change(|s| s.links.iter_mut().find(|l| l.node == node.as_str()).map(change).unwrap_or_default());
    }
}

enum Either {
    Link(LinkEvent),
    Console(ConsoleEvent),
}

/// Links and consoles in random turn, so that neither can keep the other waiting.
async fn next_fair(
    links: &mut mpsc::Receiver<LinkEvent>,
    links_may: bool,
    consoles: &mut mpsc::Receiver<ConsoleEvent>,
) -> Option<Either> {
    tokio::select! {
        Some(event) = links.recv(), if links_may => Some(Either::Link(event)),
        Some(event) = consoles.recv() => Some(Either::Console(event)),
        else => None,
    }
}
