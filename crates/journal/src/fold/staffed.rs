//! How many consoles are on watch.

use super::kept::in_a_row;
use super::speaker::Own;
use super::{Applied, Ignored};
use std::collections::BTreeMap;
use trialogue_charter::OfficeId;

/// Consoles on watch at one node, as its journal says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct OnWatch {
    /// Per office that has any.
    staffed: BTreeMap<OfficeId, u16>,
    /// Position of the entry that said so; 0: none since the last restart.
    staffed_seq: u64,
}

in_a_row!(OnWatch { staffed, staffed_seq });

impl OnWatch {
    pub(super) fn staffed(&self) -> &BTreeMap<OfficeId, u16> {
        &self.staffed
    }

    /// Replaces what the node said before. Only offices of its own party are its to speak of.
    pub(super) fn staff(&mut self, own: Own<'_>, offices: &[(OfficeId, u16)], seq: u64) -> Result<Applied, Ignored> {
        if !offices.iter().all(|(office, _)| own.has(office)) {
            return Err(Ignored::Malformed);
        }
        self.staffed = offices.iter().filter(|(_, consoles)| *consoles > 0).cloned().collect();
        self.staffed_seq = seq;
        Ok(Applied::Staffed)
    }

    /// The node has started again: nobody is on watch until it says so.
    pub(super) fn restart(&mut self) {
        *self = Self::default();
    }

    /// Position of the entry that says so.
    pub(super) fn relevant(&self) -> Option<u64> {
        Some(self.staffed_seq).filter(|seq| *seq > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::{office, own, party};
    use super::*;

    #[test]
    fn a_node_says_of_its_own_offices_how_many_are_on_watch() {
        let (mut watch, japan) = (OnWatch::default(), party("JPN"));
        let of = |id: &str, consoles| (office(id), consoles);
        assert_eq!(watch.staff(own(&japan), &[of("jpn-duty", 1), of("kor-duty", 1)], 1), Err(Ignored::Malformed));
        assert_eq!((watch.relevant(), watch.staffed().len()), (None, 0));
        assert_eq!(watch.staff(own(&japan), &[of("jpn-duty", 2), of("jpn-leaders", 0)], 2), Ok(Applied::Staffed));
        assert_eq!(watch.staffed(), &BTreeMap::from([of("jpn-duty", 2)]), "an office with nobody is not there");
        assert_eq!(watch.relevant(), Some(2));
        watch.restart();
        assert_eq!(watch, OnWatch::default());
    }
}
