//! Three nodes whose journals are written by the scenario, and folded as they are written.
#![allow(clippy::unwrap_used, dead_code)]

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex};
use trialogue_charter::fixture::Trilateral;
use trialogue_charter::*;
use trialogue_journal::*;

pub static THREE: LazyLock<Trilateral> = LazyLock::new(|| Trilateral::new(Suite::XWing));
pub static CHARTER: LazyLock<Arc<VerifiedCharter>> = LazyLock::new(|| Arc::new(THREE.charter.clone()));
/// Certifying takes a few milliseconds: every device is made once.
static CONSOLES: LazyLock<BTreeMap<(&'static str, u8), Arc<Console>>> = LazyLock::new(|| {
    let offices = [
        "jpn-duty",
        "kor-duty",
        "usa-duty",
        "usa-leaders",
        "jpn-leaders",
        "kor-leaders",
        "usa-interpreter",
        "jpn-notes",
    ];
    let pairs = offices.into_iter().flat_map(|office| [1, 2, 3].map(|number| (office, number)));
    pairs.map(|(office, number)| ((office, number), Arc::new(Console::new(office, number)))).collect()
});

pub struct Console {
    pub secret: DeviceSecret,
    pub certificate: Vec<u8>,
    pub device: Device,
    pub node: NodeId,
}

impl Console {
    fn new(office: &str, number: u8) -> Self {
        let (secret, certificate, device) = THREE.device(office, number);
        let node = node(&format!("{}-1", device.party.as_str().to_ascii_lowercase()));
        Self { secret, certificate, device, node }
    }

    pub fn id(&self) -> DeviceId {
        self.device.id
    }

    pub fn says(&self, number: u64, line: &LineId, act: Act) -> Vec<u8> {
        self.says_at(60_000, number, line, act)
    }

    /// At that time.
    pub fn says_at(&self, now_ms: u64, number: u64, line: &LineId, act: Act) -> Vec<u8> {
        self.says_on(&self.on(now_ms), number, line, act)
    }

    /// At the own node, under the charter of all scenes.
    pub fn on(&self, now_ms: u64) -> Occasion {
        Occasion { node: self.node.clone(), charter: CHARTER.hash(), now_ms }
    }

    pub fn says_on(&self, at: &Occasion, number: u64, line: &LineId, act: Act) -> Vec<u8> {
        Statement::new(self.id(), number, at, line.clone(), act).sign(&self.secret).0
    }
}

/// A statement as a node reads it.
pub fn read(statement: &[u8]) -> UnverifiedStatement {
    UnverifiedStatement::decode(statement).unwrap()
}

/// What the root of `party` says of a device. Signing takes a millisecond: each is made once.
pub fn revoked(party: &str, device: DeviceId) -> Body {
    type Made = BTreeMap<(String, DeviceId), Vec<u8>>;
    static MADE: LazyLock<Mutex<Made>> = LazyLock::new(Mutex::default);
    let mut made = MADE.lock().unwrap();
    let revocation = made.entry((party.to_owned(), device)).or_insert_with(|| fixture::revocation(party, &device));
    Body::Revoked { revocation: revocation.clone() }
}

pub fn console(office: &'static str, number: u8) -> Arc<Console> {
    CONSOLES[&(office, number)].clone()
}

pub fn node(id: &str) -> NodeId {
    NodeId::new(id).unwrap()
}

pub fn party(id: &str) -> PartyId {
    PartyId::new(id).unwrap()
}

pub fn office(id: &str) -> OfficeId {
    OfficeId::new(id).unwrap()
}

pub fn duty() -> LineId {
    LineId::new("duty").unwrap()
}

pub fn summit() -> LineId {
    LineId::new(trialogue_charter::fixture::SUMMIT).unwrap()
}

pub fn call(number: u8) -> CallId {
    CallId([number; 16])
}

pub fn group(number: u8) -> GroupId {
    GroupId([number; 16])
}

pub fn body(text: &str) -> BodyRef {
    BodyRef::of(text.as_bytes()).unwrap()
}

pub fn ring(number: u8) -> Act {
    Act::Ring { call: call(number), offers: offers(), precedence: Default::default() }
}

pub fn answer(number: u8) -> Act {
    Act::Answer { call: call(number), offers: offers() }
}

pub fn decline(number: u8) -> Act {
    Act::Decline { call: call(number), reason: DeclineReason::Busy, call_back_ms: Some(9), deputy: None }
}

pub fn acknowledge(number: u8, ready_ms: u64) -> Act {
    Act::Acknowledge { call: call(number), ready_ms }
}

fn offers() -> Vec<KeyOffer> {
    ["jpn-1", "kor-1", "usa-1"].map(|id| KeyOffer { node: node(id), package: body(id) }).into()
}

pub fn creates(id: u8, added: &[DeviceId]) -> Act {
    moves(id, 0, added, &[])
}

pub fn moves(id: u8, epoch: u64, added: &[DeviceId], removed: &[DeviceId]) -> Act {
    Act::Handshake {
        group: group(id),
        epoch,
        commit: (epoch > 0).then(|| body("commit")),
        welcome: (!added.is_empty()).then(|| body("welcome")),
        added: added.to_vec(),
        removed: removed.to_vec(),
    }
}

/// An entry with what travels beside it.
pub type Sent = (VerifiedEntry, Vec<Vec<u8>>);

#[derive(Clone)]
pub struct Scene {
    pub state: State,
    pub log: Vec<Sent>,
    journals: BTreeMap<NodeId, Journal>,
    time_ms: u64,
}

impl Scene {
    pub fn new() -> Self {
        let journals = CHARTER.nodes.iter().map(|node| (node.id.clone(), Journal::new(node.id.clone())));
        let (state, journals) = (State::new(CHARTER.clone()), journals.collect());
        let mut scene = Self { state, log: Vec::new(), journals, time_ms: 0 };
        for node in &CHARTER.nodes {
            scene.entry_at(0, &node.id, Body::Opened { charter: CHARTER.hash() }, Vec::new()).unwrap();
        }
        scene
    }

    /// With these consoles enrolled.
    pub fn with(consoles: &[&Console]) -> Self {
        let mut scene = Self::new();
        for console in consoles {
            scene.enrol(console).unwrap();
        }
        scene
    }

    pub fn enrol(&mut self, console: &Console) -> Result<Applied, Ignored> {
        let certificate = BodyRef::of(&console.certificate).unwrap();
        let body = Body::Enrolled { device: console.id(), certificate };
        self.entry(&console.node, body, vec![console.certificate.clone()])
    }

    /// A node journals something.
    pub fn node(&mut self, at: &str, body: Body) -> Result<Applied, Ignored> {
        self.entry(&node(at), body, Vec::new())
    }

    /// A console says something on the staged line.
    pub fn says_at_summit(&mut self, console: &Console, act: Act) -> Result<Applied, Ignored> {
        let number = self.state.last_number(&console.id()) + 1;
        self.stated(&console.node.clone(), console.says_at(self.time_ms, number, &summit(), act))
    }

    /// A console says something on the duty officers' line, with the next number.
    pub fn says(&mut self, console: &Console, act: Act) -> Result<Applied, Ignored> {
        let number = self.state.last_number(&console.id()) + 1;
        self.stated(&console.node.clone(), console.says_at(self.time_ms, number, &duty(), act))
    }

    /// A node journals a statement.
    pub fn stated(&mut self, at: &NodeId, statement: Vec<u8>) -> Result<Applied, Ignored> {
        self.entry(at, Body::Stated { statement }, Vec::new())
    }

    pub fn entry(&mut self, at: &NodeId, body: Body, bodies: Vec<Vec<u8>>) -> Result<Applied, Ignored> {
        self.time_ms += 1_000;
        self.entry_at(self.time_ms, at, body, bodies)
    }

    /// A node journals something under a time of its own choice.
    pub fn node_at(&mut self, time_ms: u64, at: &str, body: Body) -> Result<Applied, Ignored> {
        self.entry_at(time_ms, &node(at), body, Vec::new())
    }

    fn entry_at(&mut self, time_ms: u64, at: &NodeId, body: Body, bodies: Vec<Vec<u8>>) -> Result<Applied, Ignored> {
        let entry = self.journals.get_mut(at).unwrap().append(time_ms, body);
        let entry = VerifiedEntry::open(&entry.sign(THREE.journal(at)).0, &CHARTER).unwrap();
        let before = self.state.clone();
        let result = self.state.apply(&entry, &bodies);
        if result.is_err() {
            assert_eq!(self.state, before, "an ignored entry changes nothing");
        }
        self.log.push((entry, bodies));
        result
    }

    pub fn received(&mut self, at: &str, number: u8) -> Result<Applied, Ignored> {
        self.node(at, Body::Received { call: call(number), line: duty() })
    }

    pub fn line(&self) -> &fold::LineState {
        self.state.line(&duty())
    }

    pub fn in_on(&self) -> Vec<DeviceId> {
        self.state.in_on(&duty()).iter().map(|participant| participant.device).collect()
    }

    /// Ids of rings that sound at a party's duty officers.
    pub fn sounding(&self, of: &str) -> Vec<CallId> {
        let office = office(&format!("{}-duty", of.to_ascii_lowercase()));
        self.state.sounding(&party(of), &office).iter().map(|ring| ring.call).collect()
    }

    pub fn response(&self, of: &str) -> fold::RingResponse {
        self.line().responses[&party(of)].clone()
    }
}

pub fn fold(log: &[Sent]) -> State {
    let mut state = State::new(CHARTER.clone());
    for (entry, bodies) in log {
        let _ = state.apply(entry, bodies);
    }
    state
}
