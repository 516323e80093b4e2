//! What the officer does with the call's parties and people.

use super::{Call, Engaged};
use crate::acts::Purpose;
use crate::around::Around;
use crate::keys::Keys;
use crate::roster::Roster;
use crate::view::Refusal;
use trialogue_charter::{DeviceId, LineId, PartyId, Removal, Role};
use trialogue_journal::Act;

/// Another party on a line, if this console may speak for its own. None: the charter is not known yet.
pub(crate) fn other_party(id: &str, line: &LineId, at: Roster) -> Result<Option<PartyId>, Refusal> {
    if !at.acts_for_party() {
        return Err(Refusal::Role);
    }
    let (Some(charter), Some(me)) = (at.charter(), at.me()) else { return Ok(None) };
    let party = charter.parties_on_line(line).map(|party| &party.id);
    let party = party.filter(|party| **party != me.party).find(|party| party.as_str() == id);
    party.map(|party| Some(party.clone())).ok_or(Refusal::Malformed)
}

impl Call {
    /// The officer has compared the code with another party.
    pub(crate) fn confirm(&mut self, party: PartyId, keys: &Keys, at: Roster) -> Result<(), Refusal> {
        let Some(held) = &mut self.held else { return Ok(()) };
        // There is a code to compare only when the keys are there: everybody's, or those of the two parties.
        if keys.code(at, &held.line).0.is_empty() && keys.code_with(&party, at, &held.line).0.is_empty() {
            return Err(Refusal::NotNow);
        }
        let devices = held.devices_of(&party, at);
        held.stage.confirm(party, devices);
        Ok(())
    }

    /// The own principal does not wait for this party any more, and comes on with the others.
    pub(crate) fn ready_without(&mut self, party: &PartyId, at: Roster) -> Result<(), Refusal> {
        let Some(held) = &mut self.held else { return Ok(()) };
        let besides = held.is_ready_besides(party, at);
        if besides && held.stage.ready_without(party) { Ok(()) } else { Err(Refusal::NotNow) }
    }

    /// The own principal is ready, or is not any more.
    pub(crate) fn ready(&mut self, ready: bool, at: Roster) -> Result<(), Refusal> {
        if !at.acts_for_party() {
            return Err(Refusal::Role);
        }
        let with = ready.then(|| self.held.as_ref().map(|held| held.ready_with(at)).unwrap_or_default());
        if with.as_ref().is_some_and(|with| with.is_empty()) {
            return Err(Refusal::NotNow);
        }
        if let Some(held) = &mut self.held {
            held.stage.be_ready(with);
        }
        Ok(())
    }

    /// The officer holds this console, or takes it off hold.
    pub(crate) fn hold(&mut self, on: bool) {
        if let Some(held) = &mut self.held {
            held.stage.hold(on);
        }
    }

    /// The own party wishes that another one is dropped from the call, or does not any more.
    pub(crate) fn wish_dropped(&mut self, party: PartyId, on: bool, at: Roster) -> Result<(), Refusal> {
        if at.charter().is_none_or(|charter| charter.policy.removal == Removal::Never) {
            return Err(Refusal::Policy);
        }
        if let Some(held) = &mut self.held {
            held.stage.wish_dropped(party, on);
        }
        Ok(())
    }

    /// Another member of the call by its id in hex.
    pub(crate) fn member(&self, id: &str) -> Result<DeviceId, Refusal> {
        let known = |held: &Engaged| held.others.keys().find(|device| device.to_string() == id).copied();
        self.held.as_ref().and_then(known).ok_or(Refusal::NotOwn)
    }

    /// Holds a member of the own party, or takes it out.
    pub(crate) fn dispose(&self, device: DeviceId, act: Act, around: &mut Around<'_>) -> Result<(), Refusal> {
        let Some(held) = &self.held else { return Ok(()) };
        if around.at.manages(&device) {
            around.speaker.say(&held.line, Purpose::Stage, act, Vec::new());
            return Ok(());
        }
        Err(if around.at.role() == Role::DutyOfficer { Refusal::NotOwn } else { Refusal::Role })
    }

    /// Comes in beside the same person's other console, unheard, and takes its place once the keys are here.
    pub(crate) fn take_over(&mut self, line: LineId, keys: &mut Keys, around: &mut Around<'_>) -> Result<(), Refusal> {
        let from = around.at.elsewhere(&line).filter(|_| !self.is_on());
        let call = around.at.fold().and_then(|fold| fold.line(&line).call);
        let (Some(from), Some(call)) = (from, call) else { return Err(Refusal::NotNow) };
        self.enter(line, call, None, keys, around);
        if let Some(held) = &mut self.held {
            held.stage.take_over(from);
        }
        Ok(())
    }
}
