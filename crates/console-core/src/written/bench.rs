//! For tests of the parts of the written line: one console, and all that is around them.
#![allow(clippy::unwrap_used)]

use super::around::{Around, Busy};
use crate::acts::{Acts, Speaker};
use crate::bodies::Bodies;
use crate::io::Output;
use crate::now::Now;
use crate::outputs::Outputs;
use crate::revocations::Revocations;
use crate::scene::{Enrolled, START_MS, Scene, after_ms};
use trialogue_e2ee::Chance;
use trialogue_wire::console::ToNode;

/// Nothing else goes on.
pub(super) const FREE: Busy = Busy { in_call: false, ringing: false, awaits_keys: false };

pub(super) struct Bench {
    pub(super) console: Enrolled,
    pub(super) bodies: Bodies,
    pub(super) is_up: bool,
    pub(super) out: Outputs,
    acts: Acts,
    chance: Chance,
    revocations: Revocations,
}

impl Bench {
    pub(super) fn of(console: Enrolled) -> Self {
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
    pub(super) fn now(scene: &Scene) -> Now {
        after_ms(scene.time_ms - START_MS)
    }

    pub(super) fn around<'a>(&'a mut self, scene: &'a Scene) -> Around<'a> {
        let (at, now) = (scene.roster(&self.console), Self::now(scene));
        let speaker = Speaker {
            acts: &mut self.acts,
            secret: &self.console.secret,
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
    pub(super) fn outputs(&mut self) -> Vec<Output> {
        std::iter::from_fn(|| self.out.poll()).collect()
    }

    /// What the node was told.
    pub(super) fn sent(&mut self) -> Vec<ToNode> {
        let sent = |output| match output {
            Output::Send(bytes) => Some(trialogue_wire::decode(&bytes).unwrap()),
            _ => None,
        };
        self.outputs().into_iter().filter_map(sent).collect()
    }
}
