//! What the tests of the parts need: a charter, devices that are enrolled, and statements.
#![allow(clippy::unwrap_used)]

use super::node::NodeState;
use super::people::People;
use super::speaker::{At, Own};
use crate::entry::BodyRef;
use crate::occasion::Occasion;
use crate::statement::{Act, GroupId, Statement};
use crate::writing::{Kind, Traffic, Wrapped, Written};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};
use trialogue_charter::fixture::Trilateral;
use trialogue_charter::{
    CallId, Device, DeviceId, Hash, LineId, NodeId, OfficeId, PartyId, Precedence, Suite, VerifiedCharter,
};

pub(super) static THREE: LazyLock<Trilateral> = LazyLock::new(|| Trilateral::new(Suite::XWing));
pub(super) static CHARTER: LazyLock<Arc<VerifiedCharter>> = LazyLock::new(|| Arc::new(THREE.charter.clone()));

/// A device with its certificate, and what it says. Nothing here asks for a signature.
pub(super) struct Console {
    pub(super) device: Device,
    pub(super) certificate: Vec<u8>,
}

impl Console {
    pub(super) fn new(office: &str, number: u8) -> Self {
        let (_, certificate, device) = THREE.device(office, number);
        Self { device, certificate }
    }

    pub(super) fn id(&self) -> DeviceId {
        self.device.id
    }

    pub(super) fn says(&self, number: u64, line: &LineId, act: Act) -> Statement {
        let occasion = Occasion { node: node(&node_of(&self.device)), charter: CHARTER.hash(), now_ms: 60_000 };
        Statement::new(self.id(), number, &occasion, line.clone(), act)
    }
}

/// The duty officers of two parties, enrolled.
pub(super) fn duty_officers() -> (Journals, Console, Console) {
    let (mut journals, usa, japan) = (Journals::new(), Console::new("usa-duty", 1), Console::new("jpn-duty", 1));
    journals.enrol(&usa, 1);
    journals.enrol(&japan, 1);
    (journals, usa, japan)
}

/// The journals of the charter's nodes, each with what the test has put into its parts.
pub(super) struct Journals {
    nodes: BTreeMap<NodeId, NodeState>,
    known: BTreeSet<(PartyId, DeviceId)>,
}

impl Journals {
    pub(super) fn new() -> Self {
        let nodes = CHARTER.nodes.iter().map(|node| (node.id.clone(), NodeState::new(node)));
        Self { nodes: nodes.collect(), known: BTreeSet::new() }
    }

    pub(super) fn node(&mut self, id: &str) -> &mut NodeState {
        self.nodes.get_mut(&node(id)).unwrap()
    }

    /// The journal of the console's node.
    pub(super) fn node_of(&mut self, console: &Console) -> &mut NodeState {
        self.node(&node_of(&console.device))
    }

    pub(super) fn enrol(&mut self, console: &Console, seq: u64) {
        let own = own(&console.device.party);
        let enrolled = &mut self.node_of(console).enrolled;
        enrolled.enrol(own, &console.id(), &console.certificate, at(seq)).unwrap();
    }

    /// An act in a call on the line.
    pub(super) fn says(&mut self, console: &Console, line: &LineId, act: Act, seq: u64) {
        let role = own(&console.device.party).speaker(&console.device).role;
        let node = self.node_of(console);
        node.enrolled.comes_in(&console.id(), line, seq, seq);
        node.lines.take(role, console.says(seq, line, act), at(seq));
    }

    pub(super) fn people(&self) -> People<'_> {
        People::new(&self.nodes, &self.known)
    }
}

fn node_of(device: &Device) -> String {
    format!("{}-1", device.party.as_str().to_ascii_lowercase())
}

pub(super) fn own(party: &PartyId) -> Own<'_> {
    Own { charter: &CHARTER, party }
}

/// A position, and a time of as many seconds.
pub(super) fn at(seq: u64) -> At {
    At { seq, time_ms: seq * 1_000 }
}

/// A device without keys, where a part asks for no more than its id.
pub(super) fn device(number: u8) -> DeviceId {
    DeviceId([number; 32])
}

pub(super) fn call(number: u8) -> CallId {
    CallId([number; 16])
}

pub(super) fn node(id: &str) -> NodeId {
    NodeId::new(id).unwrap()
}

pub(super) fn party(id: &str) -> PartyId {
    PartyId::new(id).unwrap()
}

pub(super) fn office(id: &str) -> OfficeId {
    OfficeId::new(id).unwrap()
}

pub(super) fn line(id: &str) -> LineId {
    LineId::new(id).unwrap()
}

pub(super) fn ring(number: u8) -> Act {
    Act::Ring { call: call(number), offers: Vec::new(), precedence: Default::default() }
}

pub(super) fn answer(number: u8) -> Act {
    Act::Answer { call: call(number), offers: Vec::new() }
}

pub(super) fn bytes() -> BodyRef {
    BodyRef::of(b"bytes").unwrap()
}

pub(super) fn group(id: u64) -> GroupId {
    GroupId(u128::from(id).to_be_bytes())
}

/// A message by a circle.
pub(super) fn message(text: u64, by: u64) -> Act {
    let written = Written {
        kind: Kind::Message,
        about: None,
        keys: vec![Wrapped { circle: group(by), key: [1; 48] }],
        content: bytes(),
        digest: Hash::of(&text.to_be_bytes()),
        at_ms: 1_000,
        traffic: Traffic::Principal,
        precedence: Precedence::Routine,
        answer_by_ms: None,
        attached: None,
    };
    Act::Write { written }
}

/// The duty officers' line.
pub(super) fn duty() -> LineId {
    line("duty")
}
