//! Which rings sound where.

use super::line::{LineState, LineView, Ring};
use trialogue_charter::{CallId, Office, PartyId};

impl<'a> LineView<'a, 'a> {
    /// The offices of a party at which a ring sounds, in the line's order.
    pub(super) fn rung_offices(self, party: &'a PartyId, call: &CallId) -> impl Iterator<Item = &'a Office> {
        let steps = self.responses(party, call).filter_map(|response| response.step);
        let steps = steps.map(|(step, _)| usize::from(step)).max();
        let step = if self.charter().policy.escalate_seconds == 0 { usize::MAX - 1 } else { steps.unwrap_or(0) };
        self.charter().acting_offices(party, self.id()).take(step + 1)
    }

    /// Rings that sound now at a party, by call id.
    pub(super) fn sounding(self, party: &PartyId, now: &LineState) -> Vec<Ring> {
        if now.participants.iter().any(|participant| participant.acts_for(party)) {
            return Vec::new();
        }
        let others = now.rings.iter().filter(|ring| ring.party != *party && !self.ended_for(party, ring));
        others.cloned().collect()
    }

    fn ended_for(self, party: &PartyId, ring: &Ring) -> bool {
        self.responses(party, &ring.call).any(|response| response.ended.is_some())
    }
}
