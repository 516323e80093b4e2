//! Which rings sound where.

use super::State;
use super::line::Ring;
use trialogue_charter::{LineId, OfficeId, PartyId};

impl State {
    /// Rings that sound now at consoles of this office, by line in the board's order, then call id: the ringer, of another party, is
    /// still in; nobody of this party is in on the line; and no node of this party says that the ring ended for it.
    pub fn sounding(&self, party: &PartyId, office: &OfficeId) -> Vec<Ring> {
        if self.charter.office(office).is_none_or(|office| office.party != *party) {
            return Vec::new();
        }
        self.charter.lines_of_office(office).flat_map(|line| self.sounding_on(party, &line.id)).collect()
    }

    /// Rings that sound now at a party on one line, by call id.
    pub fn sounding_on(&self, party: &PartyId, line: &LineId) -> Vec<Ring> {
        if self.in_on(line).iter().any(|participant| participant.party == *party) {
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
