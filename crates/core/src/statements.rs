//! A console says something: judged by the rules of the fold, and by what this node asks of its own consoles, before it
//! is written.

use crate::budgets::Need;
use crate::chunks::Chunks;
use crate::here::Here;
use crate::io::ConsoleKey;
use crate::journals::{Journals, plain, sort_bodies};
use crate::limits::BUNDLE_MAX;
use crate::trials::Alive;
use minicbor::bytes::ByteVec;
use std::collections::BTreeSet;
use trialogue_charter::{DeviceId, LineId};
use trialogue_journal::{Act, KeyOffer, Statement, UnverifiedStatement, VerifiedStatement};
use trialogue_wire::console::Refusal;

/// A statement that may be written.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) statement: VerifiedStatement,
    /// Those that it refers to.
    pub(crate) bodies: Vec<ByteVec>,
    /// How much it matters.
    pub(crate) need: Need,
}

/// What it is judged by.
#[derive(Clone, Copy)]
pub(crate) struct Rules<'a> {
    pub(crate) here: &'a Here,
    pub(crate) journals: &'a Journals,
    pub(crate) chunks: &'a Chunks,
}

impl Rules<'_> {
    /// May it be written, with which bodies, and how much does it matter? `alive`: what consoles were asked.
    pub(crate) fn judge(
        self,
        (key, device): (ConsoleKey, DeviceId),
        said: &UnverifiedStatement,
        bodies: Vec<ByteVec>,
        alive: &mut Alive,
    ) -> Result<Judged, Refusal> {
        let Self { here, journals, chunks } = self;
        let statement = journals.ahead().judge(&here.node, said, journals.time_ms(here)).map_err(Refusal::from)?;
        if statement.device != device {
            return Err(Refusal::Signature);
        }
        alive.judge(key, &statement)?;
        // One console is in one call: its leg carries one voice.
        let comes = matches!(statement.act, Act::Ring { .. } | Act::Answer { .. } | Act::Attach { .. });
        if comes && journals.lines_of(&device, here).iter().any(|line| *line != statement.line) {
            return Err(Refusal::NotNow);
        }
        if comes && !self.has_seat(&statement.line, &device) {
            return Err(Refusal::NoSeat);
        }
        let bodies = whole(&statement, bodies)?;
        match &statement.act {
            Act::Write { written } if !chunks.are_given(written, &bodies, journals) => Err(Refusal::NotNow),
            _ => {
                let need = self.need(&statement);
                Ok(Judged { statement, bodies, need })
            }
        }
    }

    /// Is it in already, or does its party have a seat left for it in the groups of the line? Those who act for the
    /// party come before those who do not.
    fn has_seat(self, line: &LineId, device: &DeviceId) -> bool {
        let state = self.journals.state();
        let (Some(own), Some(known)) = (state.node(&self.here.node), state.device(device)) else { return true };
        let acts = self.here.charter.office(&known.office).is_some_and(|office| office.role.acts_for_party());
        let participants = state.in_on(line);
        let of_party = || participants.iter().filter(|p| p.party == *own.party());
        if of_party().any(|p| p.device == *device) {
            return true;
        }
        of_party().filter(|p| p.role.acts_for_party() || !acts).count() < state.share(line)
    }

    /// What a call is made of is said also by a device that has written its fill. Key packages instead of those that it
    /// has offered in the call are not of that: others can make it need them without end.
    fn need(self, statement: &Statement) -> Need {
        match &statement.act {
            Act::Ring { offers, .. } if self.offers_anew(statement, offers) => Need::Ordinary,
            Act::Ring { .. }
            | Act::Answer { .. }
            | Act::Decline { .. }
            | Act::Leave { .. }
            | Act::Handshake { .. }
            | Act::Tags { .. }
            | Act::Acknowledge { .. }
            | Act::Confirm { .. }
            | Act::Ready { .. }
            | Act::ComeOn { .. }
            | Act::Hold { .. }
            | Act::Remove { .. }
            | Act::Drop { .. }
            | Act::Attach { .. } => Need::Urgent,
            _ => Need::Ordinary,
        }
    }

    /// The device is in on the line, and others of its key packages stand there.
    fn offers_anew(self, statement: &Statement, offers: &[KeyOffer]) -> bool {
        let participants = self.journals.ahead().in_on(&statement.line);
        let held = participants.iter().find(|p| p.device == statement.device && p.node == self.here.node);
        held.is_some_and(|held| offers.iter().any(|offer| held.offers.get(&offer.node) != Some(&offer.package)))
    }
}

/// Every body that the statement refers to is there, and nothing else.
fn whole(statement: &Statement, bodies: Vec<ByteVec>) -> Result<Vec<ByteVec>, Refusal> {
    let held = plain(&bodies);
    if !statement.bodies().all(|body| body.find(&held).is_some()) {
        return Err(Refusal::Malformed);
    }
    let references: Vec<_> = statement.bodies().cloned().collect();
    let each: BTreeSet<_> = references.iter().map(|body| body.hash).collect();
    if each.len() < references.len() {
        return Err(Refusal::Malformed);
    }
    let (bodies, strays) = sort_bodies(&references, bodies);
    if strays > 0 || bodies.iter().map(|(_, body)| body.len()).sum::<usize>() > BUNDLE_MAX {
        return Err(Refusal::Malformed);
    }
    Ok(bodies.into_iter().map(|(_, body)| body).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::scene::{Enrolled, OwnNode, body_ref};

    const KEY: ConsoleKey = ConsoleKey(1);

    struct Bench {
        own: OwnNode,
        duty: Enrolled,
        other: Enrolled,
    }

    /// At the node of the United States, which has two consoles.
    fn bench() -> Bench {
        let mut own = OwnNode::at("usa-1");
        let [duty, other] = [1, 2].map(|person| own.scene.enrol("usa-duty", person));
        own.write();
        Bench { own, duty, other }
    }

    impl Bench {
        /// The device of the WebSocket is that of `from`.
        fn judge(&self, from: &Enrolled, act: Act, bodies: &[&[u8]]) -> Result<Judged, Refusal> {
            let (statement, _) = self.own.scene.signed(&self.duty, "duty", act);
            let rules = Rules { here: &self.own.scene.here, journals: &self.own.journals, chunks: &Chunks::default() };
            let bodies = bodies.iter().map(|body| body.to_vec().into()).collect();
            let said = UnverifiedStatement::decode(&statement).unwrap();
            rules.judge((KEY, from.device.id), &said, bodies, &mut Alive::default())
        }
    }

    #[test]
    fn a_console_speaks_for_itself_alone() {
        let bench = bench();
        let act = || Act::TakeDuty { until_ms: bench.own.scene.here.now.wall_ms + 3_600_000 };
        let judged = bench.judge(&bench.duty, act(), &[]).unwrap();
        assert!(judged.need == Need::Ordinary && judged.bodies.is_empty());
        assert_eq!(bench.judge(&bench.other, act(), &[]).unwrap_err(), Refusal::Signature);
        assert_eq!(bench.judge(&bench.duty, Act::Alive { nonce: [0; 16] }, &[]).unwrap_err(), Refusal::NotNow);
    }

    #[test]
    fn what_it_refers_to_comes_with_it_and_nothing_else() {
        let bench = bench();
        let act = || Act::Stock { package: body_ref(b"package") };
        assert_eq!(bench.judge(&bench.duty, act(), &[]).unwrap_err(), Refusal::Malformed);
        assert_eq!(bench.judge(&bench.duty, act(), &[b"package", b"stray"]).unwrap_err(), Refusal::Malformed);
        assert_eq!(bench.judge(&bench.duty, act(), &[b"package"]).unwrap().bodies.len(), 1);
    }
}
