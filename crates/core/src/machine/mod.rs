//! The control machine: what it is made of, what goes in, what comes out, when it wants to be called.

mod charters;
mod consoles;
mod due;
mod entries;
mod restore;

pub use due::{Cause, Due};
pub use restore::{RestoreError, Setup, Start};

use crate::amendment::Amendment;
use crate::budgets::Budgets;
use crate::catch_up::{CatchUp, CatchingUp};
use crate::chunks::{Chunks, Part};
use crate::consoles::Consoles;
use crate::here::Here;
use crate::io::{ConsoleKey, Input, Now, Output};
use crate::journals::{Journals, Pen, proof_of};
use crate::links::{Heard, Holds, LinkChange, Links};
use crate::media::{At, Media};
use crate::note::Note;
use crate::out::Out;
use crate::revocations::Revocations;
use crate::rings::{Rings, Watching};
use crate::trials::{Alive, Trials};
use crate::watch::Watch;
use crate::writings::Writings;
use std::sync::Arc;
use trialogue_charter::officer::DeviceProof;
use trialogue_charter::{DeviceId, NodeId, VerifiedCharter};
use trialogue_journal::PairTests;
use trialogue_journal::fold::State;
use trialogue_wire::console::PathState;

/// The node as a pure machine. See the crate's documentation for the calling contract.
pub struct Machine {
    here: Here,
    amendment: Amendment,
    out: Out,

    journals: Journals,
    catch_up: CatchUp,

    consoles: Consoles,
    media: Media,
    watch: Watch,
    rings: Rings,

    budgets: Budgets,
    links: Links,

    trials: Trials,
    alive: Alive,
    revocations: Revocations,
    writings: Writings,
    chunks: Chunks,
}

impl Machine {
    /// Takes one input. Then drain [`Machine::poll`].
    pub fn handle(&mut self, now: Now, input: Input) {
        self.here.go_on(now);
        match input {
            Input::ConsoleOpened { console, nonce } => self.console_opened(console, nonce),
            Input::ConsoleMessage { console, bytes } => self.console_message(console, &bytes),
            Input::ConsoleClosed { console } => self.console_closed(console),
            Input::LinkUp { node, round_trip_us } => {
                let change = self.links.up(node, round_trip_us, &self.here, &self.journals, &mut self.out);
                self.links_changed(change);
            }
            Input::LinkDown { node } => {
                let change = self.links.down(&node, &mut self.out);
                self.links_changed(change);
            }
            Input::LinkMessage { node, bytes } => self.link_message(&node, &bytes),
            Input::LinkRoundTrip { node, round_trip_us } => self.links.took(&node, round_trip_us),
            Input::LinkSilent { node, silent } => self.links.fell_silent(&node, silent, &mut self.out),
            Input::LinkPaths { node, paths } => {
                if let Some(paths) = self.links.measure(&node, paths, &self.here, &mut self.out) {
                    self.trials.sample(&node, paths);
                }
            }
            Input::Appended { up_to } => self.appended(up_to),
            Input::AppendFailed { up_to } => self.append_failed(up_to),
            Input::EntryNotKept => self.writings.not_kept(),
            Input::ChunksStored { total } => {
                let is_here = |console: &ConsoleKey| self.consoles.has(*console);
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
            Input::RelayBarred { source, relay } => self.out.log(Note::RelayLies { source, relay }),
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

    /// The charter in force.
    pub fn charter(&self) -> &Arc<VerifiedCharter> {
        &self.here.charter
    }

    /// The charter in force does not have this node in service: there is nothing left for it to do.
    pub fn is_retired(&self) -> bool {
        self.here.is_retired()
    }

    /// The node does not speak yet, and it may last: it was restored and waits for neighbours, or takes its own entries
    /// back from them.
    pub fn catching_up(&self) -> Option<CatchingUp> {
        self.catch_up.waits_for(self.head())
    }

    /// Has the own journal gone on in this run?
    pub fn has_opened(&self) -> bool {
        self.catch_up.has_opened()
    }

    /// The certificate of a device of the own party, from the journal of the node where it was enrolled, and its
    /// revocation, from any journal. Reads the shelf; costs a read or two for each device.
    pub fn proof_of(&self, device: &DeviceId) -> DeviceProof {
        proof_of(device, &self.here, &self.journals)
    }

    /// Bytes of certificates, key packages and other bodies in memory.
    pub fn bodies_held(&self) -> usize {
        self.journals.body_bytes()
    }

    /// Position of the last own entry, on disk or not.
    pub fn head(&self) -> u64 {
        self.journals.head(&self.here.node)
    }

    /// The time that an entry would have now, milliseconds since 1970 UTC: by this consoles say how long their acts may
    /// stand.
    pub fn time_ms(&self) -> u64 {
        self.journals.time_ms(&self.here)
    }

    /// How the ways to other nodes are, for the operator.
    pub fn ways(&self) -> Vec<PathState> {
        self.links.paths(&self.here, &self.journals)
    }

    /// Links began or ended: the parts that keep something of each link follow.
    fn links_changed(&mut self, changes: impl IntoIterator<Item = LinkChange>) {
        for change in changes {
            match change {
                LinkChange::Began(node) => {
                    self.media.link_up(&node, &self.here);
                    self.budgets.in_reach(&node, self.here.now.us);
                }
                LinkChange::Ended(node) => self.media.link_down(&node),
                LinkChange::AgreedAgain(node) => self.media.agreed(&node),
            }
        }
    }

    /// The other side of a link says something.
    fn link_message(&mut self, node: &NodeId, bytes: &[u8]) {
        match self.links.said(node, bytes, self.amendment.lineage(), &self.here, &self.journals, &mut self.out) {
            Heard::Nothing => {}
            Heard::Refused(change) => self.links_changed(change),
            Heard::Hello(holds, change) => {
                self.links_changed(change);
                self.held_by(node, holds);
            }
            Heard::Heads(holds) => self.held_by(node, holds),
            Heard::Charter(charter) => self.charter_given(node, &charter),
            Heard::Entries(bundles) => self.take_entries(node, bundles),
            Heard::KeyFrame(device) => {
                let (media, at, out) = self.for_media();
                media.key_frame_wished(node, device, at, out);
            }
            Heard::Word(word, signature) => {
                let (media, at, budgets, out) = self.for_words();
                media.take_word(node, (word, signature), budgets, at, out);
            }
            Heard::Probed(number) => {
                self.trials.probed(node, number, self.links.round_trip_us(node), &self.here);
            }
            Heard::WantChunk(wanted) => {
                self.chunks.wanted(node, wanted, &self.here, &self.journals, &mut self.out);
            }
            Heard::Chunk { hash, whole, at, bytes } => {
                let part = Part { hash, whole, at, bytes: &bytes };
                self.chunks.take_part(node, part, &self.here, &mut self.journals, &self.links, &mut self.out);
            }
        }
    }

    /// A neighbour says how far it holds journals.
    fn held_by(&mut self, from: &NodeId, holds: Holds) {
        self.budgets.told(from, holds.all_here, self.here.now.us);
        let head = self.head();
        self.catch_up.held_by(from, holds.own, head, &self.here);
    }

    /// What a part takes to write in the own journal.
    fn pen(&mut self) -> Pen<'_> {
        let open = !self.catch_up.is_opening();
        Pen::new(&mut self.journals, &mut self.budgets, &self.here, open, &mut self.out)
    }

    /// What revocations take.
    fn for_revocations(&mut self) -> (&mut Revocations, Pen<'_>) {
        let open = !self.catch_up.is_opening();
        let pen = Pen::new(&mut self.journals, &mut self.budgets, &self.here, open, &mut self.out);
        (&mut self.revocations, pen)
    }

    /// What rings take.
    fn for_rings(&mut self) -> (&mut Rings, Watching<'_>, Pen<'_>) {
        let open = !self.catch_up.is_opening();
        let watching = Watching { consoles: &self.consoles, links: &self.links };
        let pen = Pen::new(&mut self.journals, &mut self.budgets, &self.here, open, &mut self.out);
        (&mut self.rings, watching, pen)
    }

    /// What tests of the line take.
    fn for_trials(&mut self) -> (&mut Trials, &Links, Pen<'_>) {
        let open = !self.catch_up.is_opening();
        let pen = Pen::new(&mut self.journals, &mut self.budgets, &self.here, open, &mut self.out);
        (&mut self.trials, &self.links, pen)
    }

    /// What those who are out of touch take.
    fn for_lost(&mut self) -> (&mut Media, Pen<'_>) {
        let open = !self.catch_up.is_opening();
        let pen = Pen::new(&mut self.journals, &mut self.budgets, &self.here, open, &mut self.out);
        (&mut self.media, pen)
    }

    /// What the watch takes.
    fn for_watch(&mut self) -> (&mut Watch, &Consoles, Pen<'_>) {
        let open = !self.catch_up.is_opening();
        let pen = Pen::new(&mut self.journals, &mut self.budgets, &self.here, open, &mut self.out);
        (&mut self.watch, &self.consoles, pen)
    }

    /// What writings take.
    fn for_writings(&mut self) -> (&mut Writings, Pen<'_>) {
        let open = !self.catch_up.is_opening();
        let pen = Pen::new(&mut self.journals, &mut self.budgets, &self.here, open, &mut self.out);
        (&mut self.writings, pen)
    }

    /// What media takes.
    fn for_media(&mut self) -> (&mut Media, At<'_>, &mut Out) {
        let (media, at, _, out) = self.for_words();
        (media, at, out)
    }

    /// What words of other nodes take.
    fn for_words(&mut self) -> (&mut Media, At<'_>, &mut Budgets, &mut Out) {
        let at = At {
            here: &self.here,
            state: self.journals.state(),
            head: self.journals.head(&self.here.node),
            open: !self.catch_up.is_opening(),
            links: &self.links,
            consoles: &self.consoles,
        };
        (&mut self.media, at, &mut self.budgets, &mut self.out)
    }

    /// Somebody here misses a key frame of a device.
    fn want_key_frame(&mut self, device: DeviceId) {
        let (media, at, out) = self.for_media();
        media.want_key_frame(device, at, out);
    }

    /// Ends the leg of a device.
    fn close_leg(&mut self, device: &DeviceId) {
        let (media, at, out) = self.for_media();
        media.close_leg(device, at, out);
    }
}
