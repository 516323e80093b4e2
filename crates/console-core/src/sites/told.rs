//! What the node of a site has told of the journals: folded, and folded once more beside it while everything is told
//! anew.

use std::collections::BTreeMap;
use trialogue_charter::{DeviceId, NodeId, PartyId};
use trialogue_journal::{Applied, Body, Ignored, State, VerifiedEntry};

#[derive(Default)]
pub(super) struct Told {
    fold: Option<State>,
    /// The state as the node is telling it anew; takes the place of `fold` when all of it has come, so that nobody is
    /// shown a past moment as now.
    anew: Option<State>,
    /// Position of the last entry folded of each node in this WebSocket's life.
    seen: BTreeMap<NodeId, u64>,
}

impl Told {
    pub(super) fn fold(&self) -> Option<&State> {
        self.fold.as_ref()
    }

    /// Another charter: nothing that was told under the former one counts.
    pub(super) fn begin(&mut self, blank: Option<State>) {
        self.seen.clear();
        self.fold = blank;
    }

    /// Everything is told once more, from the beginning: folding it onto what is held would count a restart twice.
    pub(super) fn begin_anew(&mut self, blank: Option<State>) {
        self.seen.clear();
        self.anew = blank;
    }

    /// All of it has come.
    pub(super) fn whole(&mut self) {
        if let Some(anew) = self.anew.take() {
            self.fold = Some(anew);
        }
    }

    /// The rest will not come.
    pub(super) fn give_up(&mut self) {
        self.anew = None;
    }

    /// Folds an entry. None: it has been, or there is no state yet.
    pub(super) fn fold_in(&mut self, entry: &VerifiedEntry, bodies: &[&[u8]]) -> Option<Result<Applied, Ignored>> {
        let claim = entry.entry();
        let seen = self.seen.entry(claim.node.clone()).or_insert(0);
        // Enrolments are sent late when they are first needed, and folding one twice changes nothing.
        let late = claim.seq <= *seen;
        if late && !matches!(claim.body, Body::Enrolled { .. }) {
            return None;
        }
        *seen = claim.seq.max(*seen);
        let fold = if self.anew.is_some() { &mut self.anew } else { &mut self.fold };
        Some(fold.as_mut()?.apply(entry, bodies))
    }

    /// The device is revoked, whatever the node tells. True: by what it has told, the device is of that party.
    pub(super) fn know_revoked(&mut self, party: &PartyId, device: DeviceId) -> bool {
        for fold in [&mut self.fold, &mut self.anew].into_iter().flatten() {
            fold.know_revoked(party, device);
        }
        let whose = self.fold.as_ref().and_then(|fold| fold.known_device(&device)).map(|known| &known.party);
        whose == Some(party)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::scene::{Enrolled, Scene, line_id};
    use trialogue_charter::Precedence;
    use trialogue_journal::Act;

    /// What a node tells of a ring and of hanging up, after everything else has been told.
    fn rung() -> (Scene, Enrolled, Told, [VerifiedEntry; 2]) {
        let mut scene = Scene::new();
        let usa = scene.enrol("usa-duty", 1);
        let mut told = Told::default();
        told.begin(Some(scene.fold.clone()));
        let ring = scene.rings(&usa, "duty", 1, Precedence::Routine);
        let leave = scene.says(&usa, "duty", Act::Leave { cause: None });
        (scene, usa, told, [ring, leave])
    }

    fn in_on(told: &Told) -> usize {
        told.fold().unwrap().in_on(&line_id("duty")).len()
    }

    #[test]
    fn each_entry_counts_once() {
        let (_, _, mut told, [ring, leave]) = rung();
        assert!(told.fold_in(&ring, &[]).unwrap().is_ok());
        assert_eq!(in_on(&told), 1);
        assert!(told.fold_in(&leave, &[]).unwrap().is_ok());
        assert!(told.fold_in(&ring, &[]).is_none(), "a neighbour says it again");
        assert_eq!(in_on(&told), 0);
    }

    #[test]
    fn what_is_told_anew_is_shown_when_all_of_it_has_come() {
        let (scene, _, mut told, [ring, _]) = rung();
        told.fold_in(&ring, &[]).unwrap().unwrap();
        told.begin_anew(Some(State::new(scene.charter.clone())));
        assert_eq!(in_on(&told), 1, "as before");
        told.give_up();
        assert_eq!(in_on(&told), 1);
        told.begin_anew(Some(State::new(scene.charter.clone())));
        told.whole();
        assert_eq!(in_on(&told), 0);
        assert!(told.fold_in(&ring, &[]).is_some(), "it may be told once more");
    }

    #[test]
    fn a_revocation_holds_in_the_state_that_is_told_anew_as_well() {
        let (scene, usa, mut told, _) = rung();
        let (own, other) = (usa.device.party.clone(), PartyId::new("JPN").unwrap());
        told.begin_anew(Some(scene.fold.clone()));
        assert!(!told.know_revoked(&other, usa.device.id), "another party's word");
        assert!(told.know_revoked(&own, usa.device.id));
        assert!(told.fold().unwrap().is_revoked(&usa.device.id));
        told.whole();
        assert!(told.fold().unwrap().is_revoked(&usa.device.id));
    }
}
