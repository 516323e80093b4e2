//! Before principals come on: stations are confirmed, parties say that they are ready, principals come on.

use super::node::{NodeState, OnLine, Presence};
use super::speaker::Speaker;
use super::{Ignored, State};
use crate::statement::{Act, Statement};
use std::collections::BTreeSet;
use trialogue_charter::{DeviceId, PartyId, Role};

impl NodeState {
    fn stay(&self, statement: &Statement) -> Result<&Presence, Ignored> {
        let on = self.lines.get(&statement.line).ok_or(Ignored::NotIn)?;
        on.present.get(&statement.device).ok_or(Ignored::NotIn)
    }

    pub(super) fn may_confirm(&self, by: &Speaker<'_>, statement: &Statement, party: &PartyId) -> Result<(), Ignored> {
        by.must_act()?;
        by.own.another(&statement.line, party)?;
        self.stay(statement).map(drop)
    }

    /// Only with parties whose stations this console itself has confirmed.
    pub(super) fn may_be_ready(
        &self,
        by: &Speaker<'_>,
        statement: &Statement,
        with: &[PartyId],
    ) -> Result<(), Ignored> {
        by.must_act()?;
        let word = &self.stay(statement)?.word;
        for party in with {
            by.own.another(&statement.line, party)?;
        }
        if by.own.is_staged(&statement.line) && with.iter().all(|party| word.confirmed.contains_key(party)) {
            Ok(())
        } else {
            Err(Ignored::NotNow)
        }
    }

    pub(super) fn may_come_on(&self, by: &Speaker<'_>, statement: &Statement, with: &[PartyId]) -> Result<(), Ignored> {
        if by.role != Role::Principal {
            return Err(Ignored::Role);
        }
        for party in with {
            by.own.another(&statement.line, party)?;
        }
        self.stay(statement)?;
        if by.own.is_staged(&statement.line) { Ok(()) } else { Err(Ignored::NotNow) }
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
