//! What the officer does with the call's parties and people, and how that is shown.

use crate::acts::Purpose;
use crate::console::Console;
use crate::show::text;
use crate::view::{Floor, Recording, Refusal, Role, Station};
use trialogue_charter as agreed;
use trialogue_charter::{DeviceId, PartyId, VerifiedCharter};
use trialogue_journal::Act;
use trialogue_journal::fold;
use trialogue_journal::fold::Participant;

impl Console {
    /// Another party on the line of the call, if this console may speak for its own.
    fn other_party(&mut self, id: &str) -> Option<PartyId> {
        let line = self.call.as_ref()?.line.to_string();
        let line = self.act_on(line)?;
        if !self.acts_for_party() {
            self.refuse(Refusal::Role);
            return None;
        }
        let (charter, me) = (self.charter.as_ref()?, self.me.as_ref()?);
        let party = charter.parties_on_line(&line).map(|party| &party.id);
        let party = party.filter(|party| **party != me.party).find(|party| party.as_str() == id).cloned();
        if party.is_none() {
            self.refuse(Refusal::Malformed);
        }
        party
    }

    pub(crate) fn confirm(&mut self, party: &str) {
        let Some(party) = self.other_party(party) else { return };
        // There is a code to compare only when the keys are there: everybody's, or those of the two parties.
        let none = self.call.as_ref().is_none_or(|call| {
            let at = self.roster();
            self.keys.code(at, &call.line).0.is_empty() && self.keys.code_with(&party, at, &call.line).0.is_empty()
        });
        if none {
            return self.refuse(Refusal::NotNow);
        }
        if let Some(call) = &mut self.call {
            // Whoever is ready already is so with this one, too.
            if let Some(ready) = &mut call.stage.ready {
                ready.insert(party.clone());
            }
            call.stage.confirmed.insert(party);
        }
    }

    /// The own principal does not wait for this party any more, and comes on with the others.
    pub(crate) fn ready_without(&mut self, party: &str) {
        let Some(party) = self.other_party(party) else { return };
        let Some(call) = &mut self.call else { return };
        let ready = call.stage.ready.as_mut().filter(|ready| ready.len() > 1);
        if !ready.is_some_and(|ready| ready.remove(&party)) {
            self.refuse(Refusal::NotNow);
        }
    }

    pub(crate) fn ready(&mut self, ready: bool) {
        let with = Some(self.ready_with()).filter(|_| ready);
        if !self.acts_for_party() {
            return self.refuse(Refusal::Role);
        }
        if with.as_ref().is_some_and(|with| with.is_empty()) {
            return self.refuse(Refusal::NotNow);
        }
        if let Some(call) = &mut self.call {
            call.stage.ready = with;
        }
    }

    pub(crate) fn hold(&mut self, device: Option<&str>, on: bool) {
        let other = device.map(|id| self.member(id));
        match other {
            None => {
                if let Some(call) = &mut self.call {
                    call.stage.held = on;
                }
            }
            Some(Some(device)) => self.dispose(device, Act::Hold { device, on }),
            Some(None) => self.refuse(Refusal::NotOwn),
        }
    }

    pub(crate) fn remove(&mut self, device: &str) {
        match self.member(device) {
            Some(device) => self.dispose(device, Act::Remove { device }),
            None => self.refuse(Refusal::NotOwn),
        }
    }

    fn dispose(&mut self, device: DeviceId, act: Act) {
        let Some(line) = self.call.as_ref().map(|call| call.line.to_string()) else { return };
        let Some(line) = self.act_on(line) else { return };
        if self.manages(&device) {
            self.say(&line, Purpose::Stage, act, Vec::new());
        } else if self.role() == agreed::Role::DutyOfficer {
            self.refuse(Refusal::NotOwn);
        } else {
            self.refuse(Refusal::Role);
        }
    }

    /// A member of the call by its id in hex.
    fn member(&self, id: &str) -> Option<DeviceId> {
        self.call.as_ref()?.others.keys().find(|device| device.to_string() == id).copied()
    }

    pub(crate) fn wish_dropped(&mut self, party: &str, on: bool) {
        let Some(party) = self.other_party(party) else { return };
        if self.charter.as_ref().is_none_or(|charter| charter.policy.removal == agreed::Removal::Never) {
            return self.refuse(Refusal::Policy);
        }
        let Some(call) = &mut self.call else { return };
        if on {
            call.stage.drops.insert(party);
        } else {
            call.stage.drops.remove(&party);
        }
    }

    /// Comes in beside the same person's other console, unheard, and takes its place once the keys are here.
    pub(crate) fn take_over(&mut self, line: String) {
        let Some(line) = self.act_on(line) else { return };
        let from = self.elsewhere(&line).filter(|_| self.call.is_none());
        let call = self.sites.fold().and_then(|fold| fold.line(&line).call);
        let (Some(from), Some(call)) = (from, call) else { return self.refuse(Refusal::NotNow) };
        self.enter(line, call, None);
        if let Some(call) = &mut self.call {
            call.stage.from = Some(from);
        }
    }

    pub(crate) fn floor_view(&self) -> Floor {
        match &self.call {
            Some(call) if call.stage.from.is_some() => Floor::TakingOver,
            _ => (&self.own_floor()).into(),
        }
    }

    /// How far each party on the line has prepared the call, own party first.
    pub(crate) fn stations(&self, charter: &VerifiedCharter, roster: &[Participant]) -> Vec<Station> {
        let (Some(fold), Some(call), Some(me)) = (self.sites.fold(), &self.call, &self.me) else { return Vec::new() };
        let (prepared, drops) = (fold.prepared(&call.line), fold.drops(&call.line));
        let of = |party: &PartyId| prepared.get(party).cloned().unwrap_or_default();
        let (own, awaited) = (of(&me.party), self.awaited());
        let mut parties: Vec<_> = charter.parties_on_line(&call.line).collect();
        parties.sort_by_key(|party| party.id != me.party);
        let station = |party: &agreed::Party| {
            let theirs = of(&party.id);
            let (code, words) = self.keys.code_with(&party.id, self.roster(), &call.line);
            Station {
                id: party.id.to_string(),
                name: text(&party.name),
                own: party.id == me.party,
                present: roster.iter().any(|participant| participant.acts_for(&party.id)),
                confirmed: own.knows(&party.id) || call.stage.confirmed.contains(&party.id),
                confirms_us: theirs.knows(&me.party),
                ready: theirs.is_prepared(),
                ready_with_us: theirs.is_ready_with(&me.party),
                awaited: awaited.contains(&party.id),
                keyless: self.keyless(&party.id, roster),
                code,
                words,
                on: !theirs.on.is_empty(),
                drop_wished: call.stage.drops.contains(&party.id),
                drop_wishes: drops.get(&party.id).into_iter().flatten().map(ToString::to_string).collect(),
            }
        };
        parties.into_iter().map(station).collect()
    }
}

impl Console {
    /// Names of a party's people whose keys have not come for a while.
    fn keyless(&self, party: &PartyId, roster: &[Participant]) -> Vec<String> {
        let late = |device: &DeviceId| self.keys.is_keyless(device, self.now());
        let people = roster.iter().filter(|participant| participant.party == *party && late(&participant.device));
        people.filter_map(|participant| self.person(&participant.device)).map(|person| person.name).collect()
    }
}

impl From<&fold::Floor> for Floor {
    fn from(floor: &fold::Floor) -> Self {
        match floor {
            fold::Floor::Open | fold::Floor::To(_) => Self::Open,
            fold::Floor::Waiting => Self::Waiting,
            fold::Floor::Listening => Self::Listening,
            fold::Floor::Held => Self::Held,
        }
    }
}

impl From<agreed::Role> for Role {
    fn from(role: agreed::Role) -> Self {
        match role {
            agreed::Role::DutyOfficer => Self::DutyOfficer,
            agreed::Role::Principal => Self::Principal,
            agreed::Role::Interpreter => Self::Interpreter,
            agreed::Role::NoteTaker => Self::NoteTaker,
            agreed::Role::Station => Self::Station,
        }
    }
}

impl From<agreed::Recording> for Recording {
    fn from(recording: agreed::Recording) -> Self {
        match recording {
            agreed::Recording::None => Self::None,
            agreed::Recording::EachParty => Self::EachParty,
        }
    }
}
