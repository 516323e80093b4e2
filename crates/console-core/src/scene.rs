//! For tests of the parts: the journals of the fixture's three nodes, written by the test and folded as they are
//! written.
#![allow(clippy::unwrap_used)]

use crate::now::Now;
use crate::roster::Roster;
use std::collections::BTreeMap;
use std::sync::Arc;
use trialogue_charter::fixture::Trilateral;
use trialogue_charter::{CallId, Device, DeviceSecret, LineId, NodeId, Precedence, Suite, VerifiedCharter};
use trialogue_journal::{Act, Body, BodyRef, Journal, KeyOffer, Occasion, State, Statement, VerifiedEntry};

/// When the first entry is written, milliseconds since 1970 UTC. Each further one follows a second later.
pub(crate) const START_MS: u64 = 1_700_000_000_000;

/// So many milliseconds after that, by both clocks.
pub(crate) fn after_ms(ms: u64) -> Now {
    Now { us: 1_000_000 + ms * 1_000, ms: START_MS + ms }
}

/// A console whose certificate stands in its node's journal.
pub(crate) struct Enrolled {
    pub(crate) device: Device,
    pub(crate) node: NodeId,
    pub(crate) secret: DeviceSecret,
}

pub(crate) struct Scene {
    pub(crate) charter: Arc<VerifiedCharter>,
    pub(crate) fold: State,
    fixture: Trilateral,
    journals: BTreeMap<NodeId, Journal>,
    /// When the next entry is written, milliseconds since 1970; each takes a second.
    pub(crate) time_ms: u64,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let fixture = Trilateral::new(Suite::XWing);
        let charter = Arc::new(fixture.charter.clone());
        let ids: Vec<NodeId> = charter.nodes.iter().map(|node| node.id.clone()).collect();
        let journals = ids.iter().map(|id| (id.clone(), Journal::new(id.clone()))).collect();
        let fold = State::new(charter.clone());
        let mut scene = Self { charter, fold, fixture, journals, time_ms: START_MS };
        for id in ids {
            let charter = scene.charter.hash();
            scene.entry(&id, Body::Opened { charter }, &[]);
        }
        scene
    }

    /// The person of that number takes up a console of an office.
    pub(crate) fn enrol(&mut self, office: &str, number: u8) -> Enrolled {
        let (secret, certificate, device) = self.fixture.device(office, number);
        let node = self.charter.nodes.iter().find(|node| node.party == device.party).unwrap().id.clone();
        let body = Body::Enrolled { device: device.id, certificate: BodyRef::of(&certificate).unwrap() };
        self.entry(&node, body, &[certificate]);
        Enrolled { device, node, secret }
    }

    /// A console says something on a line, and its node writes it down.
    pub(crate) fn says(&mut self, console: &Enrolled, line: &str, act: Act) -> VerifiedEntry {
        let at = Occasion { node: console.node.clone(), charter: self.charter.hash(), now_ms: self.time_ms };
        let number = self.fold.last_number(&console.device.id) + 1;
        let statement = Statement::new(console.device.id, number, &at, line_id(line), act);
        self.entry(&console.node, Body::Stated { statement: statement.sign(&console.secret).0 }, &[])
    }

    /// A console rings a line.
    pub(crate) fn rings(
        &mut self,
        console: &Enrolled,
        line: &str,
        number: u8,
        precedence: Precedence,
    ) -> VerifiedEntry {
        let offer = |node: &NodeId| KeyOffer { node: node.clone(), package: BodyRef::of(b"key package").unwrap() };
        let offers = self.journals.keys().map(offer).collect();
        self.says(console, line, Act::Ring { call: CallId([number; 16]), offers, precedence })
    }

    /// Where and when something is said at a node, after so many milliseconds.
    pub(crate) fn occasion(&self, at: &NodeId, after_ms: u64) -> Occasion {
        Occasion { node: at.clone(), charter: self.charter.hash(), now_ms: START_MS + after_ms }
    }

    /// The node of a console writes down what it has said.
    pub(crate) fn takes(&mut self, console: &Enrolled, statement: Vec<u8>) -> VerifiedEntry {
        self.entry(&console.node, Body::Stated { statement }, &[])
    }

    fn entry(&mut self, at: &NodeId, body: Body, bodies: &[Vec<u8>]) -> VerifiedEntry {
        let entry = self.journals.get_mut(at).unwrap().append(self.time_ms, body);
        let entry = VerifiedEntry::open(&entry.sign(self.fixture.journal(at)).0, &self.charter).unwrap();
        self.fold.apply(&entry, bodies).unwrap();
        self.time_ms += 1_000;
        entry
    }

    /// Who is who, as a console sees it.
    pub(crate) fn roster<'a>(&'a self, console: &'a Enrolled) -> Roster<'a> {
        Roster::of(console.device.id, Some(&self.charter), Some(&console.device), Some(&self.fold), Some(&console.node))
    }
}

pub(crate) fn line_id(id: &str) -> LineId {
    LineId::new(id).unwrap()
}
