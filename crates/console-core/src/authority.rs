//! Who may do what, as the verified charter says: data for a page that people can read, in the order in which they are
//! rung.

use crate::view::{Precedence, Recording, Role, Text3};
use serde::{Deserialize, Serialize};
use trialogue_charter::{Line, Office, Party, Removal, Texts, VerifiedCharter};
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
    /// More than half of a line's parties may drop a party from a call; else it leaves by its own act alone.
    pub majority_drops: bool,
    /// What consultations may be about.
    pub subjects: Vec<Text3>,
    /// Seconds that a ring sounds.
    pub ring_seconds: u16,
    /// Seconds until it sounds at a party's next office as well; 0: at all at once.
    pub escalate_seconds: u16,
    /// Seconds unanswered until people beyond the consoles are alerted.
    pub alert_seconds: u16,
    /// Seconds out of touch until a console has left its call.
    pub lost_seconds: u16,
    /// Bytes to whose multiples pictures are filled; none: they are not.
    pub picture_step: Option<u16>,
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
    /// Duty officers talk first, and all principals come on together.
    pub staged: bool,
    /// What the parties agreed about recording it.
    pub recording: Recording,
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
    /// Its offices on the line that act for it, in the order in which they are rung: the first, then who stands in.
    pub offices: Vec<OfficeAuthority>,
    /// Its other offices there: they come when they are called in, and are not rung.
    pub others: Vec<OfficeAuthority>,
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
    /// What its holder does in a call.
    pub role: Role,
    /// The highest precedence that it may ring the line with, if it acts for its party.
    pub up_to: Precedence,
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
        majority_drops: policy.removal == Removal::Majority,
        subjects: charter.subjects.iter().map(|subject| text(&subject.text)).collect(),
        ring_seconds: policy.ring_seconds,
        escalate_seconds: policy.escalate_seconds,
        alert_seconds: policy.alert_seconds,
        lost_seconds: policy.lost_seconds,
        picture_step: policy.picture_step,
    }
}

fn of_line(charter: &VerifiedCharter, line: &Line) -> LineAuthority {
    LineAuthority {
        id: line.id.to_string(),
        name: text(&line.name),
        marking: line.marking.clone(),
        staged: line.staged,
        recording: line.recording.into(),
        parties: charter.parties_on_line(&line.id).map(|party| of_party(charter, line, party)).collect(),
    }
}

fn of_party(charter: &VerifiedCharter, line: &Line, party: &Party) -> PartyAuthority {
    let seat = |office: &Office| OfficeAuthority {
        id: office.id.to_string(),
        title: text(&office.title),
        role: office.role.into(),
        up_to: line.authority(&office.id).unwrap_or_default().into(),
    };
    let all = charter.offices_of_party_on_line(&party.id, &line.id);
    let (acting, others): (Vec<_>, Vec<_>) = all.partition(|office| office.role.acts_for_party());
    PartyAuthority {
        id: party.id.to_string(),
        name: text(&party.name),
        offices: acting.into_iter().map(seat).collect(),
        others: others.into_iter().map(seat).collect(),
    }
}

fn text(texts: &Texts) -> Text3 {
    Text3 { en: texts.en.clone(), ja: texts.ja.clone(), ko: texts.ko.clone() }
}
