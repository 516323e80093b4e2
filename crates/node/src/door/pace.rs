//! How fast those at one address may make work before they have proven anything.

use super::Group;
use crate::limits::door::{PACE, PACED_MAX};
use crate::pace::Pace;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// A pace for each address; clones share them.
#[derive(Clone, Default)]
pub(crate) struct Paces(Arc<Mutex<BTreeMap<Group, Turns>>>);

/// Turns of one address. Who waits holds the lock, so that they go one after the other.
type Turns = Arc<tokio::sync::Mutex<Pace>>;

impl Paces {
    /// Waits for a turn of this address.
    pub(crate) async fn turn(&self, group: Group) {
        self.of(group).lock().await.take().await;
    }

    fn of(&self, group: Group) -> Turns {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= PACED_MAX && !all.contains_key(&group) {
            // One that is full again, and that nobody waits for, is as good as a new one.
            all.retain(|_, turns| {
                Arc::strong_count(turns) > 1 || !turns.try_lock().is_ok_and(|mut pace| pace.is_full())
            });
            if all.len() >= PACED_MAX {
                // So many addresses at once: each has the first turns of a new one, and is not remembered.
                return Arc::new(tokio::sync::Mutex::new(Pace::new(PACE)));
            }
        }
        all.entry(group).or_insert_with(|| Arc::new(tokio::sync::Mutex::new(Pace::new(PACE)))).clone()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::time::Duration;
    use tokio::time::Instant;

    fn group(n: u32) -> Group {
        Group::of(std::net::Ipv4Addr::from(n).into())
    }

    #[tokio::test(start_paused = true)]
    async fn one_address_has_its_turns_and_another_its_own() {
        let paces = Paces::default();
        let began = Instant::now();
        for _ in 0..PACE.burst as usize {
            paces.turn(group(1)).await;
        }
        assert_eq!(began.elapsed(), Duration::ZERO);
        for _ in 0..PACE.per_second as usize {
            paces.turn(group(1)).await;
        }
        assert!(began.elapsed() >= Duration::from_millis(900));
        let then = Instant::now();
        paces.turn(group(2)).await;
        assert_eq!(then.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_addresses_are_remembered_than_may_be() {
        let paces = Paces::default();
        for n in 0..3 * PACED_MAX as u32 {
            paces.turn(group(n)).await;
            assert!(paces.0.lock().unwrap().len() <= PACED_MAX);
        }
    }
}
