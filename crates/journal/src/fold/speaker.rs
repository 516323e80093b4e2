//! Who says something in a journal: the node, or a console of its party; and what the charter lets them say.

use super::Ignored;
use trialogue_charter::{Device, DeviceId, LineId, OfficeId, PartyId, Precedence, Role, VerifiedCharter};

/// Where an entry stands, and when its node says that it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct At {
    /// Position in the journal.
    pub(super) seq: u64,
    /// The node's time, milliseconds since 1970 UTC. A claim.
    pub(super) time_ms: u64,
}

/// The party whose journal it is, by the charter.
#[derive(Clone, Copy)]
pub(super) struct Own<'a> {
    pub(super) charter: &'a VerifiedCharter,
    pub(super) party: &'a PartyId,
}

impl Own<'_> {
    /// The line exists and the party is on it.
    pub(super) fn on_line(&self, line: &LineId) -> Result<(), Ignored> {
        match self.charter.offices_of_party_on_line(self.party, line).next() {
            Some(_) => Ok(()),
            None => Err(Ignored::NotOnLine),
        }
    }

    /// The office is one of the party's.
    pub(super) fn has(&self, office: &OfficeId) -> bool {
        self.charter.office(office).is_some_and(|office| office.party == *self.party)
    }

    /// The office is one of the party's on the line.
    pub(super) fn has_on(&self, office: &OfficeId, line: &LineId) -> bool {
        self.has(office) && self.charter.is_on_line(office, line)
    }

    /// The other one is another party with an office on the line.
    pub(super) fn another(&self, line: &LineId, other: &PartyId) -> Result<(), Ignored> {
        let there = self.charter.offices_of_party_on_line(other, line).next().is_some();
        if there && other != self.party { Ok(()) } else { Err(Ignored::Malformed) }
    }

    /// Principals come on to the line only once parties are ready.
    pub(super) fn is_staged(&self, line: &LineId) -> bool {
        self.charter.line(line).is_some_and(|line| line.staged)
    }

    /// Who says something with this device, which is one of the party's.
    pub(super) fn speaker<'b>(&'b self, device: &'b Device) -> Speaker<'b> {
        // One without an office says nothing anyway; it is given the role that may least.
        let role = self.charter.office(&device.office).map_or(Role::NoteTaker, |office| office.role);
        Speaker { own: *self, device, role }
    }
}

/// Who says a statement.
#[derive(Clone, Copy)]
pub(super) struct Speaker<'a> {
    pub(super) own: Own<'a>,
    pub(super) device: &'a Device,
    /// What the holder of the device does in a call, by the charter.
    pub(super) role: Role,
}

impl Speaker<'_> {
    pub(super) fn id(&self) -> DeviceId {
        self.device.id
    }

    /// The device's office rings, answers and declines for the party.
    pub(super) fn must_act(&self) -> Result<(), Ignored> {
        if self.role.acts_for_party() { Ok(()) } else { Err(Ignored::Role) }
    }

    /// An office rings no higher than the charter lets it.
    pub(super) fn may_ring(&self, line: &LineId, precedence: Precedence) -> Result<(), Ignored> {
        match self.own.charter.authority(&self.device.office, line) {
            Some(up_to) if precedence <= up_to => Ok(()),
            Some(_) => Err(Ignored::AboveAuthority),
            None => Err(Ignored::NotOnLine),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::{CHARTER, Console, duty, line, office, own, party};
    use super::*;

    #[test]
    fn a_party_is_on_the_lines_on_which_it_has_an_office() {
        let japan = party("JPN");
        let own = own(&japan);
        assert_eq!(own.on_line(&duty()), Ok(()));
        assert_eq!(own.on_line(&line("nowhere")), Err(Ignored::NotOnLine));
        assert!(own.has(&office("jpn-duty")) && !own.has(&office("kor-duty")) && !own.has(&office("nobody")));
        assert!(own.has_on(&office("jpn-duty"), &duty()) && !own.has_on(&office("jpn-duty"), &line("nowhere")));
        assert_eq!(own.another(&duty(), &party("KOR")), Ok(()));
        assert_eq!(own.another(&duty(), &japan), Err(Ignored::Malformed), "it is no other");
        assert_eq!(own.another(&line("nowhere"), &party("KOR")), Err(Ignored::Malformed));
    }

    #[test]
    fn a_speaker_has_the_role_and_the_authority_of_its_office() {
        let (officer, notes) = (Console::new("jpn-duty", 1), Console::new("jpn-notes", 1));
        let japan = party("JPN");
        let own = own(&japan);
        let (officer, notes) = (own.speaker(&officer.device), own.speaker(&notes.device));
        assert_eq!((officer.role, officer.must_act()), (Role::DutyOfficer, Ok(())));
        assert_eq!((notes.role, notes.must_act()), (Role::NoteTaker, Err(Ignored::Role)));
        let up_to = CHARTER.authority(&officer.device.office, &duty());
        assert!(up_to.is_some_and(|up_to| officer.may_ring(&duty(), up_to).is_ok()));
        assert_eq!(officer.may_ring(&line("nowhere"), Precedence::default()), Err(Ignored::NotOnLine));
    }
}
