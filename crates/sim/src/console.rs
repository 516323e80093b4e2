//! A model console: it signs statements, folds what it is shown, and has no keys or media.

use crate::fixture::{Fixture, RING_SECONDS};
use crate::models::Members;
use crate::rng::Rng;
use crate::trace::digest;
use minicbor::bytes::ByteVec;
use std::collections::BTreeSet;
use std::sync::Arc;
use trialogue_charter::{CallId, Hash, LineId, NodeId, VerifiedCharter};
use trialogue_core::ConsoleKey;
use trialogue_journal::{Act, BodyRef, KeyOffer, Occasion, State, Statement, VerifiedEntry};
use trialogue_wire::console::{PathState, Refusal, ToConsole, ToNode};

/// One console.
pub struct SimConsole {
    /// Index of its party.
    pub party: usize,
    /// Index of its device in its party.
    pub device: usize,
    /// The node that it is at: one of its party's.
    pub node: usize,
    /// Its WebSocket, while it has one.
    pub key: Option<ConsoleKey>,
    /// It was let in.
    pub welcomed: bool,
    /// Counts as staffing its office.
    pub on_watch: bool,
    /// It says nothing any more by itself: it hangs.
    pub silent: bool,
    /// The charter that its node showed last.
    pub charter: Arc<VerifiedCharter>,
    /// The fold of what it was shown since it was let in.
    pub state: State,
    /// What it was shown: journal and position.
    pub seen: BTreeSet<(NodeId, u64)>,
    /// Bodies that it was shown or sent.
    pub bodies: BTreeSet<Vec<u8>>,
    /// Statements that were accepted: number, and whether unrecorded.
    pub accepted: Vec<(u64, bool)>,
    /// What was refused.
    pub refused: Vec<(Option<u64>, Refusal)>,
    /// Chunks of attachments that its node says are on disk.
    pub chunks_stored: Vec<Hash>,
    /// It proves that it lives when its node asks; only where a test says so, since a proof is a statement.
    pub proves: bool,
    /// Other nodes, as its node says.
    pub paths: Vec<PathState>,
    /// Everything else that it was told.
    pub heard: Vec<ToConsole>,
    /// Highest statement number used.
    pub number: u64,
    /// Digests of all statements that it has signed.
    pub(crate) made: BTreeSet<u64>,
    /// It has asked for a leg at this WebSocket.
    pub asked_leg: bool,
    /// It has heard something since it looked after its groups last.
    pub(crate) fresh: bool,
    /// A handshake of it is under way: its number, and whom it adds in which stay.
    pub(crate) committing: Option<(u64, Members)>,
    /// Members that an accepted handshake has added.
    pub(crate) moved: Members,
    /// Its next picture is a key frame.
    pub(crate) key_frame: bool,
    /// It sends nothing, as its holder wants.
    pub muted: bool,
    /// Its clock, milliseconds since 1970 UTC.
    pub now_ms: u64,
}

impl SimConsole {
    pub(crate) fn new(fixture: &Fixture, party: usize, device: usize) -> Self {
        Self {
            party,
            device,
            node: fixture.sites.iter().position(|site| site.party == party).unwrap_or_default(),
            key: None,
            welcomed: false,
            on_watch: true,
            silent: false,
            charter: fixture.charter.clone(),
            state: State::new(fixture.charter.clone()),
            seen: BTreeSet::new(),
            bodies: BTreeSet::new(),
            accepted: Vec::new(),
            refused: Vec::new(),
            chunks_stored: Vec::new(),
            proves: false,
            paths: Vec::new(),
            heard: Vec::new(),
            number: 0,
            made: BTreeSet::new(),
            asked_leg: false,
            fresh: false,
            committing: None,
            moved: Members::new(),
            key_frame: true,
            muted: false,
            now_ms: 0,
        }
    }

    /// It begins anew, as a page that is loaded again.
    pub(crate) fn reset(&mut self, fixture: &Fixture, key: Option<ConsoleKey>) {
        let Self {
            party, device, node, on_watch, number, made, accepted, refused, chunks_stored, proves, charter, ..
        } = std::mem::replace(self, Self::new(fixture, self.party, self.device));
        let state = State::new(charter.clone());
        let fresh = Self::new(fixture, party, device);
        *self = Self {
            key,
            node,
            on_watch,
            number,
            made,
            accepted,
            refused,
            chunks_stored,
            proves,
            charter,
            state,
            ..fresh
        };
    }

    /// Takes a message of its node and answers the challenge.
    ///
    /// # Panics
    /// When the node says what no correct node says.
    #[allow(clippy::panic, clippy::expect_used)]
    pub(crate) fn hear(&mut self, fixture: &Fixture, bytes: &[u8]) -> Option<ToNode> {
        let keys = &fixture.parties[self.party].devices[self.device];
        match trialogue_wire::decode::<ToConsole>(bytes).expect("a node sends only messages of the protocol") {
            ToConsole::Challenge { node, nonce, charter, .. } => {
                self.take_charter(&charter);
                let origin = String::new();
                let signature = keys.secret.prove(&node, &origin, &nonce).to_vec();
                let (certificate, on_watch) = (keys.certificate.clone(), self.on_watch);
                return Some(ToNode::Prove { protocol: 1, certificate, signature, on_watch, origin });
            }
            ToConsole::AskAlive { nonce } if self.proves => {
                let office = &keys.office;
                let line = self.charter.lines_of_office(office).next().expect("an office is on a line").id.to_string();
                return Some(self.state_act(fixture, &line, Act::Alive { nonce }, Vec::new()));
            }
            ToConsole::Welcome { .. } => (self.welcomed, self.fresh) = (true, true),
            ToConsole::Charter { charter } => self.take_charter(&charter),
            ToConsole::Entries { bundles } => {
                self.fresh = true;
                for bundle in bundles {
                    let entry = VerifiedEntry::open(&bundle.entry, &self.charter).expect("nodes show verified entries");
                    let bodies: Vec<&[u8]> = bundle.bodies.iter().map(|body| body.as_slice()).collect();
                    self.bodies.extend(bodies.iter().map(|body| body.to_vec()));
                    if self.seen.insert((entry.entry().node.clone(), entry.entry().seq)) {
                        let _ = self.state.apply(&entry, &bodies);
                    }
                }
            }
            ToConsole::Accepted { number, unrecorded } => {
                self.accepted.push((number, unrecorded));
                self.settled(number, true);
            }
            ToConsole::Refused { number, reason, .. } => {
                self.refused.push((number, reason));
                number.into_iter().for_each(|number| self.settled(number, false));
            }
            ToConsole::Paths { paths } => self.paths = paths,
            ToConsole::ChunkStored { hash } => self.chunks_stored.push(hash),
            other => self.heard.push(other),
        }
        None
    }

    /// Its fold begins anew under this charter.
    #[allow(clippy::expect_used)]
    fn take_charter(&mut self, bytes: &[u8]) {
        // The one that it holds needs no verifying again.
        if bytes != self.charter.bytes() {
            let charter = VerifiedCharter::open(bytes, None).expect("nodes show verified charters");
            charter.supersedes(&self.charter).expect("nodes show no older charter, and none that was not agreed");
            self.charter = Arc::new(charter);
        }
        self.state = State::new(self.charter.clone());
        self.seen.clear();
    }

    /// Signs an act, with bodies of its own making for the offers.
    pub fn state_act(&mut self, fixture: &Fixture, line: &str, act: Act, bodies: Vec<Vec<u8>>) -> ToNode {
        let keys = &fixture.parties[self.party].devices[self.device];
        self.number += 1;
        #[allow(clippy::expect_used)]
        let line = LineId::new(line).expect("tests name lines correctly");
        let (node, charter) = (fixture.sites[self.node].node.clone(), self.charter.hash());
        let at = Occasion { node, charter, now_ms: self.now_ms };
        let statement = Statement::new(keys.id, self.number, &at, line, act);
        let bodies = bodies.into_iter().map(ByteVec::from).collect();
        let statement = statement.sign(&keys.secret).0;
        self.made.insert(digest(&statement));
        ToNode::State { statement, bodies }
    }

    /// Key packages for every node, as opaque bytes.
    pub fn offers(fixture: &Fixture, rng: &mut Rng) -> (Vec<KeyOffer>, Vec<Vec<u8>>) {
        let bodies: Vec<Vec<u8>> = fixture.charter.nodes.iter().map(|_| rng.bytes::<48>().to_vec()).collect();
        let nodes = fixture.charter.nodes.iter();
        let offer = |(node, body): (&trialogue_charter::Node, &Vec<u8>)| {
            Some(KeyOffer { node: node.id.clone(), package: BodyRef::of(body)? })
        };
        (nodes.zip(&bodies).filter_map(offer).collect(), bodies)
    }

    /// Its node has decided about a statement.
    fn settled(&mut self, number: u64, accepted: bool) {
        self.fresh = true;
        if let Some((_, members)) = self.committing.take_if(|(under_way, _)| *under_way == number)
            && accepted
        {
            self.moved.extend(members);
        }
    }

    /// It is let in and has no leg: asks for one, once.
    pub(crate) fn wants_leg(&mut self) -> bool {
        self.welcomed && !std::mem::replace(&mut self.asked_leg, self.welcomed)
    }

    /// The ring that sounds here on a line.
    pub fn rings_here(&self, fixture: &Fixture, line: &str) -> Option<CallId> {
        let party = &fixture.parties[self.party];
        let rings = self.state.sounding(&party.id, &party.devices[self.device].office);
        rings.into_iter().find(|ring| ring.line.as_str() == line).map(|ring| ring.call)
    }
}

/// How long a ring sounds, in microseconds.
pub const RING_US: u64 = RING_SECONDS as u64 * 1_000_000;
