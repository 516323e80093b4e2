//! For tests of media: a node with links and consoles, as a part of media sees them.
#![allow(clippy::unwrap_used)]

use super::At;
use crate::consoles::{Consoles, bench};
use crate::io::{ConsoleKey, Output};
use crate::links::Links;
use crate::links::bench::link;
use crate::out::Out;
use crate::scene::{Enrolled, Scene};
use trialogue_charter::LineId;
use trialogue_wire::leg::{LegAnswer, LegEnd, LegNumbers, LegOffer, LegStream};

pub(super) struct Bench {
    pub(super) scene: Scene,
    pub(super) links: Links,
    pub(super) head: u64,
    pub(super) open: bool,
    pub(super) out: Out,
    consoles: Consoles,
}

impl Bench {
    pub(super) fn at(node: &str) -> Self {
        Self {
            scene: Scene::at(node),
            links: Links::new(0),
            head: 1,
            open: true,
            out: Out::new(),
            consoles: Consoles::default(),
        }
    }

    /// Somebody takes up a console and rings by the call of that number.
    pub(super) fn comes_in(&mut self, office: &str, number: u8) -> Enrolled {
        let console = self.scene.enrol(office, number);
        self.scene.rings(&console, number);
        console
    }

    /// A console is at a WebSocket, and was told all there is.
    pub(super) fn is_here(&mut self, key: ConsoleKey, console: &Enrolled) {
        bench::is_here(&mut self.consoles, key, console);
    }

    /// See [`link`].
    pub(super) fn link(&mut self, node: &str, neighbours: &[&str]) {
        link(&mut self.links, node, neighbours);
    }

    /// What a part asks.
    pub(super) fn now(&self) -> At<'_> {
        At {
            here: &self.scene.here,
            state: &self.scene.state,
            head: self.head,
            open: self.open,
            links: &self.links,
            consoles: &self.consoles,
        }
    }

    /// What a part gives out.
    pub(super) fn does(&mut self, act: impl FnOnce(At, &mut Out)) -> Vec<Output> {
        let mut out = std::mem::replace(&mut self.out, Out::new());
        act(self.now(), &mut out);
        self.out = out;
        self.outputs()
    }

    pub(super) fn outputs(&mut self) -> Vec<Output> {
        std::iter::from_fn(|| self.out.poll()).collect()
    }
}

/// Where everybody is in.
pub(super) fn line() -> LineId {
    LineId::new("duty").unwrap()
}

/// The number of the WebSocket to which something is said, or the node.
pub(super) fn sent_to(output: &Output) -> String {
    match output {
        Output::SendConsole { console, .. } => console.0.to_string(),
        Output::SendLink { node, .. } => node.to_string(),
        other => panic!("{other:?}"),
    }
}

/// What a console asks for a leg with; nothing here reads it.
pub(super) fn offer() -> LegOffer {
    let numbers = LegNumbers { voice: 111, picture: 96, again: None, mid: 1, sent_rate: None, received_rate: None };
    LegOffer { end: end(), numbers, mids: Vec::new(), voices: 0, voice: STREAM, picture: STREAM }
}

/// What the media thread answers; nothing here reads it.
pub(super) fn answer() -> LegAnswer {
    LegAnswer { end: end(), addresses: Vec::new(), streams: Vec::new() }
}

const STREAM: LegStream = LegStream { ssrc: 1, again: None };

fn end() -> LegEnd {
    LegEnd { fragment: "abcd".into(), password: "p".repeat(22), fingerprint: [0; 32] }
}
