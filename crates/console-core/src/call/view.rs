//! The call on screen.

use super::{Call, Engaged};
use crate::keys::Keys;
use crate::limits::{FORGERIES_SHOWN, FORGERY_SHOWN_MS};
use crate::now::{Now, WallMs};
use crate::roster::Roster;
use crate::show::text;
use crate::sites::Leg;
use crate::view::{CallView, CalledAway, Floor, ForgeryView, KeyState, Member, Recording, Role, Station};
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter as agreed;
use trialogue_charter::{DeviceId, LineId, NodeId, PartyId, Removal, VerifiedCharter};
use trialogue_journal::fold;
use trialogue_journal::fold::Participant;
use trialogue_wire::console::Medium;

/// What the view of the call is made of, beside the call.
#[derive(Clone, Copy)]
pub(crate) struct Beside<'a> {
    pub(crate) keys: &'a Keys,
    /// The leg in use.
    pub(crate) leg: &'a Leg,
    pub(crate) at: Roster<'a>,
    pub(crate) now: Now,
}

impl Call {
    pub(crate) fn view(&self, beside: Beside<'_>) -> Option<CallView> {
        let Beside { keys, at, now, .. } = beside;
        let (held, charter) = (self.held.as_ref()?, at.charter()?);
        let roster = at.in_on(&held.line);
        let missing = charter.parties_on_line(&held.line).map(|party| &party.id);
        let missing = missing
            .filter(|party| at.me().is_none_or(|me| me.party != **party) && !roster.iter().any(|p| p.acts_for(party)));
        let own = at.person(&at.id()).map(|person| Member {
            person,
            me: true,
            role: at.role().into(),
            floor: self.floor(at),
            may_manage: false,
            keys: KeyState::Ready,
            suspect: None,
            voice: self.sending.voice,
            picture: self.sending.picture,
            voice_mid: None,
            picture_mid: None,
        });
        let (_, precedence) = self.engaged(at)?;
        let line = charter.line(&held.line)?;
        let (code, words) = keys.code(at, &held.line);
        let misled = keys.misled().filter(|by| roster.iter().any(|participant| participant.device == **by));
        let called_away = |(device, cause): &(DeviceId, Option<agreed::Precedence>)| {
            Some(CalledAway { device: device.to_string(), precedence: (*cause)?.into() })
        };
        Some(CallView {
            call: held.call.to_string(),
            line: held.line.to_string(),
            precedence: precedence.into(),
            since_ms: held.since_ms.map(WallMs::shown),
            ring_ends_ms: held.ring_ends_ms(charter).map(WallMs::shown),
            members: own.into_iter().chain(held.members(roster, beside)).collect(),
            called_away: held.departures.iter().filter_map(called_away).collect(),
            sealing: keys.sealing(at, now),
            missing: missing.map(ToString::to_string).collect(),
            forgeries: forgeries(&held.line, at, now),
            misled: misled
                .filter_map(|by| at.person(by).map(|by| by.name))
                .collect::<BTreeSet<String>>()
                .into_iter()
                .collect(),
            unrenewed: keys.is_old(now),
            code,
            words,
            floor: self.floor(at),
            staged: line.staged,
            recording: line.recording.into(),
            stations: held.stations(charter, roster, beside),
            prepares: line.staged && at.acts_for_party(),
            ready: held.stage.is_ready(),
            may_be_ready: !held.ready_with(at).is_empty(),
            may_drop: charter.policy.removal == Removal::Majority && at.acts_for_party(),
        })
    }

    fn floor(&self, at: Roster) -> Floor {
        match &self.held {
            Some(held) if held.stage.takes_over() => Floor::TakingOver,
            _ => (&self.own_floor(at)).into(),
        }
    }
}

impl Engaged {
    /// When the own ring ends by itself; none where somebody else has been in.
    fn ring_ends_ms(&self, charter: &VerifiedCharter) -> Option<u64> {
        let (_, since) = self.rang.filter(|_| self.since_ms.is_none())?;
        Some(since.ms.saturating_add(u64::from(charter.policy.ring_seconds) * 1_000))
    }

    /// The others by party, then name; those who have left while keys of theirs are still good, last.
    fn members(&self, roster: &[Participant], beside: Beside<'_>) -> Vec<Member> {
        let Beside { keys, leg, at, now } = beside;
        let mut members: BTreeMap<(bool, String, String, DeviceId), Member> = BTreeMap::new();
        for (device, state) in keys.members(now) {
            let Some(person) = at.person(&device) else { continue };
            let sends = self.others.get(&device).copied().unwrap_or_default();
            let order = (state == KeyState::Leaving, person.party.clone(), person.name.clone(), device);
            let member = Member {
                role: at.role_of(&device).into(),
                floor: roster.iter().find(|p| p.device == device).map(|p| towards(&p.floor, at)).unwrap_or_default(),
                may_manage: at.manages(&device),
                person,
                me: false,
                keys: state,
                suspect: keys.suspicion(&device, now),
                voice: sends.voice,
                picture: sends.picture,
                voice_mid: leg.mid_of(&device, Medium::Voice),
                picture_mid: leg.mid_of(&device, Medium::Picture),
            };
            members.insert(order, member);
        }
        members.into_values().collect()
    }

    /// How far each party on the line has prepared the call, own party first.
    fn stations(&self, charter: &VerifiedCharter, roster: &[Participant], beside: Beside<'_>) -> Vec<Station> {
        let Beside { keys, at, now, .. } = beside;
        let (Some(fold), Some(me)) = (at.fold(), at.me()) else { return Vec::new() };
        let (prepared, drops) = (fold.prepared(&self.line), fold.drops(&self.line));
        let of = |party: &PartyId| prepared.get(party).cloned().unwrap_or_default();
        let (own, awaited) = (of(&me.party), self.awaited(at));
        let mut parties: Vec<_> = charter.parties_on_line(&self.line).collect();
        parties.sort_by_key(|party| party.id != me.party);
        let station = |party: &agreed::Party| {
            let theirs = of(&party.id);
            let (code, words) = keys.code_with(&party.id, at, &self.line);
            // Names of its people whose keys have not come for a while.
            let people = || roster.iter().filter(|p| p.party == party.id);
            let keyless = people().filter(|p| keys.is_keyless(&p.device, now));
            // Whoever compares codes is told; the principal beside them is not, nor when a colleague compares again.
            let compares = at.role() == agreed::Role::DutyOfficer;
            let newcomers = people().filter(|p| compares && self.stage.is_newcomer(&party.id, &p.device));
            Station {
                id: party.id.to_string(),
                name: text(&party.name),
                own: party.id == me.party,
                present: roster.iter().any(|participant| participant.acts_for(&party.id)),
                confirmed: own.knows(&party.id) || self.stage.confirms(&party.id),
                newcomers: newcomers.filter_map(|p| at.person(&p.device)).map(|person| person.name).collect(),
                confirms_us: theirs.knows(&me.party),
                ready: theirs.is_prepared(),
                ready_with_us: theirs.is_ready_with(&me.party),
                awaited: awaited.contains(&party.id),
                keyless: keyless.filter_map(|p| at.person(&p.device)).map(|person| person.name).collect(),
                code,
                words,
                on: !theirs.on.is_empty(),
                drop_wished: self.stage.wants_dropped(&party.id),
                drop_wishes: drops.get(&party.id).into_iter().flatten().map(ToString::to_string).collect(),
            }
        };
        parties.into_iter().map(station).collect()
    }
}

/// What nodes say of forged frames on a line, lately.
fn forgeries(line: &LineId, at: Roster, now: Now) -> Vec<ForgeryView> {
    let (Some(fold), Some(charter)) = (at.fold(), at.charter()) else { return Vec::new() };
    let name = |node: &NodeId| charter.party_of_node(node).map(|party| text(&party.name)).unwrap_or_default();
    let lately = now.ms.saturating_sub(FORGERY_SHOWN_MS);
    let told = fold.forgeries(line).filter(|(_, told)| told.time_ms >= lately);
    let mut shown: Vec<ForgeryView> = told
        .filter_map(|(node, told)| {
            let name_of = at.person(&told.device)?.name;
            let via = told.via.iter().map(name).collect();
            Some(ForgeryView { name: name_of, by: name(node), via, at_ms: WallMs::shown(told.time_ms) })
        })
        .collect();
    shown.sort_by(|a, b| b.at_ms.total_cmp(&a.at_ms));
    shown.truncate(FORGERIES_SHOWN);
    shown
}

/// As this console sees it: a principal that is on with other parties only is not on for this one, and neither seen nor
/// heard here.
fn towards(floor: &fold::Floor, at: Roster) -> Floor {
    match floor {
        fold::Floor::To(_) if !at.me().is_some_and(|me| floor.reaches(&me.party)) => Floor::Waiting,
        floor => floor.into(),
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
