//! What people do at consoles.

use crate::world::World;
use trialogue_charter::{CallId, DeviceId, LineId};
use trialogue_journal::Act;
use trialogue_wire::console::ToNode;

impl World {
    /// A console sends bytes, whatever they are.
    pub fn send(&mut self, console: usize, bytes: Vec<u8>) {
        self.at_consoles(|consoles, travel| consoles.send(console, bytes, travel));
    }

    /// Signs an act and sends it.
    pub fn act(&mut self, console: usize, line: &str, act: Act, bodies: Vec<Vec<u8>>) {
        self.at_consoles(|consoles, travel| consoles.act(console, line, act, bodies, travel));
    }

    /// A console goes by the clock of its node.
    pub fn set_console_clock(&mut self, console: usize) {
        self.consoles.set_clock(console, &self.nodes);
    }

    /// Brings the group of a console's node in line with who is in, as the console sees both.
    pub fn commit(&mut self, console: usize, line: &str) {
        let Some(line) = self.lines(line).cloned() else { return };
        self.at_consoles(|consoles, travel| consoles.commit(console, &line, travel));
    }

    /// Rings a line.
    pub fn ring(&mut self, console: usize, line: &str) -> CallId {
        self.at_consoles(|consoles, travel| consoles.ring(console, line, travel))
    }

    /// Rings a line under a number of its own choice.
    pub fn ring_as(&mut self, console: usize, line: &str, call: CallId) {
        self.at_consoles(|consoles, travel| consoles.ring_as(console, line, call, travel));
    }

    /// Answers a call.
    pub fn answer(&mut self, console: usize, line: &str, call: CallId) {
        self.at_consoles(|consoles, travel| consoles.answer(console, line, call, travel));
    }

    /// Says that somebody is being fetched, who will answer so many milliseconds from now.
    pub fn acknowledge(&mut self, console: usize, line: &str, call: CallId, in_ms: u64) {
        let ready_ms = self.agenda.wall_ms() + in_ms;
        self.act(console, line, Act::Acknowledge { call, ready_ms }, Vec::new());
    }

    /// Declines a ring.
    pub fn decline(&mut self, console: usize, line: &str, call: CallId) {
        self.at_consoles(|consoles, travel| consoles.decline(console, line, call, travel));
    }

    /// Hangs up.
    pub fn leave(&mut self, console: usize, line: &str) {
        self.at_consoles(|consoles, travel| consoles.leave(console, line, travel));
    }

    /// Offers a leg.
    pub fn offer(&mut self, console: usize) {
        self.at_consoles(|consoles, travel| consoles.offer(console, travel));
    }

    /// Says that it sends voice and picture.
    pub fn sends(&mut self, console: usize, line: &str) {
        let Some(line) = self.lines(line).cloned() else { return };
        self.send(console, trialogue_wire::encode(&ToNode::Sending { line, voice: true, picture: true }));
    }

    /// The device of a console.
    pub fn device(&self, console: usize) -> DeviceId {
        self.consoles.device(console)
    }

    /// A console's name for people: party and device.
    pub fn name(&self, device: &DeviceId) -> String {
        self.fixture.name(device)
    }

    /// Is a console in on a line, as a node sees it?
    pub fn is_in(&self, node: usize, console: usize, line: &str) -> bool {
        let Some(machine) = &self.nodes[node].machine else { return false };
        let id = self.device(console);
        self.lines(line).is_some_and(|line| machine.state().in_on(line).iter().any(|p| p.device == id))
    }

    /// The line of this name.
    pub fn lines(&self, line: &str) -> Option<&LineId> {
        self.fixture.line(line)
    }

    /// What a console sees that a party did with the ring on a line.
    pub fn response(&self, console: usize, line: &str, party: usize) -> trialogue_journal::fold::RingResponse {
        let party = &self.fixture.parties[party].id;
        let line = self.lines(line).map(|line| self.consoles[console].state.line(line));
        line.and_then(|line| line.responses.get(party)).cloned().unwrap_or_default()
    }
}
