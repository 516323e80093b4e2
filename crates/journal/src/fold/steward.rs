//! A party disposes of its own people in a call, and says whom it would see dropped.

use super::Ignored;
use super::node::{NodeState, OnLine};
use super::speaker::Speaker;
use crate::statement::Statement;
use trialogue_charter::{DeviceId, PartyId, Removal, Role};

impl NodeState {
    /// Itself, or one of the own people by the duty officer.
    pub(super) fn may_hold(&self, by: &Speaker<'_>, statement: &Statement, device: &DeviceId) -> Result<(), Ignored> {
        if *device != statement.device {
            self.own_person(by, device)?;
        }
        self.may_leave(&statement.line, device)
    }

    /// One of the own people, by the duty officer; or the same person's other console, by the one that has taken over.
    pub(super) fn may_remove(&self, by: &Speaker<'_>, statement: &Statement, device: &DeviceId) -> Result<(), Ignored> {
        if *device == statement.device {
            // Leaving is said otherwise.
            return Err(Ignored::Malformed);
        }
        self.own_person(by, device)?;
        self.may_leave(&statement.line, device)
    }

    fn own_person(&self, by: &Speaker<'_>, device: &DeviceId) -> Result<(), Ignored> {
        let other = self.enrolled.get(device).ok_or(Ignored::NotOwn)?;
        let same = other.device.person == by.device.person && other.device.office == by.device.office;
        if same || by.role == Role::DutyOfficer { Ok(()) } else { Err(Ignored::Role) }
    }

    /// Where the charter lets a majority drop a party, by one who acts for a party and is in.
    pub(super) fn may_drop(&self, by: &Speaker<'_>, statement: &Statement, party: &PartyId) -> Result<(), Ignored> {
        if by.own.charter.policy.removal == Removal::Never {
            return Err(Ignored::Policy);
        }
        self.may_confirm(by, statement, party)
    }
}

impl OnLine {
    pub(super) fn hold(&mut self, device: &DeviceId, on: bool, by: DeviceId, seq: u64) {
        if let Some(presence) = self.present.get_mut(device) {
            presence.held = on.then_some((by, seq));
        }
    }
}
