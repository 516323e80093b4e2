//! Who may do what, as the verified charter says: data for a page that people can read, in the order in which they are rung.

use crate::console::Console;
use crate::view::{Precedence, Text3};
use serde::{Deserialize, Serialize};
use trialogue_charter::{Line, Party, Texts, VerifiedCharter};
use ts_rs::TS;

/// What the parties agreed on, for one page.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct AuthorityView {
    /// The charter's name.
    pub charter: String,
    /// Its serial.
    #[ts(type = "number")]
    pub serial: u64,
    /// The office that looks, by its id; empty for who looks from outside.
    pub own_office: String,
    /// All lines, in the board's order.
    pub lines: Vec<LineAuthority>,
    /// Seconds that a ring sounds.
    pub ring_seconds: u16,
    /// Seconds until it sounds at a party's next office as well; 0: at all at once.
    pub escalate_seconds: u16,
    /// Seconds unanswered until people beyond the consoles are alerted.
    pub alert_seconds: u16,
    /// Seconds out of touch until a console has left its call.
    pub lost_seconds: u16,
}

/// One line.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct LineAuthority {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: Text3,
    /// Its marking.
    pub marking: String,
    /// Parties on the line, by id.
    pub parties: Vec<PartyAuthority>,
}

/// A party on a line.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct PartyAuthority {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: Text3,
    /// Its offices on the line, in the order in which they are rung: the first, then who stands in.
    pub offices: Vec<OfficeAuthority>,
}

/// An office on a line.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct OfficeAuthority {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: Text3,
    /// The highest precedence that it may ring the line with.
    pub up_to: Precedence,
}

impl Console {
    /// Who may do what, by the charter that this console has verified; none before it has one.
    #[must_use]
    pub fn authority(&self) -> Option<AuthorityView> {
        let mut view = authority(self.charter.as_ref()?);
        view.own_office = self.me.as_ref().map(|me| me.office.to_string()).unwrap_or_default();
        Some(view)
    }
}

/// Who may do what under a charter.
#[must_use]
pub fn authority(charter: &VerifiedCharter) -> AuthorityView {
    let policy = &charter.policy;
    AuthorityView {
        charter: charter.name.clone(),
        serial: charter.serial,
        own_office: String::new(),
        lines: charter.lines.iter().map(|line| of_line(charter, line)).collect(),
        ring_seconds: policy.ring_seconds,
        escalate_seconds: policy.escalate_seconds,
        alert_seconds: policy.alert_seconds,
        lost_seconds: policy.lost_seconds,
    }
}

fn of_line(charter: &VerifiedCharter, line: &Line) -> LineAuthority {
    LineAuthority {
        id: line.id.to_string(),
        name: text(&line.name),
        marking: line.marking.clone(),
        parties: charter.parties_on_line(&line.id).map(|party| of_party(charter, line, party)).collect(),
    }
}

fn of_party(charter: &VerifiedCharter, line: &Line, party: &Party) -> PartyAuthority {
    let offices = charter.offices_of_party_on_line(&party.id, &line.id).map(|office| OfficeAuthority {
        id: office.id.to_string(),
        title: text(&office.title),
        up_to: line.authority(&office.id).unwrap_or_default().into(),
    });
    PartyAuthority { id: party.id.to_string(), name: text(&party.name), offices: offices.collect() }
}

fn text(texts: &Texts) -> Text3 {
    Text3 { en: texts.en.clone(), ja: texts.ja.clone(), ko: texts.ko.clone() }
}
