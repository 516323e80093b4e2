//! What a group is worth: whether everyone in it is who the journals say is in the call.

use super::members::Members;
use crate::now::Now;
use crate::revocations::Revocations;
use crate::roster::Roster;
use std::collections::BTreeMap;
use trialogue_charter::{DeviceId, LineId};
use trialogue_e2ee::{Keyring, Leaf};
use trialogue_journal::GroupId;
use trialogue_journal::fold::Participant;

pub(super) enum Worth {
    /// This console is not in it, or alone.
    None,
    /// Everyone in it is on the roster.
    Good(Vec<Leaf>),
    /// One in it has left for too long.
    Past,
    /// One in it is nobody on the roster.
    Stranger(DeviceId),
}

/// Who is in the call, and all that says who may be.
#[derive(Clone, Copy)]
pub(super) struct Present<'a> {
    pub(super) line: &'a LineId,
    pub(super) roster: &'a BTreeMap<DeviceId, &'a Participant>,
    pub(super) members: &'a Members,
    pub(super) at: Roster<'a>,
    pub(super) revocations: &'a Revocations,
    pub(super) now: Now,
}

impl Present<'_> {
    /// As [`Present::worth`], and past while the revocations of the party of one in it have been unconfirmed for too
    /// long.
    pub(super) fn worth_sealing(self, ring: &Keyring, group: &GroupId) -> Worth {
        let id = self.at.id();
        let unheard = |leaf: &Leaf| leaf.device != id && !self.revocations.may_hear(&leaf.device, self.at, self.now);
        match self.worth(ring, group) {
            // Until the lead has taken it out, nothing is said into the group.
            Worth::Good(leaves) if leaves.iter().any(unheard) => Worth::Past,
            worth => worth,
        }
    }

    pub(super) fn worth(self, ring: &Keyring, group: &GroupId) -> Worth {
        let (Some(fold), Some(charter)) = (self.at.fold(), self.at.charter()) else { return Worth::None };
        let Ok(leaves) = ring.members(group) else { return Worth::None };
        let mut past = false;
        for leaf in leaves.iter().filter(|leaf| leaf.device != self.at.id()) {
            let certified = fold.device(&leaf.device).is_some_and(|device| {
                device.mls_public(charter.suite()) == leaf.signature_key
                    && charter.is_on_line(&device.office, self.line)
            });
            let left = self.members.leaving_us(&leaf.device);
            match (certified, self.roster.contains_key(&leaf.device), left) {
                (true, true, _) => {}
                (true, false, Some(until)) => past |= self.now.us >= until,
                _ => return Worth::Stranger(leaf.device),
            }
        }
        if past {
            Worth::Past
        } else if leaves.len() < 2 {
            Worth::None
        } else {
            Worth::Good(leaves)
        }
    }
}
