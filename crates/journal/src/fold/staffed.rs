//! How many consoles are on watch, and how many are there that cannot ring.

use super::kept::in_a_row;
use super::speaker::Own;
use super::{Applied, Ignored};
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::OfficeId;

/// Consoles that are connected to ring at one node, as its journal says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct OnWatch {
    /// On watch, per office that has any.
    staffed: BTreeMap<OfficeId, u16>,
    /// Position of the entry that said so; 0: none since the last restart.
    staffed_seq: u64,
    /// Such that cannot sound a ring, per office that has any.
    soundless: BTreeMap<OfficeId, u16>,
    /// The same of them.
    soundless_seq: u64,
}

in_a_row!(OnWatch { staffed, staffed_seq, soundless, soundless_seq });

impl OnWatch {
    pub(super) fn staffed(&self) -> &BTreeMap<OfficeId, u16> {
        &self.staffed
    }

    pub(super) fn soundless(&self) -> &BTreeMap<OfficeId, u16> {
        &self.soundless
    }

    /// Replaces what the node said before of those on watch.
    pub(super) fn staff(&mut self, own: Own<'_>, offices: &[(OfficeId, u16)], seq: u64) -> Result<Applied, Ignored> {
        (self.staffed, self.staffed_seq) = (counted(own, offices)?, seq);
        Ok(Applied::Staffed)
    }

    /// Replaces what the node said before of those that cannot sound.
    pub(super) fn without_sound(
        &mut self,
        own: Own<'_>,
        offices: &[(OfficeId, u16)],
        seq: u64,
    ) -> Result<Applied, Ignored> {
        (self.soundless, self.soundless_seq) = (counted(own, offices)?, seq);
        Ok(Applied::Staffed)
    }

    /// The node has started again: nobody is on watch until it says so.
    pub(super) fn restart(&mut self) {
        *self = Self::default();
    }

    /// Positions of the entries that say so.
    pub(super) fn relevant(&self, seqs: &mut BTreeSet<u64>) {
        seqs.extend([self.staffed_seq, self.soundless_seq].into_iter().filter(|seq| *seq > 0));
    }
}

/// Offices that have any. Only those of its own party are a node's to speak of.
fn counted(own: Own<'_>, offices: &[(OfficeId, u16)]) -> Result<BTreeMap<OfficeId, u16>, Ignored> {
    if !offices.iter().all(|(office, _)| own.has(office)) {
        return Err(Ignored::Malformed);
    }
    Ok(offices.iter().filter(|(_, consoles)| *consoles > 0).cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::super::scene::{office, own, party};
    use super::*;

    fn relevant(watch: &OnWatch) -> Vec<u64> {
        let mut seqs = BTreeSet::new();
        watch.relevant(&mut seqs);
        seqs.into_iter().collect()
    }

    #[test]
    fn a_node_says_of_its_own_offices_how_many_are_on_watch() {
        let (mut watch, japan) = (OnWatch::default(), party("JPN"));
        let of = |id: &str, consoles| (office(id), consoles);
        assert_eq!(watch.staff(own(&japan), &[of("jpn-duty", 1), of("kor-duty", 1)], 1), Err(Ignored::Malformed));
        assert_eq!((relevant(&watch), watch.staffed().len()), (vec![], 0));
        assert_eq!(watch.staff(own(&japan), &[of("jpn-duty", 2), of("jpn-leaders", 0)], 2), Ok(Applied::Staffed));
        assert_eq!(watch.staffed(), &BTreeMap::from([of("jpn-duty", 2)]), "an office with nobody is not there");
        assert_eq!(relevant(&watch), [2]);
        watch.restart();
        assert_eq!(watch, OnWatch::default());
    }

    #[test]
    fn consoles_that_cannot_sound_are_counted_beside_those_on_watch() {
        let (mut watch, japan) = (OnWatch::default(), party("JPN"));
        let of = |id: &str, consoles| (office(id), consoles);
        assert_eq!(watch.staff(own(&japan), &[of("jpn-duty", 2)], 2), Ok(Applied::Staffed));
        assert_eq!(watch.without_sound(own(&japan), &[of("kor-duty", 1)], 3), Err(Ignored::Malformed), "of others");
        assert_eq!(watch.without_sound(own(&japan), &[of("jpn-duty", 1)], 4), Ok(Applied::Staffed));
        let counts = (watch.staffed(), watch.soundless());
        assert_eq!(counts, (&BTreeMap::from([of("jpn-duty", 2)]), &BTreeMap::from([of("jpn-duty", 1)])));
        assert_eq!(relevant(&watch), [2, 4]);
        assert_eq!(watch.without_sound(own(&japan), &[], 5), Ok(Applied::Staffed));
        assert_eq!((watch.soundless().len(), relevant(&watch)), (0, vec![2, 5]), "what took it back is told as well");
        watch.restart();
        assert_eq!(watch, OnWatch::default());
    }
}
