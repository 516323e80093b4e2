//! How fast those at one address may make work before they have proven anything.

use super::Group;
use super::limits::{PACE, PACED_MAX};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// A bucket for each address; clones share them.
#[derive(Clone, Default)]
pub(crate) struct Paces(Arc<Mutex<BTreeMap<Group, Turns>>>);

/// Turns of one address. Who waits holds the lock, so that they go one after the other, and one that is ended while it waits has used nothing.
type Turns = Arc<tokio::sync::Mutex<Bucket>>;

struct Bucket {
    turns: f64,
    at: Instant,
}

impl Bucket {
    fn full() -> Self {
        Self { turns: PACE.1, at: Instant::now() }
    }

    fn fill(&mut self) {
        let now = Instant::now();
        self.turns = (self.turns + (now - self.at).as_secs_f64() * PACE.0).min(PACE.1);
        self.at = now;
    }

    fn is_full(&mut self) -> bool {
        self.fill();
        self.turns >= PACE.1
    }
}

impl Paces {
    /// Waits for a turn of this address.
    pub(crate) async fn turn(&self, group: Group) {
        let turns = self.of(group);
        let mut bucket = turns.lock().await;
        bucket.fill();
        if bucket.turns < 1.0 {
            tokio::time::sleep(Duration::from_secs_f64((1.0 - bucket.turns) / PACE.0)).await;
            bucket.fill();
        }
        bucket.turns = (bucket.turns - 1.0).max(0.0);
    }

    fn of(&self, group: Group) -> Turns {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= PACED_MAX && !all.contains_key(&group) {
            // One that is full again, and that nobody waits for, is as good as a new one.
            all.retain(|_, turns| {
                Arc::strong_count(turns) > 1 || !turns.try_lock().is_ok_and(|mut bucket| bucket.is_full())
            });
            if all.len() >= PACED_MAX {
                // So many addresses at once: each has the first turns of a new one, and is not remembered.
                return Arc::new(tokio::sync::Mutex::new(Bucket::full()));
            }
        }
        all.entry(group).or_insert_with(|| Arc::new(tokio::sync::Mutex::new(Bucket::full()))).clone()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn group(n: u32) -> Group {
        Group::of(std::net::Ipv4Addr::from(n).into())
    }

    #[tokio::test(start_paused = true)]
    async fn one_address_has_its_turns_and_another_its_own() {
        let paces = Paces::default();
        let began = Instant::now();
        for _ in 0..PACE.1 as usize {
            paces.turn(group(1)).await;
        }
        assert_eq!(began.elapsed(), Duration::ZERO);
        for _ in 0..PACE.0 as usize {
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
