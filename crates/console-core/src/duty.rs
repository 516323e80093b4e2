//! Who has the duty: on screen, and taken from here.

use crate::acts::Purpose;
use crate::console::Console;
use crate::show::text;
use crate::view::Text3;
use serde::{Deserialize, Serialize};
use trialogue_charter::{Line, Office, Party, VerifiedCharter};
use trialogue_journal::Act;
use trialogue_journal::limits::SHIFT_MS;
use ts_rs::TS;

/// The duty of one office.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct DutyView {
    /// Office id.
    pub office_id: String,
    /// Office title.
    pub office: Text3,
    /// Name of the person who has it, if the certificate is known here.
    pub name: Option<String>,
    /// When it was taken, milliseconds since 1970 UTC, by that node's clock.
    pub since_ms: f64,
    /// End of the shift, milliseconds since 1970 UTC.
    pub until_ms: f64,
    /// How it stands.
    pub state: DutyState,
    /// Name of the one who was relieved by it, if somebody was and the certificate is known here.
    pub relieved: Option<String>,
}

/// How a duty stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub enum DutyState {
    /// The shift runs, and the person is at the console.
    #[default]
    OnDuty,
    /// The shift runs, and the party's node says that the person's console is not on watch.
    Away,
    /// The shift is over and nobody has taken over.
    Over,
}

/// The duty of the own office.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct OwnDuty {
    /// Who has it; none: nobody has ever taken it.
    pub held: Option<DutyView>,
    /// It is this console.
    pub mine: bool,
    /// This console had it, and was relieved by the one who has it now.
    pub relieved: bool,
}

impl Console {
    /// Takes the duty of the own office.
    pub(crate) fn take_duty(&mut self, until_ms: f64) {
        let line = self.roster().own_line().map(ToString::to_string);
        let Some(line) = line.and_then(|line| self.act_on(line)) else { return };
        let shift = until_ms - self.now_ms as f64;
        if !(shift > 0.0 && shift <= SHIFT_MS as f64) {
            return self.refuse("time");
        }
        self.state(&line, Purpose::Standing, Act::TakeDuty { until_ms: until_ms as u64 }, Vec::new());
    }

    /// None for whoever does not act for the party: there is no duty to take.
    pub(crate) fn own_duty(&self) -> Option<OwnDuty> {
        let (charter, me) = (self.charter.as_ref()?, self.me.as_ref()?);
        let office = charter.office(&me.office).filter(|office| office.role.acts_for_party())?;
        let duty = self.fold.as_ref()?.duty(&me.party, &me.office).map(|on| on.duty);
        Some(OwnDuty {
            held: self.duty_view(office),
            mine: duty.is_some_and(|duty| duty.by == self.id),
            relieved: duty.and_then(|duty| duty.relieved).is_some_and(|before| before.by == self.id),
        })
    }

    pub(crate) fn duties(&self, charter: &VerifiedCharter, line: &Line, party: &Party) -> Vec<DutyView> {
        charter.acting_offices(&party.id, &line.id).filter_map(|office| self.duty_view(office)).collect()
    }

    fn duty_view(&self, office: &Office) -> Option<DutyView> {
        let on = self.fold.as_ref()?.duty(&office.party, &office.id)?;
        let name = |device| self.person(&device).map(|person| person.name);
        Some(DutyView {
            office_id: office.id.to_string(),
            office: text(&office.title),
            name: name(on.duty.by),
            since_ms: on.duty.since_ms as f64,
            until_ms: on.duty.until_ms as f64,
            state: if self.now_ms >= on.duty.until_ms {
                DutyState::Over
            } else if on.at_console {
                DutyState::OnDuty
            } else {
                DutyState::Away
            },
            relieved: on.duty.relieved.and_then(|before| name(before.by)),
        })
    }

    /// When a shift ends that is on screen.
    pub(crate) fn duty_next_us(&self) -> Option<u64> {
        let (fold, charter) = (self.fold.as_ref()?, self.charter.as_ref()?);
        let ends = charter.offices.iter().filter_map(|office| fold.duty(&office.party, &office.id));
        let next_ms = ends.map(|on| on.duty.until_ms).filter(|until| *until > self.now_ms).min()?;
        Some(self.now().us_at(next_ms))
    }
}
