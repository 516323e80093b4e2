//! What the officer says about the call's parties and people: stations, readiness, hold, removal. The officer's wish
//! stands here; what the journals have of it is brought up to it, also after a cut, when a new stay has said nothing
//! yet.

use crate::acts::Purpose;
use crate::console::Console;
use crate::limits::COME_ON_AGAIN_US;
use crate::view::Outcome;
use std::collections::BTreeSet;
use trialogue_charter::{DeviceId, LineId, PartyId, Role};
use trialogue_journal::Act;
use trialogue_journal::fold::{Floor, Said};

/// What the officer wants said in this call.
#[derive(Default)]
pub(crate) struct Intent {
    pub(crate) confirmed: BTreeSet<PartyId>,
    /// The own principal is ready with these; none: is not.
    pub(crate) ready: Option<BTreeSet<PartyId>>,
    pub(crate) drops: BTreeSet<PartyId>,
    pub(crate) held: bool,
    /// The stay in which `held` was last seen: by whomever it is changed there, that counts.
    seen: Option<(u64, bool)>,
    /// The console that this one takes the call over from, until that is out.
    pub(crate) from: Option<DeviceId>,
    come_on_us: u64,
}

impl Console {
    /// Whom this console reaches, as far as it knows itself.
    pub(crate) fn own_floor(&self) -> Floor {
        let Some(call) = &self.call else { return Floor::Held };
        let known = self.participants().into_iter().find(|participant| participant.device == self.id);
        if call.stage.held || call.stage.from.is_some() {
            return Floor::Held;
        }
        // Before the fold has it in, nothing is sealed anyway.
        known.map_or(Floor::Open, |participant| participant.floor)
    }

    /// The own party was dropped from the call that this console is in.
    pub(crate) fn is_dropped(&self) -> bool {
        let (Some(fold), Some(me), Some(call)) = (self.sites.fold(), &self.me, &self.call) else { return false };
        call.seated && fold.dropped(&call.line).contains(&me.party)
    }

    /// Taken out by the own duty officer, or by oneself at another console.
    pub(crate) fn removed(&mut self, by: &DeviceId) {
        let same = self.call.as_ref().is_some_and(|call| self.elsewhere(&call.line) == Some(*by));
        self.call_over(Some(if same { Outcome::HandedOver } else { Outcome::Removed }));
    }

    /// Parties with which the own principal could be said to be ready: each other one that is in and was confirmed
    /// here. One that was not, because its console has no keys or nobody speaks there, holds up nobody but itself.
    pub(crate) fn ready_with(&self) -> BTreeSet<PartyId> {
        let Some(call) = &self.call else { return BTreeSet::new() };
        self.others_in().intersection(&call.stage.confirmed).cloned().collect()
    }

    /// Other parties of which somebody who acts for them is in.
    fn others_in(&self) -> BTreeSet<PartyId> {
        let Some(me) = &self.me else { return BTreeSet::new() };
        let others = self.participants().into_iter().filter(|p| p.party != me.party && p.role.acts_for_party());
        others.map(|participant| participant.party).collect()
    }

    /// Parties for which the own principal waits, because the own party has named them: they are in, and not ready with
    /// it. Nobody, once it is on.
    pub(crate) fn awaited(&self) -> BTreeSet<PartyId> {
        let (Some(fold), Some(call), Some(me)) = (self.sites.fold(), &self.call, &self.me) else {
            return BTreeSet::new();
        };
        let prepared = fold.prepared(&call.line);
        let Some(own) = prepared.get(&me.party).filter(|own| own.on.is_empty()) else { return BTreeSet::new() };
        let late = |other: &PartyId| prepared.get(other).is_none_or(|theirs| !theirs.is_ready_with(&me.party));
        own.ready.intersection(&self.others_in()).filter(|other| late(other)).cloned().collect()
    }

    /// Brings what the journals have of the officer's word up to it, one statement at a time.
    pub(crate) fn settle_stage(&mut self) {
        let Some(said) = self.own_word() else { return };
        self.follow_hold(&said);
        self.finish_take_over();
        let Some(held) = &self.call else { return };
        let line = held.line.clone();
        if !self.sites.is_up() || self.acts.is_waiting(&line, |purpose| purpose != Purpose::Leave) {
            return;
        }
        if let Some(act) = self.next_word(&said) {
            self.say(&line, Purpose::Stage, act, Vec::new());
        } else if let Some(with) = self.coming_on(&line, &said) {
            self.say(&line, Purpose::ComeOn, Act::ComeOn { with }, Vec::new());
        }
    }

    fn own_word(&self) -> Option<Said> {
        let (fold, node, call) = (self.sites.fold()?, self.sites.node()?, self.call.as_ref()?);
        fold.said(node, &call.line, &self.id)
    }

    /// Within a stay the journal says whether this console is held; a new stay is as the one before.
    fn follow_hold(&mut self, said: &Said) {
        let Some(held) = &mut self.call else { return };
        let now = (said.order, said.held);
        match held.stage.seen {
            Some((order, _)) if order != said.order => {}
            before if before != Some(now) => held.stage.held = said.held,
            _ => {}
        }
        held.stage.seen = Some(now);
    }

    /// What is still to be said.
    fn next_word(&self, said: &Said) -> Option<Act> {
        let stage = &self.call.as_ref()?.stage;
        if let Some(party) = stage.confirmed.difference(&said.prepared.confirmed).next() {
            return Some(Act::Confirm { party: party.clone() });
        }
        let ready = stage.ready.clone().unwrap_or_default();
        if ready != said.prepared.ready {
            return Some(Act::Ready { with: ready.into_iter().collect() });
        }
        if let Some(party) = stage.drops.symmetric_difference(&said.drops).next() {
            return Some(Act::Drop { party: party.clone(), on: stage.drops.contains(party) });
        }
        (stage.held != said.held).then_some(Act::Hold { device: self.id, on: stage.held })
    }

    /// With whom this principal comes on, if there is anyone new.
    fn coming_on(&self, line: &LineId, said: &Said) -> Option<Vec<PartyId>> {
        let (fold, me, call) = (self.sites.fold()?, self.me.as_ref()?, self.call.as_ref()?);
        let staged = self.charter.as_ref()?.line(line)?.staged;
        if !staged || self.role() != Role::Principal || self.now_us < call.stage.come_on_us {
            return None;
        }
        let able = fold.may_come_on_with(&me.party, line);
        let news = !able.is_subset(&said.prepared.on);
        news.then(|| able.union(&said.prepared.on).cloned().collect())
    }

    pub(crate) fn come_on_later(&mut self) {
        let again = self.now_us + COME_ON_AGAIN_US;
        if let Some(call) = &mut self.call {
            call.stage.come_on_us = again;
        }
    }

    /// The node refused what the officer said: the journal's word stands.
    pub(crate) fn forget_intent(&mut self, line: &LineId) {
        let said = self.own_word();
        let Some(call) = self.call.as_mut().filter(|call| call.line == *line) else { return };
        let said = said.unwrap_or_default();
        call.stage.confirmed = said.prepared.confirmed;
        call.stage.ready = Some(said.prepared.ready).filter(|with| !with.is_empty());
        call.stage.drops = said.drops;
        call.stage.held = said.held;
    }

    pub(crate) fn stage_next_us(&self) -> Option<u64> {
        self.call.as_ref().map(|call| call.stage.come_on_us).filter(|at| *at > self.now_us)
    }

    /// The keys are here: the other console goes.
    fn finish_take_over(&mut self) {
        let Some(call) = &self.call else { return };
        let Some(from) = call.stage.from else { return };
        let (line, there) = (call.line.clone(), call.others.contains_key(&from));
        let complete = self.keys.is_able() && call.seated;
        if !there && call.seated {
            if let Some(call) = &mut self.call {
                call.stage.from = None;
            }
        } else if complete && self.sites.is_up() && !self.acts.is_waiting(&line, |purpose| purpose == Purpose::Stage) {
            self.say(&line, Purpose::Stage, Act::Remove { device: from }, Vec::new());
        }
    }
}
