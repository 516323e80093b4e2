//! Before principals come on: stations are confirmed, parties say that they are ready, principals come on.

use super::node::{NodeState, OnLine, Presence};
use super::{Ignored, State};
use crate::statement::{Act, Statement};
use std::collections::BTreeSet;
use trialogue_charter::{DeviceId, PartyId, Role, VerifiedCharter};

impl NodeState {
    /// What the holder of a device does in a call, by the charter.
    pub(super) fn role(&self, charter: &VerifiedCharter, device: &DeviceId) -> Role {
        let office = self.devices.get(device).and_then(|known| charter.office(&known.device.office));
        // One without an office says nothing anyway; it is given the role that may least.
        office.map_or(Role::NoteTaker, |office| office.role)
    }

    /// The device's office rings, answers and declines for the party.
    pub(super) fn must_act(&self, charter: &VerifiedCharter, device: &DeviceId) -> Result<(), Ignored> {
        if self.role(charter, device).acts_for_party() { Ok(()) } else { Err(Ignored::Role) }
    }

    fn stay(&self, statement: &Statement) -> Result<&Presence, Ignored> {
        let on = self.lines.get(&statement.line).ok_or(Ignored::NotIn)?;
        on.present.get(&statement.device).ok_or(Ignored::NotIn)
    }

    /// Another party with an office on the line.
    pub(super) fn another(
        &self,
        charter: &VerifiedCharter,
        statement: &Statement,
        party: &PartyId,
    ) -> Result<(), Ignored> {
        let there = charter.offices_of_party_on_line(party, &statement.line).next().is_some();
        if there && *party != self.party { Ok(()) } else { Err(Ignored::Malformed) }
    }

    pub(super) fn may_confirm(
        &self,
        charter: &VerifiedCharter,
        statement: &Statement,
        party: &PartyId,
    ) -> Result<(), Ignored> {
        self.must_act(charter, &statement.device)?;
        self.another(charter, statement, party)?;
        self.stay(statement).map(drop)
    }

    /// Only with parties whose stations this console itself has confirmed.
    pub(super) fn may_be_ready(
        &self,
        charter: &VerifiedCharter,
        statement: &Statement,
        with: &[PartyId],
    ) -> Result<(), Ignored> {
        self.must_act(charter, &statement.device)?;
        let staged = charter.line(&statement.line).is_some_and(|line| line.staged);
        let word = &self.stay(statement)?.word;
        for party in with {
            self.another(charter, statement, party)?;
        }
        if staged && with.iter().all(|party| word.confirmed.contains_key(party)) {
            Ok(())
        } else {
            Err(Ignored::NotNow)
        }
    }

    pub(super) fn may_come_on(
        &self,
        charter: &VerifiedCharter,
        statement: &Statement,
        with: &[PartyId],
    ) -> Result<(), Ignored> {
        if self.role(charter, &statement.device) != Role::Principal {
            return Err(Ignored::Role);
        }
        for party in with {
            self.another(charter, statement, party)?;
        }
        self.stay(statement)?;
        if charter.line(&statement.line).is_some_and(|line| line.staged) { Ok(()) } else { Err(Ignored::NotNow) }
    }
}

impl OnLine {
    /// A console says something about the parties of the call; it was found allowed.
    pub(super) fn say(&mut self, device: &DeviceId, act: Act, seq: u64) {
        let Some(presence) = self.present.get_mut(device) else { return };
        let word = &mut presence.word;
        match act {
            Act::Confirm { party } => {
                word.confirmed.insert(party, seq);
            }
            Act::Ready { with } => {
                let with: BTreeSet<PartyId> = with.into_iter().collect();
                word.ready = Some((with, seq)).filter(|(with, _)| !with.is_empty());
            }
            Act::ComeOn { with } => word.on = Some((with.into_iter().collect(), seq)),
            Act::Drop { party, on: true } => {
                word.drops.insert(party, seq);
            }
            Act::Drop { party, on: false } => {
                word.drops.remove(&party);
            }
            _ => {}
        }
    }
}

impl State {
    /// What a node asks of its own consoles beyond the rules of one journal.
    pub(super) fn judge_among_others(&self, own: &NodeState, statement: &Statement) -> Result<(), Ignored> {
        let party = &own.party;
        match &statement.act {
            Act::ComeOn { with } => {
                let mut able = self.may_come_on_with(party, &statement.line);
                // With whom it is on already it stays on, also while one of them is out of touch.
                let said = self.said(&own.id, &statement.line, &statement.device);
                if !able.is_empty() {
                    able.extend(said.map(|said| said.prepared.on).unwrap_or_default());
                }
                if with.iter().all(|other| able.contains(other)) { Ok(()) } else { Err(Ignored::NotNow) }
            }
            Act::Attach { .. } => self.judge_coming_over(own, statement),
            Act::Ring { .. } | Act::Answer { .. } if self.dropped(&statement.line).contains(party) => {
                Err(Ignored::Dropped)
            }
            _ => Ok(()),
        }
    }
}
