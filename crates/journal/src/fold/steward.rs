//! A party disposes of its own people in a call, and says whom it would see dropped.

use super::Ignored;
use super::enrolled::Enrolled;
use super::present::Present;
use super::speaker::Speaker;
use trialogue_charter::{DeviceId, LineId, PartyId, Removal, Role};

impl Present {
    /// Itself, or one of the own people by the duty officer.
    pub(super) fn may_hold(&self, by: &Speaker<'_>, enrolled: &Enrolled, device: &DeviceId) -> Result<(), Ignored> {
        if *device != by.id() {
            own_person(by, enrolled, device)?;
        }
        self.stay(device).map(drop)
    }

    /// One of the own people, by the duty officer; or the same person's other console, by the one that has taken over.
    pub(super) fn may_remove(&self, by: &Speaker<'_>, enrolled: &Enrolled, device: &DeviceId) -> Result<(), Ignored> {
        if *device == by.id() {
            // Leaving is said otherwise.
            return Err(Ignored::Malformed);
        }
        own_person(by, enrolled, device)?;
        self.stay(device).map(drop)
    }

    /// Where the charter lets a majority drop a party, by one who acts for a party and is in.
    pub(super) fn may_drop(&self, by: &Speaker<'_>, line: &LineId, party: &PartyId) -> Result<(), Ignored> {
        if by.own.charter.policy.removal == Removal::Never {
            return Err(Ignored::Policy);
        }
        self.may_confirm(by, line, party)
    }
}

/// Only who is enrolled at this node is its party's to dispose of.
fn own_person(by: &Speaker<'_>, enrolled: &Enrolled, device: &DeviceId) -> Result<(), Ignored> {
    let other = enrolled.get(device).ok_or(Ignored::NotOwn)?;
    let same = other.device.person == by.device.person && other.device.office == by.device.office;
    if same || by.role == Role::DutyOfficer { Ok(()) } else { Err(Ignored::Role) }
}

#[cfg(test)]
mod tests {
    use super::super::present::Presence;
    use super::super::scene::{CHARTER, Console, at, call, duty, own, party};
    use super::*;
    use trialogue_charter::fixture::amended;

    #[test]
    fn the_duty_officer_disposes_of_the_own_people_that_are_in() {
        let japan = party("JPN");
        let own = own(&japan);
        let [officer, leader, away] = [("jpn-duty", 1), ("jpn-leaders", 1), ("jpn-leaders", 2)]
            .map(|(office, number)| Console::new(office, number));
        let (mut enrolled, mut present) = (Enrolled::default(), Present::default());
        for (seq, console) in (1..).zip([&officer, &leader, &away]) {
            assert!(enrolled.enrol(own, &console.id(), &console.certificate, at(seq)).is_ok());
        }
        for console in [&officer, &leader] {
            let _ = present.come(console.id(), Presence::new(call(1), Role::DutyOfficer, at(9), &[]));
        }
        let (by, korea) = (&own.speaker(&officer.device), Console::new("kor-duty", 1));
        let may =
            |of: &Console| (present.may_hold(by, &enrolled, &of.id()), present.may_remove(by, &enrolled, &of.id()));
        assert_eq!(may(&leader), (Ok(()), Ok(())));
        assert_eq!(may(&officer), (Ok(()), Err(Ignored::Malformed)), "leaving is said otherwise");
        assert_eq!(may(&away), (Err(Ignored::NotIn), Err(Ignored::NotIn)));
        assert_eq!(may(&korea), (Err(Ignored::NotOwn), Err(Ignored::NotOwn)));
        let leads = &own.speaker(&leader.device);
        assert_eq!(present.may_remove(leads, &enrolled, &officer.id()), Err(Ignored::Role));
        assert_eq!(present.may_hold(leads, &enrolled, &leader.id()), Ok(()), "itself");
    }

    #[test]
    fn a_party_is_dropped_only_where_the_charter_says_so() {
        let (japan, officer) = (party("JPN"), Console::new("jpn-duty", 1));
        let mut present = Present::default();
        let _ = present.come(officer.id(), Presence::new(call(1), Role::DutyOfficer, at(1), &[]));
        for removal in [Removal::Never, Removal::Majority] {
            let charter = amended(&CHARTER, |charter| charter.policy.removal = removal);
            let own = super::super::speaker::Own { charter: &charter, party: &japan };
            let judged = present.may_drop(&own.speaker(&officer.device), &duty(), &party("KOR"));
            assert_eq!(judged, if removal == Removal::Never { Err(Ignored::Policy) } else { Ok(()) });
        }
    }
}
