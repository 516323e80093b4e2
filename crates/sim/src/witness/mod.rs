//! Who judges a world: it remembers what was said and heard, sees everything, and can change nothing.

mod floors;
mod made;
mod packets;
mod quiet;
mod said;
mod settled;

use crate::fixture::Fixture;
use crate::media::{Media, Packet, Passed};
use crate::mischief::Taken;
use crate::models::Models;
use crate::network::Network;
use crate::node::SimNode;
use crate::real::Real;
use crate::trace::Trace;
use floors::Floors;
use packets::{Key, Packets};
pub(crate) use quiet::QUIET_US;
use said::Said;
use trialogue_charter::{DeviceId, NodeId};
use trialogue_core::{Machine, Output, Route};
use trialogue_journal::{Body, UnverifiedEntry};
use trialogue_wire::Bundle;

/// The world as it is seen: to be read alone.
pub(crate) struct Sight<'a> {
    pub(crate) seed: u64,
    pub(crate) fixture: &'static Fixture,
    pub(crate) now_us: u64,
    pub(crate) wall_ms: u64,
    pub(crate) nodes: &'a [SimNode],
    pub(crate) consoles: &'a Models,
    pub(crate) network: &'a Network,
    pub(crate) media: &'a Media,
    pub(crate) real: &'a Real,
    pub(crate) taken: Option<&'a Taken>,
}

/// What is held against what nodes and consoles do.
#[derive(Default)]
pub(crate) struct Witness {
    said: Said,
    packets: Packets,
    floors: Floors,
    trace: Trace,
    /// When something that is out of the ordinary happened last, but connections that were made or ended.
    changed_us: u64,
    /// It was quiet for longer than a ring sounds.
    rings_are_over: bool,
}

impl Sight<'_> {
    /// A device's name for people: party and number.
    fn name(&self, device: &DeviceId) -> String {
        self.fixture.name(device)
    }

    fn console_name(&self, console: usize) -> String {
        self.name(&self.consoles.device(console))
    }
}

impl Witness {
    /// What happens is told to this trace.
    pub(crate) fn set_trace(&mut self, trace: Trace) {
        self.trace = trace;
    }

    pub(crate) fn trace(&self) -> &Trace {
        &self.trace
    }

    /// The trace, of a world that is over.
    pub(crate) fn into_trace(self) -> Trace {
        self.trace
    }

    /// A line of the trace.
    pub(crate) fn tell(&mut self, now_us: u64, line: String) {
        self.trace.line(now_us, line);
    }

    /// A node is called from time alone.
    pub(crate) fn tell_timer(&mut self, node: &SimNode, now_us: u64) {
        if let (true, Some(cause)) = (self.trace.tells_timers(), node.due_cause) {
            self.trace.aside(now_us, format!("{} is due: {cause:?}", node.id));
        }
    }

    /// Something out of the ordinary happens.
    pub(crate) fn note_change(&mut self, now_us: u64) {
        self.changed_us = now_us;
    }

    /// When something that is out of the ordinary happened last.
    pub(crate) fn changed_us(&self, network: &Network) -> u64 {
        self.changed_us.max(network.changed_us())
    }

    /// From now on no ring may sound: it was quiet for long enough. Or rings may sound.
    pub(crate) fn set_rings_over(&mut self, over: bool) {
        self.rings_are_over = over;
    }

    /// How many packets arrived at consoles.
    pub(crate) fn arrived(&self) -> u64 {
        self.packets.arrived()
    }

    /// Where a stream is at a node. See [`Packets::whereabouts`].
    pub(crate) fn whereabouts(&self, node: usize, key: Key) -> (Option<u32>, Option<u32>) {
        self.packets.whereabouts(node, key)
    }

    /// A node's state may be another one than before.
    pub(crate) fn state_changed(&mut self, node: usize) {
        self.floors.changed(node);
    }

    /// A node starts from its disk, of which it knows.
    pub(crate) fn check_restored(&self, node: usize, sight: &Sight) {
        self.said.check_restored(node, sight);
    }

    /// A node has started: with what its machine has read, and whether its media thread runs.
    pub(crate) fn started(&mut self, node: usize, media: bool) {
        self.floors.changed(node);
        if media {
            self.packets.begin(node);
        }
    }

    /// A node is about to start with what its machine has read.
    pub(crate) fn check_read(&self, node: usize, machine: &Machine, sight: &Sight) {
        said::check_read(node, machine, sight);
    }

    /// The power of a node is gone.
    pub(crate) fn stopped(&mut self, node: usize) {
        self.packets.end(node);
    }

    /// A node has made an entry, which it holds now.
    pub(crate) fn appended(&mut self, at: usize, seq: u64, bundle: &Bundle, sight: &Sight) {
        let (node, now_us) = (&sight.nodes[at].id, sight.now_us);
        let new = self.said.signed(node, seq, bundle);
        // Bytes and hashes of what real consoles say differ between two runs of a seed.
        let models = sight.real.is_empty();
        if models {
            self.trace.note(now_us, crate::trace::digest(&bundle.entry));
        }
        if !new {
            return;
        }
        let Ok(entry) = UnverifiedEntry::decode(&bundle.entry) else { return };
        let entry = entry.claim();
        self.said.note(at, entry, now_us);
        if let Body::Lost { .. } | Body::Restarted {} = entry.body {
            // What a party did with a ring begins anew for it.
            self.changed_us = now_us;
        }
        if self.trace.told || !models {
            let line = format!("{node} writes {seq}: {}", said::in_words(entry, sight));
            if models { self.trace.aside(now_us, line) } else { self.trace.line(now_us, line) }
        }
    }

    /// A node keeps an entry of another's journal.
    pub(crate) fn check_kept(&self, at: usize, node: &NodeId, seq: u64, bundle: &Bundle, sight: &Sight) {
        self.said.check_kept(at, node, seq, bundle, sight);
    }

    /// A machine asks for something.
    pub(crate) fn check_output(&mut self, at: usize, output: &Output, sight: &Sight) {
        self.said.check_output(at, output, sight);
        if let Output::Route(route) = output {
            self.routed(at, route, sight);
        }
    }

    fn routed(&mut self, node: usize, route: &Route, sight: &Sight) {
        self.packets.routed(node, route, sight);
    }

    /// A stream has ended at a node.
    pub(crate) fn route_ended(&mut self, node: usize, key: Key) {
        self.packets.route_ended(node, key);
    }

    /// A console has a leg of this number.
    pub(crate) fn leg_up(&mut self, node: usize, console: usize, number: u32) {
        self.packets.leg_up(node, console, number);
    }

    /// Another voice is at a place of a leg.
    pub(crate) fn placed(&mut self, node: usize, leg: u32, place: u8) {
        self.packets.placed(node, leg, place);
    }

    /// A packet goes over a cable.
    pub(crate) fn sent(&mut self, packet: &Packet, nodes: usize) {
        self.packets.sent(packet, nodes);
    }

    /// A node has taken a true packet that came from `from`. See [`Packets::check_complete`].
    pub(crate) fn check_complete(&mut self, node: usize, from: usize, passed: &Passed, sight: &Sight) {
        self.packets.check_complete(node, from, passed, sight);
    }

    /// A node has taken a packet that was made up. See [`Packets::check_made_up`].
    pub(crate) fn check_made_up(&mut self, node: usize, passed: &Passed, sight: &Sight) {
        self.packets.check_made_up(node, passed, sight);
    }

    /// A node has given a packet to consoles.
    pub(crate) fn delivered(&mut self, node: usize, passed: &Passed, sight: &Sight) {
        self.packets.deliver(node, passed, sight, &mut self.floors, &mut self.trace);
    }

    /// See [`Said::check_everyone_has_everything`].
    pub(crate) fn check_everyone_has_everything(&self, sight: &Sight) {
        self.said.check_everyone_has_everything(sight);
    }

    /// After everything is healed and quiet. See [`Sight::check_converged`].
    pub(crate) fn check_converged(&self, sight: &Sight) {
        sight.check_converged(self.rings_are_over);
    }

    /// Whoever is in with somebody and has a way there hears it.
    pub(crate) fn check_heard(&mut self, sight: &Sight) {
        quiet::check_heard(&self.packets, &mut self.floors, sight);
    }
}
