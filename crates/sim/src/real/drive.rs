//! Time passes at real consoles: what they are told, what they want done.

use crate::agenda::Event;
use crate::mutation::Mutation;
use crate::real::Seated;
use crate::real::desk::{Desk, Reach, Seal};
use crate::trace::digest;
use std::collections::BTreeSet;
use trialogue_charter::DeviceId;
use trialogue_console_core::view::View;
use trialogue_console_core::{Input, Output};
use trialogue_core::ConsoleKey;
use trialogue_wire::console::ToNode;
use trialogue_wire::leg::fixture;

/// What happens to a real console at some time.
pub(crate) enum Happens {
    /// The platform opens a WebSocket.
    Opens { desk: usize, slot: usize, tries: u64 },
    /// Something comes over a WebSocket.
    Hears { desk: usize, slot: usize, key: ConsoleKey, bytes: Vec<u8>, last: bool },
    /// A WebSocket has broken, as the console's end sees it.
    Closed { desk: usize, slot: usize, tries: u64 },
    /// What the platform says in one life of the console's page.
    Says { desk: usize, life: u64, input: Input },
    /// The transport of a leg is found to be gone, if nothing comes through still.
    LegGone { desk: usize, life: u64, slot: usize, leg: u32 },
    /// The platform has kept what a console gave it, in one life of the page.
    Keeps { desk: usize, life: u64, version: u64, bytes: Vec<u8> },
    /// What must hold at each moment is looked at.
    Look,
}

/// How often what must hold at each moment is looked at besides.
pub(crate) const LOOK_US: u64 = 250_000;
/// A console that wants to be called for what is past is called so much later.
const AGAIN_US: u64 = 1_000;
/// How long a transport takes to be connected, and until it is found to be gone.
const LEG_US: (u64, u64) = (30_000, 4_000_000);

/// How long it takes to keep something.
const KEEP_US: u64 = 5_000;

/// The platform opens a WebSocket, as the console's last wish was.
pub(crate) fn opens(desk: &Desk, at: usize, slot: usize) -> Event {
    Event::Real(Happens::Opens { desk: at, slot, tries: desk.ways[slot].tries })
}

/// Input about one of the two sites.
pub(crate) fn at(slot: usize, input: Input) -> Input {
    if slot == 0 { input } else { Input::At { slot: 1, input: Box::new(input) } }
}

/// Everybody whom a screen has in the call.
pub(crate) fn view_devices(view: &View) -> BTreeSet<DeviceId> {
    let members = view.call.iter().flat_map(|call| &call.members);
    members.filter_map(|member| device_of(&member.person.device)).collect()
}

/// A device by its id in hex.
fn device_of(hex: &str) -> Option<DeviceId> {
    let mut id = [0; 32];
    for (at, byte) in id.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(DeviceId(id))
}

impl Seated<'_> {
    /// A console's name for people.
    pub(crate) fn desk_name(&self, desk: usize) -> String {
        self.name(&self.world.real.desks[desk].id)
    }

    pub(crate) fn happens(&mut self, what: Happens) {
        match what {
            Happens::Opens { desk, slot, tries } => self.desk_opens(desk, slot, tries),
            Happens::Hears { desk, slot, key, bytes, last } => {
                let way = &mut self.world.real.desks[desk].ways[slot];
                if way.key != Some(key) || way.broken {
                    return;
                }
                if last {
                    way.key = None;
                }
                if !bytes.is_empty() {
                    self.desk_input(desk, at(slot, Input::Received(bytes)));
                }
                if last {
                    self.desk_input(desk, at(slot, Input::Closed));
                }
            }
            Happens::Closed { desk, slot, tries } => {
                if self.world.real.desks[desk].ways[slot].tries == tries {
                    self.desk_closed(desk, slot);
                }
            }
            Happens::Says { desk, life, input } => {
                if self.world.real.desks[desk].life == life {
                    self.desk_input(desk, input);
                }
            }
            Happens::LegGone { desk, life, slot, leg } => {
                let held = &self.world.real.desks[desk];
                let node = &self.world.nodes[held.ways[slot].node];
                let gone = held.reach != Reach::Good || node.machine.is_none() || node.run != held.ways[slot].run;
                if held.life == life && held.ways[slot].leg == leg && gone {
                    self.desk_input(desk, at(slot, Input::LegDown { leg }));
                }
            }
            Happens::Keeps { desk, life, version, bytes } => {
                let held = &mut self.world.real.desks[desk];
                if held.life == life {
                    held.kept = Some(bytes);
                    self.desk_input(desk, Input::Kept { version });
                }
            }
            Happens::Look => {
                self.look();
                self.later(LOOK_US, Event::Real(Happens::Look));
            }
        }
    }

    /// Gives a real console an input now.
    pub(crate) fn desk_input(&mut self, desk: usize, input: Input) {
        let now_ms = self.world.agenda.wall_ms().saturating_add_signed(self.world.real.desks[desk].wall_off_ms);
        let held = &mut self.world.real.desks[desk];
        held.console.handle(self.world.agenda.now_us() + held.ahead_us, now_ms, input);
        while let Some(output) = self.world.real.desks[desk].console.poll() {
            match output {
                Output::At { slot, output } => self.desk_wants(desk, usize::from(slot), *output),
                output => self.desk_wants(desk, 0, output),
            }
        }
        let held = &mut self.world.real.desks[desk];
        let due = held.console.next_timeout().map(|due| due.saturating_sub(held.ahead_us));
        held.due_us = due.map(|due| due.max(self.world.agenda.now_us() + AGAIN_US));
        self.check_seals();
    }

    fn says(&mut self, desk: usize, after_us: u64, input: Input) {
        let life = self.world.real.desks[desk].life;
        self.later(after_us, Event::Real(Happens::Says { desk, life, input }));
    }

    /// Does what a real console wants.
    fn desk_wants(&mut self, desk: usize, slot: usize, output: Output) {
        match output {
            Output::Send(bytes) => self.desk_sends(desk, slot, bytes),
            Output::Reconnect { after_ms } => {
                self.desk_hangs_up(desk, slot);
                let after_us = u64::from(after_ms) * 1_000 + self.world.rng.between(200, 5_000);
                self.world.real.desks[desk].ways[slot].tries += 1;
                self.later(after_us, opens(&self.world.real.desks[desk], desk, slot));
            }
            Output::Connect { url } => {
                if let Some(node) = self.world.nodes.iter().position(|node| node.id.as_str() == url) {
                    self.desk_hangs_up(desk, slot);
                    let way = &mut self.world.real.desks[desk].ways[slot];
                    (way.node, way.tries) = (node, way.tries + 1);
                    self.later(1_000, opens(&self.world.real.desks[desk], desk, slot));
                }
            }
            Output::Stop => {
                self.tell(format!("{} is turned away", self.desk_name(desk)));
                self.desk_hangs_up(desk, slot);
                self.world.real.desks[desk].stopped = true;
            }
            Output::MakeOffer { leg } => {
                self.world.real.desks[desk].ways[slot].leg = leg;
                self.says(desk, 2_000, at(slot, Input::LegOffer { leg, sdp: fixture::sdp(leg) }));
            }
            Output::LegAnswer { leg, .. } => self.says(desk, LEG_US.0, at(slot, Input::LegUp { leg })),
            Output::Seal(key) => self.seals(desk, key.as_ref().map(Seal::of)),
            Output::OpenKey(key) => {
                let (id, base) = (self.world.real.desks[desk].id, *key.base_key);
                self.world.real.desks[desk].open.insert(key.key_id, (key.device, base));
                self.world.real.given += 1;
                self.opens_with(id, base);
            }
            Output::ForgetKey { key_id, .. } if !self.world.mischief.misses(Mutation::ForgottenForget) => {
                self.world.real.desks[desk].open.remove(&key_id);
            }
            Output::Use { slot } => {
                self.world.real.desks[desk].active = usize::from(slot);
                let to = self.world.real.desks[desk].ways[usize::from(slot)].node;
                self.tell(format!("{} goes on at {}", self.desk_name(desk), self.world.nodes[to].id));
            }
            Output::ProveAlive { nonce } => self.says(desk, 5_000, Input::Proven { nonce }),
            Output::Ringing(on) => {
                self.tell(format!("{} {}", self.desk_name(desk), if on { "rings" } else { "rings no more" }));
                self.world.real.desks[desk].sounds = on;
            }
            Output::View(view) => self.world.real.desks[desk].shown = view_devices(&view),
            Output::Keep { version, .. } if self.world.mischief.misses(Mutation::ForgottenKeep) => {
                self.says(desk, KEEP_US, Input::Kept { version });
            }
            Output::Keep { version, bytes } => {
                let life = self.world.real.desks[desk].life;
                self.later(KEEP_US, Event::Real(Happens::Keeps { desk, life, version, bytes: bytes.to_vec() }));
            }
            Output::Written(view) => self.shows_written(desk, view.map(|view| *view)),
            Output::Charter(bytes) => self.world.real.desks[desk].charter = Some(bytes),
            Output::Log(event) => {
                // Without what differs between two runs of a seed: bytes and hashes of commits.
                let event = format!("{event:?}");
                let kind = event.split_once("why").map_or(event.as_str(), |(before, _)| before);
                self.tell(format!("{}: {kind}", self.desk_name(desk)));
            }
            _ => {}
        }
    }

    /// The media worker is given another key, or none.
    fn seals(&mut self, desk: usize, seal: Option<Seal>) {
        if self.world.mischief.misses(Mutation::KeepsSealing) && self.world.real.desks[desk].seal.is_some() {
            return;
        }
        if let Some(seal) = &seal {
            self.note_sealed(desk, seal);
        }
        let receivers = seal.as_ref().map_or(0, |seal| seal.receivers);
        self.world.real.desks[desk].seal = seal;
        self.tell(format!("{} seals for {receivers}", self.desk_name(desk)));
    }

    fn desk_sends(&mut self, desk: usize, slot: usize, bytes: Vec<u8>) {
        if let Ok(ToNode::State { statement, .. }) = trialogue_wire::decode::<ToNode>(&bytes) {
            self.world.real.desks[desk].made.insert(digest(&statement));
        }
        let way = &self.world.real.desks[desk].ways[slot];
        let (Some(console), node, run, tries) = (way.key, way.node, way.run, way.tries) else { return };
        if way.broken {
            return;
        }
        if self.world.nodes[node].run != run || self.world.nodes[node].machine.is_none() {
            if self.world.nodes[node].machine.is_some() {
                // A node that runs again knows nothing of it, and says so.
                self.later(20_000, Event::Real(Happens::Closed { desk, slot, tries }));
            }
            return;
        }
        let due = self.way_arrival(desk, slot, true);
        let input = trialogue_core::Input::ConsoleMessage { console, bytes };
        self.world.agenda.at(due, Event::Input { node, run, input });
    }

    /// When something that is sent now over a WebSocket arrives.
    pub(crate) fn way_arrival(&mut self, desk: usize, slot: usize, up: bool) -> u64 {
        let due = (self.world.agenda.now_us() + self.world.rng.between(200, 20_000))
            .max(self.world.real.desks[desk].stalled_us);
        let last = &mut self.world.real.desks[desk].ways[slot].last_us[usize::from(up)];
        *last = due.max(*last + 1);
        *last
    }

    /// A leg was made at a node for a real console: it is connected a little later.
    pub(crate) fn desk_leg_up(&mut self, node: usize, console: ConsoleKey) {
        if self.world.real.sockets.contains_key(&console) {
            let run = self.world.nodes[node].run;
            let input = trialogue_core::Input::LegState { console, up: true };
            self.later(LEG_US.0, Event::Input { node, run, input });
        }
    }

    /// Legs of a console that reaches its nodes no more are found to be gone.
    pub(crate) fn legs_go(&mut self, desk: usize) {
        let held = &self.world.real.desks[desk];
        let (life, legs) = (held.life, [held.ways[0].leg, held.ways[1].leg]);
        for (slot, leg) in legs.into_iter().enumerate() {
            self.later(LEG_US.1, Event::Real(Happens::LegGone { desk, life, slot, leg }));
        }
    }
}
