//! Tests of the line: how they stand, on screen; the proof that this console lives; test texts, sent and certified from here.

use crate::acts::Purpose;
use crate::console::Console;
use crate::io::Output;
use crate::limits::LOOK_US;
use crate::show::text as named;
use crate::texts;
use crate::view::{Person, Text3};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use trialogue_charter::text::{Form, clean, refuse};
use trialogue_charter::{Hash, LineId, Party, PartyId, VerifiedCharter};
use trialogue_journal::fold::TestText;
use trialogue_journal::limits::TRANSLATION_MAX;
use trialogue_journal::{Act, Level, PairTests, StationTest, Tally, tally};
use ts_rs::TS;

/// How the tests of the line stand, and what officers are to do for them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct TestsView {
    /// Every two parties; those with the own party first.
    pub pairs: Vec<PairView>,
    /// A test text that this console's officer is to send now; none: not yet, or somebody else's.
    pub offer: Option<TextOffer>,
    /// Test texts of others that the own party has not certified yet.
    pub received: Vec<TextReceived>,
    /// The last test text of the own party, and what became of it.
    pub sent: Option<TextSent>,
}

/// How the tests between two parties stand.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct PairView {
    /// One party; the own one, if it is one of the two.
    pub a: String,
    /// Its name.
    pub a_name: Text3,
    /// The other.
    pub b: String,
    /// Its name.
    pub b_name: Text3,
    /// One of them is the own party.
    pub own: bool,
    /// The machines reach each other.
    pub path: TestView,
    /// The stations hear each other, and a console of each lives.
    pub station: TestView,
    /// Officers have certified texts of each other.
    pub human: TestView,
}

/// How one test stands.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct TestView {
    /// How.
    pub grade: Grade,
    /// When it was last good in both directions, milliseconds since 1970 UTC by this console's clock.
    pub good_ms: Option<f64>,
    /// When the last result came.
    pub last_ms: Option<f64>,
    /// When the next one is due.
    pub next_ms: Option<f64>,
}

/// How a test stands, better first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub enum Grade {
    /// The charter has nothing to test here.
    #[default]
    Unset,
    /// No result yet.
    Unknown,
    /// Good.
    Good,
    /// One was missed or failed, or the way is poor.
    Amber,
    /// Two in a row were missed or failed.
    Red,
}

/// A test text to be sent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct TextOffer {
    /// Line id on which it is sent.
    pub line: String,
    /// Its name.
    pub line_name: Text3,
    /// Number of the text.
    pub number: u16,
    /// What it says.
    pub text: Text3,
}

/// A test text of another party.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct TextReceived {
    /// Names it in commands: hash of what was said, hex.
    pub id: String,
    /// Line id.
    pub line: String,
    /// Who sent it, verified by key.
    pub by: Person,
    /// What it says.
    pub text: Text3,
    /// In which language it was sent: `en`, `ja` or `ko`.
    pub language: Language,
    /// This console may certify it.
    pub may_certify: bool,
}

/// A language of test texts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Japanese.
    Ja,
    /// Korean.
    Ko,
}

/// The last test text of the own party.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct TextSent {
    /// What it says.
    pub text: Text3,
    /// In which language it was sent.
    pub language: Language,
    /// When, milliseconds since 1970 UTC by the own node's clock.
    pub at_ms: f64,
    /// Who has certified it.
    pub certified: Vec<CertifiedView>,
    /// Names of the parties that have not.
    pub missing: Vec<Text3>,
}

/// Somebody has certified a test text.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct CertifiedView {
    /// Who, verified by key.
    pub by: Person,
    /// The translation.
    pub translation: String,
    /// In which language it is.
    pub language: Language,
}

/// What a console knows of the tests.
#[derive(Default)]
pub(crate) struct Trial {
    /// With what is to be added to its clock for the wall clock. Taken once, so that times on screen do not tremble.
    tally: Option<(Tally, i64)>,
    look_us: u64,
}

impl Console {
    /// The node asks whether this console lives: the media worker shows it first.
    pub(crate) fn asked_alive(&mut self, nonce: [u8; 16]) {
        self.push(Output::ProveAlive { nonce });
    }

    /// A station has tested its line.
    pub(crate) fn station_tested(&mut self, results: Vec<StationTest>) {
        self.prove(Act::StationTested { results });
    }

    /// The media worker has sealed and opened a frame.
    pub(crate) fn proven_alive(&mut self, nonce: [u8; 16]) {
        self.prove(Act::Alive { nonce });
    }

    fn prove(&mut self, act: Act) {
        let line = self.roster().own_line().cloned();
        if let (Some(line), true) = (line, self.link.is_up()) {
            self.say(&line, Purpose::Proof, act, Vec::new());
        }
    }

    pub(crate) fn note_tests(&mut self) {
        let Some(fold) = &self.fold else { return };
        let now_ms = millis(self.now_us);
        let wall_ms = i64::try_from(self.now_ms).unwrap_or(i64::MAX);
        let (tally, _) = self.trial.tally.get_or_insert_with(|| (Tally::new(now_ms), wall_ms - now_ms));
        tally.update(fold, now_ms, self.now_ms);
        self.trial.look_us = self.now_us + LOOK_US;
    }

    /// When to look again whether something is missing.
    pub(crate) fn trial_next_us(&self) -> Option<u64> {
        self.fold.as_ref().map(|_| self.trial.look_us.max(self.now_us + 1))
    }

    pub(crate) fn tests_view(&self) -> TestsView {
        let (Some(charter), Some(me), Some((tally, offset))) = (&self.charter, &self.me, &self.trial.tally) else {
            return TestsView::default();
        };
        let Some(fold) = &self.fold else { return TestsView::default() };
        let own = |pair: &PairTests| pair.a == me.party || pair.b == me.party;
        let mut pairs = tally.pairs(fold, millis(self.now_us));
        pairs.sort_by_key(|pair| !own(pair));
        TestsView {
            pairs: pairs.iter().filter_map(|pair| pair_view(charter, pair, &me.party, *offset)).collect(),
            offer: self.text_offer(charter),
            received: self.texts_received(charter, &me.party),
            sent: self.text_sent(charter, &me.party),
        }
    }

    /// The own party's last text, on whichever line it was sent.
    fn own_text(&self, party: &PartyId) -> Option<(&LineId, &TestText)> {
        let own = self.fold.as_ref()?.nodes().filter(|(_, node)| node.party() == party);
        own.flat_map(|(_, node)| node.test_texts()).max_by_key(|(_, text)| text.time_ms)
    }

    fn text_offer(&self, charter: &VerifiedCharter) -> Option<TextOffer> {
        let me = self.me.as_ref().filter(|_| self.acts_for_party() && self.on_watch && self.link.is_up())?;
        let people = |line: &&trialogue_charter::Line| !charter.is_test_line(&line.id);
        let line = charter.lines_of_office(&me.office).find(people)?;
        let period_ms = u64::from(charter.policy.tests.human_seconds) * 1_000;
        if self.own_text(&me.party).is_some_and(|(_, text)| self.now_ms < text.time_ms.saturating_add(period_ms)) {
            return None;
        }
        let place = charter.parties.iter().position(|party| party.id == me.party)? as u64;
        let number = u16::try_from((self.now_ms / period_ms.max(1) + place) % texts::count()).ok()?;
        let (id, text) = (line.id.to_string(), texts::text(number));
        Some(TextOffer { line: id, line_name: named(&line.name), number, text })
    }

    fn texts_received(&self, charter: &VerifiedCharter, own: &PartyId) -> Vec<TextReceived> {
        let (Some(fold), Some(me)) = (&self.fold, &self.me) else { return Vec::new() };
        let nodes = || fold.nodes().map(|(_, node)| node);
        let ours = nodes().filter(|node| node.party() == own);
        let certified: BTreeSet<&Hash> = ours.flat_map(|node| node.certified().keys()).collect();
        let sent = nodes().filter(|node| node.party() != own).flat_map(|node| node.test_texts());
        let waits = |(line, text): &(&LineId, &TestText)| {
            charter.is_on_line(&me.office, line) && !certified.contains(&text.hash) && fold.device(&text.by).is_some()
        };
        let view = |(line, text): (&LineId, &TestText)| {
            Some(TextReceived {
                id: text.hash.to_string(),
                line: line.to_string(),
                by: self.person(&text.by)?,
                text: texts::text(text.text),
                language: text.language.into(),
                may_certify: self.acts_for_party(),
            })
        };
        sent.filter(waits).filter_map(view).collect()
    }

    fn text_sent(&self, charter: &VerifiedCharter, own: &PartyId) -> Option<TextSent> {
        let (line, text) = self.own_text(own)?;
        let fold = self.fold.as_ref()?;
        let others = charter.parties_on_line(line).filter(|party| party.id != *own);
        let said = |party: &Party| {
            let nodes = fold.nodes().filter(|(_, node)| *node.party() == party.id);
            nodes.filter_map(|(_, node)| node.certified().get(&text.hash)).min_by_key(|said| said.time_ms)
        };
        let (done, missing): (Vec<&Party>, Vec<&Party>) = others.partition(|party| said(party).is_some());
        let view = |party: &&Party| {
            let said = said(party)?;
            let by = self.person(&said.by)?;
            Some(CertifiedView { by, translation: said.translation.clone(), language: said.language.into() })
        };
        Some(TextSent {
            text: texts::text(text.text),
            language: text.language.into(),
            at_ms: text.time_ms as f64,
            certified: done.iter().filter_map(view).collect(),
            missing: missing.iter().map(|party| named(&party.name)).collect(),
        })
    }

    pub(crate) fn send_test(&mut self, line: String, number: u16, language: Language) {
        let Some(line) = self.act_on(line) else { return };
        if !self.acts_for_party() {
            return self.refuse("role");
        }
        let act = Act::SendTest { text: number, language: language.into() };
        self.say(&line, Purpose::Standing, act, Vec::new());
    }

    pub(crate) fn certify(&mut self, id: &str, language: Language, translation: &str) {
        let found = self.fold.as_ref().and_then(|fold| {
            let mut sent = fold.nodes().flat_map(|(_, node)| node.test_texts());
            sent.find(|(_, text)| text.hash.to_string() == id).map(|(line, text)| (line.clone(), text.hash))
        });
        let Some((line, text)) = found else { return self.refuse("notNow") };
        let Some(line) = self.act_on(line.to_string()) else { return };
        let translation = clean(translation, Form::Line);
        let translation = translation.split_whitespace().collect::<Vec<_>>().join(" ");
        if !self.acts_for_party() {
            return self.refuse("role");
        }
        if refuse(&translation, Form::Line, TRANSLATION_MAX).is_err() {
            return self.refuse("malformed");
        }
        self.say(&line, Purpose::Standing, Act::Certify { text, language: language.into(), translation }, Vec::new());
    }
}

fn pair_view(charter: &VerifiedCharter, pair: &PairTests, own: &PartyId, offset_ms: i64) -> Option<PairView> {
    let swap = pair.b == *own;
    let (a, b) = if swap { (&pair.b, &pair.a) } else { (&pair.a, &pair.b) };
    let tests = &charter.policy.tests;
    let view = |level: Level, seconds: u32| {
        let outcome = pair.levels.get(&level).copied().unwrap_or_default();
        let wall = |at_ms: i64| (at_ms + offset_ms) as f64;
        let next_ms = outcome.last_ms.map(|last| wall(last + i64::from(seconds) * 1_000));
        TestView {
            grade: outcome.grade.into(),
            good_ms: outcome.good_ms.map(wall),
            last_ms: outcome.last_ms.map(wall),
            next_ms: next_ms.filter(|_| outcome.grade != tally::Grade::Unset),
        }
    };
    Some(PairView {
        a: a.to_string(),
        a_name: named(&charter.party(a)?.name),
        b: b.to_string(),
        b_name: named(&charter.party(b)?.name),
        own: pair.a == *own || pair.b == *own,
        path: view(Level::Path, tests.path_seconds),
        station: view(Level::Station, tests.station_seconds),
        human: view(Level::Human, tests.human_seconds),
    })
}

impl From<tally::Grade> for Grade {
    fn from(grade: tally::Grade) -> Self {
        match grade {
            tally::Grade::Unset => Self::Unset,
            tally::Grade::Unknown => Self::Unknown,
            tally::Grade::Good => Self::Good,
            tally::Grade::Amber => Self::Amber,
            tally::Grade::Red => Self::Red,
        }
    }
}

impl From<trialogue_journal::Language> for Language {
    fn from(language: trialogue_journal::Language) -> Self {
        match language {
            trialogue_journal::Language::En => Self::En,
            trialogue_journal::Language::Ja => Self::Ja,
            trialogue_journal::Language::Ko => Self::Ko,
        }
    }
}

impl From<Language> for trialogue_journal::Language {
    fn from(language: Language) -> Self {
        match language {
            Language::En => Self::En,
            Language::Ja => Self::Ja,
            Language::Ko => Self::Ko,
        }
    }
}

fn millis(us: u64) -> i64 {
    i64::try_from(us / 1_000).unwrap_or(i64::MAX)
}
