//! `charter.toml` as it is written.

use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

/// The plan of a charter.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    pub name: Spanned<String>,
    pub serial: u64,
    pub suite: Option<Spanned<String>>,
    /// party.pub files, relative to the plan.
    pub parties: Vec<Spanned<String>>,
    /// node.pub files, relative to the plan.
    pub nodes: Vec<Spanned<String>>,
    #[serde(rename = "office")]
    pub offices: Vec<OfficePlan>,
    #[serde(rename = "line")]
    pub lines: Vec<LinePlan>,
    /// Where consoles reach each node: web origins by node id.
    #[serde(default)]
    pub origins: BTreeMap<String, Vec<Spanned<String>>>,
    #[serde(default)]
    pub policy: PolicyPlan,
    #[serde(default, rename = "subject")]
    pub subjects: Vec<SubjectPlan>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextsPlan {
    pub en: Spanned<String>,
    pub ja: Spanned<String>,
    pub ko: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfficePlan {
    pub id: Spanned<String>,
    pub party: Spanned<String>,
    pub title: TextsPlan,
    /// Duty officer where it is left out.
    pub role: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubjectPlan {
    pub id: Spanned<String>,
    pub text: TextsPlan,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinePlan {
    pub id: Spanned<String>,
    pub name: TextsPlan,
    pub marking: Spanned<String>,
    pub offices: Vec<Spanned<String>>,
    /// Highest precedence by office; routine where it is not named.
    #[serde(default)]
    pub authority: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    pub staged: bool,
    /// Nobody records where it is left out.
    pub recording: Option<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct PolicyPlan {
    pub ring_seconds: Option<Spanned<u16>>,
    pub lost_seconds: Option<Spanned<u16>>,
    pub alert_seconds: Option<Spanned<u16>>,
    pub escalate_seconds: Option<Spanned<u16>>,
    /// Who must sign an amendment: `all`, or `all-but-one`.
    pub amending: Option<Spanned<String>>,
    pub removal: Option<Spanned<String>>,
    /// Whose media is not relayed by whom.
    #[serde(default)]
    pub no_relay: Vec<BarredPlan>,
    /// Bytes to whose multiples pictures are filled.
    pub picture_step: Option<Spanned<u16>>,
    #[serde(default)]
    pub tests: TestsPlan,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BarredPlan {
    pub party: Spanned<String>,
    pub via: Spanned<String>,
}

/// How often paths, stations and people are tested; see [`trialogue_charter::Tests`].
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct TestsPlan {
    pub path_seconds: Option<Spanned<u32>>,
    pub station_seconds: Option<Spanned<u32>>,
    pub human_seconds: Option<Spanned<u32>>,
}
