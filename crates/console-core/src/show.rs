//! The view: what the fold and the keys amount to on screen.

use crate::console::Console;
use crate::duty;
use crate::limits::{FORGERIES_SHOWN, FORGERY_SHOWN_MS};
use crate::now::WallMs;
use crate::rings::{Effect, Sound, effects};
use crate::sites::Stage;
use crate::view::*;
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{DeviceId, Line, LineId, NodeId, Party, Texts, VerifiedCharter};
use trialogue_journal::fold::{LineState, RingResponse};
use trialogue_wire::console::Medium;

pub(crate) fn text(texts: &Texts) -> Text3 {
    Text3 { en: texts.en.clone(), ja: texts.ja.clone(), ko: texts.ko.clone() }
}

fn ring_view(charter: &VerifiedCharter, sound: &Sound, effect: Effect) -> RingView {
    let until_ms = sound.since_ms.saturating_add(u64::from(charter.policy.ring_seconds) * 1_000);
    RingView {
        call: sound.ring.call.to_string(),
        from: sound.from.clone(),
        precedence: sound.ring.precedence.into(),
        ready_ms: sound.ready_ms.map(WallMs::shown),
        standing: effect.standing,
        answer_from_ms: effect.answer_from_ms.map(WallMs::shown),
        since_ms: WallMs::shown(sound.since_ms),
        until_ms: WallMs::shown(until_ms),
    }
}

impl Console {
    pub(crate) fn view_now(&self) -> View {
        let sounds = self.rings.all(self.roster());
        let effects = effects(&sounds, self.engaged(), self.now());
        let ring = |charter: &VerifiedCharter, line: &LineId| {
            let sound = sounds.iter().find(|sound| sound.ring.line == *line)?;
            Some(ring_view(charter, sound, effects.get(line).copied().unwrap_or_default()))
        };
        let lines = match (&self.charter, &self.me) {
            (Some(charter), Some(me)) => {
                let lines = charter.lines_of_office(&me.office);
                lines.map(|line| self.line_view(charter, line, ring(charter, &line.id))).collect()
            }
            _ => Vec::new(),
        };
        View {
            me: self.person(&self.id),
            node: match self.sites.active().stage() {
                Stage::Up => NodeLink::Up,
                Stage::Refused => NodeLink::Refused,
                _ if self.troubles.is_charter() => NodeLink::Refused,
                _ => NodeLink::Connecting,
            },
            trouble: self.troubles.shown().cloned(),
            unrecorded: self.troubles.unrecorded(),
            revocations: self.revocations.notices(self.roster(), self.now()),
            lines,
            call: self.call_view(),
            duty: duty::own(self.roster(), self.now()),
            consultations: self.duty.views(self.roster(), self.on_watch, self.now()),
            consulting: duty::consulting(self.roster()),
            tests: self.trial.view(self.roster(), self.on_watch && self.sites.is_up(), self.now()),
        }
    }

    fn line_view(&self, charter: &VerifiedCharter, line: &Line, ring: Option<RingView>) -> LineView {
        let state = self.sites.fold().map(|fold| fold.line(&line.id)).unwrap_or_default();
        let own = self.me.as_ref().map(|me| &me.party);
        let mut parties: Vec<&Party> = charter.parties_on_line(&line.id).collect();
        parties.sort_by_key(|party| Some(&party.id) != own);
        LineView {
            id: line.id.to_string(),
            name: text(&line.name),
            marking: line.marking.clone(),
            parties: parties.iter().map(|party| self.party_view(charter, line, party, &state)).collect(),
            acts: self.acts_for_party(),
            take_over: self.call.is_none() && self.elsewhere(&line.id).is_some(),
            staged: line.staged,
            recording: line.recording.into(),
            may_ring: self.me.as_ref().and_then(|me| line.authority(&me.office)).unwrap_or_default().into(),
            ring,
            active: !state.participants.is_empty(),
            joined: self.call.as_ref().is_some_and(|call| call.line == line.id),
            last_call: self.rings.last_call(charter, &line.id),
            outcome: self.outcomes.get(&line.id).map(|ended| ended.outcome),
            written: self.writer.note(&line.id, self.roster(), self.now()),
        }
    }

    fn party_view(&self, charter: &VerifiedCharter, line: &Line, party: &Party, state: &LineState) -> PartyView {
        let own = self.me.as_ref().is_some_and(|me| me.party == party.id);
        let nodes = charter.in_service().filter(|node| node.party == party.id);
        let paths: Vec<_> = nodes.filter_map(|node| self.sites.path(&node.id)).collect();
        let round_trip = paths.iter().filter(|path| path.direct).filter_map(|path| path.round_trip_us).min();
        let all = || paths.iter().flat_map(|path| &path.paths);
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let reached = if own { self.sites.is_up() } else { paths.iter().any(|path| path.reached) };
        PartyView {
            id: party.id.to_string(),
            name: text(&party.name),
            own,
            reached,
            round_trip_ms: round_trip.map(|us| f64::from(us) / 1_000.0),
            disputed: paths.iter().any(|path| path.disputed),
            paths_up: count(all().filter(|path| path.up).count()),
            paths: count(all().count()),
            on_watch: self.sites.fold().map_or(0, |fold| fold.on_watch(&party.id, &line.id)),
            ring: self.ring_state(charter, line, party, state, reached),
            rung: self.rung(charter, line, party, state),
            alerted: self.alerted(line, party, state),
            duty: duty::of_line(self.roster(), line, party, self.now()),
        }
    }

    fn rung(&self, charter: &VerifiedCharter, line: &Line, party: &Party, state: &LineState) -> Vec<Text3> {
        let ring = state.rings.iter().find(|ring| ring.party != party.id);
        let (Some(ring), Some(fold), true) = (ring, self.sites.fold(), charter.policy.escalate_seconds > 0) else {
            return Vec::new();
        };
        fold.rung_offices(&party.id, &line.id, &ring.call).map(|office| text(&office.title)).collect()
    }

    fn alerted(&self, line: &Line, party: &Party, state: &LineState) -> Option<bool> {
        let ring = state.rings.iter().find(|ring| ring.party != party.id)?;
        self.sites.fold()?.alerted(&line.id, &party.id, &ring.call)
    }

    fn ring_state(
        &self,
        charter: &VerifiedCharter,
        line: &Line,
        party: &Party,
        state: &LineState,
        reached: bool,
    ) -> RingState {
        let rung = state.rings.iter().find(|ring| ring.party != party.id);
        let waited = rung.is_some_and(|ring| self.rings.is_known_long(&ring.line, &ring.call, self.now()));
        let mut response = state.responses.get(&party.id).cloned().unwrap_or_default();
        // After an own ring has come to nothing, what each party did stays on screen with the outcome.
        if state.participants.is_empty()
            && let Some(ended) = self.outcomes.get(&line.id)
        {
            response = ended.answers.get(&party.id).cloned().unwrap_or_default();
        }
        match response {
            RingResponse::None if rung.is_none() => RingState::None,
            RingResponse::None if !reached => RingState::PathDown,
            RingResponse::None if !waited => RingState::Sent,
            RingResponse::None => RingState::Silent,
            RingResponse::Received => RingState::Received,
            RingResponse::Unstaffed => RingState::Unstaffed,
            RingResponse::Ringing(consoles) => RingState::Ringing { consoles },
            RingResponse::Acknowledged { by, ready_ms } => RingState::Acknowledged {
                ready_ms: WallMs::shown(ready_ms),
                by: self.person(&by).map(|person| person.name),
            },
            RingResponse::Answered => RingState::Answered,
            RingResponse::Left => RingState::None,
            RingResponse::Expired => RingState::Expired,
            RingResponse::Declined { reason, call_back_ms, deputy, .. } => RingState::Declined {
                reason: reason.into(),
                call_back_ms: call_back_ms.map(WallMs::shown),
                deputy: deputy.and_then(|id| charter.office(&id)).map(|office| text(&office.title)),
            },
        }
    }

    fn call_view(&self) -> Option<CallView> {
        let (call, charter) = (self.call.as_ref()?, self.charter.as_ref()?);
        let roster = self.participants();
        let missing = charter.parties_on_line(&call.line).map(|party| &party.id);
        let missing = missing.filter(|party| {
            self.me.as_ref().is_none_or(|me| me.party != **party) && !roster.iter().any(|p| p.acts_for(party))
        });
        let own = self.person(&self.id).map(|person| Member {
            person,
            me: true,
            role: self.role().into(),
            floor: self.floor_view(),
            may_manage: false,
            keys: KeyState::Ready,
            suspect: None,
            voice: self.sending.0,
            picture: self.sending.1,
            voice_mid: None,
            picture_mid: None,
        });
        let (_, precedence) = self.engaged()?;
        let line = charter.line(&call.line)?;
        let (code, words) = self.keys.code(self.roster(), &call.line);
        Some(CallView {
            call: call.call.to_string(),
            line: call.line.to_string(),
            precedence: precedence.into(),
            since_ms: call.since_ms.map(WallMs::shown),
            members: own.into_iter().chain(self.others(call)).collect(),
            called_away: call
                .departures
                .iter()
                .filter_map(|(device, cause)| {
                    Some(CalledAway { device: device.to_string(), precedence: (*cause)?.into() })
                })
                .collect(),
            sealing: self.keys.sealing(self.roster(), self.now()),
            missing: missing.map(ToString::to_string).collect(),
            forgeries: self.forgeries(&call.line),
            misled: self
                .keys
                .misled()
                .filter(|by| roster.iter().any(|participant| participant.device == **by))
                .filter_map(|by| self.person(by).map(|by| by.name))
                .collect::<BTreeSet<String>>()
                .into_iter()
                .collect(),
            unrenewed: self.keys.is_old(self.now()),
            code,
            words,
            floor: self.floor_view(),
            staged: line.staged,
            recording: line.recording.into(),
            stations: self.stations(charter, &roster),
            prepares: line.staged && self.acts_for_party(),
            ready: call.stage.ready.is_some(),
            may_be_ready: !self.ready_with().is_empty(),
            may_drop: charter.policy.removal == trialogue_charter::Removal::Majority && self.acts_for_party(),
        })
    }

    /// The others by party, then name; those who have left while keys of theirs are still good, last.
    fn others(&self, call: &crate::engage::Engaged) -> Vec<Member> {
        let roster = self.participants();
        let mut members: BTreeMap<(bool, String, String, DeviceId), Member> = BTreeMap::new();
        for (device, keys) in self.keys.members(self.now()) {
            let Some(person) = self.person(&device) else { continue };
            let sends = call.others.get(&device).copied().unwrap_or_default();
            let order = (keys == KeyState::Leaving, person.party.clone(), person.name.clone(), device);
            let member = Member {
                role: self.role_of(&device).into(),
                floor: roster.iter().find(|p| p.device == device).map(|p| (&p.floor).into()).unwrap_or_default(),
                may_manage: self.manages(&device),
                person,
                me: false,
                keys,
                suspect: self.keys.suspicion(&device, self.now()),
                voice: sends.voice,
                picture: sends.picture,
                voice_mid: self.sites.leg().mid_of(&device, Medium::Voice),
                picture_mid: self.sites.leg().mid_of(&device, Medium::Picture),
            };
            members.insert(order, member);
        }
        members.into_values().collect()
    }

    /// What nodes say of forged frames on a line, lately.
    fn forgeries(&self, line: &LineId) -> Vec<ForgeryView> {
        let (Some(fold), Some(charter)) = (self.sites.fold(), &self.charter) else { return Vec::new() };
        let name = |node: &NodeId| charter.party_of_node(node).map(|party| text(&party.name)).unwrap_or_default();
        let lately = self.now_ms.saturating_sub(FORGERY_SHOWN_MS);
        let told = fold.forgeries(line).filter(|(_, told)| told.time_ms >= lately);
        let mut shown: Vec<ForgeryView> = told
            .filter_map(|(node, told)| {
                let name_of = self.person(&told.device)?.name;
                let via = told.via.iter().map(name).collect();
                Some(ForgeryView { name: name_of, by: name(node), via, at_ms: WallMs::shown(told.time_ms) })
            })
            .collect();
        shown.sort_by(|a, b| b.at_ms.total_cmp(&a.at_ms));
        shown.truncate(FORGERIES_SHOWN);
        shown
    }
}
