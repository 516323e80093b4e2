//! Dialling: every path that this node can dial, each with a rest of its own after a failure.

use super::carrier::Bound;
use super::keeper::Target;
use super::open::{self, Candidate, Side};
use super::tls;
use super::ways::{PathKey, Way, ways};
use crate::door::{Group, Known};
use crate::limits::links::{ADDRESSES_TRIED, HANDSHAKE};
use quinn::ClientConfig;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

/// First and longest rest between dials. Longest: how long after a healed cut a path may still be down.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(3));

/// One path that this node dials.
pub(super) struct Dialled {
    pub way: Way,
    pub key: PathKey,
    rest: Duration,
    at: Instant,
    under_way: bool,
}

/// What became of one dial: which path, and the path if it opened.
pub(super) type Answer = (PathKey, Option<Candidate>);

/// All of them.
#[derive(Default)]
pub(super) struct Dials {
    pub all: Vec<Dialled>,
    /// The other side refused the link: it is left alone until then.
    refused_until: Option<Instant>,
    under_way: JoinSet<Answer>,
}

impl Dials {
    /// These are the paths to dial from now on; those that stay keep their rest.
    pub(super) fn aim(&mut self, names: &[String], addresses: &[String], lower: bool, at: Instant) {
        let mut before = std::mem::take(&mut self.all);
        for way in ways(names, addresses) {
            let key = PathKey::of(&way.open, lower);
            let held = before.iter().position(|held| held.key == key && held.way == way);
            let fresh = || Dialled { way: way.clone(), key: key.clone(), rest: BACK_OFF.0, at, under_way: false };
            self.all.push(held.map_or_else(fresh, |held| before.swap_remove(held)));
        }
    }

    /// When one is to be dialled next, of those that are not up.
    pub(super) fn next(&self, up: impl Fn(&PathKey) -> bool) -> Option<Instant> {
        let idle = self.all.iter().filter(|dialled| !dialled.under_way && !up(&dialled.key));
        idle.map(|dialled| dialled.at).min()
    }

    /// Dials what is due.
    pub(super) fn start(
        &mut self,
        up: impl Fn(&PathKey) -> bool,
        target: &Target,
        (bound, known, node): (&[Bound], &Known, u8),
        side: impl Fn(usize) -> Side,
    ) {
        let now = Instant::now();
        for dialled in self.all.iter_mut().filter(|dialled| !dialled.under_way && dialled.at <= now) {
            let Some(bound) = bound.get(dialled.way.carrier).filter(|_| !up(&dialled.key)) else { continue };
            dialled.under_way = true;
            let (client, endpoint) = (target.client.clone(), bound.endpoint.clone());
            let (way, key, side) = (dialled.way.clone(), dialled.key.clone(), side(dialled.way.carrier));
            let known = known.clone();
            self.under_way.spawn(async move { (key, dial(way, client, endpoint, side, (&known, node)).await) });
        }
    }

    /// The next answer; none: nothing is under way.
    pub(super) async fn answer(&mut self) -> Option<Answer> {
        match self.under_way.join_next().await? {
            Ok((key, found)) => {
                for dialled in self.all.iter_mut().filter(|dialled| dialled.key == key) {
                    dialled.under_way = false;
                    if found.is_none() {
                        dialled.rest = (dialled.rest * 2).min(BACK_OFF.1);
                        dialled.at = Instant::now() + jittered(dialled.rest);
                    }
                }
                Some((key, found))
            }
            // It panicked, and nobody knows which one it was.
            Err(_) => {
                self.all.iter_mut().for_each(|dialled| dialled.under_way = false);
                self.all.first().map(|dialled| (dialled.key.clone(), None))
            }
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        self.under_way.is_empty()
    }

    /// A path ended that was up for so long; it is dialled again after `rest`, or after one that grows while it does
    /// not stay up.
    pub(super) fn ended(&mut self, key: &PathKey, lasted: Duration, rest: Option<Duration>, stagger: Duration) {
        for dialled in self.all.iter_mut().filter(|dialled| dialled.key == *key) {
            dialled.rest = if lasted > BACK_OFF.1 { BACK_OFF.0 } else { (dialled.rest * 2).min(BACK_OFF.1) };
            dialled.at = Instant::now() + rest.unwrap_or_else(|| jittered(dialled.rest) + stagger);
        }
    }

    /// No path is up any more: one that found no place beside it rests no longer than one that failed.
    pub(super) fn last_one_went(&mut self) {
        let soon = Instant::now() + BACK_OFF.1;
        let latest = self.refused_until.map_or(soon, |until| until.max(soon));
        for dialled in &mut self.all {
            dialled.at = dialled.at.min(latest);
        }
    }

    /// Nothing is dialled before then.
    pub(super) fn not_before(&mut self, at: Instant) {
        self.refused_until = Some(at);
        for dialled in &mut self.all {
            dialled.at = dialled.at.max(at);
        }
    }
}

async fn dial(
    way: Way,
    client: ClientConfig,
    endpoint: quinn::Endpoint,
    side: Side,
    (known, node): (&Known, u8),
) -> Option<Candidate> {
    let addresses = timeout(HANDSHAKE, tokio::net::lookup_host(&way.host)).await.ok()?.ok()?;
    for address in addresses.take(ADDRESSES_TRIED) {
        // From where it is dialled it may dial.
        known.resolved(node, Group::of(address.ip()));
        let Ok(connecting) = endpoint.connect_with(client.clone(), address, tls::SERVER_NAME) else { continue };
        let Ok(Ok(connection)) = timeout(HANDSHAKE, connecting).await else { continue };
        let opening = open::dialled(connection, way.open.clone(), side.clone());
        if let Ok(Some(candidate)) = timeout(HANDSHAKE, opening).await {
            return Some(candidate);
        }
    }
    None
}

/// Between a half and the whole of a time, so that nodes that lost each other do not dial in step.
fn jittered(time: Duration) -> Duration {
    let mut byte = [0];
    let _ = getrandom::fill(&mut byte);
    time / 2 + time * u32::from(byte[0]) / 510
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_path_that_found_no_place_is_dialled_soon_after_the_last_one_went() {
        let mut dials = Dials::default();
        dials.aim(&["fibre".into(), "sat".into()], &["b:1".into()], true, Instant::now());
        let keys: Vec<_> = dials.all.iter().map(|dialled| dialled.key.clone()).collect();
        let [fibre, sat] = &keys[..] else { panic!("{} paths", keys.len()) };
        dials.ended(sat, Duration::ZERO, Some(Duration::from_secs(60)), Duration::ZERO);
        let soon = |dials: &Dials| dials.next(|key| key == fibre).unwrap() <= Instant::now() + BACK_OFF.1;
        assert!(!soon(&dials), "while the other one is up");
        dials.last_one_went();
        assert!(soon(&dials));
        // Whoever has refused the link is left alone for as long as before.
        let refused = Instant::now() + BACK_OFF.1 * 2;
        dials.not_before(refused);
        dials.last_one_went();
        assert!(dials.next(|_| false).unwrap() >= refused);
    }
}
