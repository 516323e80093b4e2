//! How the tests of the line stand, as it is shown.

use crate::view::{Person, Text3};
use serde::{Deserialize, Serialize};
use trialogue_journal::tally;
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
