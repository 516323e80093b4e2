//! For tests of the parts: one node of the fixture, and the journals of all three as it holds them.
#![allow(clippy::unwrap_used)]

use crate::budgets::Budgets;
use crate::here::Here;
use crate::io::{Now, Output};
use crate::journals::{After, Journals, Pen};
use crate::out::Out;
use std::collections::BTreeMap;
use std::sync::Arc;
use trialogue_charter::fixture::Trilateral;
use trialogue_charter::{CallId, Device, DeviceSecret, Hash, LineId, Node, NodeId, Precedence, Suite};
use trialogue_journal::{Act, Body, BodyRef, GroupId, Journal, KeyOffer, Kind, Occasion, State, Statement, Traffic};
use trialogue_journal::{UnverifiedEntry, VerifiedEntry, Wrapped, Written};
use trialogue_wire::Bundle;
use trialogue_wire::console::{PROTOCOL, ToNode};

/// When the first entry is written, milliseconds since 1970 UTC. Each further one follows a second later.
pub(crate) const START_MS: u64 = 1_800_000_000_000;

/// Whom messages are for.
const CIRCLE: GroupId = GroupId([7; 16]);

/// A console whose certificate stands in its node's journal.
pub(crate) struct Enrolled {
    pub(crate) device: Device,
    pub(crate) node: NodeId,
    pub(crate) certificate: Vec<u8>,
    secret: DeviceSecret,
}

pub(crate) struct Scene {
    pub(crate) here: Here,
    pub(crate) state: State,
    fixture: Trilateral,
    journals: BTreeMap<NodeId, Journal>,
    /// Entries of other nodes, in the order in which they came.
    taken: Vec<(VerifiedEntry, Bundle)>,
    /// What this node has written of consoles, in its order.
    own: Vec<(Body, Vec<Vec<u8>>)>,
    time_ms: u64,
}

impl Scene {
    /// As this node sees it.
    pub(crate) fn at(id: &str) -> Self {
        let fixture = Trilateral::new(Suite::XWing);
        let charter = Arc::new(fixture.charter.clone());
        let node = node_id(id);
        let here = Here {
            index: charter.node_index(&node).unwrap(),
            party: charter.party_of_node(&node).unwrap().id.clone(),
            alerts: true,
            secret: fixture.journal(&node).clone(),
            now: Now { us: 1_000_000, wall_ms: START_MS },
            charter: charter.clone(),
            node,
        };
        let ids: Vec<NodeId> = charter.nodes.iter().map(|node| node.id.clone()).collect();
        let journals = ids.iter().map(|id| (id.clone(), Journal::new(id.clone()))).collect();
        let state = State::new(charter.clone());
        let mut scene = Self { here, state, fixture, journals, taken: Vec::new(), own: Vec::new(), time_ms: START_MS };
        for id in ids {
            let charter = charter.hash();
            scene.entry(&id, Body::Opened { charter }, &[]);
        }
        scene
    }

    /// So many milliseconds pass, by both clocks.
    pub(crate) fn pass(&mut self, ms: u64) {
        let now = self.here.now;
        self.here.go_on(Now { us: now.us + ms * 1_000, wall_ms: now.wall_ms + ms });
    }

    /// The person of that number takes up a console of an office.
    pub(crate) fn enrol(&mut self, office: &str, number: u8) -> Enrolled {
        let (secret, certificate, device) = self.fixture.device(office, number);
        let node = self.here.charter.nodes.iter().find(|node| node.party == device.party).unwrap().id.clone();
        let body = Body::Enrolled { device: device.id, certificate: BodyRef::of(&certificate).unwrap() };
        self.entry(&node, body, std::slice::from_ref(&certificate));
        Enrolled { device, node, certificate, secret }
    }

    /// What a console proves itself with at this node; `nonce`: drawn for its WebSocket.
    pub(crate) fn proof(&self, console: &Enrolled, nonce: [u8; 32]) -> ToNode {
        let origin = "https://localhost".to_owned();
        let signature = console.secret.prove(&self.here.node, &origin, &nonce).to_vec();
        let certificate = console.certificate.clone();
        ToNode::Prove { protocol: PROTOCOL, certificate, signature, on_watch: true, origin }
    }

    /// A console says something on a line, and its node writes it down. Returns the hash of what was said.
    pub(crate) fn says(&mut self, console: &Enrolled, line: &str, act: Act) -> Hash {
        let (statement, hash) = self.signed(console, line, act);
        self.entry(&console.node, Body::Stated { statement }, &[]);
        hash
    }

    /// What it says, signed, and its hash.
    pub(crate) fn signed(&self, console: &Enrolled, line: &str, act: Act) -> (Vec<u8>, Hash) {
        let at = Occasion { node: console.node.clone(), charter: self.here.charter.hash(), now_ms: self.time_ms };
        let number = self.state.last_number(&console.device.id) + 1;
        let line = LineId::new(line).unwrap();
        let statement = Statement::new(console.device.id, number, &at, line, act);
        (statement.sign(&console.secret).0, Hash::of(&statement.payload()))
    }

    /// The first of these can be written to, and read what the other one writes from now on.
    pub(crate) fn reads(&mut self, reader: &Enrolled, writer: &Enrolled) {
        for console in [reader, writer] {
            self.says(console, "duty", Act::Stock { package: body_ref(console.node.as_str().as_bytes()) });
        }
        let readers = vec![reader.device.id];
        self.says(writer, "duty", Act::Circle { circle: CIRCLE, welcome: body_ref(b"welcome"), readers });
    }

    /// A console rings the line by the call of this number.
    pub(crate) fn rings(&mut self, console: &Enrolled, number: u8) {
        let package = body_ref(b"key package");
        let offer = |node: &Node| KeyOffer { node: node.id.clone(), package: package.clone() };
        let offers = self.here.charter.nodes.iter().map(offer).collect();
        let (call, precedence) = (CallId([number; 16]), Precedence::Routine);
        self.says(console, "duty", Act::Ring { call, offers, precedence });
    }

    /// A node writes something of its own.
    pub(crate) fn entry(&mut self, at: &NodeId, body: Body, bodies: &[Vec<u8>]) {
        let entry = self.journals.get_mut(at).unwrap().append(self.time_ms, body.clone());
        let entry = VerifiedEntry::open(&entry.sign(self.fixture.journal(at)).0, &self.here.charter).unwrap();
        self.state.apply(&entry, bodies).unwrap();
        if *at != self.here.node {
            let bodies = bodies.iter().map(|body| body.clone().into()).collect();
            self.taken.push((entry.clone(), Bundle { entry: entry.bytes().to_vec(), bodies }));
        } else {
            self.own.push((body, bodies.to_vec()));
        }
        self.time_ms += 1_000;
    }
}

/// The scene's node with journals of its own, for tests of parts that write.
pub(crate) struct OwnNode {
    pub(crate) scene: Scene,
    pub(crate) journals: Journals,
    pub(crate) out: Out,
    /// Something may be written.
    pub(crate) open: bool,
    budgets: Budgets,
}

impl OwnNode {
    pub(crate) fn at(id: &str) -> Self {
        let scene = Scene::at(id);
        let journals = Journals::blank(&scene.here, None);
        let mut own = Self { budgets: Budgets::new(scene.here.now.us), journals, scene, out: Out::new(), open: true };
        own.take();
        own
    }

    /// That of the United States, whose duty officer reads what this one of Japan writes.
    pub(crate) fn where_japan_writes() -> (Self, Enrolled) {
        let mut own = Self::at("usa-1");
        let [usa, jpn] = ["usa-duty", "jpn-duty"].map(|office| own.scene.enrol(office, 1));
        own.scene.reads(&usa, &jpn);
        own.take();
        (own, jpn)
    }

    /// What other nodes of the scene have written since comes to this one.
    pub(crate) fn take(&mut self) {
        for (entry, bundle) in std::mem::take(&mut self.scene.taken) {
            self.journals.accept(&entry, &self.scene.here).unwrap();
            self.journals.take(&entry, &bundle, &self.scene.here, &mut self.out);
        }
    }

    /// The same on its way, and not taken.
    pub(crate) fn brought(&mut self) -> Vec<Bundle> {
        std::mem::take(&mut self.scene.taken).into_iter().map(|(_, bundle)| bundle).collect()
    }

    /// The disk has all of the own journal: it takes effect.
    pub(crate) fn confirms(&mut self) {
        let (here, head) = (&self.scene.here, self.journals.head(&self.scene.here.node));
        self.journals.recorded(head, here, &mut self.out);
        while self.journals.release_next(head, false, here, &mut self.out).is_some() {}
    }

    /// What consoles of this node have said in the scene since is written into its own journal.
    pub(crate) fn write(&mut self) {
        for (body, bodies) in std::mem::take(&mut self.scene.own) {
            let bodies = bodies.into_iter().map(Into::into).collect();
            assert!(self.pen().append(body, bodies, After::Nothing).is_ok());
        }
        self.outputs();
    }

    pub(crate) fn pen(&mut self) -> Pen<'_> {
        Pen::new(&mut self.journals, &mut self.budgets, &self.scene.here, self.open, &mut self.out)
    }

    /// The instant of this node, in microseconds.
    pub(crate) fn goes_on_to(&mut self, now_us: u64) {
        let wall_ms = self.scene.here.now.wall_ms + now_us.saturating_sub(self.scene.here.now.us) / 1_000;
        self.scene.here.go_on(Now { us: now_us, wall_ms });
    }

    /// What was given out since, in its order.
    pub(crate) fn outputs(&mut self) -> Vec<Output> {
        std::iter::from_fn(|| self.out.poll()).collect()
    }

    /// What was written into the own journal since.
    pub(crate) fn written(&mut self) -> Vec<Body> {
        let body = |output| {
            let Output::Append { bundle, .. } = output else { return None };
            Some(UnverifiedEntry::decode(&bundle.entry).unwrap().claim().body.clone())
        };
        self.outputs().into_iter().filter_map(body).collect()
    }
}

pub(crate) fn body_ref(bytes: &[u8]) -> BodyRef {
    BodyRef::of(bytes).unwrap()
}

/// The content of the message of this number, sealed.
pub(crate) fn content(number: u8) -> Vec<u8> {
    vec![number]
}

/// That message, for the readers of the one circle.
pub(crate) fn message(number: u8) -> Written {
    Written {
        kind: Kind::Message,
        about: None,
        keys: vec![Wrapped { circle: CIRCLE, key: [1; 48] }],
        content: body_ref(&content(number)),
        digest: Hash([number; 48]),
        at_ms: START_MS,
        traffic: Traffic::Principal,
        precedence: Precedence::Routine,
        answer_by_ms: None,
        attached: None,
    }
}

pub(crate) fn node_id(id: &str) -> NodeId {
    NodeId::new(id).unwrap()
}
