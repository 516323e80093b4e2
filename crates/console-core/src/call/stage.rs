//! What the officer says about the call's parties and people: stations, readiness, hold, removal. The officer's wish
//! stands here; what the journals have of it is brought up to it, also after a cut, when a new stay has said nothing
//! yet.

use super::{Call, Engaged};
use crate::acts::Purpose;
use crate::around::Around;
use crate::limits::{COME_ON_AGAIN_US, STAGE_AGAIN_US};
use crate::now::Now;
use crate::roster::Roster;
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{DeviceId, LineId, PartyId, Role};
use trialogue_journal::Act;
use trialogue_journal::fold::{Floor, Said};

/// What the officer wants said in this call.
#[derive(Default)]
pub(super) struct Intent {
    confirmed: BTreeSet<PartyId>,
    /// Devices of each confirmed party that were in when its code was compared here, or was first seen confirmed.
    compared: BTreeMap<PartyId, BTreeSet<DeviceId>>,
    /// The own principal is ready with these; none: is not.
    ready: Option<BTreeSet<PartyId>>,
    drops: BTreeSet<PartyId>,
    held: bool,
    /// The stay in which `held` was last seen: by whomever it is changed there, that counts.
    seen: Option<(u64, bool)>,
    /// The console that this one takes the call over from, until that is out.
    from: Option<DeviceId>,
    come_on_us: u64,
    /// What was said last and the journal may not show yet, though the node has accepted it: its number, and until
    /// when it is not said again.
    said: Option<(u64, u64)>,
}

impl Intent {
    pub(super) fn confirms(&self, party: &PartyId) -> bool {
        self.confirmed.contains(party)
    }

    pub(super) fn wants_dropped(&self, party: &PartyId) -> bool {
        self.drops.contains(party)
    }

    /// The own principal is ready.
    pub(super) fn is_ready(&self) -> bool {
        self.ready.is_some()
    }

    /// This console takes the call over from another one.
    pub(super) fn takes_over(&self) -> bool {
        self.from.is_some()
    }

    /// A principal may say then that it comes on.
    pub(super) fn come_on_us(&self) -> u64 {
        self.come_on_us
    }

    /// What the journal does not show by then is said again.
    pub(super) fn again_us(&self) -> Option<u64> {
        self.said.map(|(_, again_us)| again_us)
    }

    /// Was the code compared before this device of the party came in?
    pub(super) fn is_newcomer(&self, party: &PartyId, device: &DeviceId) -> bool {
        self.compared.get(party).is_some_and(|compared| !compared.contains(device))
    }

    /// The officer has compared the code with a party, of which these devices are in.
    pub(super) fn confirm(&mut self, party: PartyId, devices: BTreeSet<DeviceId>) {
        self.compared.insert(party.clone(), devices);
        // Whoever is ready already is so with this one, too.
        if let Some(ready) = &mut self.ready {
            ready.insert(party.clone());
        }
        self.confirmed.insert(party);
    }

    /// The own principal is ready with these, or not ready.
    pub(super) fn be_ready(&mut self, with: Option<BTreeSet<PartyId>>) {
        self.ready = with;
    }

    /// This console does not say any more that the own principal is ready with this party. False: it does not say so.
    pub(super) fn ready_without(&mut self, party: &PartyId) -> bool {
        let removed = self.ready.as_mut().is_some_and(|ready| ready.remove(party));
        // Said of nobody, it is not ready by this console's word; it may be by a colleague's.
        self.ready.take_if(|ready| ready.is_empty());
        removed
    }

    pub(super) fn hold(&mut self, on: bool) {
        self.held = on;
    }

    pub(super) fn wish_dropped(&mut self, party: PartyId, on: bool) {
        if on {
            self.drops.insert(party);
        } else {
            self.drops.remove(&party);
        }
    }

    pub(super) fn take_over(&mut self, from: DeviceId) {
        self.from = Some(from);
    }

    /// Within a stay the journal says whether this console is held; a new stay is as the one before.
    fn follow_hold(&mut self, said: &Said) {
        let now = (said.order, said.held);
        match self.seen {
            Some((order, _)) if order != said.order => {}
            before if before != Some(now) => self.held = said.held,
            _ => {}
        }
        self.seen = Some(now);
    }

    /// What is still to be said. `own`: the own device.
    fn next_word(&self, said: &Said, own: DeviceId) -> Option<Act> {
        if let Some(party) = self.confirmed.difference(&said.prepared.confirmed).next() {
            return Some(Act::Confirm { party: party.clone() });
        }
        let ready = self.ready.clone().unwrap_or_default();
        if ready != said.prepared.ready {
            return Some(Act::Ready { with: ready.into_iter().collect() });
        }
        if let Some(party) = self.drops.symmetric_difference(&said.drops).next() {
            return Some(Act::Drop { party: party.clone(), on: self.drops.contains(party) });
        }
        (self.held != said.held).then_some(Act::Hold { device: own, on: self.held })
    }

    /// The journal's word stands.
    fn forget(&mut self, said: Said) {
        for party in self.confirmed.difference(&said.prepared.confirmed) {
            self.compared.remove(party);
        }
        self.confirmed = said.prepared.confirmed;
        self.ready = Some(said.prepared.ready).filter(|with| !with.is_empty());
        self.drops = said.drops;
        self.held = said.held;
        self.said = None;
    }
}

impl Call {
    /// Whom this console reaches, as far as it knows itself.
    pub(crate) fn own_floor(&self, at: Roster) -> Floor {
        let Some(held) = &self.held else { return Floor::Held };
        if held.stage.held || held.stage.takes_over() {
            return Floor::Held;
        }
        // Before the fold has it in, nothing is sealed anyway.
        let known = at.in_on(&held.line).iter().find(|participant| participant.device == at.id());
        known.map_or(Floor::Open, |participant| participant.floor.clone())
    }

    /// Brings what the journals have of the officer's word up to it, one statement at a time. `able`: keys with
    /// everyone are there.
    pub(crate) fn settle_stage(&mut self, able: bool, around: &mut Around<'_>) {
        let Some(held) = &mut self.held else { return };
        let Some(said) = held.own_word(around.at) else { return };
        held.stage.follow_hold(&said);
        held.note_compared(around.at);
        let (known, now_us) = (around.speaker.known, around.now.us);
        held.stage.said = held.stage.said.filter(|(number, again_us)| *number > known && *again_us > now_us);
        if held.stage.said.is_some() {
            return;
        }
        held.finish_take_over(able, around);
        if !around.is_up() || around.speaker.acts.is_waiting(&held.line, |purpose| purpose != Purpose::Leave) {
            return;
        }
        if let Some(act) = held.stage.next_word(&said, around.at.id()) {
            held.says(act, around);
        } else if let Some(with) = held.coming_on(&said, around) {
            around.speaker.say(&held.line, Purpose::ComeOn, Act::ComeOn { with }, Vec::new());
        }
    }

    pub(super) fn come_on_later(&mut self, now: Now) {
        if let Some(held) = &mut self.held {
            held.stage.come_on_us = now.us + COME_ON_AGAIN_US;
        }
    }

    /// The node refused what the officer said.
    pub(super) fn forget_intent(&mut self, line: &LineId, at: Roster) {
        if let Some(held) = self.held.as_mut().filter(|held| held.line == *line) {
            let said = held.own_word(at).unwrap_or_default();
            held.stage.forget(said);
        }
    }
}

impl Engaged {
    /// What the journal has of what this console has said in the call.
    fn own_word(&self, at: Roster) -> Option<Said> {
        at.fold()?.said(at.node()?, &self.line, &at.id())
    }

    /// With whom this principal comes on, if there is anyone new.
    fn coming_on(&self, said: &Said, around: &Around<'_>) -> Option<Vec<PartyId>> {
        let (charter, me, fold) = around.at.whole()?;
        let staged = charter.line(&self.line)?.staged;
        if !staged || around.at.role() != Role::Principal || around.now.us < self.stage.come_on_us {
            return None;
        }
        let able = fold.may_come_on_with(&me.party, &self.line);
        let news = !able.is_subset(&said.prepared.on);
        news.then(|| able.union(&said.prepared.on).cloned().collect())
    }

    /// The keys are here: the other console goes.
    fn finish_take_over(&mut self, able: bool, around: &mut Around<'_>) {
        let Some(from) = self.stage.from.filter(|_| self.seated) else { return };
        if !self.others.contains_key(&from) {
            self.stage.from = None;
        } else if able
            && around.is_up()
            && !around.speaker.acts.is_waiting(&self.line, |purpose| purpose == Purpose::Stage)
        {
            self.says(Act::Remove { device: from }, around);
        }
    }

    fn says(&mut self, act: Act, around: &mut Around<'_>) {
        let number = around.speaker.say(&self.line, Purpose::Stage, act, Vec::new());
        self.stage.said = Some((number, around.now.us + STAGE_AGAIN_US));
    }

    /// Is the own principal ready with somebody besides this party, by whichever of the own consoles?
    pub(super) fn is_ready_besides(&self, party: &PartyId, at: Roster) -> bool {
        let Some((_, me, fold)) = at.whole() else { return false };
        let said = fold.prepared(&self.line).get(&me.party).map(|own| &own.ready);
        said.into_iter().chain(&self.stage.ready).flatten().any(|other| other != party)
    }

    /// A station that a colleague has confirmed, or this console before its page was loaded anew, counts as compared
    /// with whoever is in now.
    fn note_compared(&mut self, at: Roster) {
        let Some((_, me, fold)) = at.whole() else { return };
        let own = fold.prepared(&self.line).get(&me.party);
        for party in own.into_iter().flat_map(|own| own.confirmed.union(&own.on)).filter(|party| **party != me.party) {
            if !self.stage.compared.contains_key(party) {
                self.stage.compared.insert(party.clone(), self.devices_of(party, at));
            }
        }
    }

    /// Devices of a party that are in.
    pub(super) fn devices_of(&self, party: &PartyId, at: Roster) -> BTreeSet<DeviceId> {
        at.in_on(&self.line).iter().filter(|there| there.party == *party).map(|there| there.device).collect()
    }

    /// Parties with which the own principal could be said to be ready: each other one that is in and was confirmed
    /// here. One that was not, because its console has no keys or nobody speaks there, holds up nobody but itself.
    pub(super) fn ready_with(&self, at: Roster) -> BTreeSet<PartyId> {
        self.others_in(at).intersection(&self.stage.confirmed).cloned().collect()
    }

    /// Other parties of which somebody who acts for them is in.
    fn others_in(&self, at: Roster) -> BTreeSet<PartyId> {
        let Some(me) = at.me() else { return BTreeSet::new() };
        let others = at.in_on(&self.line).iter().filter(|p| p.party != me.party && p.role.acts_for_party());
        others.map(|participant| participant.party.clone()).collect()
    }

    /// Parties for which the own principal waits, because the own party has named them: they are in, and not ready with
    /// it. Nobody, once it is on.
    pub(super) fn awaited(&self, at: Roster) -> BTreeSet<PartyId> {
        let (Some(fold), Some(me)) = (at.fold(), at.me()) else { return BTreeSet::new() };
        let prepared = fold.prepared(&self.line);
        let Some(own) = prepared.get(&me.party).filter(|own| own.on.is_empty()) else { return BTreeSet::new() };
        let late = |other: &PartyId| prepared.get(other).is_none_or(|theirs| !theirs.is_ready_with(&me.party));
        own.ready.intersection(&self.others_in(at)).filter(|other| late(other)).cloned().collect()
    }
}
