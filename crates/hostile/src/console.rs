//! A console whose own node says anything at all: it can be silenced, and nothing more.

use crate::parts::{join, parts};
use crate::vectors;
use crate::world::{CHARTER, DEVICES, XWING, answer, bundles, line, node, ring};
use serde_json::json;
use std::time::Duration;
use trialogue_console_core::view::Command;
use trialogue_console_core::{Chance, Console, Identity, Input, Output};
use trialogue_wire::console::{PROTOCOL, PathState, ToConsole, ToNode};
use trialogue_wire::{decode, encode};

/// Most that one input may make a console do.
const OUTPUTS_MAX: usize = 1_000;
const STEP: Duration = Duration::from_millis(700);

fn console() -> Console {
    let (_, secret, certificate) = &DEVICES[0];
    let root = XWING.root(&CHARTER.nodes[0].party).public().fingerprint();
    let identity = Identity { secret: (*secret.seed()).into(), certificate: certificate.clone(), root };
    Console::new(identity, Some(CHARTER.bytes().to_vec()), true, Chance::replayable([7; 32]))
        .unwrap_or_else(|_| unreachable!("fixture"))
}

/// Pieces: what the node says (0 to 5); the line to it is cut and mended, or the own network is another one (6); the
/// officer rings, answers or hangs up, or time passes (7). Taken: the console answered.
pub fn machine(data: &[u8]) -> bool {
    let mut console = console();
    let (mut now, mut taken, mut acted) = (Duration::ZERO, false, false);
    let mut inputs = vec![Input::Opened];
    for (who, bytes) in parts(data).take(32) {
        match (who % 8, bytes.first()) {
            (0..6, _) => inputs.push(Input::Received(bytes.to_vec())),
            (6, Some(0)) => inputs.extend([Input::Network, Input::Opened]),
            (6, _) => inputs.extend([Input::Closed, Input::Opened]),
            (_, Some(0)) => inputs.push(Input::Command(command("ring"))),
            (_, Some(1)) => inputs.push(Input::Command(command("answer"))),
            (_, Some(2)) => inputs.push(Input::Command(command("hangUp"))),
            _ => inputs.push(Input::Tick),
        }
        for input in inputs.drain(..) {
            now += if matches!(input, Input::Tick) { STEP } else { Duration::from_millis(1) };
            acted |= matches!(input, Input::Command(_));
            console.handle(now.as_micros() as u64, now.as_millis() as u64, input);
            let outputs: Vec<Output> = std::iter::from_fn(|| console.poll()).take(OUTPUTS_MAX).collect();
            assert!(outputs.len() < OUTPUTS_MAX, "one input, outputs without end");
            outputs.iter().for_each(|output| check(output, acted));
            taken |= outputs.iter().any(|output| matches!(output, Output::Send(_)));
        }
    }
    taken
}

/// As the page sends it.
fn command(kind: &str) -> Command {
    serde_json::from_value(json!({"kind": kind, "line": line().to_string()})).expect("a command")
}

fn check(output: &Output, acted: bool) {
    match output {
        Output::Send(bytes) => assert!(decode::<ToNode>(bytes).is_ok(), "the console says what no node reads"),
        Output::Charter(bytes) => assert_eq!(bytes, CHARTER.bytes(), "a charter that not all have signed"),
        Output::Seal(Some(_)) | Output::OpenKey(_) => assert!(acted, "keys in use, and nobody rang or answered"),
        Output::Reconnect { after_ms } => assert!(*after_ms <= 15_000),
        _ => {}
    }
}

/// From the challenge to a ring, answered or not.
pub fn seeds() -> Vec<Vec<u8>> {
    let challenge = |node_id: &str| {
        let charter = CHARTER.bytes().to_vec();
        encode(&ToConsole::Challenge { protocol: PROTOCOL, node: node(node_id), nonce: [5; 32], charter })
    };
    let path = |id: &str| PathState {
        node: node(id),
        direct: true,
        reached: true,
        round_trip_us: Some(1_000),
        paths: vec![],
        disputed: false,
    };
    let entries = |party: &str, acts: &[_]| encode(&ToConsole::Entries { bundles: bundles(party, acts) });
    let said = |messages: Vec<Vec<u8>>| messages.into_iter().map(|message| (0, message)).collect::<Vec<_>>();
    let up = said(vec![
        challenge("jpn-1"),
        encode(&ToConsole::Welcome { time_ms: 1 }),
        entries("jpn", &[]),
        entries("usa", &[]),
        encode(&ToConsole::Paths { paths: vec![path("kor-1"), path("usa-1")] }),
    ]);
    let rung = said(vec![entries("usa", &[ring()])]);
    let rest = said(vectors::wire("/to_console"));
    let acts = [vec![1], vec![3], vec![2]].map(|act| (7, act)).to_vec();
    vec![
        join(&up),
        join(&[up.clone(), rung.clone(), acts.clone()].concat()),
        join(&[up.clone(), vec![(7, vec![0])], said(vec![entries("usa", &[answer()])]), acts].concat()),
        join(&[up.clone(), rest.clone(), vec![(6, vec![]), (7, vec![3])], rung].concat()),
        join(&[up, said(vec![challenge("usa-1")]), vec![(6, vec![])], rest].concat()),
    ]
}
