//! What people do at model consoles, by chance.

use super::Models;
use crate::console::SimConsole;
use crate::fixture::{DUTY, LEADERS};
use crate::network::Travel;
use crate::world::DEVICES;
use trialogue_charter::{CallId, LineId};
use trialogue_journal::{Act, DeclineReason};

impl Models {
    /// Rings a line.
    pub(crate) fn ring(&mut self, console: usize, line: &str, travel: &mut Travel) -> CallId {
        let call = CallId(travel.rng.bytes());
        self.ring_as(console, line, call, travel);
        call
    }

    /// Rings a line under a number of its own choice.
    pub(crate) fn ring_as(&mut self, console: usize, line: &str, call: CallId, travel: &mut Travel) {
        let (offers, bodies) = SimConsole::offers(self.fixture, travel.rng);
        self.act(console, line, Act::Ring { call, offers, precedence: Default::default() }, bodies, travel);
    }

    /// Answers a call.
    pub(crate) fn answer(&mut self, console: usize, line: &str, call: CallId, travel: &mut Travel) {
        let (offers, bodies) = SimConsole::offers(self.fixture, travel.rng);
        self.act(console, line, Act::Answer { call, offers }, bodies, travel);
    }

    /// Declines a ring.
    pub(crate) fn decline(&mut self, console: usize, line: &str, call: CallId, travel: &mut Travel) {
        let act = Act::Decline { call, reason: DeclineReason::Busy, call_back_ms: None, deputy: None };
        self.act(console, line, act, Vec::new(), travel);
    }

    /// Hangs up.
    pub(crate) fn leave(&mut self, console: usize, line: &str, travel: &mut Travel) {
        self.act(console, line, Act::Leave { cause: None }, Vec::new(), travel);
    }

    fn somebody(&self, travel: &mut Travel) -> usize {
        travel.rng.below(self.consoles.len() as u64) as usize
    }

    /// One who has no WebSocket connects; one who is rung answers, mostly; one who is in may leave; else there is a
    /// ring.
    pub(crate) fn somebody_acts(&mut self, travel: &mut Travel) {
        let console = self.somebody(travel);
        let (own, me) = (&self.consoles[console], self.device(console));
        if !own.welcomed {
            return self.connect(console, travel);
        }
        let leader = own.device == 0;
        let line = if !leader && travel.rng.one_in(3) { DUTY } else { LEADERS };
        let rung = own.rings_here(self.fixture, line);
        let now = self.fixture.line(line).map(|line| own.state.line(line));
        let is_in = now.iter().flat_map(|now| &now.participants).any(|participant| participant.device == me);
        match (rung, travel.rng.below(8)) {
            (_, 0) => self.offer(console, travel),
            (Some(call), 1) => self.decline(console, line, call, travel),
            (Some(call), _) => self.answer(console, line, call, travel),
            (None, 1..=3) if is_in => self.leave(console, line, travel),
            (None, 4) if is_in => {
                self.ring(console, line, travel);
            }
            (None, _) if is_in => {
                let line: Option<&LineId> = self.fixture.line(line);
                line.into_iter().for_each(|line| self.commit(console, line, travel));
            }
            (None, n) => match now.and_then(|now| now.call).filter(|_| n < 5) {
                Some(call) => self.answer(console, line, call, travel),
                None => {
                    self.ring(console, line, travel);
                }
            },
        }
    }

    /// Somebody who is in disposes of somebody of the own party, or does what people do.
    pub(crate) fn somebody_does(&mut self, travel: &mut Travel) {
        let console = self.somebody(travel);
        let other = self.consoles[console].party * DEVICES + travel.rng.below(DEVICES as u64) as usize;
        if !travel.rng.one_in(6) || !self.consoles[console].welcomed {
            return self.somebody_acts(travel);
        }
        let line = if travel.rng.one_in(2) { LEADERS } else { DUTY };
        let device = self.device(other);
        let act = match travel.rng.below(4) {
            0 if other != console => Act::Remove { device },
            0..=2 => Act::Hold { device, on: travel.rng.one_in(2) },
            _ => {
                let call = self.consoles[console].rings_here(self.fixture, line);
                // Officers read the time on a screen that their node keeps.
                let off_ms = travel.nodes[self.consoles[console].node].wall_off_ms;
                let ready_ms = travel.agenda.wall_ms().saturating_add_signed(off_ms) + travel.rng.below(20_000);
                let Some(call) = call else { return self.somebody_acts(travel) };
                Act::Acknowledge { call, ready_ms }
            }
        };
        self.act(console, line, act, Vec::new(), travel);
    }
}
