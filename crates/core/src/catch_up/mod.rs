//! Before a node speaks, it takes back what others hold of its own journal and its disk does not: what did not reach
//! the disk before a crash, what was said after the backup that it was restored from, what a machine that was set back
//! has forgotten. Only what this node has signed, and what follows on what it holds, is taken back; nobody else can
//! make such an entry. See `docs/decisions/0027`.

use crate::here::Here;
use crate::limits::*;
use crate::note::Note;
use crate::out::Out;
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::NodeId;

/// Why nothing is written for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    /// The node has just started.
    Start,
    /// It was restored from a backup: it has certainly said more than it holds.
    Restored,
    /// While it ran, a neighbour said that it holds more.
    Claimed,
}

/// A neighbour says that it holds more of the own journal.
struct Claim {
    seq: u64,
    since_us: u64,
}

/// The time in which nothing is written.
struct Opening {
    why: Why,
    since_us: u64,
    /// Neighbours that said what they hold, and when the first of them did.
    heard: BTreeSet<NodeId>,
    heard_us: Option<u64>,
    claims: BTreeMap<NodeId, Claim>,
    /// When an own entry was given back last.
    progress_us: Option<u64>,
}

impl Opening {
    fn new(why: Why, now_us: u64) -> Self {
        Self {
            why,
            since_us: now_us,
            heard: BTreeSet::new(),
            heard_us: None,
            claims: BTreeMap::new(),
            progress_us: None,
        }
    }

    /// How long a neighbour may take to give the next entry that it says it holds.
    fn patience_us(&self) -> u64 {
        match self.why {
            Why::Claimed if self.progress_us.is_none() => OPENING_US,
            Why::Start | Why::Claimed => CLAIM_US,
            Why::Restored => CLAIM_RESTORED_US,
        }
    }

    /// Until when a claim is believed.
    fn believed_us(&self, claim: &Claim) -> u64 {
        claim.since_us.max(self.progress_us.unwrap_or(0)) + self.patience_us()
    }

    /// Instants at which something may follow from time alone.
    fn instants_us(&self) -> impl Iterator<Item = u64> {
        let claims = self.claims.values().map(|claim| self.believed_us(claim));
        let start = [self.since_us + OPENING_SOME_US, self.since_us + OPENING_US];
        let start = start.into_iter().filter(|_| self.why == Why::Start);
        let heard = self.heard_us.filter(|_| self.why == Why::Restored).map(|heard| heard + RESTORED_US);
        claims.chain(start).chain(heard)
    }

    /// Was there time enough for those who have not said anything?
    fn waited(&self, now_us: u64, all: bool) -> bool {
        all || match self.why {
            Why::Start => {
                now_us >= self.since_us + OPENING_US
                    || (self.heard_us.is_some() && now_us >= self.since_us + OPENING_SOME_US)
            }
            Why::Restored => self.heard_us.is_some_and(|heard| now_us >= heard + RESTORED_US),
            Why::Claimed => true,
        }
    }
}

/// What a node waits for before it speaks, for its operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CatchingUp {
    /// The last own entry that it holds.
    pub held: u64,
    /// The last one that a neighbour says it holds; not above `held`: a neighbour is waited for.
    pub known: u64,
}

/// How far the node has come with that.
pub(crate) struct CatchUp {
    /// Nothing is appended until neighbours have given back entries that are not on the disk.
    opening: Option<Opening>,
    /// The own journal has gone on in this run.
    opened: bool,
    /// Neighbours that said that they hold more of the own journal, and did not show it.
    unproven: BTreeSet<NodeId>,
    /// Somebody showed an own entry that is not in the own journal; said once.
    overtaken: bool,
}

/// Something may be written again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum Opens {
    /// The own journal goes on after a start, or after entries that were given back.
    Anew,
    /// Nothing came of it.
    AsBefore,
}

impl CatchUp {
    /// Of a node that starts; `restored`: from a backup.
    pub(crate) fn new(restored: bool, now_us: u64) -> Self {
        let why = if restored { Why::Restored } else { Why::Start };
        Self { opening: Some(Opening::new(why, now_us)), opened: false, unproven: BTreeSet::new(), overtaken: false }
    }

    /// Nothing is written now.
    pub(crate) fn is_opening(&self) -> bool {
        self.opening.is_some()
    }

    /// The node was restored and does not speak yet.
    pub(crate) fn waits_restored(&self) -> bool {
        self.opening.as_ref().is_some_and(|opening| opening.why == Why::Restored)
    }

    /// Has the own journal gone on in this run?
    pub(crate) fn has_opened(&self) -> bool {
        self.opened
    }

    /// What the node waits for, if that may last: it was restored and waits for neighbours, or takes its own entries
    /// back from them. `held`: the last own entry here.
    pub(crate) fn waits_for(&self, held: u64) -> Option<CatchingUp> {
        let opening = self.opening.as_ref()?;
        let known = opening.claims.values().map(|claim| claim.seq).max().unwrap_or(held);
        (opening.why == Why::Restored || known > held).then_some(CatchingUp { held, known })
    }

    /// A neighbour says that it holds the own journal up to `seq`; here it ends at `head`.
    pub(crate) fn held_by(&mut self, from: &NodeId, seq: u64, head: u64, here: &Here) {
        let now_us = here.now.us;
        let more = seq > head && !self.unproven.contains(from);
        if more && self.opening.is_none() && !here.is_retired() {
            // Whoever says so for nothing holds the node up once, and for no longer than this.
            self.opening = Some(Opening::new(Why::Claimed, now_us));
        }
        let Some(opening) = &mut self.opening else { return };
        opening.heard.insert(from.clone());
        opening.heard_us.get_or_insert(now_us);
        if more {
            let claim = opening.claims.entry(from.clone()).or_insert(Claim { seq, since_us: now_us });
            claim.seq = claim.seq.max(seq);
        }
    }

    /// A neighbour shows another history of the own journal: nothing more of it follows on what is held. True: nobody
    /// has shown one before.
    #[must_use]
    pub(crate) fn history_differs(&mut self, from: &NodeId) -> bool {
        self.unproven.insert(from.clone());
        if let Some(opening) = &mut self.opening {
            opening.claims.remove(from);
        }
        !std::mem::replace(&mut self.overtaken, true)
    }

    /// A neighbour has given back an own entry, which was the next one; it is at `seq`.
    pub(crate) fn given_back(&mut self, from: &NodeId, seq: u64, here: &Here, out: &mut Out) {
        let now_us = here.now.us;
        self.unproven.remove(from);
        let opening = self.opening.get_or_insert_with(|| Opening::new(Why::Claimed, now_us));
        if opening.progress_us.replace(now_us).is_none() {
            let (from, running) = (from.clone(), opening.why == Why::Claimed);
            out.log(Note::GivenBack { from, seq, running });
        }
    }

    /// The node is in service no more: nothing is waited for.
    pub(crate) fn retire(&mut self) {
        self.opening = None;
    }

    /// When [`CatchUp::settle`] is due, in microseconds.
    pub(crate) fn next_us(&self, here: &Here) -> Option<u64> {
        self.opening.as_ref()?.instants_us().filter(|due| *due > here.now.us).min()
    }

    /// Ends it, once nobody can be expected to give back more of the own journal, which ends at `head` here.
    pub(crate) fn settle(&mut self, head: u64, here: &Here, out: &mut Out) -> Option<Opens> {
        let now_us = here.now.us;
        let opening = self.opening.as_mut()?;
        opening.claims.retain(|_, claim| claim.seq > head);
        let late = opening.claims.iter().filter(|(_, claim)| now_us >= opening.believed_us(claim));
        let late: Vec<(NodeId, u64)> = late.map(|(node, claim)| (node.clone(), claim.seq)).collect();
        for (node, _) in &late {
            opening.claims.remove(node);
        }
        let all = here.charter.in_service().all(|node| node.id == here.node || opening.heard.contains(&node.id));
        let ready = opening.claims.is_empty() && opening.waited(now_us, all);
        let (why, given) = (opening.why, opening.progress_us.is_some());
        for (from, seq) in late {
            self.unproven.insert(from.clone());
            out.log(Note::Unproven { from, seq });
        }
        if !ready {
            return None;
        }
        self.opening = None;
        if why == Why::Claimed && !given {
            return Some(Opens::AsBefore);
        }
        if given {
            out.log(Note::CaughtUp { seq: head });
        }
        self.opened = true;
        Some(Opens::Anew)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::scene::{Scene, node_id};

    struct Bench {
        scene: Scene,
        out: Out,
        catch_up: CatchUp,
    }

    /// Japan's node as it starts.
    fn bench(restored: bool) -> Bench {
        let scene = Scene::at("jpn-1");
        Bench { catch_up: CatchUp::new(restored, scene.here.now.us), scene, out: Out::new() }
    }

    impl Bench {
        fn says(&mut self, from: &str, seq: u64, head: u64) {
            self.catch_up.held_by(&node_id(from), seq, head, &self.scene.here);
        }

        fn settle(&mut self, head: u64) -> Option<Opens> {
            self.catch_up.settle(head, &self.scene.here, &mut self.out)
        }

        /// Time passes until something is due.
        fn waits(&mut self) {
            let due_us = self.catch_up.next_us(&self.scene.here).unwrap();
            self.scene.pass((due_us - self.scene.here.now.us).div_ceil(1_000));
        }
    }

    #[test]
    fn a_start_ends_at_once_when_all_have_said_what_they_hold() {
        let mut bench = bench(false);
        bench.says("kor-1", 0, 0);
        assert_eq!(bench.settle(0), None);
        bench.says("usa-1", 0, 0);
        assert_eq!((bench.settle(0), bench.catch_up.has_opened()), (Some(Opens::Anew), true));
        assert_eq!(bench.catch_up.next_us(&bench.scene.here), None);
    }

    #[test]
    fn it_ends_without_neighbours_too_but_not_where_the_node_was_restored() {
        let mut started = bench(false);
        while started.settle(5).is_none() {
            started.waits();
        }
        assert_eq!(started.scene.here.now.us, 1_000_000 + OPENING_US);
        let mut restored = bench(true);
        assert_eq!(restored.catch_up.next_us(&restored.scene.here), None);
        assert_eq!(restored.catch_up.waits_for(5), Some(CatchingUp { held: 5, known: 5 }));
        restored.says("kor-1", 5, 5);
        restored.waits();
        assert_eq!((restored.settle(5), restored.catch_up.waits_restored()), (Some(Opens::Anew), false));
    }

    #[test]
    fn whoever_claims_more_is_waited_for_once_and_believed_again_when_it_shows_it() {
        let mut bench = bench(false);
        bench.catch_up.retire();
        bench.says("kor-1", 9, 7);
        assert_eq!(bench.catch_up.waits_for(7), Some(CatchingUp { held: 7, known: 9 }));
        assert_eq!(bench.settle(7), None);
        bench.waits();
        assert_eq!(bench.settle(7), Some(Opens::AsBefore));
        bench.says("kor-1", 9, 7);
        assert!(!bench.catch_up.is_opening(), "once");
        bench.catch_up.given_back(&node_id("kor-1"), 8, &bench.scene.here, &mut bench.out);
        bench.says("kor-1", 9, 8);
        assert_eq!(bench.settle(8), None);
        assert_eq!(bench.settle(9), Some(Opens::Anew), "it has given all");
    }

    #[test]
    fn another_history_is_said_once_and_nothing_more_of_it_is_waited_for() {
        let mut bench = bench(false);
        bench.catch_up.retire();
        bench.says("kor-1", 9, 7);
        assert!(bench.catch_up.history_differs(&node_id("kor-1")));
        assert_eq!(bench.settle(7), Some(Opens::AsBefore));
        assert!(!bench.catch_up.history_differs(&node_id("usa-1")));
    }
}
