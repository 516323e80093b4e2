//! For tests of the parts: one console, and all that is around them.
#![allow(clippy::unwrap_used)]

use crate::acts::{Acts, Settled, Speaker};
use crate::around::Around;
use crate::bodies::Bodies;
use crate::io::Output;
use crate::now::Now;
use crate::outputs::Outputs;
use crate::revocations::Revocations;
use crate::scene::{Enrolled, START_MS, Scene, after_ms};
use trialogue_e2ee::Chance;
use trialogue_journal::{Statement, UnverifiedStatement};
use trialogue_wire::console::ToNode;

pub(crate) struct Bench {
    pub(crate) console: Enrolled,
    pub(crate) bodies: Bodies,
    pub(crate) is_up: bool,
    pub(crate) out: Outputs,
    acts: Acts,
    chance: Chance,
    revocations: Revocations,
}

impl Bench {
    pub(crate) fn of(console: Enrolled) -> Self {
        let seed = console.device.id.0;
        Self {
            console,
            bodies: Bodies::default(),
            is_up: true,
            out: Outputs::default(),
            acts: Acts::default(),
            chance: Chance::replayable(seed),
            revocations: Revocations::default(),
        }
    }

    /// It is as late as in the scene.
    pub(crate) fn now(scene: &Scene) -> Now {
        after_ms(scene.time_ms - START_MS)
    }

    pub(crate) fn around<'a>(&'a mut self, scene: &'a Scene) -> Around<'a> {
        let (at, now) = (scene.roster(&self.console), Self::now(scene));
        let speaker = Speaker {
            acts: &mut self.acts,
            secret: &self.console.secret,
            device: self.console.device.id,
            at: Some(scene.occasion(&self.console.node, scene.time_ms - START_MS)),
            known: scene.fold.last_number(&self.console.device.id),
            slot: self.is_up.then_some(0),
            out: &mut self.out,
            now,
        };
        let (revocations, bodies, chance) = (&self.revocations, &mut self.bodies, &mut self.chance);
        Around { at, now, node_ms: now.ms, revocations, bodies, chance, speaker }
    }

    /// What the platform was asked to do.
    pub(crate) fn outputs(&mut self) -> Vec<Output> {
        std::iter::from_fn(|| self.out.poll()).collect()
    }

    /// The statements among what the node was told, with the bodies beside them.
    pub(crate) fn said(&mut self) -> Vec<(Statement, Vec<Vec<u8>>, Vec<u8>)> {
        let said = |message| match message {
            ToNode::State { statement, bodies } => {
                let read = UnverifiedStatement::decode(&statement).unwrap().claim().clone();
                Some((read, bodies.into_iter().map(Vec::from).collect(), statement))
            }
            _ => None,
        };
        self.sent().into_iter().filter_map(said).collect()
    }

    /// Whatever was said has counted.
    pub(crate) fn settled(&mut self) {
        self.acts = Acts::default();
    }

    /// The node has journalled the statement of that number.
    pub(crate) fn accepted(&mut self, number: u64) -> Option<Settled> {
        self.acts.accepted(number)
    }

    /// What the node was told.
    pub(crate) fn sent(&mut self) -> Vec<ToNode> {
        let sent = |output| match output {
            Output::Send(bytes) => Some(trialogue_wire::decode(&bytes).unwrap()),
            _ => None,
        };
        self.outputs().into_iter().filter_map(sent).collect()
    }
}
