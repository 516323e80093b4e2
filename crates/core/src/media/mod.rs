//! Media of consoles, as the control side has it: who has a leg, which streams there are and where they go, and what
//! nodes say of them.

mod at;
#[cfg(test)]
mod bench;
mod forged;
mod hops;
mod key_frames;
mod legs;
mod lost;
mod routes;
mod sending;
mod spares;
mod streams;
mod words;

use crate::budgets::Budgets;
use crate::here::Here;
use crate::io::{ConsoleKey, Output};
use crate::journals::{Journals, Pen};
use crate::out::Out;
use trialogue_charter::{DeviceId, LineId, NodeId};
use trialogue_journal::State;
use trialogue_wire::console::Medium;
use trialogue_wire::leg::{LegAnswer, LegOffer};
use trialogue_wire::word::{What, Word};

pub(crate) use at::At;

use forged::Forgeries;
use key_frames::KeyFrames;
use legs::Legs;
use lost::Lost;
use routes::{Difference, Routes};
use sending::Sending;
use streams::Streams;
use words::{Said, Words};

/// All of it. What one part takes of another is handed on here.
#[derive(Default)]
pub(crate) struct Media {
    legs: Legs,
    lost: Lost,
    streams: Streams,
    routes: Routes,
    words: Words,
    sending: Sending,
    key_frames: KeyFrames,
    forgeries: Forgeries,
}

impl Media {
    /// The own journal goes on behind so many entries. See [`Streams::begin`].
    pub(crate) fn begin(&mut self, head: u64) {
        self.streams.begin(head);
    }

    /// A link begins.
    pub(crate) fn link_up(&mut self, link: &NodeId, here: &Here) {
        self.streams.link_up(link);
        self.words.link_up(link);
        self.sending.link_up(link);
        self.key_frames.link_up(link, here.now.us);
    }

    pub(crate) fn link_down(&mut self, link: &NodeId) {
        self.streams.link_down(link);
        self.words.link_down(link);
        self.sending.link_down(link);
        self.key_frames.link_down(link);
    }

    /// The charter in force is the same on both sides again. What was signed with a key of the newer one could not be
    /// verified there.
    pub(crate) fn agreed(&mut self, link: &NodeId) {
        self.streams.tell_link_anew(link);
        self.sending.tell_link_anew(link);
    }

    /// A WebSocket is gone.
    pub(crate) fn console_gone(&mut self, console: ConsoleKey) {
        self.sending.console_gone(console);
    }

    /// A console says what it sends.
    pub(crate) fn sends(&mut self, device: DeviceId, line: LineId, what: What, at: At, out: &mut Out) {
        self.sending.say((device, line), what, &mut self.words, at, out);
    }

    /// Somebody came to a line. See [`Sending::tell_again`].
    pub(crate) fn came_in(&mut self, device: &DeviceId, out: &mut Out) {
        self.sending.tell_again(device, out);
    }

    /// An entry has taken effect: some may have left a line.
    pub(crate) fn forget_who_left(&mut self, at: At) {
        self.sending.forget_who_left(at);
    }

    /// A charter has taken effect.
    pub(crate) fn amended(&mut self, at: At) {
        self.streams.amended(&at.here.charter);
        self.sending.sign_anew(&mut self.words, at);
    }

    /// The forwarder noticed that an own voice has become quiet, or is heard again.
    pub(crate) fn own_quiet(&mut self, number: u16, quiet_after: Option<u32>, out: &mut Out) {
        self.streams.own_quiet(number, quiet_after, out);
    }

    /// Brings the forwarder up to date.
    pub(crate) fn settle_routes(&mut self, at: At, out: &mut Out) {
        if !std::mem::take(&mut out.changed.routes) {
            return;
        }
        let Difference { ended, changed } = self.routes.renew(&mut self.streams, &self.legs, at);
        self.streams.say_own(&self.routes.live(at.here), &mut self.words, at, out);
        for (node, number) in ended {
            out.push(Output::RouteEnd { node, number });
        }
        // A neighbour must know the number before it sees the first datagram of it.
        self.streams.tell(&self.routes, &mut self.words, at, out);
        out.changed.words = true;
        for (route, shows_more) in changed {
            let device = route.device;
            out.push(Output::Route(route));
            if shows_more {
                self.want_key_frame(device, at, out);
            }
        }
    }

    /// A word of another node, that came over a link.
    pub(crate) fn take_word(
        &mut self,
        link: &NodeId,
        signed: (Vec<u8>, Vec<u8>),
        budgets: &mut Budgets,
        at: At,
        out: &mut Out,
    ) {
        let (streams, sending) = (&self.streams, &self.sending);
        let is_news = |word: &Word| held(streams, sending, word, at).is_none_or(|held| held.is_older_than(link, word));
        let Some(said) = self.words.open(link, signed, is_news, budgets, at, out) else { return };
        match said.word.what {
            What::Sending { .. } => self.sending.take(link, said, at, out),
            What::Stream { .. } | What::Over { .. } => {
                self.streams.take(said, &mut self.routes, &mut self.words, at, out);
            }
        }
    }

    /// Tells neighbours and consoles the words that they have not been told.
    pub(crate) fn tell_words(&mut self, at: At, out: &mut Out) {
        let again = self.words.take_due(at.here.now.us);
        if again {
            self.streams.tell(&self.routes, &mut self.words, at, out);
        }
        if std::mem::take(&mut out.changed.words) || again {
            self.sending.tell(&mut self.words, at, out);
        }
    }

    /// When [`Media::tell_words`] is due, in microseconds.
    pub(crate) fn next_word_us(&self) -> Option<u64> {
        self.words.next_us()
    }

    /// A console asks for a leg.
    pub(crate) fn offered(&mut self, console: ConsoleKey, device: DeviceId, leg: u32, offer: LegOffer, out: &mut Out) {
        self.legs.offered(console, device, leg, offer, out);
    }

    /// It was made.
    pub(crate) fn answered(&mut self, console: ConsoleKey, leg: u32, answer: LegAnswer, at: At, out: &mut Out) {
        self.legs.answered(console, leg, answer, at, out);
    }

    /// It could not be made.
    pub(crate) fn refused(&mut self, leg: ConsoleKey, out: &mut Out) {
        self.legs.refused(leg, out);
    }

    /// A leg that came up has seen nothing yet: everyone it is to see is asked for a key frame.
    pub(crate) fn leg_up(&mut self, leg: ConsoleKey, at: At, out: &mut Out) {
        for device in self.routes.seen_at(leg) {
            self.want_key_frame(device, at, out);
        }
    }

    /// Ends the leg of a device, once nothing goes there any more.
    pub(crate) fn close_leg(&mut self, device: &DeviceId, at: At, out: &mut Out) {
        if let Some(console) = self.legs.end(device, out) {
            self.settle_routes(at, out);
            out.push(Output::CloseLeg { console });
        }
    }

    /// See [`Legs::placed`].
    pub(crate) fn placed(
        &mut self,
        leg: (ConsoleKey, u32),
        mid: String,
        holds: (Option<DeviceId>, Medium),
        at: At,
        out: &mut Out,
    ) {
        self.legs.placed(leg, mid, holds, at, out);
    }

    /// See [`Legs::tell_places`].
    pub(crate) fn tell_places(&self, console: ConsoleKey, device: &DeviceId, out: &mut Out) {
        self.legs.tell_places(console, device, out);
    }

    /// Devices that have a leg.
    pub(crate) fn with_legs(&self) -> impl Iterator<Item = &DeviceId> {
        self.legs.devices()
    }

    /// A device has no WebSocket any more. False: its leg ends at once. See [`Lost::keeps`].
    #[must_use]
    pub(crate) fn keeps(&mut self, device: DeviceId, here: &Here, journals: &Journals) -> bool {
        self.lost.keeps(device, here, journals)
    }

    /// A device is back, or is nobody's any more.
    pub(crate) fn is_not_lost(&mut self, device: &DeviceId) {
        self.lost.forget(device);
    }

    /// The node is in service no more.
    pub(crate) fn retire(&mut self) {
        self.lost.retire();
    }

    /// When [`Media::write_next_lost`] is due, in microseconds.
    pub(crate) fn next_lost_us(&self) -> Option<u64> {
        self.lost.next_us()
    }

    /// See [`Lost::write_next`].
    #[must_use]
    pub(crate) fn write_next_lost(&mut self, pen: &mut Pen<'_>) -> Option<DeviceId> {
        self.lost.write_next(pen)
    }

    /// Somebody here misses a key frame of a device.
    pub(crate) fn want_key_frame(&mut self, device: DeviceId, at: At, out: &mut Out) {
        self.key_frames.want(device, None, &self.legs, at, out);
    }

    /// A neighbour misses one.
    pub(crate) fn key_frame_wished(&mut self, link: &NodeId, device: DeviceId, at: At, out: &mut Out) {
        self.key_frames.wished(link, device, &self.legs, at, out);
    }

    /// When [`Media::settle_key_frames`] is due, in microseconds.
    pub(crate) fn next_key_frame_us(&self) -> Option<u64> {
        self.key_frames.next_us()
    }

    pub(crate) fn settle_key_frames(&mut self, at: At, out: &mut Out) {
        self.key_frames.settle(&self.legs, at, out);
    }

    /// See [`Forgeries::reported`].
    pub(crate) fn frame_was_forged(&mut self, device: DeviceId, here: &Here, state: &State, out: &mut Out) {
        self.forgeries.reported(device, here, state, out);
    }

    /// How frames of a device came: it is written.
    pub(crate) fn frames_traced(device: DeviceId, via: Vec<NodeId>, pen: &mut Pen<'_>) {
        Forgeries::traced(device, via, pen);
    }
}

/// What is held of a word's matter.
fn held<'a>(streams: &'a Streams, sending: &'a Sending, word: &Word, at: At) -> Option<&'a Said> {
    match word.what {
        What::Sending { .. } => sending.held(&word.device),
        What::Stream { medium, .. } | What::Over { medium } => {
            let source = at.here.charter.node_index(&word.node)?;
            streams.held(source, &(word.device, word.line.clone(), medium))
        }
    }
}
