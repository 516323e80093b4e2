//! Who has the duty: on screen, and taken from here.

use crate::now::{Now, WallMs};
use crate::roster::Roster;
use crate::show::text;
use crate::view::{Refusal, Text3};
use serde::{Deserialize, Serialize};
use trialogue_charter::{Line, Office, Party};
use trialogue_journal::Act;
use trialogue_journal::fold::OnDuty;
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

/// Takes the duty of the own office; `until_ms`: the end of the shift, milliseconds since 1970 UTC. Otherwise why not.
pub(crate) fn take(until_ms: f64, now: Now) -> Result<Act, Refusal> {
    let shift_ms = until_ms - now.ms as f64;
    if !(shift_ms > 0.0 && shift_ms <= SHIFT_MS as f64) {
        return Err(Refusal::Time);
    }
    Ok(Act::TakeDuty { until_ms: until_ms as u64 })
}

/// The duty of the own office. None for whoever does not act for the party: there is no duty to take.
pub(crate) fn own(at: Roster, now: Now) -> Option<OwnDuty> {
    let (charter, me, fold) = at.whole()?;
    let office = charter.office(&me.office).filter(|office| office.role.acts_for_party())?;
    let duty = fold.duty(&me.party, &me.office, now.ms).map(|on| on.duty);
    Some(OwnDuty {
        held: one(at, office, now),
        mine: duty.is_some_and(|duty| duty.by == at.id()),
        relieved: duty.and_then(|duty| duty.relieved).is_some_and(|before| before.by == at.id()),
    })
}

/// The duties of a party's offices on a line.
pub(crate) fn of_line(at: Roster, line: &Line, party: &Party, now: Now) -> Vec<DutyView> {
    let Some(charter) = at.charter() else { return Vec::new() };
    charter.acting_offices(&party.id, &line.id).filter_map(|office| one(at, office, now)).collect()
}

fn one(at: Roster, office: &Office, now: Now) -> Option<DutyView> {
    let on = at.fold()?.duty(&office.party, &office.id, now.ms)?;
    let name = |device| at.person(&device).map(|person| person.name);
    Some(DutyView {
        office_id: office.id.to_string(),
        office: text(&office.title),
        name: name(on.duty.by),
        since_ms: WallMs::shown(on.duty.since_ms),
        until_ms: WallMs::shown(on.duty.until_ms),
        state: if is_over(&on, now) {
            DutyState::Over
        } else if on.at_console {
            DutyState::OnDuty
        } else {
            DutyState::Away
        },
        relieved: on.duty.relieved.and_then(|before| name(before.by)),
    })
}

fn is_over(on: &OnDuty, now: Now) -> bool {
    now.ms >= on.duty.until_ms
}

/// When the next shift of any office ends, milliseconds since 1970 UTC.
pub(super) fn next_end_ms(at: Roster, now: Now) -> Option<u64> {
    let (fold, charter) = (at.fold()?, at.charter()?);
    let held = charter.offices.iter().filter_map(|office| fold.duty(&office.party, &office.id, now.ms));
    held.filter(|on| !is_over(on, now)).map(|on| on.duty.until_ms).min()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::duty::Duty;
    use crate::scene::{START_MS, Scene, after_ms};

    const HOUR_MS: u64 = 3_600_000;

    #[test]
    fn a_shift_ends_in_time_and_is_over_from_then_on() {
        let mut scene = Scene::new();
        let usa = scene.enrol("usa-duty", 1);
        scene.says(&usa, "duty", take(after_ms(HOUR_MS).ms as f64, after_ms(0)).unwrap());
        let at = scene.roster(&usa);
        let held = |now| own(at, now).unwrap().held.unwrap().state;
        assert_eq!((held(after_ms(HOUR_MS - 1)), held(after_ms(HOUR_MS))), (DutyState::OnDuty, DutyState::Over));
        let next = |now| Duty::default().next_timeout(at, now);
        assert_eq!((next(after_ms(0)), next(after_ms(HOUR_MS))), (Some(after_ms(HOUR_MS).us), None));
    }

    #[test]
    fn who_is_relieved_is_told_so() {
        let mut scene = Scene::new();
        let [first, second] = [1, 2].map(|number| scene.enrol("usa-duty", number));
        for console in [&first, &second] {
            scene.says(console, "duty", take(after_ms(HOUR_MS).ms as f64, after_ms(0)).unwrap());
        }
        let [before, now] = [&first, &second].map(|console| own(scene.roster(console), after_ms(1)).unwrap());
        assert_eq!((before.mine, before.relieved, now.mine, now.relieved), (false, true, true, false));
        assert_eq!(now.held.unwrap().relieved.unwrap(), "duty of USA 1");
        let charter = &scene.charter;
        let (line, usa) = (&charter.lines[2], charter.parties.iter().find(|party| party.id.as_str() == "USA").unwrap());
        assert_eq!(of_line(scene.roster(&second), line, usa, after_ms(1)).len(), 1);
    }

    #[test]
    fn nobody_takes_a_shift_that_is_past_or_longer_than_may_be() {
        let ends = |ms: i64| take((START_MS as i64 + ms) as f64, after_ms(0)).map(|_| ());
        assert_eq!(
            (ends(0), ends(-1), ends(SHIFT_MS as i64 + 1)),
            (Err(Refusal::Time), Err(Refusal::Time), Err(Refusal::Time))
        );
        assert_eq!(take(f64::NAN, after_ms(0)).err(), Some(Refusal::Time));
        assert_eq!((ends(1), ends(SHIFT_MS as i64)), (Ok(()), Ok(())));
    }

    #[test]
    fn there_is_no_duty_for_whoever_does_not_act_for_the_party() {
        let mut scene = Scene::new();
        let notes = scene.enrol("usa-notes", 1);
        assert!(own(scene.roster(&notes), after_ms(0)).is_none());
    }
}
