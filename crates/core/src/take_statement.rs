//! A console says something: judged by the rules of the fold before it is written, told to everyone after.

use crate::budgets::Need;
use crate::consoles::refuse_statement;
use crate::io::ConsoleKey;
use crate::journals::After;
use crate::journals::{plain, sort_bodies};
use crate::limits::BUNDLE_MAX;
use crate::machine::Machine;
use minicbor::bytes::ByteVec;
use std::collections::BTreeSet;
use trialogue_charter::{DeviceId, LineId};
use trialogue_journal::{Act, KeyOffer, Statement, UnverifiedStatement, VerifiedStatement};
use trialogue_wire::console::Refusal;

impl Machine {
    pub(crate) fn take_statement(
        &mut self,
        key: ConsoleKey,
        device: DeviceId,
        statement: Vec<u8>,
        bodies: Vec<ByteVec>,
    ) {
        let Ok(statement) = UnverifiedStatement::decode(&statement) else {
            self.refuse_console(key, Refusal::Malformed);
            return;
        };
        if let Err((reason, wait_us)) = self.write_statement(key, device, &statement, bodies) {
            let (_, around, _, out) = self.for_consoles();
            refuse_statement((key, statement.claim().number), reason, wait_us, around, out);
        }
    }

    /// Writes it, or says why not, and for how long that is so if it is a matter of time.
    fn write_statement(
        &mut self,
        key: ConsoleKey,
        device: DeviceId,
        said: &UnverifiedStatement,
        bodies: Vec<ByteVec>,
    ) -> Result<(), (Refusal, Option<u64>)> {
        let (statement, bodies, need) = self.judge(key, device, said, bodies).map_err(|reason| (reason, None))?;
        let now = self.here.now.us;
        let bytes = said.bytes().len() + bodies.iter().map(|body| body.len()).sum::<usize>();
        let own = self.here.node.clone();
        self.budgets.state(&own, device, bytes, need, now).map_err(|wait_us| (Refusal::Busy, Some(wait_us)))?;
        let after = After::Statement { console: key, number: statement.number };
        self.pen().append_said(&statement, bodies, after).map_err(|_| (Refusal::Busy, None))?;
        self.budgets.stated(device, bytes, now);
        Ok(())
    }

    /// Is it in already, or does its party have a seat left for it in the groups of the line? Those who act for the
    /// party come before those who do not.
    fn has_seat(&self, line: &LineId, device: &DeviceId) -> bool {
        let (Some(own), Some(known)) =
            (self.journals.state().node(&self.here.node), self.journals.state().device(device))
        else {
            return true;
        };
        let acts = self.here.charter.office(&known.office).is_some_and(|office| office.role.acts_for_party());
        let participants = self.journals.state().in_on(line);
        let of_party = || participants.iter().filter(|p| p.party == *own.party());
        if of_party().any(|p| p.device == *device) {
            return true;
        }
        of_party().filter(|p| p.role.acts_for_party() || !acts).count() < self.journals.state().share(line)
    }

    /// May it be written, with which bodies, and how much does it matter?
    fn judge(
        &mut self,
        key: ConsoleKey,
        device: DeviceId,
        said: &UnverifiedStatement,
        bodies: Vec<ByteVec>,
    ) -> Result<(VerifiedStatement, Vec<ByteVec>, Need), Refusal> {
        let statement = self.journals.ahead().judge(&self.here.node, said, self.time_ms()).map_err(Refusal::from)?;
        if statement.device != device {
            return Err(Refusal::Signature);
        }
        self.alive.judge(key, &statement)?;
        // One console is in one call: its leg carries one voice.
        let comes = matches!(statement.act, Act::Ring { .. } | Act::Answer { .. } | Act::Attach { .. });
        if comes && self.journals.lines_of(&device, &self.here).iter().any(|line| *line != statement.line) {
            return Err(Refusal::NotNow);
        }
        if comes && !self.has_seat(&statement.line, &device) {
            return Err(Refusal::NoSeat);
        }
        let bodies = whole(&statement, bodies)?;
        match &statement.act {
            Act::Write { written } if !self.chunks.are_given(written, &bodies, &self.journals) => Err(Refusal::NotNow),
            _ => {
                let need = self.need(&statement);
                Ok((statement, bodies, need))
            }
        }
    }

    /// What a call is made of is said also by a device that has written its fill. Key packages instead of those that it
    /// has offered in the call are not of that: others can make it need them without end.
    fn need(&self, statement: &Statement) -> Need {
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
    fn offers_anew(&self, statement: &Statement, offers: &[KeyOffer]) -> bool {
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
