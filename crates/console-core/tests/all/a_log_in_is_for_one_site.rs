//! A site in other hands hands on the challenge of another one, and hopes for an answer that opens the door there. What
//! a console signs names where it is.
#![allow(clippy::unwrap_used)]

use crate::common;

use common::World;
use trialogue_charter::fixture::{Trilateral, amended};
use trialogue_charter::{DeviceSecret, NodeId, Suite};
use trialogue_console_core::view::{self, *};
use trialogue_core::{ConsoleKey, Input as NodeInput};
use trialogue_wire::console::{PROTOCOL, Refusal, ToConsole, ToNode};

const HERE: &str = "https://usa-1.example";

/// The charter says where consoles reach the American node.
fn world() -> World {
    let mut fixture = Trilateral::new(Suite::XWing);
    fixture.charter = amended(&fixture.charter, |charter| {
        let node = charter.nodes.iter_mut().find(|node| node.id.as_str() == "usa-1").unwrap();
        node.origins = vec![HERE.to_owned()];
    });
    World::of(fixture)
}

#[test]
fn a_console_answers_where_the_charter_has_its_node() {
    let mut world = world();
    let desk = world.desk("usa-leaders");
    world.desks[desk].console.reached_at(HERE);
    world.until(10, |world| world.view(desk).node == NodeLink::Up);
}

#[test]
fn and_nowhere_else() {
    let mut world = world();
    let desk = world.desk("usa-leaders");
    world.desks[desk].console.reached_at("https://usa-2.example");
    world.until(5, |world| {
        matches!(&world.view(desk).trouble, Some(Trouble::Refused { reason: view::Refusal::Origin }))
    });
    assert_eq!(world.desks[desk].heard.len(), 1, "after the challenge nothing was said that could be handed on");
}

#[test]
fn an_answer_that_was_given_elsewhere_opens_no_door() {
    let mut world = world();
    let (secret, certificate, _) = world.fixture.device("usa-leaders", 1);
    let node = NodeId::new("usa-1").unwrap();
    // What consoles of before signed named no place; a hostile site's console would name its own.
    for (number, origin) in ["", "https://usa-2.example", HERE].into_iter().enumerate() {
        let answer = answered(&mut world, &secret, &certificate, &node, origin, 900 + number as u64);
        let refused = answer.iter().any(|m| matches!(m, ToConsole::Refused { reason: Refusal::Origin, .. }));
        assert_eq!(refused, origin != HERE, "{origin}");
    }
}

/// What the American node says to a console that proves itself so.
fn answered(
    world: &mut World,
    secret: &DeviceSecret,
    certificate: &[u8],
    node: &NodeId,
    origin: &str,
    key: u64,
) -> Vec<ToConsole> {
    let (now, console) = (world.now(), ConsoleKey(key));
    let machine = world.nodes[2].machine.as_mut().unwrap();
    machine.handle(now, NodeInput::ConsoleOpened { console, nonce: [7; 32] });
    let signature = secret.prove(node, origin, &[7; 32]).to_vec();
    let (certificate, origin) = (certificate.to_vec(), origin.to_owned());
    let prove = ToNode::Prove { protocol: PROTOCOL, certificate, signature, on_watch: false, origin };
    machine.handle(now, NodeInput::ConsoleMessage { console, bytes: trialogue_wire::encode(&prove) });
    let mut said = Vec::new();
    while let Some(output) = machine.poll() {
        if let trialogue_core::Output::SendConsole { bytes, .. } = output {
            said.extend(trialogue_wire::decode::<ToConsole>(&bytes).ok());
        }
    }
    said
}
