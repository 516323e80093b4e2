//! Journals of nodes whose consoles say anything at all: every act that decodes is signed and folded.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use trialogue_charter::fixture::Trilateral;
use trialogue_charter::{DeviceSecret, LineId, NodeId, Suite, VerifiedCharter};
use trialogue_journal::{Act, Body, BodyRef, Journal, State, Statement, VerifiedEntry};

struct World {
    three: Trilateral,
    charter: Arc<VerifiedCharter>,
    consoles: Vec<(NodeId, DeviceSecret)>,
    enrolled: State,
    journals: BTreeMap<NodeId, Journal>,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let three = Trilateral::new(Suite::XWing);
    let charter = Arc::new(three.charter.clone());
    let mut enrolled = State::new(charter.clone());
    let mut journals = BTreeMap::new();
    let mut consoles = Vec::new();
    for party in ["jpn", "usa"] {
        let node = NodeId::new(format!("{party}-1")).expect("fixture");
        let mut journal = Journal::new(node.clone());
        for number in 1..3 {
            let (secret, certificate, device) = three.device(&format!("{party}-duty"), number);
            let reference = BodyRef::of(&certificate).expect("small");
            let entry = journal.append(1, Body::Enrolled { device: device.id, certificate: reference });
            let entry = VerifiedEntry::open(&entry.sign(three.journal(&node)).0, &charter).expect("own");
            enrolled.apply(&entry, &[certificate]).expect("enrolled");
            consoles.push((node.clone(), secret));
        }
        journals.insert(node, journal);
    }
    World { three, charter, consoles, enrolled, journals }
});

fuzz_target!(|parts: Vec<(u8, Vec<u8>)>| {
    let world = &*WORLD;
    let line = LineId::new("duty").expect("fixture");
    let (mut state, mut journals) = (world.enrolled.clone(), world.journals.clone());
    for (number, (who, bytes)) in (1..).zip(parts.iter().take(24)) {
        let (node, secret) = &world.consoles[usize::from(*who) % world.consoles.len()];
        let body = if let Ok(act) = minicbor::decode::<Act>(bytes) {
            let statement = Statement { device: secret.id(), number, line: line.clone(), act };
            Body::Stated { statement: statement.sign(secret).0 }
        } else if let Ok(body) = minicbor::decode::<Body>(bytes) {
            body
        } else {
            continue;
        };
        let Some(journal) = journals.get_mut(node) else { continue };
        let entry = journal.append(number, body);
        let Ok(entry) = VerifiedEntry::open(&entry.sign(world.three.journal(node)).0, &world.charter) else { continue };
        let before = state.clone();
        if state.apply::<Vec<u8>>(&entry, &[]).is_err() {
            assert_eq!(state, before);
        }
    }
    for line in &world.charter.lines {
        let now = state.line(&line.id);
        assert!(now.participants.is_empty() == now.call.is_none());
        for node in world.charter.nodes.iter() {
            let _ = state.lead(&node.id, &line.id);
            let _ = state.sounding_on(&node.party, &line.id);
        }
    }
    let _ = state.relevant_entries();
});
