//! Whom the voice and picture of a console that is in reach, and what the parties have said before principals come on.

use super::line::{LineState, LineView};
use super::present::Presence;
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{DeviceId, NodeId, PartyId, Removal, Role};

/// Whom a console's voice and picture reach. Nodes route by it, and consoles seal and open by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Floor {
    /// Everyone in the call.
    Open,
    /// A principal that is on, and these parties: its own, and those among the ones it has come on with that are ready
    /// with its own.
    To(BTreeSet<PartyId>),
    /// A principal that is not on yet: nobody.
    Waiting,
    /// A note-taker: nobody, ever.
    Listening,
    /// It is held: nobody, and it gets nothing.
    Held,
}

impl Floor {
    /// Do consoles of the party see and hear it?
    pub fn reaches(&self, party: &PartyId) -> bool {
        match self {
            Self::Open => true,
            Self::To(parties) => parties.contains(party),
            Self::Waiting | Self::Listening | Self::Held => false,
        }
    }

    /// Does it reach anybody?
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Open | Self::To(_))
    }
}

/// How far a party that is in has prepared a call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prepared {
    /// Whose stations it has confirmed.
    pub confirmed: BTreeSet<PartyId>,
    /// Its principal is ready to come on with these; empty: is not ready.
    pub ready: BTreeSet<PartyId>,
    /// Its principal is on with these; empty: is not on.
    pub on: BTreeSet<PartyId>,
}

impl Prepared {
    /// Its principal is ready with somebody, or is on.
    pub fn is_prepared(&self) -> bool {
        !self.ready.is_empty() || !self.on.is_empty()
    }

    /// It is ready with `party`: it has said so; or its principal is on with it; or is on, and somebody has confirmed
    /// that party since. What it is with others is nothing to `party`.
    pub fn is_ready_with(&self, party: &PartyId) -> bool {
        let later = !self.on.is_empty() && self.confirmed.contains(party);
        self.ready.contains(party) || self.on.contains(party) || later
    }

    /// It has confirmed the station of `party`.
    pub fn knows(&self, party: &PartyId) -> bool {
        self.confirmed.contains(party) || self.on.contains(party)
    }
}

impl Presence {
    pub(super) fn floor(&self, staged: bool, party: &PartyId, prepared: &BTreeMap<PartyId, Prepared>) -> Floor {
        if self.role == Role::NoteTaker {
            return Floor::Listening;
        }
        if self.held.is_some() {
            return Floor::Held;
        }
        if !staged || self.role != Role::Principal {
            return Floor::Open;
        }
        let Some((with, _)) = &self.word.on else { return Floor::Waiting };
        // A party that is not ready with this one does not hear its principal, whatever that says.
        let ready = |other: &&PartyId| prepared.get(*other).is_some_and(|theirs| theirs.is_ready_with(party));
        Floor::To(with.iter().filter(ready).chain([party]).cloned().collect())
    }
}

/// What a console that is in has said in its present stay, as far as the journals have it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// By which entry it came in; a new stay has said nothing yet.
    pub order: u64,
    /// Stations, readiness, and with whom it is on.
    pub prepared: Prepared,
    /// Parties that it wants dropped.
    pub drops: BTreeSet<PartyId>,
    /// It is held, by whomever.
    pub held: bool,
}

impl LineView<'_, '_> {
    /// What a console that is in at a node has said; none: it is not in.
    pub(super) fn said(self, node: &NodeId, device: &DeviceId) -> Option<Said> {
        let presence = self.presence(node, device)?;
        let word = &presence.word;
        let set =
            |said: &Option<(BTreeSet<PartyId>, u64)>| said.as_ref().map(|(with, _)| with.clone()).unwrap_or_default();
        let prepared = Prepared {
            confirmed: word.confirmed.keys().cloned().collect(),
            ready: set(&word.ready),
            on: set(&word.on),
        };
        let drops = word.drops.keys().cloned().collect();
        Some(Said { order: presence.order, prepared, drops, held: presence.held.is_some() })
    }

    /// How far each party that is in on the line has prepared the call, as its consoles that are in have said.
    pub(super) fn prepared(self) -> BTreeMap<PartyId, Prepared> {
        let mut all: BTreeMap<PartyId, Prepared> = BTreeMap::new();
        for node in self.nodes().values() {
            for (_, presence) in self.present(node) {
                let party = all.entry(node.party.clone()).or_default();
                party.confirmed.extend(presence.word.confirmed.keys().cloned());
                party.ready.extend(presence.word.ready.iter().flat_map(|(with, _)| with).cloned());
                party.on.extend(presence.word.on.iter().flat_map(|(with, _)| with).cloned());
            }
        }
        all
    }

    /// With whom a party's principal may come on now; empty: it may not yet. Two parties come on with each other once
    /// each is ready with the other. For the first time a principal waits for those that its own party has named and
    /// that are in, and for nobody else; once it is on, it comes on with others as they follow.
    pub(super) fn may_come_on_with(self, party: &PartyId, now: &LineState) -> BTreeSet<PartyId> {
        let prepared = &now.prepared;
        let Some(own) = prepared.get(party) else { return BTreeSet::new() };
        let present: BTreeSet<PartyId> =
            now.participants.iter().filter(|p| p.role.acts_for_party()).map(|p| p.party.clone()).collect();
        let both = |other: &PartyId| {
            prepared.get(other).is_some_and(|theirs| theirs.is_ready_with(party)) && own.is_ready_with(other)
        };
        let able: BTreeSet<PartyId> = present.iter().filter(|other| *other != party && both(other)).cloned().collect();
        let all = own.ready.intersection(&present).all(|other| able.contains(other));
        if !own.on.is_empty() || (!own.ready.is_empty() && all) { able } else { BTreeSet::new() }
    }

    /// Which parties want which party dropped from the call.
    pub(super) fn drops(self) -> BTreeMap<PartyId, BTreeSet<PartyId>> {
        let mut wishes: BTreeMap<PartyId, BTreeSet<PartyId>> = BTreeMap::new();
        for node in self.nodes().values() {
            for (_, presence) in self.present(node) {
                for party in presence.word.drops.keys() {
                    wishes.entry(party.clone()).or_default().insert(node.party.clone());
                }
            }
        }
        wishes
    }

    /// Parties that are dropped from the call: more than half of the line's parties want it, and the charter lets them.
    pub(super) fn dropped(self, drops: &BTreeMap<PartyId, BTreeSet<PartyId>>) -> BTreeSet<PartyId> {
        if self.charter().policy.removal == Removal::Never {
            return BTreeSet::new();
        }
        let parties = self.charter().parties_on_line(self.id()).count();
        let majority = |wishes: &BTreeSet<PartyId>| wishes.len() * 2 > parties;
        drops.iter().filter(|(_, wishes)| majority(wishes)).map(|(party, _)| party.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::{CHARTER, Console, Journals, answer, line, party, ring};
    use super::*;
    use crate::statement::Act;
    use trialogue_charter::fixture::{SUMMIT, amended};

    /// The leaders of two parties are in on the staged line.
    fn scene() -> (Journals, Console, Console) {
        let consoles = (Console::new("usa-leaders", 1), Console::new("jpn-leaders", 1));
        let (mut journals, (usa, japan)) = (Journals::new(), consoles);
        journals.enrol(&usa, 1);
        journals.enrol(&japan, 1);
        journals.says(&usa, &line(SUMMIT), ring(1), 2);
        journals.says(&japan, &line(SUMMIT), answer(1), 2);
        (journals, usa, japan)
    }

    fn says(journals: &mut Journals, by: &Console, act: Act) {
        journals.node_of(by).lines.take(Role::Principal, by.says(9, &line(SUMMIT), act), super::super::scene::at(9));
    }

    #[test]
    fn principals_come_on_once_each_party_is_ready_with_the_other() {
        let (mut journals, usa, japan) = scene();
        let summit = line(SUMMIT);
        let may = |journals: &Journals| {
            let line = LineView::new(&CHARTER, journals.people(), &summit);
            line.may_come_on_with(&party("USA"), &line.now())
        };
        says(&mut journals, &usa, Act::Ready { with: vec![party("JPN")] });
        assert!(may(&journals).is_empty());
        says(&mut journals, &japan, Act::Ready { with: vec![party("USA")] });
        assert_eq!(may(&journals), BTreeSet::from([party("JPN")]));
        let floor = |journals: &Journals| {
            let all = LineView::new(&CHARTER, journals.people(), &summit).now().participants;
            all.into_iter().find(|there| there.device == usa.id()).map(|there| there.floor)
        };
        assert_eq!(floor(&journals), Some(Floor::Waiting));
        says(&mut journals, &usa, Act::ComeOn { with: vec![party("JPN")] });
        assert_eq!(floor(&journals), Some(Floor::To(BTreeSet::from([party("JPN"), party("USA")]))));
        says(&mut journals, &usa, Act::Hold { device: usa.id(), on: true });
        assert_eq!(floor(&journals), Some(Floor::Held));
    }

    #[test]
    fn a_party_is_dropped_by_more_than_half_where_the_charter_lets_it() {
        let (mut journals, usa, japan) = scene();
        let summit = line(SUMMIT);
        let drop = || Act::Drop { party: party("KOR"), on: true };
        let dropped = |journals: &Journals, removal| {
            let charter = amended(&CHARTER, |charter| charter.policy.removal = removal);
            let line = LineView::new(&charter, journals.people(), &summit);
            line.dropped(&line.drops())
        };
        says(&mut journals, &usa, drop());
        assert!(dropped(&journals, Removal::Majority).is_empty());
        says(&mut journals, &japan, drop());
        assert_eq!(dropped(&journals, Removal::Majority), BTreeSet::from([party("KOR")]));
        assert!(dropped(&journals, Removal::Never).is_empty());
    }
}
