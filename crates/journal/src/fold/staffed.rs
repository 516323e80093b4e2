//! How many consoles are on watch.

use super::node::NodeState;
use super::{Applied, Ignored};
use trialogue_charter::{OfficeId, VerifiedCharter};

impl NodeState {
    /// Replaces what the node said before. Only offices of its own party are its to speak of.
    pub(super) fn staff(
        &mut self,
        charter: &VerifiedCharter,
        offices: &[(OfficeId, u16)],
        seq: u64,
    ) -> Result<Applied, Ignored> {
        let own = |id: &OfficeId| charter.office(id).is_some_and(|office| office.party == self.party);
        if !offices.iter().all(|(office, _)| own(office)) {
            return Err(Ignored::Malformed);
        }
        self.staffed = offices.iter().filter(|(_, consoles)| *consoles > 0).cloned().collect();
        self.staffed_seq = seq;
        Ok(Applied::Staffed)
    }
}
