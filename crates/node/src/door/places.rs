//! The places of one door, for those who have proven nothing yet. Pure.

use super::Group;
use crate::limits::door::{KNOWN_MAX, NAMED_MAX, RESOLVED_EACH};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Addresses for which places are kept; clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Known(Arc<Mutex<Remembered>>);

#[derive(Default)]
struct Remembered {
    /// Named by somebody who may, for as long as it is.
    named: BTreeSet<Group>,
    /// Proven here, with the order in which they last did so.
    proven: BTreeMap<Group, u64>,
    /// Behind the names of nodes, by their index in the charter: the last ones of each. What a name leads to is its
    /// owner's word.
    resolved: BTreeMap<u8, VecDeque<Group>>,
    /// Where paths lead that stand, and how many: bounded by the places of paths.
    standing: BTreeMap<Group, usize>,
    turn: u64,
}

impl Known {
    /// Somebody has proven itself from there. Of more than [`KNOWN_MAX`] the one that did so longest ago is forgotten.
    pub(crate) fn proven(&self, group: Group) {
        let mut all = self.lock();
        if all.named.contains(&group) {
            return;
        }
        all.turn += 1;
        let turn = all.turn;
        all.proven.insert(group, turn);
        if all.proven.len() > KNOWN_MAX
            && let Some(oldest) = all.proven.iter().min_by_key(|(_, turn)| **turn).map(|(group, _)| *group)
        {
            all.proven.remove(&oldest);
        }
    }

    /// An address of this node was looked up, and is there. It takes no place of one that has proven itself, or of
    /// another node's.
    pub(crate) fn resolved(&self, node: u8, group: Group) {
        let mut all = self.lock();
        let resolved = all.resolved.entry(node).or_default();
        if !resolved.contains(&group) {
            resolved.push_back(group);
            if resolved.len() > RESOLVED_EACH {
                resolved.pop_front();
            }
        }
    }

    /// A path to there stands, for as long as what is returned is held.
    pub(crate) fn stands(&self, group: Group) -> Standing {
        *self.lock().standing.entry(group).or_default() += 1;
        Standing { known: self.clone(), group }
    }

    /// These are named, and no others.
    pub(crate) fn name(&self, groups: impl IntoIterator<Item = Group>) {
        self.lock().named = groups.into_iter().take(NAMED_MAX).collect();
    }

    /// Is it a node's, by the charter or by a path that stands?
    pub(crate) fn is_peer(&self, group: Group) -> bool {
        let all = self.lock();
        all.named.contains(&group) || all.standing.contains_key(&group)
    }

    fn lock(&self) -> MutexGuard<'_, Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A path that stands.
pub(crate) struct Standing {
    known: Known,
    group: Group,
}

impl Drop for Standing {
    fn drop(&mut self) {
        let mut all = self.known.lock();
        if let Some(count) = all.standing.get_mut(&self.group) {
            *count -= 1;
            if *count == 0 {
                all.standing.remove(&self.group);
            }
        }
    }
}

impl Remembered {
    fn has(&self, group: Group) -> bool {
        let resolved = || self.resolved.values().any(|groups| groups.contains(&group));
        self.named.contains(&group) || self.proven.contains_key(&group) || resolved()
    }
}

/// Who holds a place. Who has proven itself leaves: it counts against another bound.
pub(crate) struct Places {
    most: usize,
    /// Kept for each known address.
    kept: usize,
    known: Known,
    by_group: BTreeMap<Group, BTreeSet<u64>>,
    group_of: BTreeMap<u64, Group>,
    next: u64,
}

impl Places {
    pub(crate) fn new(most: usize, kept: usize, known: Known) -> Self {
        Self { most, kept, known, by_group: BTreeMap::new(), group_of: BTreeMap::new(), next: 0 }
    }

    /// One more has come: its number, and who must go for it. It is the newcomer itself only when all places are kept
    /// for known addresses.
    pub(crate) fn take(&mut self, group: Group) -> (u64, Option<u64>) {
        self.next += 1;
        let id = self.next;
        self.by_group.entry(group).or_default().insert(id);
        self.group_of.insert(id, group);
        let gone = (self.group_of.len() > self.most).then(|| self.who_goes()).flatten();
        if let Some(gone) = gone {
            self.leave(gone);
        }
        (id, gone)
    }

    /// It is gone, or holds its place no more.
    pub(crate) fn leave(&mut self, id: u64) {
        let Some(group) = self.group_of.remove(&id) else { return };
        if let Some(ids) = self.by_group.get_mut(&group) {
            ids.remove(&id);
            if ids.is_empty() {
                self.by_group.remove(&group);
            }
        }
    }

    /// The oldest of the address that holds the most beyond what is kept for it; of several such, the oldest of all.
    fn who_goes(&self) -> Option<u64> {
        let known = self.known.lock();
        let weight = |group: &Group, ids: &BTreeSet<u64>| {
            if known.has(*group) { ids.len().saturating_sub(self.kept) } else { ids.len() }
        };
        let all = self.by_group.iter().filter_map(|(group, ids)| Some((weight(group, ids), Reverse(*ids.first()?))));
        all.max().map(|(_, Reverse(oldest))| oldest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(n: u8) -> Group {
        Group::of([127, 0, 0, n].into())
    }

    #[test]
    fn who_comes_last_gets_in_and_a_flood_loses_its_own() {
        let mut places = Places::new(8, 2, Known::default());
        let honest = places.take(group(1)).0;
        let flood: Vec<_> = (0..100).map(|_| places.take(group(2))).collect();
        assert!(flood.iter().all(|(_, gone)| *gone != Some(honest)), "the flood drives out itself");
        assert_eq!(flood[7].1, Some(flood[0].0), "its oldest first");
        let (late, gone) = places.take(group(3));
        assert!(gone.is_some_and(|gone| gone != late && gone != honest));
    }

    #[test]
    fn from_one_address_the_oldest_goes() {
        let mut places = Places::new(3, 2, Known::default());
        let ids: Vec<_> = (0..5).map(|_| places.take(group(1))).collect();
        assert_eq!(ids.iter().map(|(_, gone)| *gone).collect::<Vec<_>>(), [None, None, None, Some(1), Some(2)]);
    }

    #[test]
    fn places_are_kept_for_who_was_here_and_for_who_is_named() {
        for named in [false, true] {
            let known = Known::default();
            if named {
                known.name([group(1)])
            } else {
                known.proven(group(1))
            }
            let mut places = Places::new(8, 2, known);
            let honest = [places.take(group(1)).0, places.take(group(1)).0];
            // One from each of many addresses: each as small as the honest one.
            for n in 2..=255 {
                assert!(places.take(group(n)).1.is_none_or(|gone| !honest.contains(&gone)));
            }
        }
    }

    #[test]
    fn only_where_all_is_kept_a_newcomer_is_turned_away() {
        let known = Known::default();
        known.name([group(1), group(2)]);
        let mut places = Places::new(4, 2, known);
        for n in [1, 1, 2, 2] {
            assert_eq!(places.take(group(n)).1, None);
        }
        let (newcomer, gone) = places.take(group(3));
        assert_eq!(gone, Some(newcomer));
        places.leave(1);
        assert_eq!(places.take(group(3)).1, None);
    }

    #[test]
    fn a_name_that_leads_everywhere_takes_no_place_of_who_was_here() {
        let known = Known::default();
        known.proven(group(1));
        known.resolved(7, group(2));
        (0..2_000u32).for_each(|n| known.resolved(8, Group::of(std::net::Ipv4Addr::from(n << 8).into())));
        let all = known.lock();
        assert!(all.has(group(1)) && all.has(group(2)));
        assert_eq!(all.resolved.values().map(VecDeque::len).sum::<usize>(), 1 + RESOLVED_EACH);
    }

    #[test]
    fn no_more_addresses_are_remembered_than_may_be() {
        let known = Known::default();
        (0..=255).for_each(|n| known.proven(group(n)));
        let all = known.lock();
        assert_eq!(all.proven.len(), KNOWN_MAX);
        assert!(all.has(group(255)) && !all.has(group(0)));
    }
}
