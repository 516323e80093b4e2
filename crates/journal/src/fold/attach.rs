//! A console comes over from another node of its party: the same stay in the same call, at another site.

use super::node::{NodeState, OnLine, OwnRing, Presence, Word};
use super::ring::by_node;
use super::speaker::Speaker;
use super::{Ignored, State};
use crate::statement::{Act, Carried, KeyOffer, Statement};
use trialogue_charter::{CallId, DeviceId, Precedence, Removal, Role};

impl NodeState {
    /// What the journal of this node alone can tell: that the console says nothing by it that it could not say otherwise.
    pub(super) fn may_attach(
        &self,
        by: &Speaker<'_>,
        statement: &Statement,
        ring: Option<Precedence>,
        word: &Carried,
    ) -> Result<(), Ignored> {
        if let Some(precedence) = ring {
            by.must_act()?;
            by.may_ring(&statement.line, precedence)?;
        }
        for party in word.lists().into_iter().flatten() {
            by.own.another(&statement.line, party)?;
        }
        let speaks = !word.confirmed.is_empty() || !word.ready.is_empty() || !word.drops.is_empty();
        if (speaks && !by.role.acts_for_party()) || (!word.on.is_empty() && by.role != Role::Principal) {
            return Err(Ignored::Role);
        }
        if !word.drops.is_empty() && by.own.charter.policy.removal == Removal::Never {
            return Err(Ignored::Policy);
        }
        let staged = by.own.is_staged(&statement.line);
        let known = word.ready.iter().all(|party| word.confirmed.contains(party));
        let of_stage = !word.ready.is_empty() || !word.on.is_empty();
        if !known || (of_stage && !staged) {
            return Err(Ignored::NotNow);
        }
        self.may_come_in(statement)
    }
}

impl OnLine {
    /// Is in from here on. The stay that it comes from stands in another journal, and counts no more because its number is lower.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn attach(
        &mut self,
        device: DeviceId,
        call: CallId,
        offers: Vec<KeyOffer>,
        ring: Option<Precedence>,
        said: Carried,
        role: Role,
        (seq, time_ms): (u64, u64),
    ) {
        let mut presence = Presence::new(call, role, seq, time_ms, by_node(offers));
        presence.ring = ring.map(|precedence| OwnRing { call, precedence, seq, time_ms });
        presence.held = said.held.then_some((device, seq));
        let set = |list: Vec<_>| {
            Some((list.into_iter().collect(), seq))
                .filter(|(set, _): &(std::collections::BTreeSet<_>, _)| !set.is_empty())
        };
        presence.word = Word {
            confirmed: said.confirmed.into_iter().map(|party| (party, seq)).collect(),
            ready: set(said.ready),
            on: set(said.on),
            drops: said.drops.into_iter().map(|party| (party, seq)).collect(),
        };
        self.come(device, presence);
    }
}

impl State {
    /// Only a console that is in on the line at another node of its party comes over, to no other call, and with no more than it has said there.
    pub(super) fn judge_coming_over(&self, own: &NodeState, statement: &Statement) -> Result<(), Ignored> {
        let Act::Attach { call, ring, word, .. } = &statement.act else { return Ok(()) };
        let (line, device) = (&statement.line, &statement.device);
        let there = self.in_on(line).into_iter().find(|p| p.device == *device).ok_or(Ignored::NotIn)?;
        if there.node == own.id || there.party != own.party {
            return Err(Ignored::NotIn);
        }
        let stay = self.presence(&there.node, line, device).ok_or(Ignored::NotIn)?;
        let rings = stay.ring.map(|ring| (ring.call, ring.precedence));
        let same = match ring {
            Some(precedence) => rings == Some((*call, *precedence)),
            None => stay.call == *call || rings.is_some_and(|(rung, _)| rung == *call),
        };
        let on = self.said(&there.node, line, device).map(|said| said.prepared.on).unwrap_or_default();
        if same && word.on.iter().all(|party| on.contains(party)) { Ok(()) } else { Err(Ignored::NotNow) }
    }
}
