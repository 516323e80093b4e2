//! The control machine: what it is made of, what goes in, what comes out, when it wants to be called.

use crate::bucket::Bucket;
use crate::budgets::Budgets;
use crate::chunks::Chunks;
use crate::consoles::Console;
use crate::here::Here;
use crate::io::{ConsoleKey, Input, Now, Output};
use crate::journals::{After, Full, Journals, Pen};
use crate::links::Links;
use crate::media::{At, Media};
use crate::note::{Count, Note};
use crate::opening::Opening;
use crate::out::Out;
use crate::revocations::Revocations;
use crate::rings::{Rings, Watching};
use crate::trials::{Alive, Trials, Ways};
use crate::watch::Watch;
use crate::writings::Writings;
use minicbor::bytes::ByteVec;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use trialogue_charter::{DeviceId, HybridSecret, NodeId, VerifiedCharter};
use trialogue_journal::fold::State;
use trialogue_journal::{Body, PairTests};
use trialogue_wire::console::{PathMeasure, PathState, Site, ToConsole, ToNode};

/// The node as a pure machine. See the crate's documentation for the calling contract.
pub struct Machine {
    pub(crate) here: Here,
    /// The journal key of a charter to come.
    pub(crate) next_secret: Option<HybridSecret>,
    /// Charters before the one in force, the oldest first.
    pub(crate) lineage: VecDeque<Arc<VerifiedCharter>>,
    pub(crate) out: Out,

    pub(crate) journals: Journals,
    /// Somebody showed an own entry that is not in the own journal; said once.
    pub(crate) overtaken: bool,
    /// Nothing is appended until neighbours have given back entries that are not on the disk.
    pub(crate) opening: Option<Opening>,
    /// What consoles said while nothing could be written.
    pub(crate) deferred: VecDeque<(ConsoleKey, ToNode)>,
    /// The own journal has gone on in this run.
    pub(crate) opened: bool,
    /// Neighbours that said that they hold more of the own journal, and did not show it.
    pub(crate) unproven: BTreeSet<NodeId>,

    pub(crate) consoles: BTreeMap<ConsoleKey, Console>,
    /// The WebSocket of each device that is here.
    pub(crate) devices: BTreeMap<DeviceId, ConsoleKey>,
    pub(crate) media: Media,
    pub(crate) watch: Watch,
    /// Where else consoles of this party find it.
    pub(crate) sites: Vec<Site>,
    pub(crate) rings: Rings,

    pub(crate) budgets: Budgets,
    pub(crate) links: Links,
    /// How often the link to each node may come up.
    pub(crate) ups: BTreeMap<NodeId, Bucket>,
    /// What the shell measured last, up or not.
    pub(crate) measured: BTreeMap<NodeId, Vec<PathMeasure>>,
    pub(crate) paths_told: Vec<PathState>,
    pub(crate) next_paths_us: u64,

    pub(crate) trials: Trials,
    pub(crate) alive: Alive,
    pub(crate) revocations: Revocations,
    pub(crate) writings: Writings,
    pub(crate) chunks: Chunks,
}

impl Machine {
    /// Takes one input. Then drain [`Machine::poll`].
    pub fn handle(&mut self, now: Now, input: Input) {
        self.here.go_on(now);
        match input {
            Input::ConsoleOpened { console, nonce } => self.console_opened(console, nonce),
            Input::ConsoleMessage { console, bytes } => self.console_message(console, &bytes),
            Input::ConsoleClosed { console } => self.console_closed(console),
            Input::LinkUp { node, round_trip_us } => self.link_up(node, round_trip_us),
            Input::LinkDown { node } => self.link_down(&node),
            Input::LinkMessage { node, bytes } => self.link_message(node, &bytes),
            Input::LinkRoundTrip { node, round_trip_us } => self.link_round_trip(&node, round_trip_us),
            Input::LinkSilent { node, silent } => self.link_silent(&node, silent),
            Input::LinkPaths { node, paths } => self.link_paths(node, paths),
            Input::Appended { up_to } => self.appended(up_to),
            Input::AppendFailed { up_to } => self.append_failed(up_to),
            Input::EntryNotKept => self.writings.not_kept(),
            Input::ChunksStored { total } => {
                let is_here = |console: &ConsoleKey| self.consoles.contains_key(console);
                self.chunks.stored(total, is_here, &mut self.out);
            }
            Input::LegAnswer { console, leg, answer } => {
                let (media, at, out) = self.for_media();
                media.answered(console, leg, answer, at, out);
            }
            Input::LegRefused { console } => self.leg_refused(console),
            Input::LegState { console, up: true } => {
                let (media, at, out) = self.for_media();
                media.leg_up(console, at, out);
            }
            Input::Placed { console, leg, mid, device, medium } => {
                let (media, at, out) = self.for_media();
                media.placed((console, leg), mid, (device, medium), at, out);
            }
            Input::FramesTraced { device, via } => Media::frames_traced(device, via, &mut self.pen()),
            Input::KeyFrameWanted { device } => self.want_key_frame(device),
            Input::VoiceQuiet { number, after } => self.media.own_quiet(number, after, &mut self.out),
            Input::RelayBarred { source, relay } => self.log(Note::RelayLies { source, relay }),
            Input::Revoke { revocation, errand } => self.revoke(revocation, errand),
            Input::Suspend { device, on, errand } => self.suspend(device, on, errand),
            Input::Alerted { call, line, done } => {
                let (rings, _, mut pen) = self.for_rings();
                rings.alerted(call, line, done, &mut pen);
            }
            Input::LegState { up: false, .. } | Input::Tick => {}
        }
        self.settle();
    }

    /// The next thing to do, until there is none.
    pub fn poll(&mut self) -> Option<Output> {
        self.out.poll()
    }

    /// When to call with [`Input::Tick`] at the latest, on the clock of [`Now::us`]; none: only when something happens.
    pub fn next_timeout(&self) -> Option<u64> {
        self.due().map(|due| due.at_us)
    }

    /// What the journals say, as far as it has taken effect.
    pub fn state(&self) -> &State {
        self.journals.state()
    }

    /// How the tests of every two parties stand, as far as this node has heard.
    pub fn tests(&self) -> &[PairTests] {
        self.trials.stand()
    }

    /// Bytes of certificates, key packages and other bodies in memory.
    pub fn bodies_held(&self) -> usize {
        self.journals.body_bytes()
    }

    /// Position of the last own entry, on disk or not.
    pub fn head(&self) -> u64 {
        self.journals.head(&self.here.node)
    }

    /// What a part takes to write in the own journal.
    pub(crate) fn pen(&mut self) -> Pen<'_> {
        let open = !self.is_opening();
        Pen::new(&mut self.journals, &mut self.budgets, &self.here, open, &mut self.out)
    }

    /// What revocations take.
    pub(crate) fn for_revocations(&mut self) -> (&mut Revocations, Pen<'_>) {
        let open = !self.is_opening();
        let pen = Pen::new(&mut self.journals, &mut self.budgets, &self.here, open, &mut self.out);
        (&mut self.revocations, pen)
    }

    /// What rings take.
    pub(crate) fn for_rings(&mut self) -> (&mut Rings, Watching<'_>, Pen<'_>) {
        let open = !self.is_opening();
        let watching = Watching { consoles: &self.consoles, links: &self.links };
        let pen = Pen::new(&mut self.journals, &mut self.budgets, &self.here, open, &mut self.out);
        (&mut self.rings, watching, pen)
    }

    /// What tests of the line take.
    pub(crate) fn for_trials(&mut self) -> (&mut Trials, Ways<'_>, Pen<'_>) {
        let open = !self.is_opening();
        let ways = Ways { links: &self.links, measured: &self.measured };
        let pen = Pen::new(&mut self.journals, &mut self.budgets, &self.here, open, &mut self.out);
        (&mut self.trials, ways, pen)
    }

    /// What those who are out of touch take.
    pub(crate) fn for_lost(&mut self) -> (&mut Media, Pen<'_>) {
        let open = !self.is_opening();
        let pen = Pen::new(&mut self.journals, &mut self.budgets, &self.here, open, &mut self.out);
        (&mut self.media, pen)
    }

    /// What the watch takes.
    pub(crate) fn for_watch(&mut self) -> (&mut Watch, &BTreeMap<ConsoleKey, Console>, Pen<'_>) {
        let open = !self.is_opening();
        let pen = Pen::new(&mut self.journals, &mut self.budgets, &self.here, open, &mut self.out);
        (&mut self.watch, &self.consoles, pen)
    }

    /// What writings take.
    pub(crate) fn for_writings(&mut self) -> (&mut Writings, Pen<'_>) {
        let open = !self.is_opening();
        let pen = Pen::new(&mut self.journals, &mut self.budgets, &self.here, open, &mut self.out);
        (&mut self.writings, pen)
    }

    /// See [`Pen::append`].
    pub(crate) fn append(&mut self, body: Body, bodies: Vec<ByteVec>, after: After) -> Result<(), Full> {
        self.pen().append(body, bodies, after)
    }

    /// The time that an entry would have now, milliseconds since 1970 UTC: by this consoles say how long their acts may
    /// stand.
    pub fn time_ms(&self) -> u64 {
        self.journals.time_ms(&self.here)
    }

    /// A clock that leaps is told to the consoles, whose acts would be refused.
    pub(crate) fn tell_clock(&mut self) {
        let Some(time_ms) = self.journals.untold_ms(&self.here) else { return };
        for key in self.devices.values().copied().collect::<Vec<_>>() {
            self.send_console(key, &ToConsole::Clock { time_ms });
        }
    }

    /// What media takes.
    pub(crate) fn for_media(&mut self) -> (&mut Media, At<'_>, &mut Out) {
        let (media, at, _, out) = self.for_words();
        (media, at, out)
    }

    /// What words of other nodes take.
    pub(crate) fn for_words(&mut self) -> (&mut Media, At<'_>, &mut Budgets, &mut Out) {
        let at = At {
            here: &self.here,
            state: self.journals.state(),
            head: self.journals.head(&self.here.node),
            open: self.opening.is_none(),
            links: &self.links,
            consoles: &self.consoles,
            devices: &self.devices,
        };
        (&mut self.media, at, &mut self.budgets, &mut self.out)
    }

    /// Somebody here misses a key frame of a device.
    pub(crate) fn want_key_frame(&mut self, device: DeviceId) {
        let (media, at, out) = self.for_media();
        media.want_key_frame(device, at, out);
    }

    /// Ends the leg of a device.
    pub(crate) fn close_leg(&mut self, device: &DeviceId) {
        let (media, at, out) = self.for_media();
        media.close_leg(device, at, out);
    }

    pub(crate) fn push_out(&mut self, output: Output) {
        self.out.push(output);
    }

    pub(crate) fn count(&mut self, count: Count) {
        self.out.count(count);
    }

    pub(crate) fn log(&mut self, note: Note) {
        self.out.log(note);
    }
}
