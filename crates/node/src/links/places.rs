//! Places for paths, beside the first one of each link: shared, pure but for a lock.

use crate::limits::links::PLACES;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Clones give the same places.
#[derive(Clone)]
pub(super) struct Places(Arc<Mutex<State>>);

struct State {
    links: usize,
    held: BTreeMap<u8, usize>,
}

/// Free again when it is dropped.
pub(super) struct Place {
    places: Places,
    link: u8,
}

impl Places {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(State { links: 1, held: BTreeMap::new() })))
    }

    /// So many links share them from now on. Who holds more than its share keeps it.
    pub(super) fn share(&self, links: usize) {
        self.lock().links = links.max(1);
    }

    /// One more for this link: an equal share is kept for each, and what cannot be divided is for whoever comes first.
    pub(super) fn take(&self, link: u8) -> Option<Place> {
        let mut state = self.lock();
        let kept = PLACES / state.links;
        let mine = state.held.get(&link).copied().unwrap_or_default();
        let others = state.held.iter().filter(|(other, _)| **other != link);
        let (count, held) = others.fold((0, 0), |(count, held), (_, more)| (count + 1, held + kept.max(*more)));
        let held = held + kept * (state.links - 1).saturating_sub(count);
        if mine >= kept && held + mine >= PLACES {
            return None;
        }
        *state.held.entry(link).or_default() += 1;
        drop(state);
        Some(Place { places: self.clone(), link })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.places.lock();
        if let Some(held) = state.held.get_mut(&self.link) {
            *held = held.saturating_sub(1);
            if *held == 0 {
                state.held.remove(&self.link);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn as_many(places: &Places, link: u8, most: usize) -> Vec<Place> {
        (0..most).map_while(|_| places.take(link)).collect()
    }

    #[test]
    fn links_that_take_all_they_get_leave_each_other_its_share() {
        for links in [2usize, 5, 8, 17] {
            let places = Places::new();
            places.share(links);
            let mut held: Vec<_> = (1..links as u8).map(|link| as_many(&places, link, 7)).collect();
            let last = as_many(&places, 0, 7);
            assert!(last.len() >= (PLACES / links).min(7), "{links}: {}", last.len());
            held.push(last);
            assert!(held.iter().map(Vec::len).sum::<usize>() <= PLACES);
            held.clear();
            assert!(places.lock().held.is_empty());
        }
    }

    #[test]
    fn a_charter_with_more_nodes_takes_nothing_away_and_keeps_a_share_for_each() {
        let places = Places::new();
        places.share(6);
        let held: Vec<_> = (1..=6).map(|link| as_many(&places, link, 7)).collect();
        assert_eq!(held.iter().map(Vec::len).sum::<usize>(), 42);
        places.share(12);
        assert_eq!(as_many(&places, 7, 7).len(), 3, "its share");
        assert!(places.take(1).is_none());
    }
}
