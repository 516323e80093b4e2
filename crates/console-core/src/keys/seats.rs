//! Who has a seat in the groups of a line: of each party an equal share of what a group holds.

use crate::roster::Roster;
use std::collections::BTreeMap;
use trialogue_charter::{DeviceId, LineId, PartyId};
use trialogue_journal::fold::Participant;
use trialogue_journal::limits::MEMBERS_MAX;

/// Of each party those who act for it first, then the earliest; in the group that `lead` leads it has one in any case.
/// Without a lead: who has one in all of them.
pub(super) fn seated<'a>(
    at: Roster,
    line: &LineId,
    mut participants: Vec<&'a Participant>,
    lead: Option<&DeviceId>,
) -> Vec<&'a Participant> {
    let Some(share) = at.fold().map(|fold| fold.share(line)) else { return Vec::new() };
    participants.sort_by_key(|p| (!p.role.acts_for_party(), p.node.clone(), p.order));
    // Whoever leads has a seat in its own group, whoever else of its party has come before.
    participants.sort_by_key(|p| Some(&p.device) != lead);
    let mut seats: BTreeMap<PartyId, usize> = BTreeMap::new();
    participants.retain(|participant| {
        if Some(&participant.device) == lead && !participant.role.acts_for_party() {
            // It takes no officer's seat by that.
            return true;
        }
        let taken = seats.entry(participant.party.clone()).or_default();
        *taken += 1;
        *taken <= share
    });
    // Where all seats are taken the last one makes room for such a lead.
    participants.truncate(MEMBERS_MAX);
    participants
}
