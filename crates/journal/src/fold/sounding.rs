//! Which rings sound where.

use super::State;
use super::line::Ring;
use trialogue_charter::{CallId, LineId, Office, OfficeId, PartyId};

impl State {
    /// Rings that sound now at consoles of this office, by line in the board's order, then call id: the ringer, of another party, is
    /// still in; nobody who acts for this party is in on the line; no node of this party says that the ring ended for it; and it has come to this
    /// office, by the charter's order and what the party's nodes say.
    pub fn sounding(&self, party: &PartyId, office: &OfficeId) -> Vec<Ring> {
        if self.charter.office(office).is_none_or(|office| office.party != *party) {
            return Vec::new();
        }
        let lines = self.charter.lines_of_office(office);
        let rings = lines.flat_map(|line| self.sounding_on(party, &line.id));
        rings.filter(|ring| self.rung_offices(party, &ring.line, &ring.call).any(|rung| rung.id == *office)).collect()
    }

    /// The offices of a party at which a ring sounds, in the line's order.
    pub fn rung_offices<'a>(
        &'a self,
        party: &'a PartyId,
        line: &'a LineId,
        call: &'a CallId,
    ) -> impl Iterator<Item = &'a Office> {
        let nodes = self.nodes.values().filter(|node| node.party == *party);
        let steps = nodes.filter_map(|node| node.response(line, call)?.step).map(|(step, _)| usize::from(step));
        let step = if self.charter.policy.escalate_seconds == 0 { usize::MAX - 1 } else { steps.max().unwrap_or(0) };
        self.charter.acting_offices(party, line).take(step + 1)
    }

    /// Rings that sound now at a party on one line, by call id.
    pub fn sounding_on(&self, party: &PartyId, line: &LineId) -> Vec<Ring> {
        if self.in_on(line).iter().any(|participant| participant.acts_for(party)) {
            return Vec::new();
        }
        let mut rings = self.rings(line);
        rings.retain(|ring| ring.party != *party && !self.ended_for(party, ring));
        rings
    }

    fn ended_for(&self, party: &PartyId, ring: &Ring) -> bool {
        let nodes = self.nodes.values().filter(|node| node.party == *party);
        nodes.filter_map(|node| node.response(&ring.line, &ring.call)).any(|response| response.ended.is_some())
    }
}
