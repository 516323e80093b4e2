//! The places of one door, shared by the tasks of those who hold them.

use super::{Cut, Group, Known, Places};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Gives places; clones give the same ones.
#[derive(Clone)]
pub(crate) struct Keeper {
    state: Arc<Mutex<State>>,
    known: Known,
}

struct State {
    places: Places,
    cuts: BTreeMap<u64, Cut>,
}

/// One place, free again when this is dropped.
pub(crate) struct Place {
    keeper: Keeper,
    group: Group,
    id: u64,
}

impl Keeper {
    /// See [`Places`].
    pub(crate) fn new(most: usize, kept: usize, known: Known) -> Self {
        let state = State { places: Places::new(most, kept, known.clone()), cuts: BTreeMap::new() };
        Self { state: Arc::new(Mutex::new(state)), known }
    }

    /// A place for one from there. Whoever must go for it is ended by its `cut`; that may be this one. True: somebody
    /// went.
    pub(crate) fn enter(&self, group: Group, cut: Cut) -> (Place, bool) {
        let (id, gone) = {
            let mut state = self.lock();
            let (id, gone) = state.places.take(group);
            state.cuts.insert(id, cut);
            (id, gone.and_then(|gone| state.cuts.remove(&gone)))
        };
        if let Some(gone) = &gone {
            gone.cut();
        }
        (Place { keeper: self.clone(), group, id }, gone.is_some())
    }

    /// How many places are held.
    pub(crate) fn held(&self) -> usize {
        self.lock().cuts.len()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// It is held no more, and nobody is ended for it.
    pub(crate) fn leave(&self) {
        let mut state = self.keeper.lock();
        state.places.leave(self.id);
        state.cuts.remove(&self.id);
    }

    /// Who holds it has proven itself: it needs no place, and its address is remembered.
    pub(crate) fn proven(&self) {
        self.keeper.known.proven(self.group);
        self.leave();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.leave();
    }
}

#[cfg(test)]
mod tests {
    use super::super::Ended;
    use super::*;
    use std::future::Future as _;
    use std::pin::Pin;
    use std::task::{Context, Waker};

    fn is_over(ended: &mut Ended) -> bool {
        Pin::new(ended).poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    #[test]
    fn the_oldest_is_ended_and_who_has_proven_itself_is_not() {
        let keeper = Keeper::new(2, 1, Known::default());
        let group = Group::of([192, 0, 2, 1].into());
        let cuts = [Cut::new(), Cut::new()];
        let [mut of_first, mut of_second] = cuts.each_ref().map(Cut::ended);
        let [first, second] = cuts.map(|cut| keeper.enter(group, cut).0);
        first.proven();
        let others: Vec<Place> = (0..4).map(|_| keeper.enter(group, Cut::new()).0).collect();
        assert!(is_over(&mut of_second) && !is_over(&mut of_first));
        drop((first, second, others));
        assert!(keeper.lock().cuts.is_empty());
        assert!(!is_over(&mut of_first), "nobody is left who could end it");
    }
}
