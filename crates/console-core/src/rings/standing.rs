//! Which ring takes over the screen, which waits beside a call, and from when one can be answered.

use super::Sound;
use crate::limits::TONE_MS;
use crate::now::Now;
use crate::view::Standing;
use std::collections::BTreeMap;
use trialogue_charter::{LineId, Precedence};

/// What a ring does to the screen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Effect {
    pub(crate) standing: Standing,
    /// It tears away from a call, and can be answered from then on, milliseconds since 1970 by this console's clock.
    pub(crate) answer_from_ms: Option<u64>,
}

impl Sound {
    /// No answer was promised, or it was promised for now.
    pub(super) fn is_due(&self, now: Now) -> bool {
        self.ready_ms.is_none_or(|ready_ms| now.ms >= ready_ms)
    }
}

/// What the rings of a board do, by line: the most urgent one that is due takes over, if this console is in no call or
/// in a less urgent one; of equals, the first on the board. `call`: the line and the precedence of the call that it is
/// in.
pub(crate) fn effects(sounds: &[Sound], call: Option<(&LineId, Precedence)>, now: Now) -> BTreeMap<LineId, Effect> {
    let mut foremost: Option<&Sound> = None;
    for sound in sounds.iter().filter(|sound| sound.is_due(now)) {
        let urgency = sound.ring.precedence;
        let above_call = call.is_none_or(|(line, precedence)| sound.ring.line != *line && urgency > precedence);
        if above_call && foremost.is_none_or(|other| urgency > other.ring.precedence) {
            foremost = Some(sound);
        }
    }
    let foremost = foremost.map(|sound| &sound.ring.line);
    let effect = |sound: &Sound| {
        let standing = if foremost == Some(&sound.ring.line) {
            Standing::TakesOver
        } else if sound.is_due(now) {
            Standing::Waits
        } else {
            Standing::Promised
        };
        let tears_away = call.is_some() && standing == Standing::TakesOver;
        Effect { standing, answer_from_ms: tears_away.then_some(sound.since_ms + TONE_MS) }
    };
    sounds.iter().map(|sound| (sound.ring.line.clone(), effect(sound))).collect()
}
