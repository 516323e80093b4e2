//! A node whose consoles and neighbours say anything at all: others are served, and nothing that nobody has signed is
//! kept.

use crate::parts::{join, parts};
use crate::vectors;
use crate::world::{CHARTER, DEVICES, KEY_PACKAGE, XWING, answer, bundles, line, node, ring, stated};
use trialogue_charter::{DeviceId, NodeId};
use trialogue_core::{ConsoleKey, Input, Machine, Now, Output, Setup};
use trialogue_journal::{Act, VerifiedEntry};
use trialogue_wire::console::{PROTOCOL, ToConsole, ToNode};
use trialogue_wire::leg::fixture;
use trialogue_wire::link::{Head, LinkMessage, PROTOCOL as LINK};
use trialogue_wire::{Bundle, decode, encode};

/// Most that one input may make a node do, times of its own doing included.
const OUTPUTS_MAX: usize = 2_000;
const NONCE: [u8; 32] = [5; 32];
const NEIGHBOURS: [&str; 2] = ["kor-1", "usa-1"];
const OPENED_US: u64 = 3_000_000;

struct Running {
    machine: Machine,
    now: Now,
    /// Something of what was said had an effect.
    taken: bool,
    chunks: u64,
}

impl Running {
    /// JPN's node with two consoles at its door and both links up.
    fn new() -> Self {
        let own = node("jpn-1");
        let setup = Setup {
            charter: CHARTER.clone(),
            lineage: Vec::new(),
            next_journal: None,
            journal: XWING.journal(&own).clone(),
            node: own,
            alerts: true,
            restored: false,
            shelf: None,
        };
        let now = Now { us: 0, wall_ms: 1_000 };
        let machine = Machine::restore(setup, now, []).expect("fixture");
        let mut running = Self { machine, now, taken: false, chunks: 0 };
        running.passes(OPENED_US);
        [0, 1].into_iter().for_each(|console| running.open(console));
        NEIGHBOURS.into_iter().for_each(|neighbour| running.link(neighbour));
        running.taken = false;
        running
    }

    fn open(&mut self, console: u64) {
        self.put(Input::ConsoleOpened { console: ConsoleKey(console), nonce: NONCE });
    }

    fn link(&mut self, neighbour: &str) {
        self.put(Input::LinkUp { node: node(neighbour), round_trip_us: Some(1_000) });
    }

    fn passes(&mut self, us: u64) {
        self.now.us += us;
        self.now.wall_ms += us / 1_000;
        self.put(Input::Tick);
    }

    fn put(&mut self, input: Input) {
        self.machine.handle(self.now, input);
        let mut outputs = 0;
        while let Some(output) = self.machine.poll() {
            outputs += 1;
            assert!(outputs < OUTPUTS_MAX, "one input, outputs without end");
            self.taken |= check(&output);
            let next = match output {
                Output::Append { seq, .. } => Input::Appended { up_to: seq },
                Output::KeepChunk { .. } => {
                    self.chunks += 1;
                    Input::ChunksStored { total: self.chunks }
                }
                Output::Leg { console, leg, offer, .. } => {
                    assert!(offer.check().is_ok(), "a leg of an offer that no leg can be made of");
                    Input::LegAnswer { console, leg, answer: fixture::answer(leg) }
                }
                _ => continue,
            };
            self.machine.handle(self.now, next);
        }
    }
}

/// Holds an output against what a node may do; true: it is one that strangers cannot cause.
fn check(output: &Output) -> bool {
    let signed =
        |bundle: &Bundle| VerifiedEntry::open(&bundle.entry, &CHARTER).expect("an entry that nobody has signed");
    match output {
        Output::Append { seq, bundle } => {
            let entry = signed(bundle);
            assert_eq!((entry.entry().node.as_str(), entry.entry().seq), ("jpn-1", *seq));
        }
        Output::Keep { node, seq, bundle } => {
            let entry = signed(bundle);
            assert_eq!((&entry.entry().node, entry.entry().seq), (node, *seq));
        }
        Output::SendConsole { bytes, last, .. } => {
            let said = decode::<ToConsole>(bytes);
            assert!(said.is_ok() || (*last && bytes.is_empty()), "said what no console reads");
            return matches!(said, Ok(ToConsole::Welcome { .. }));
        }
        Output::SendLink { bytes, .. } => assert!(decode::<LinkMessage>(bytes).is_ok(), "said what no node reads"),
        _ => {}
    }
    matches!(output, Output::Append { .. } | Output::Keep { .. })
}

/// Pieces: what two consoles (0, 1) and two nodes (2, 3) say; time passes (4, milliseconds in two bytes); a console (5)
/// or a link (6) goes and comes back; a leg's doings (7). Taken: an entry was kept or written, or a console let in.
pub fn machine(data: &[u8]) -> bool {
    let mut running = Running::new();
    for (who, bytes) in parts(data).take(32) {
        let first = bytes.first().copied().unwrap_or_default();
        let (console, neighbour) = (u64::from(first & 1), NEIGHBOURS[usize::from(first & 1)]);
        match who % 8 {
            who @ 0..2 => {
                running.put(Input::ConsoleMessage { console: ConsoleKey(who.into()), bytes: bytes.to_vec() });
            }
            who @ 2..4 => {
                let node: NodeId = node(NEIGHBOURS[usize::from(who - 2)]);
                running.put(Input::LinkMessage { node, bytes: bytes.to_vec() });
            }
            4 => {
                let ms = bytes.first_chunk().map_or(1, |ms| u16::from_be_bytes(*ms));
                running.passes(u64::from(ms) * 1_000);
            }
            5 => {
                running.put(Input::ConsoleClosed { console: ConsoleKey(console) });
                running.open(console);
            }
            6 => {
                running.put(Input::LinkDown { node: node(neighbour) });
                running.link(neighbour);
            }
            _ => {
                let device = bytes.first_chunk().map_or(DEVICES[0].1.id(), |id| DeviceId(*id));
                running.put(Input::LegState { console: ConsoleKey(console), up: first & 2 != 0 });
                running.put(Input::KeyFrameWanted { device });
            }
        }
    }
    running.taken
}

/// Consoles that log in and ring, nodes that say hello and bring journals.
pub fn seeds() -> Vec<Vec<u8>> {
    let prove = |at: usize| {
        let (own, secret, certificate) = &DEVICES[at];
        let (certificate, signature) = (certificate.clone(), secret.prove(own, "", &NONCE).to_vec());
        encode(&ToNode::Prove { protocol: PROTOCOL, certificate, signature, on_watch: true, origin: String::new() })
    };
    let state = |at: usize, number, act: Act| {
        let offers = matches!(act, Act::Ring { .. } | Act::Answer { .. });
        let bodies = offers.then(|| KEY_PACKAGE.to_vec().into()).into_iter().collect();
        encode(&ToNode::State { statement: stated(&DEVICES[at].0, &DEVICES[at].1, number, act), bodies })
    };
    let hello = |id: &str, seq| {
        let heads = CHARTER.nodes.iter().map(|node| Head { node: node.id.clone(), seq }).collect();
        encode(&LinkMessage::Hello { protocol: LINK, node: node(id), charter: CHARTER.hash(), heads, serial: 1 })
    };
    let entries = |party: &str, acts: &[Act]| encode(&LinkMessage::Entries { bundles: bundles(party, acts) });
    let offer = encode(&ToNode::Offer { offer: fixture::offer(1), leg: 1 });
    let sending = encode(&ToNode::Sending { line: line(), voice: true, picture: true });
    let pass = |ms: u16| (4, ms.to_be_bytes().to_vec());
    let hellos = vec![(2, hello("kor-1", 0)), (3, hello("usa-1", 0))];
    let log_in = vec![(0, prove(0)), (1, prove(1)), (0, offer), (7, vec![2])];
    let rung = vec![(3, entries("usa", &[ring()])), pass(100), (0, state(0, 5, answer())), (0, sending), pass(1_000)];
    let rings = vec![(0, state(0, 5, ring())), (3, entries("usa", &[answer()])), pass(60_000)];
    let leaves = vec![(0, state(0, 9, Act::Leave { cause: None })), (5, vec![1]), (6, vec![0]), pass(20_000)];
    let every = |who: u8, place: &str| vectors::wire(place).into_iter().map(|m| (who, m)).collect::<Vec<_>>();
    // A neighbour goes on to a newer charter, and shows one that nobody agreed to.
    let next = trialogue_charter::fixture::amended(&CHARTER, |charter| charter.policy.ring_seconds = 50);
    let given = |bytes: &[u8]| encode(&LinkMessage::Charter { charter: bytes.to_vec() });
    let newer = encode(&LinkMessage::Hello {
        protocol: LINK,
        node: node("kor-1"),
        charter: next.hash(),
        heads: Vec::new(),
        serial: next.serial,
    });
    let amended = vec![(2, given(next.bytes())), (2, newer), (3, given(&next.bytes()[1..])), pass(100)];
    vec![
        join(&[hellos.clone(), log_in.clone(), amended].concat()),
        join(&[hellos.clone(), log_in.clone(), rung, leaves.clone()].concat()),
        join(&[hellos.clone(), log_in.clone(), rings, leaves].concat()),
        join(&[hellos, log_in.clone(), every(2, "/link")].concat()),
        join(&[log_in, every(0, "/to_node")].concat()),
    ]
}
