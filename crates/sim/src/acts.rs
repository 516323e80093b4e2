//! What people do at consoles.

use crate::console::SimConsole;
use crate::world::World;
use trialogue_charter::{CallId, DeviceId, LineId};
use trialogue_journal::{Act, BodyRef, DeclineReason, GroupId};
use trialogue_wire::console::ToNode;

impl World {
    /// Signs an act and sends it.
    pub fn act(&mut self, console: usize, line: &str, act: Act, bodies: Vec<Vec<u8>>) {
        let message = self.consoles[console].state_act(self.fixture, line, act, bodies);
        self.send(console, trialogue_wire::encode(&message));
    }

    /// Rings a line.
    pub fn ring(&mut self, console: usize, line: &str) -> CallId {
        let call = CallId(self.rng.bytes());
        let (offers, bodies) = SimConsole::offers(self.fixture, &mut self.rng);
        self.act(console, line, Act::Ring { call, offers, precedence: Default::default() }, bodies);
        call
    }

    /// Answers a call.
    pub fn answer(&mut self, console: usize, line: &str, call: CallId) {
        let (offers, bodies) = SimConsole::offers(self.fixture, &mut self.rng);
        self.act(console, line, Act::Answer { call, offers }, bodies);
    }

    /// Says that somebody is being fetched, who will answer so many milliseconds from now.
    pub fn acknowledge(&mut self, console: usize, line: &str, call: CallId, in_ms: u64) {
        let ready_ms = self.wall_ms() + in_ms;
        self.act(console, line, Act::Acknowledge { call, ready_ms }, Vec::new());
    }

    /// Declines a ring.
    pub fn decline(&mut self, console: usize, line: &str, call: CallId) {
        let act = Act::Decline { call, reason: DeclineReason::Busy, call_back_ms: None, deputy: None };
        self.act(console, line, act, Vec::new());
    }

    /// Hangs up.
    pub fn leave(&mut self, console: usize, line: &str) {
        self.act(console, line, Act::Leave { cause: None }, Vec::new());
    }

    /// Brings the group of a console's node in line with who is in, as the console sees both. Commits and welcomes are opaque bytes.
    pub fn commit(&mut self, console: usize, line: &str) {
        let party = &self.fixture.parties[self.consoles[console].party];
        let me = self.device(console);
        let Some(now) = self.lines(line).map(|line| self.consoles[console].state.line(line)) else { return };
        let inside: Vec<DeviceId> = now.participants.iter().map(|p| p.device).filter(|device| *device != me).collect();
        let group = now.groups.get(&party.node);
        let members: Vec<DeviceId> = group.map(|g| g.members.keys().copied().collect()).unwrap_or_default();
        let added: Vec<DeviceId> = inside.iter().copied().filter(|device| !members.contains(device)).collect();
        let gone = |device: &DeviceId| *device != me && !inside.contains(device);
        let removed: Vec<DeviceId> = members.iter().copied().filter(gone).collect();
        if group.is_some() && added.is_empty() && removed.is_empty() {
            return;
        }
        let (commit, welcome) = (self.rng.bytes::<64>().to_vec(), self.rng.bytes::<96>().to_vec());
        let act = Act::Handshake {
            group: group.map_or(GroupId(self.rng.bytes()), |group| group.id),
            epoch: group.map_or(0, |group| group.epoch),
            commit: group.and(BodyRef::of(&commit)),
            welcome: BodyRef::of(&welcome).filter(|_| !added.is_empty()),
            added: added.clone(),
            removed,
        };
        let bodies = [(group.is_some(), commit), (!added.is_empty(), welcome)];
        let bodies = bodies.into_iter().filter(|(there, _)| *there).map(|(_, body)| body).collect();
        self.act(console, line, act, bodies);
    }

    /// Offers a leg.
    pub fn offer(&mut self, console: usize) {
        self.send(console, trialogue_wire::encode(&ToNode::Offer { sdp: "offer".into() }));
    }

    /// The device of a console.
    pub fn device(&self, console: usize) -> DeviceId {
        let console = &self.consoles[console];
        self.fixture.parties[console.party].devices[console.device].id
    }

    /// Is a console in on a line, as a node sees it?
    pub fn is_in(&self, node: usize, console: usize, line: &str) -> bool {
        let Some(machine) = &self.nodes[node].machine else { return false };
        let id = self.device(console);
        self.lines(line).is_some_and(|line| machine.state().in_on(line).iter().any(|p| p.device == id))
    }

    /// The line of this name.
    pub fn lines(&self, line: &str) -> Option<&LineId> {
        self.fixture.charter.lines.iter().map(|l| &l.id).find(|id| id.as_str() == line)
    }

    /// What a console sees that a party did with the ring on a line.
    pub fn response(&self, console: usize, line: &str, party: usize) -> trialogue_journal::fold::RingResponse {
        let party = &self.fixture.parties[party].id;
        let line = self.lines(line).map(|line| self.consoles[console].state.line(line));
        line.and_then(|mut line| line.responses.remove(party)).unwrap_or_default()
    }
}
