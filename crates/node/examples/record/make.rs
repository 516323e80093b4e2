//! Entries as a busy line writes them: of every sixteen five tests of paths, seven words of consoles about messages
//! (one of them long), a ring, its end, what the others' rings did here, and who is on watch; each with the signatures
//! that it has in earnest.

use crate::house::{House, id};
use std::collections::BTreeMap;
use trialogue_charter::{CallId, DeviceId, DeviceSecret, Hash, LineId, NodeId, OfficeId, Precedence};
use trialogue_journal::heads;
use trialogue_journal::{Act, Body, BodyRef, Journal, Language, Occasion, PathTest, Statement, TreeHead};
use trialogue_record::{Held, Root};
use trialogue_wire::Bundle;

/// A message of 400 characters; what was written in Japanese or Korean takes three bytes for each.
const LETTERS: usize = 400;

/// A node signs for what it holds each so many entries: with two nodes that write, every 11.5 minutes.
const SEEN_EVERY: u64 = 64;
/// And each so many times with ML-DSA-87 as well: within the hour (journal.md §11).
const STRONG_EVERY: u64 = 5;

pub struct Maker<'h> {
    house: &'h House,
    writers: BTreeMap<NodeId, Writer>,
    trees: BTreeMap<NodeId, Held>,
    time_ms: u64,
}

struct Writer {
    journal: Journal,
    device: DeviceSecret,
    id: DeviceId,
    certificate: Vec<u8>,
    office: OfficeId,
    number: u64,
}

fn party(node: &NodeId) -> String {
    node.as_str().trim_end_matches("-1").to_owned()
}

impl<'h> Maker<'h> {
    pub fn new(house: &'h House, nodes: &[&str]) -> Self {
        let writer = |node: &&str| {
            let node = id(node);
            let office = format!("{}-duty", party(&node));
            let (device, certificate, what) = house.keys.device(&office, 1);
            let office = OfficeId::new(office).unwrap();
            let journal = Journal::new(node.clone());
            (node, Writer { journal, device, id: what.id, certificate, office, number: 1_000 })
        };
        let writers = nodes.iter().map(writer).collect();
        Self { house, writers, trees: BTreeMap::new(), time_ms: 1_790_000_000_000 }
    }

    /// The next entry of a node, with what travels beside it, and whether that lasts.
    pub fn next(&mut self, node: &NodeId) -> (u64, Bundle, bool) {
        self.time_ms += 5_400;
        let seq = self.writers[node].journal.seq() + 1;
        let body = match seq {
            1 => Body::Opened { charter: self.house.charter.hash() },
            2 => self.enrolled(node),
            _ if seq.is_multiple_of(SEEN_EVERY) => self.seen(node, seq),
            _ => match seq % 16 {
                0..=4 => tested(node),
                5 => self.stated(
                    node,
                    Act::Certify {
                        text: Hash::of(b"text"), language: Language::Ja, translation: "海".repeat(LETTERS)
                    },
                ),
                6..=11 => self.stated(node, Act::Alive { nonce: [seq as u8; 16] }),
                12 => self.stated(
                    node,
                    Act::Ring { call: call(node, seq), offers: Vec::new(), precedence: Precedence::Routine },
                ),
                13 => self.stated(node, Act::Leave { cause: None }),
                14 => Body::Received { call: call(node, seq + 1_000), line: duty() },
                _ => Body::Staffed { offices: vec![(self.writers[node].office.clone(), (seq % 3) as u16 + 1)] },
            },
        };
        let writer = self.writers.get_mut(node).unwrap();
        let lasting = matches!(body, Body::Enrolled { .. });
        let bodies = if lasting { vec![writer.certificate.clone().into()] } else { Vec::new() };
        let entry = writer.journal.append(self.time_ms, body);
        self.trees.entry(node.clone()).or_default().push(Root::of(&entry));
        (seq, Bundle { entry: entry.sign(self.house.keys.journal(node)).0, bodies }, lasting)
    }

    fn enrolled(&self, node: &NodeId) -> Body {
        let writer = &self.writers[node];
        Body::Enrolled { device: writer.id, certificate: BodyRef::of(&writer.certificate).unwrap() }
    }

    /// What the node holds of all journals; within each hour, and at first, with ML-DSA-87.
    fn seen(&self, node: &NodeId, seq: u64) -> Body {
        let head =
            |(node, tree): (&NodeId, &Held)| TreeHead { node: node.clone(), size: tree.size(), root: tree.root().0 };
        let heads: Vec<TreeHead> = self.trees.iter().map(head).collect();
        let is_strong = (seq / SEEN_EVERY) % STRONG_EVERY == 1;
        let signature = is_strong.then(|| heads::sign(self.house.keys.journal(node), node, self.time_ms, &heads));
        Body::Seen { heads, signature }
    }

    fn stated(&mut self, node: &NodeId, act: Act) -> Body {
        let writer = self.writers.get_mut(node).unwrap();
        writer.number += 1;
        let at = Occasion { node: node.clone(), charter: self.house.charter.hash(), now_ms: self.time_ms };
        let statement = Statement::new(writer.id, writer.number, &at, duty(), act);
        Body::Stated { statement: statement.sign(&writer.device).0 }
    }
}

fn duty() -> LineId {
    LineId::new("duty").unwrap()
}

fn call(node: &NodeId, seq: u64) -> CallId {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&Hash::of(format!("{node} {seq}").as_bytes()).0[..16]);
    CallId(bytes)
}

fn tested(node: &NodeId) -> Body {
    let others = ["jpn-1", "kor-1", "usa-1"].into_iter().map(id).filter(|other| other != node);
    let result = |node| PathTest {
        node,
        path: 0,
        ok: true,
        round_trip_us: Some(151_000),
        jitter_us: Some(900),
        loss_ppm: Some(0),
        kbit: Some(2_000),
    };
    Body::Tested { results: others.map(result).collect() }
}
