//! Consoles talk: packets pass through nodes and over cables, and the witness hears of each.

use crate::agenda::Event;
use crate::media::{Datagram, Packet, Passed, TALK_US};
use crate::mutation::Mutation;
use crate::world::World;
use trialogue_core::forward::{ForwardEvent, Forwarded, Nodes};
use trialogue_core::{ConsoleKey, Input, Route};
use trialogue_wire::console::Medium;

impl World {
    fn now_ms(&self) -> u64 {
        self.agenda.now_us() / 1_000
    }

    pub(crate) fn leg_up(&mut self, node: usize, console: ConsoleKey) {
        let (now_ms, run) = (self.now_ms(), self.nodes[node].run);
        let Some(owner) = self.consoles.owner(&console) else { return };
        let Some(number) = self.media.leg_up(node, console, owner, now_ms) else { return };
        self.witness.leg_up(node, owner, number);
        self.agenda.later(30_000, Event::LegReady { node, run, console });
    }

    pub(crate) fn leg_ready(&mut self, node: usize, run: u64, key: ConsoleKey) {
        if self.nodes[node].run != run {
            return;
        }
        let now_ms = self.now_ms();
        let Some(console) = self.media.leg_ready(node, key, now_ms) else { return };
        self.input(node, Input::LegState { console: key, up: true });
        self.agenda.later(TALK_US, Event::Talk { console, key });
    }

    pub(crate) fn leg_down(&mut self, node: usize, console: ConsoleKey) {
        let now_ms = self.now_ms();
        self.media.leg_down(node, console, now_ms);
    }

    pub(crate) fn route(&mut self, node: usize, route: Route) {
        let now_ms = self.now_ms();
        self.media.route(node, &route, now_ms);
        self.nodes[node].routes.insert((route.node, route.number), route);
    }

    pub(crate) fn route_end(&mut self, node: usize, index: u8, number: u16) {
        let now_ms = self.now_ms();
        self.media.route_end(node, index, number, now_ms);
        self.witness.route_ended(node, (index, number));
        self.nodes[node].routes.remove(&(index, number));
    }

    /// Passes on what the forwarder has to say.
    pub(crate) fn place(&mut self, node: usize) {
        while let Some(event) = self.media.poll(node) {
            let input = match event {
                ForwardEvent::Placed { leg, console, medium, place, sender } => {
                    if medium == Medium::Voice {
                        self.witness.placed(node, leg, place);
                    }
                    Input::Placed { console, leg: 1, mid: format!("{place}"), device: sender, medium }
                }
                ForwardEvent::Traced { device, via } => Input::FramesTraced { device, via },
                ForwardEvent::KeyFrameWanted { device } => Input::KeyFrameWanted { device },
                ForwardEvent::VoiceQuiet { number, after } => Input::VoiceQuiet { number, after },
                ForwardEvent::RelayBarred { source, relay } => {
                    let ids = [source, relay].map(|at| self.nodes[node].charter().node_at(at).map(|n| n.id.clone()));
                    let [Some(source), Some(relay)] = ids else { continue };
                    Input::RelayBarred { source, relay }
                }
            };
            self.input_quietly(node, input);
        }
    }

    /// The console's next picture is a key frame.
    pub(crate) fn key_frame_wanted(&mut self, console: ConsoleKey) {
        if let Some(console) = self.consoles.owner(&console) {
            self.consoles[console].key_frame = true;
        }
    }

    /// A console sends a voice packet, and a picture now and then, whether it is in a call or not: its node must know.
    pub(crate) fn talk(&mut self, console: usize, key: ConsoleKey) {
        if self.consoles[console].key != Some(key) {
            return;
        }
        self.agenda.later(TALK_US, Event::Talk { console, key });
        if self.consoles[console].muted {
            return;
        }
        self.speak(key, Packet::voice(console, 0));
        if self.rng.one_in(2) {
            let key_frame = std::mem::take(&mut self.consoles[console].key_frame);
            self.speak(key, Packet { medium: Medium::Picture, key_frame, ..Packet::voice(console, 0) });
        }
    }

    fn speak(&mut self, key: ConsoleKey, packet: Packet) {
        let (node, now_ms) = (self.consoles[packet.console].node, self.now_ms());
        let Some(passed) = self.media.take_from_leg(node, key, packet, now_ms) else { return };
        let (witness, sight) = self.witness();
        witness.check_complete(node, node, &passed, &sight);
        self.pass_on(node, &passed);
    }

    /// A packet that came to a node goes to its consoles, and on over its links.
    fn pass_on(&mut self, node: usize, passed: &Passed) {
        let (witness, sight) = self.witness();
        witness.delivered(node, passed, &sight);
        if let Some(onward) = &passed.onward {
            let (_, mut means) = self.mischief();
            onward.links.iter().for_each(|to| means.send(node, to, onward.header, passed.packet));
        }
        self.place(node);
        self.set_due(node);
    }

    pub(crate) fn datagram(&mut self, datagram: &Datagram) {
        let (from, to) = (datagram.from, datagram.to);
        if !self.network.stands(from, to, datagram.connection) || self.nodes[to].hostile {
            return;
        }
        let now_ms = self.now_ms();
        let Some(index) = self.nodes[to].charter().node_index(&self.nodes[from].id) else { return };
        let Some(mut passed) = self.media.take_from_link(index, datagram, now_ms) else { return };
        let (dedupes, loops) = (!self.mischief.misses(Mutation::NoDedupe), self.mischief.misses(Mutation::RelayLoop));
        let (witness, sight) = self.witness();
        if passed.packet.made_up {
            witness.check_made_up(to, &passed, &sight);
        } else if dedupes {
            witness.check_complete(to, from, &passed, &sight);
        }
        if loops {
            let others = (0..self.nodes.len()).filter(|other| *other != to && *other != from);
            let links = others.map(|other| other as u8).collect();
            passed.onward = Some(Forwarded { links, spare: Nodes::NONE, header: passed.header });
        }
        self.pass_on(to, &passed);
    }
}
