//! Consultations: on screen, proposed, answered, withdrawn and begun from here.

use super::Duty;
use crate::limits::{ASKED_OFTEN, ASKED_PACE_US, ASKED_US};
use crate::now::{Now, WallMs};
use crate::roster::Roster;
use crate::show::text;
use crate::timers;
use crate::view::{Person, Precedence, Refusal, Text3};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use trialogue_charter::{CallId, Device, LineId, OfficeId, PartyId, Precedence as Agreed, SubjectId, VerifiedCharter};
use trialogue_journal::fold::{Attendance, Consultation};
use trialogue_journal::limits::{CONSULTATION_OVER_MS, PROPOSE_MS};
use trialogue_journal::{Act, Coming};
use ts_rs::TS;

/// A consultation that waits for its time, or to be begun.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ConsultationView {
    /// Names it in commands: hash of what was proposed, hex.
    pub id: String,
    /// Who proposes it, verified by key.
    pub by: Person,
    /// It was proposed by the own party.
    pub own: bool,
    /// About what, in the charter's words.
    pub subject: Text3,
    /// Name of the line on which it is asked.
    pub line: Text3,
    /// Id of the line on which to meet.
    pub level: String,
    /// Its name.
    pub level_name: Text3,
    /// Its marking.
    pub marking: String,
    /// How urgently it is asked.
    pub precedence: Precedence,
    /// When to meet, milliseconds since 1970 UTC.
    pub at_ms: f64,
    /// That time has come.
    pub due: bool,
    /// It is new here, and the own party has said nothing yet: a short sound.
    pub sounds: bool,
    /// What each party on the line on which to meet has said, the proposer's first.
    pub parties: Vec<AttendanceView>,
    /// Offices of the own party that could come, in the charter's order; empty: this console may not answer.
    pub offices: Vec<OfficeView>,
    /// This console may begin it once it is due: its office rings the line on which to meet.
    pub may_begin: bool,
}

/// What one party has said about a consultation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct AttendanceView {
    /// Party id.
    pub party: String,
    /// Its name.
    pub name: Text3,
    /// It is the own party.
    pub own: bool,
    /// It proposes the consultation.
    pub proposes: bool,
    /// What it says.
    pub answer: AnswerView,
}

/// Who comes, as a party says.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "kind")]
#[ts(export)]
pub enum AnswerView {
    /// No word yet.
    #[default]
    Silent,
    /// Somebody comes.
    Coming {
        /// Office title.
        office: Text3,
        /// When, milliseconds since 1970 UTC.
        at_ms: f64,
    },
    /// Nobody comes.
    Declined,
}

/// An office that could come.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct OfficeView {
    /// Office id.
    pub id: String,
    /// Title.
    pub title: Text3,
}

/// What this console may propose.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Consulting {
    /// What it can be about; empty: the charter names nothing.
    pub subjects: Vec<Topic>,
    /// Lines on which to meet: those on which the own party has an office.
    pub levels: Vec<Meeting>,
}

/// A subject of the charter.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Topic {
    /// Subject id.
    pub id: String,
    /// What it says.
    pub text: Text3,
}

/// A line on which to meet.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Meeting {
    /// Line id.
    pub id: String,
    /// Its name.
    pub name: Text3,
}

impl Duty {
    /// Notes since when each consultation is known here, while the node is reached (`up`). It is asked anew of whoever
    /// sits down at a console.
    pub(crate) fn note(&mut self, at: Roster, up: bool, now: Now) {
        if !up {
            return;
        }
        let all = consultations(at, now);
        let new = all.iter().filter(|waiting| !self.asked_us.contains_key(&waiting.proposal.hash));
        let parties: BTreeSet<&PartyId> = new.map(|waiting| &waiting.party).collect();
        // What comes together is one sound.
        let heard: BTreeSet<&PartyId> = parties.into_iter().filter(|party| self.may_sound(party, now)).collect();
        let since = |waiting: &Consultation| match self.asked_us.get(&waiting.proposal.hash) {
            Some(since) => *since,
            None => heard.contains(&waiting.party).then_some(now.us),
        };
        self.asked_us = all.iter().map(|waiting| (waiting.proposal.hash, since(waiting))).collect();
    }

    /// A party whose consultations come and go without end is heard so many times, and then its consultations are only
    /// shown.
    fn may_sound(&mut self, party: &PartyId, now: Now) -> bool {
        let sounded = self.sounded_us.entry(party.clone()).or_default();
        sounded.retain(|at| now.us < at + ASKED_PACE_US);
        let may = sounded.len() < ASKED_OFTEN;
        if may {
            sounded.push_back(now.us);
        }
        may
    }

    /// Consultations on lines of the own office. `on_watch`: they sound here.
    pub(crate) fn views(&self, at: Roster, on_watch: bool, now: Now) -> Vec<ConsultationView> {
        let all = consultations(at, now);
        all.iter().filter_map(|waiting| self.one(at, waiting, on_watch, now)).collect()
    }

    fn one(&self, at: Roster, waiting: &Consultation, on_watch: bool, now: Now) -> Option<ConsultationView> {
        let (charter, me, proposal) = (at.charter()?, at.me()?, &waiting.proposal);
        let (line, level) = (charter.line(&proposal.line)?, charter.line(&proposal.level)?);
        let acts = charter.office(&me.office)?.role.acts_for_party();
        let own = waiting.party == me.party;
        let answered = waiting.answers.get(&me.party).is_none_or(Option::is_some);
        let since_us = self.asked_us.get(&proposal.hash).copied().flatten();
        let fresh = since_us.is_some_and(|since_us| now.us < sounds_until_us(since_us));
        let asked_here = charter.is_on_line(&me.office, &proposal.line);
        let mut parties: Vec<AttendanceView> = waiting
            .answers
            .iter()
            .filter_map(|(id, said)| {
                Some(AttendanceView {
                    party: id.to_string(),
                    name: text(&charter.party(id)?.name),
                    own: *id == me.party,
                    proposes: *id == waiting.party,
                    answer: answer_view(charter, said.as_ref()),
                })
            })
            .collect();
        parties.sort_by_key(|party| !party.proposes);
        let offices = charter.acting_offices(&me.party, &proposal.level);
        Some(ConsultationView {
            id: proposal.hash.to_string(),
            by: at.person(&proposal.by)?,
            own,
            subject: text(&charter.subjects.iter().find(|subject| subject.id == proposal.subject)?.text),
            line: text(&line.name),
            level: level.id.to_string(),
            level_name: text(&level.name),
            marking: level.marking.clone(),
            precedence: proposal.precedence.into(),
            at_ms: WallMs::shown(proposal.at_ms),
            due: is_due(waiting, now),
            sounds: on_watch && acts && asked_here && !own && !answered && fresh,
            parties,
            offices: offices
                .filter(|_| acts)
                .map(|office| OfficeView { id: office.id.to_string(), title: text(&office.title) })
                .collect(),
            may_begin: acts && charter.is_on_line(&me.office, &proposal.level),
        })
    }

    /// When the next one is no longer new here.
    pub(super) fn next_asked_us(&self, now: Now) -> Option<u64> {
        timers::next(now.us, self.asked_us.values().map(|since_us| since_us.map(sounds_until_us)))
    }
}

/// A consultation that is known since then is new until then.
fn sounds_until_us(since_us: u64) -> u64 {
    since_us + ASKED_US
}

/// Its time has come.
fn is_due(waiting: &Consultation, now: Now) -> bool {
    now.ms >= waiting.proposal.at_ms
}

/// When the time of the next one comes, milliseconds since 1970 UTC.
pub(super) fn next_at_ms(at: Roster, now: Now) -> Option<u64> {
    let all = consultations(at, now).into_iter().filter(|waiting| !is_due(waiting, now));
    all.map(|waiting| waiting.proposal.at_ms).min()
}

/// When the next one is over that nobody has begun, milliseconds since 1970 UTC: the fold has it no more from then on.
pub(super) fn next_over_ms(at: Roster, now: Now) -> Option<u64> {
    let over = consultations(at, now).into_iter().map(|w| w.proposal.at_ms.saturating_add(CONSULTATION_OVER_MS));
    over.filter(|ms| *ms > now.ms).min()
}

/// Consultations on lines of the own office.
fn consultations(at: Roster, now: Now) -> Vec<Consultation> {
    let Some((charter, me, fold)) = at.whole() else { return Vec::new() };
    let here = |line: &LineId| charter.is_on_line(&me.office, line);
    let mut all = fold.consultations(now.ms);
    all.retain(|waiting| here(&waiting.proposal.line) || here(&waiting.proposal.level));
    all
}

/// The one that a command names.
pub(crate) fn find(at: Roster, id: &str, now: Now) -> Option<Consultation> {
    consultations(at, now).into_iter().find(|waiting| waiting.proposal.hash.to_string() == id)
}

/// What this console may propose.
pub(crate) fn consulting(at: Roster) -> Consulting {
    let (Some(charter), Some(me)) = (at.charter(), at.me()) else { return Consulting::default() };
    if !charter.office(&me.office).is_some_and(|office| office.role.acts_for_party()) {
        return Consulting::default();
    }
    let subjects = charter.subjects.iter();
    let levels =
        charter.lines.iter().filter(|line| charter.offices_of_party_on_line(&me.party, &line.id).next().is_some());
    Consulting {
        subjects: subjects.map(|s| Topic { id: s.id.to_string(), text: text(&s.text) }).collect(),
        levels: levels.map(|line| Meeting { id: line.id.to_string(), name: text(&line.name) }).collect(),
    }
}

/// On which line of the own office it is spoken of.
pub(crate) fn line_for<'a>(at: Roster, waiting: &'a Consultation) -> Option<&'a LineId> {
    let (charter, me) = (at.charter()?, at.me()?);
    let lines = [&waiting.proposal.line, &waiting.proposal.level];
    lines.into_iter().find(|line| charter.is_on_line(&me.office, line))
}

/// Proposes one on a line of the own office: what is said, once it has an id. `at_ms`: when to meet, milliseconds since
/// 1970 UTC. Otherwise why not.
pub(crate) fn propose(
    at: Roster,
    line: &LineId,
    subject: String,
    level: String,
    at_ms: f64,
    precedence: Agreed,
    now: Now,
) -> Result<impl FnOnce(CallId) -> Act + use<>, Refusal> {
    let authority = at.charter().zip(at.me()).and_then(|(charter, me)| charter.authority(&me.office, line));
    if authority.is_none_or(|up_to| precedence > up_to) {
        return Err(Refusal::AboveAuthority);
    }
    let ahead_ms = at_ms - now.ms as f64;
    if !(ahead_ms > 0.0 && ahead_ms <= PROPOSE_MS as f64) {
        return Err(Refusal::Time);
    }
    let agreed = |level: &LineId| at.charter().is_some_and(|charter| charter.line(level).is_some());
    let level = LineId::new(level).ok().filter(agreed).ok_or(Refusal::Malformed)?;
    let subject = SubjectId::new(subject).map_err(|_| Refusal::Malformed)?;
    Ok(move |id| Act::Propose { id, subject, level, at_ms: at_ms as u64, precedence })
}

/// Says for the own party who comes, and when; no `office`: nobody. Otherwise why not.
pub(crate) fn attend(
    waiting: &Consultation,
    office: Option<String>,
    at_ms: Option<f64>,
    now: Now,
) -> Result<Act, Refusal> {
    let proposal = &waiting.proposal;
    let coming = match office {
        Some(office) => {
            let office = OfficeId::new(office).map_err(|_| Refusal::OtherOffice)?;
            let at_ms = at_ms.unwrap_or(WallMs::shown(proposal.at_ms));
            let furthest = now.ms as f64 + (PROPOSE_MS + CONSULTATION_OVER_MS) as f64;
            if !(0.0..=furthest).contains(&at_ms) {
                return Err(Refusal::Time);
            }
            Some(Coming { office, at_ms: at_ms as u64 })
        }
        None => None,
    };
    Ok(Act::Attend { proposal: proposal.hash, level: proposal.level.clone(), coming })
}

/// Takes back one of the own party. Otherwise why not.
pub(crate) fn withdraw(at: Roster, waiting: &Consultation) -> Result<Act, Refusal> {
    if at.me().is_none_or(|me| me.party != waiting.party) {
        return Err(Refusal::NoConsultation);
    }
    Ok(Act::Withdraw { id: waiting.id })
}

/// The ring on the line on which to meet, whose id is the consultation's: it is the call from then on. As urgent as it
/// was asked, and not above what the own office may. Otherwise why not. `fresh`: the id where somebody has used up the
/// consultation's by a ring before its time: a party that is done with that ring would not sound again.
pub(crate) fn begin(at: Roster, waiting: &Consultation, fresh: CallId, now: Now) -> Result<(CallId, Agreed), Refusal> {
    if !is_due(waiting, now) {
        return Err(Refusal::Time);
    }
    let (level, own) = (&waiting.proposal.level, at.me().map(|me| &me.party));
    let used = at.fold().is_some_and(|fold| fold.is_over_for_another(level, &waiting.id, |party| Some(party) == own));
    let authority = |(charter, me): (&VerifiedCharter, &Device)| charter.authority(&me.office, &waiting.proposal.level);
    let up_to = at.charter().zip(at.me()).and_then(authority).unwrap_or_default();
    Ok((if used { fresh } else { waiting.id }, waiting.proposal.precedence.min(up_to)))
}

fn answer_view(charter: &VerifiedCharter, said: Option<&Attendance>) -> AnswerView {
    match said.map(|said| &said.coming) {
        None => AnswerView::Silent,
        Some(None) => AnswerView::Declined,
        Some(Some(coming)) => AnswerView::Coming {
            office: charter.office(&coming.office).map(|office| text(&office.title)).unwrap_or_default(),
            at_ms: WallMs::shown(coming.at_ms),
        },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::scene::{Enrolled, START_MS, Scene, after_ms, line_id};

    const HOUR_MS: u64 = 3_600_000;

    fn proposes(scene: &Scene, by: &Enrolled, in_ms: i64, precedence: Agreed) -> Result<Act, Refusal> {
        let (at, at_ms) = (scene.roster(by), (START_MS as i64 + in_ms) as f64);
        let act = propose(at, &line_id("duty"), "missile-launch".into(), "duty".into(), at_ms, precedence, after_ms(0));
        act.map(|act| act(CallId([7; 16])))
    }

    /// The duty officers of two parties; the USA has proposed to meet in an hour.
    fn asked() -> (Scene, [Enrolled; 2]) {
        let mut scene = Scene::new();
        let both = ["usa-duty", "jpn-duty"].map(|office| scene.enrol(office, 1));
        let act = proposes(&scene, &both[0], HOUR_MS as i64, Agreed::Immediate).unwrap();
        scene.says(&both[0], "duty", act);
        (scene, both)
    }

    fn view(duty: &Duty, scene: &Scene, console: &Enrolled, now: Now) -> ConsultationView {
        duty.views(scene.roster(console), true, now).remove(0)
    }

    #[test]
    fn nothing_is_proposed_above_the_own_authority_or_for_a_time_that_may_not_be() {
        let mut scene = Scene::new();
        let usa = scene.enrol("usa-duty", 1);
        let reason = |in_ms, precedence| proposes(&scene, &usa, in_ms, precedence).err();
        assert_eq!(reason(HOUR_MS as i64, Agreed::Flash), Some(Refusal::AboveAuthority));
        assert_eq!(reason(-1, Agreed::Flash), Some(Refusal::AboveAuthority), "that is said first");
        for at in [-1, 0, PROPOSE_MS as i64 + 1] {
            assert_eq!(reason(at, Agreed::Immediate), Some(Refusal::Time));
        }
        for at in [1, PROPOSE_MS as i64] {
            assert_eq!(reason(at, Agreed::Immediate), None);
        }
        for (subject, level) in [("missile-launch", "no-line"), ("missile-launch", "\0"), ("\0", "duty")] {
            let (at, at_ms) = (scene.roster(&usa), (START_MS + HOUR_MS) as f64);
            let (subject, level) = (subject.into(), level.into());
            let act = propose(at, &line_id("duty"), subject, level, at_ms, Agreed::Routine, after_ms(0));
            assert_eq!(act.err(), Some(Refusal::Malformed));
        }
    }

    #[test]
    fn it_sounds_for_half_a_minute_where_it_is_asked_and_not_at_the_asker() {
        let (mut scene, [usa, japan]) = asked();
        let (mut here, mut there) = (Duty::default(), Duty::default());
        here.note(scene.roster(&japan), false, after_ms(0));
        assert!(!view(&here, &scene, &japan, after_ms(0)).sounds, "not before the node is reached");
        here.note(scene.roster(&japan), true, after_ms(1_000));
        there.note(scene.roster(&usa), true, after_ms(1_000));
        let end = after_ms(1_000 + ASKED_US / 1_000);
        assert!(view(&here, &scene, &japan, Now { us: end.us - 1, ..end }).sounds);
        assert!(!view(&here, &scene, &japan, end).sounds);
        assert!(!view(&there, &scene, &usa, after_ms(1_000)).sounds);
        assert!(!here.views(scene.roster(&japan), false, after_ms(1_000))[0].sounds, "off watch");
        assert_eq!(here.next_timeout(scene.roster(&japan), after_ms(1_000)), Some(end.us));
        // Whoever has answered is asked no more.
        let waiting = find(scene.roster(&japan), &view(&here, &scene, &japan, end).id, end).unwrap();
        scene.says(&japan, "duty", attend(&waiting, None, None, end).unwrap());
        here.note(scene.roster(&japan), true, after_ms(2_000));
        assert!(!view(&here, &scene, &japan, after_ms(2_000)).sounds);
    }

    #[test]
    fn what_comes_and_goes_without_end_is_shown_without_a_sound() {
        let (mut scene, [usa, japan]) = asked();
        let mut duty = Duty::default();
        let mut sounded = 0;
        for turn in 0..50 {
            let now = after_ms(turn * 1_000);
            duty.note(scene.roster(&japan), true, now);
            sounded += u32::from(view(&duty, &scene, &japan, now).sounds);
            scene.says(&usa, "duty", Act::Withdraw { id: CallId([7; 16]) });
            duty.note(scene.roster(&japan), true, now);
            let act = proposes(&scene, &usa, (HOUR_MS + turn) as i64, Agreed::Immediate).unwrap();
            scene.says(&usa, "duty", act);
        }
        assert_eq!(sounded as usize, ASKED_OFTEN);
        let later = after_ms(50_000 + ASKED_PACE_US / 1_000);
        scene.says(&usa, "duty", Act::Withdraw { id: CallId([7; 16]) });
        duty.note(scene.roster(&japan), true, later);
        let act = proposes(&scene, &usa, HOUR_MS as i64 + 99, Agreed::Immediate).unwrap();
        scene.says(&usa, "duty", act);
        duty.note(scene.roster(&japan), true, later);
        assert!(view(&duty, &scene, &japan, later).sounds);
    }

    #[test]
    fn it_can_be_begun_from_its_time_on_and_is_gone_when_nobody_has() {
        let (scene, [usa, japan]) = asked();
        let (duty, at) = (Duty::default(), scene.roster(&japan));
        let due = after_ms(HOUR_MS);
        assert_eq!(duty.next_timeout(at, after_ms(5)), Some(due.us));
        let early = after_ms(HOUR_MS - 1);
        let waiting = find(at, &view(&duty, &scene, &japan, early).id, early).unwrap();
        assert_eq!(begin(at, &waiting, CallId([9; 16]), early), Err(Refusal::Time));
        assert_eq!(begin(scene.roster(&usa), &waiting, CallId([9; 16]), due), Ok((CallId([7; 16]), Agreed::Immediate)));
        assert!(view(&duty, &scene, &japan, due).due);
        let over = after_ms(HOUR_MS + CONSULTATION_OVER_MS);
        assert_eq!(duty.next_timeout(at, due), Some(over.us));
        assert!(duty.views(at, true, over).is_empty() && duty.next_timeout(at, over).is_none());
    }

    #[test]
    fn only_the_own_one_is_withdrawn_and_is_found_no_more() {
        let (mut scene, [usa, japan]) = asked();
        let id = view(&Duty::default(), &scene, &japan, after_ms(0)).id;
        let waiting = find(scene.roster(&japan), &id, after_ms(0)).unwrap();
        assert_eq!(withdraw(scene.roster(&japan), &waiting), Err(Refusal::NoConsultation));
        let act = withdraw(scene.roster(&usa), &waiting).unwrap();
        scene.says(&usa, "duty", act);
        assert!(find(scene.roster(&usa), &id, after_ms(0)).is_none());
    }

    #[test]
    fn an_answer_names_a_time_that_may_be() {
        let (scene, [_, japan]) = asked();
        let now = after_ms(0);
        let id = view(&Duty::default(), &scene, &japan, now).id;
        let waiting = find(scene.roster(&japan), &id, now).unwrap();
        let comes = |at_ms| attend(&waiting, Some("jpn-duty".into()), at_ms, now).err();
        assert_eq!((comes(None), comes(Some(now.ms as f64))), (None, None));
        assert_eq!(
            (comes(Some(-1.0)), comes(Some(f64::INFINITY)), comes(Some(f64::NAN))),
            (Some(Refusal::Time), Some(Refusal::Time), Some(Refusal::Time))
        );
        assert_eq!(attend(&waiting, Some("\0".into()), None, now).err(), Some(Refusal::OtherOffice));
        assert_eq!(line_for(scene.roster(&japan), &waiting), Some(&line_id("duty")));
    }
}
