//! The view: what the parts amount to on screen.

use crate::call::{self, Call};
use crate::duty::{self, Duty};
use crate::keys::Keys;
use crate::now::{Now, WallMs};
use crate::revocations::Revocations;
use crate::rings::{self, Effect, Rings, Sound, effects};
use crate::roster::Roster;
use crate::sites::{Sites, Stage};
use crate::trial::Trial;
use crate::trouble::Troubles;
use crate::view::*;
use crate::written::Writer;
use trialogue_charter::{Line, LineId, Party, Texts, VerifiedCharter};
use trialogue_journal::fold::{LineState, RingResponse};

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

/// All that the screen is made of.
pub(crate) struct Screen<'a> {
    pub(crate) at: Roster<'a>,
    pub(crate) now: Now,
    /// Rings sound here.
    pub(crate) on_watch: bool,
    pub(crate) sites: &'a Sites,
    pub(crate) call: &'a Call,
    pub(crate) keys: &'a Keys,
    pub(crate) rings: &'a Rings,
    pub(crate) duty: &'a Duty,
    pub(crate) trial: &'a Trial,
    pub(crate) writer: &'a Writer,
    pub(crate) revocations: &'a Revocations,
    pub(crate) troubles: &'a Troubles,
}

impl Screen<'_> {
    pub(crate) fn view(&self) -> View {
        let (at, now) = (self.at, self.now);
        let sounds = self.rings.all(at);
        let effects = effects(&sounds, self.call.engaged(at), now);
        let ring = |charter: &VerifiedCharter, line: &LineId| {
            let sound = sounds.iter().find(|sound| sound.ring.line == *line)?;
            Some(ring_view(charter, sound, effects.get(line).copied().unwrap_or_default()))
        };
        let lines = match (at.charter(), at.me()) {
            (Some(charter), Some(me)) => {
                let lines = charter.lines_of_office(&me.office);
                lines.map(|line| self.line_view(charter, line, ring(charter, &line.id))).collect()
            }
            _ => Vec::new(),
        };
        View {
            me: at.person(&at.id()),
            node: match self.sites.active().stage() {
                Stage::Up => NodeLink::Up,
                Stage::Refused => NodeLink::Refused,
                _ if self.troubles.is_charter() => NodeLink::Refused,
                _ => NodeLink::Connecting,
            },
            trouble: self.troubles.shown().cloned(),
            unrecorded: self.troubles.unrecorded(),
            revocations: self.revocations.notices(at, now),
            lines,
            call: self.call.view(call::Beside { keys: self.keys, leg: self.sites.leg(), at, now }),
            duty: duty::own(at, now),
            consultations: self.duty.views(at, self.on_watch, now),
            consulting: duty::consulting(at),
            tests: self.trial.view(at, self.on_watch && self.sites.is_up(), now),
        }
    }

    fn line_view(&self, charter: &VerifiedCharter, line: &Line, ring: Option<RingView>) -> LineView {
        let (fold, nothing) = (self.at.fold(), LineState::default());
        let state = fold.map_or(&nothing, |fold| fold.line(&line.id));
        let own = self.at.me().map(|me| &me.party);
        let mut parties: Vec<&Party> = charter.parties_on_line(&line.id).collect();
        parties.sort_by_key(|party| Some(&party.id) != own);
        LineView {
            id: line.id.to_string(),
            name: text(&line.name),
            marking: line.marking.clone(),
            parties: parties.iter().map(|party| self.party_view(charter, line, party, state)).collect(),
            acts: self.at.acts_for_party(),
            take_over: !self.call.is_on() && self.at.elsewhere(&line.id).is_some(),
            staged: line.staged,
            recording: line.recording.into(),
            may_ring: self.at.me().and_then(|me| line.authority(&me.office)).unwrap_or_default().into(),
            ring,
            active: !state.participants.is_empty(),
            joined: self.call.is_on_line(&line.id),
            missed: rings::missed(charter, self.at, &line.id),
            last_call: self.rings.last_call(charter, &line.id),
            outcome: self.call.outcome(&line.id),
            written: self.writer.note(&line.id, self.at, self.now),
        }
    }

    fn party_view(&self, charter: &VerifiedCharter, line: &Line, party: &Party, state: &LineState) -> PartyView {
        let own = self.at.me().is_some_and(|me| me.party == party.id);
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
            on_watch: self.at.fold().map_or(0, |fold| fold.on_watch(&party.id, &line.id)),
            soundless: self.at.fold().map_or(0, |fold| fold.soundless(&party.id, &line.id)),
            ring: self.ring_state(charter, line, party, state, reached),
            rung: self.rung(charter, line, party, state),
            alerted: self.alerted(line, party, state),
            duty: duty::of_line(self.at, line, party, self.now),
        }
    }

    fn rung(&self, charter: &VerifiedCharter, line: &Line, party: &Party, state: &LineState) -> Vec<Text3> {
        let ring = state.rings.iter().find(|ring| ring.party != party.id);
        let (Some(ring), Some(fold), true) = (ring, self.at.fold(), charter.policy.escalate_seconds > 0) else {
            return Vec::new();
        };
        fold.rung_offices(&party.id, &line.id, &ring.call).map(|office| text(&office.title)).collect()
    }

    fn alerted(&self, line: &Line, party: &Party, state: &LineState) -> Option<bool> {
        let ring = state.rings.iter().find(|ring| ring.party != party.id)?;
        self.at.fold()?.alerted(&line.id, &party.id, &ring.call)
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
        let waited = rung.is_some_and(|ring| self.rings.is_known_long(&ring.line, &ring.call, self.now));
        let mut response = state.responses.get(&party.id).cloned().unwrap_or_default();
        // After an own ring has come to nothing, what each party did stays on screen with the outcome.
        if state.participants.is_empty()
            && let Some(answer) = self.call.answer_of(&line.id, &party.id)
        {
            response = answer;
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
                by: self.at.person(&by).map(|person| person.name),
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
}
