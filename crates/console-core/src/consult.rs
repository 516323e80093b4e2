//! Consultations: on screen, proposed, answered, withdrawn and begun from here.

use crate::acts::Purpose;
use crate::console::Console;
use crate::limits::ASKED_US;
use crate::show::text;
use crate::view::{Person, Precedence, Text3};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use trialogue_charter::{LineId, OfficeId, Precedence as Agreed, SubjectId, VerifiedCharter};
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
#[serde(rename_all = "camelCase", tag = "kind")]
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

impl Console {
    /// Consultations on lines of the own office.
    fn consultations(&self) -> Vec<Consultation> {
        let (Some(fold), Some(charter), Some(me)) = (&self.fold, &self.charter, &self.me) else { return Vec::new() };
        let here = |line: &LineId| charter.is_on_line(&me.office, line);
        let mut all = fold.consultations(self.now_ms);
        all.retain(|waiting| here(&waiting.proposal.line) || here(&waiting.proposal.level));
        all
    }

    /// The one that a command names.
    fn consultation(&mut self, id: &str) -> Option<Consultation> {
        let found = self.consultations().into_iter().find(|waiting| waiting.proposal.hash.to_string() == id);
        if found.is_none() {
            self.refuse("noConsultation");
        }
        found
    }

    /// Since when each is known here. It is asked anew of whoever sits down at a console.
    pub(crate) fn note_consultations(&mut self) {
        if !self.link.is_up() {
            return;
        }
        let now_us = self.now_us;
        let known = |hash| self.asked_us.get(hash).copied().unwrap_or(now_us);
        let all = self.consultations();
        let asked: BTreeMap<_, u64> = all.iter().map(|w| (w.proposal.hash, known(&w.proposal.hash))).collect();
        self.asked_us = asked;
    }

    pub(crate) fn consulting(&self) -> Consulting {
        let (Some(charter), Some(me)) = (&self.charter, &self.me) else { return Consulting::default() };
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

    pub(crate) fn consultation_views(&self) -> Vec<ConsultationView> {
        let Some(charter) = &self.charter else { return Vec::new() };
        self.consultations().iter().filter_map(|waiting| self.consultation_view(charter, waiting)).collect()
    }

    fn consultation_view(&self, charter: &VerifiedCharter, waiting: &Consultation) -> Option<ConsultationView> {
        let (me, proposal) = (self.me.as_ref()?, &waiting.proposal);
        let (line, level) = (charter.line(&proposal.line)?, charter.line(&proposal.level)?);
        let acts = charter.office(&me.office)?.role.acts_for_party();
        let own = waiting.party == me.party;
        let answered = waiting.answers.get(&me.party).is_none_or(Option::is_some);
        let asked_us = self.asked_us.get(&proposal.hash);
        let fresh = asked_us.is_some_and(|since| self.now_us < since + ASKED_US);
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
            by: self.person(&proposal.by)?,
            own,
            subject: text(&charter.subjects.iter().find(|subject| subject.id == proposal.subject)?.text),
            line: text(&line.name),
            level: level.id.to_string(),
            level_name: text(&level.name),
            marking: level.marking.clone(),
            precedence: proposal.precedence.into(),
            at_ms: proposal.at_ms as f64,
            due: self.now_ms >= proposal.at_ms,
            sounds: self.on_watch && acts && asked_here && !own && !answered && fresh,
            parties,
            offices: offices
                .filter(|_| acts)
                .map(|office| OfficeView { id: office.id.to_string(), title: text(&office.title) })
                .collect(),
            may_begin: acts && charter.is_on_line(&me.office, &proposal.level),
        })
    }

    pub(crate) fn propose(&mut self, line: String, subject: String, level: String, at_ms: f64, precedence: Agreed) {
        let Some(line) = self.act_on(line) else { return };
        let (Some(charter), Some(me)) = (&self.charter, &self.me) else { return };
        if charter.authority(&me.office, &line).is_none_or(|up_to| precedence > up_to) {
            return self.refuse("aboveAuthority");
        }
        let ahead = at_ms - self.now_ms as f64;
        if !(ahead > 0.0 && ahead <= PROPOSE_MS as f64) {
            return self.refuse("time");
        }
        let level = LineId::new(level).ok().filter(|level| charter.line(level).is_some());
        let (Some(subject), Some(level)) = (SubjectId::new(subject).ok(), level) else {
            return self.refuse("malformed");
        };
        if let Some(id) = crate::command::new_call() {
            let act = Act::Propose { id, subject, level, at_ms: at_ms as u64, precedence };
            self.state(&line, Purpose::Standing, act, Vec::new());
        }
    }

    pub(crate) fn attend(&mut self, id: &str, office: Option<String>, at_ms: Option<f64>) {
        let Some(waiting) = self.consultation(id) else { return };
        let Some(line) = self.line_for(&waiting).and_then(|line| self.act_on(line)) else { return };
        let Consultation { proposal, .. } = waiting;
        let coming = match office {
            Some(office) => {
                let Some(office) = OfficeId::new(office).ok() else { return self.refuse("otherOffice") };
                let at_ms = at_ms.unwrap_or(proposal.at_ms as f64);
                let furthest = self.now_ms as f64 + (PROPOSE_MS + CONSULTATION_OVER_MS) as f64;
                if !(0.0..=furthest).contains(&at_ms) {
                    return self.refuse("time");
                }
                Some(Coming { office, at_ms: at_ms as u64 })
            }
            None => None,
        };
        let act = Act::Attend { proposal: proposal.hash, level: proposal.level, coming };
        self.state(&line, Purpose::Standing, act, Vec::new());
    }

    /// On which line of the own office it is spoken of.
    fn line_for(&self, waiting: &Consultation) -> Option<String> {
        let (charter, me) = (self.charter.as_ref()?, self.me.as_ref()?);
        let lines = [&waiting.proposal.line, &waiting.proposal.level];
        lines.into_iter().find(|line| charter.is_on_line(&me.office, line)).map(ToString::to_string)
    }

    pub(crate) fn withdraw(&mut self, id: &str) {
        let Some(waiting) = self.consultation(id) else { return };
        let Some(line) = self.act_on(waiting.proposal.line.to_string()) else { return };
        if self.me.as_ref().is_none_or(|me| me.party != waiting.party) {
            return self.refuse("noConsultation");
        }
        self.state(&line, Purpose::Standing, Act::Withdraw { id: waiting.id }, Vec::new());
    }

    /// Rings the line on which to meet, with the consultation's id: it is the call from then on.
    pub(crate) fn begin(&mut self, id: &str) {
        let Some(waiting) = self.consultation(id) else { return };
        let Some(level) = self.act_on(waiting.proposal.level.to_string()) else { return };
        if self.now_ms < waiting.proposal.at_ms {
            return self.refuse("time");
        }
        let (Some(charter), Some(me)) = (&self.charter, &self.me) else { return };
        // As urgently as it was asked, and not above what this office may.
        let up_to = charter.authority(&me.office, &level).unwrap_or_default();
        let precedence = waiting.proposal.precedence.min(up_to);
        self.enter(level, waiting.id, Some(precedence));
    }

    /// When something about consultations changes on screen by itself.
    pub(crate) fn consult_next_us(&self) -> Option<u64> {
        let sounds = self.asked_us.values().map(|since| since + ASKED_US);
        let all = self.consultations();
        let times = all.iter().flat_map(|w| [w.proposal.at_ms, w.proposal.at_ms.saturating_add(CONSULTATION_OVER_MS)]);
        let times = times.filter(|at| *at > self.now_ms);
        let times = times.map(|at| self.now().us_at(at));
        sounds.chain(times).filter(|at| *at > self.now_us).min()
    }
}

fn answer_view(charter: &VerifiedCharter, said: Option<&Attendance>) -> AnswerView {
    match said.map(|said| &said.coming) {
        None => AnswerView::Silent,
        Some(None) => AnswerView::Declined,
        Some(Some(coming)) => AnswerView::Coming {
            office: charter.office(&coming.office).map(|office| text(&office.title)).unwrap_or_default(),
            at_ms: coming.at_ms as f64,
        },
    }
}
