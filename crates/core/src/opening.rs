//! Before a node speaks, it takes back what others hold of its own journal and its disk does not: what did not reach
//! the disk before a crash, what was said after the backup that it was restored from, what a machine that was set back
//! has forgotten. Only what this node has signed, and what follows on what it holds, is taken back; nobody else can
//! make such an entry. See `docs/decisions/0027`.

use crate::journals::After;
use crate::limits::*;
use crate::machine::Machine;
use crate::note::Note;
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::NodeId;
use trialogue_journal::Body;

/// Why nothing is written for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
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
pub(crate) struct Opening {
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
    pub(crate) fn new(why: Why, now_us: u64) -> Self {
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

impl Machine {
    /// Nothing is written now.
    pub(crate) fn is_opening(&self) -> bool {
        self.opening.is_some()
    }

    /// The node was restored and does not speak yet.
    pub(crate) fn waits_restored(&self) -> bool {
        self.opening.as_ref().is_some_and(|opening| opening.why == Why::Restored)
    }

    /// The node does not speak yet, and it may last: it was restored and waits for neighbours, or takes its own entries
    /// back from them.
    pub fn catching_up(&self) -> Option<CatchingUp> {
        let opening = self.opening.as_ref()?;
        let held = self.head();
        let known = opening.claims.values().map(|claim| claim.seq).max().unwrap_or(held);
        (opening.why == Why::Restored || known > held).then_some(CatchingUp { held, known })
    }

    /// Has the own journal gone on in this run?
    pub fn has_opened(&self) -> bool {
        self.opened
    }

    /// A neighbour says how far it holds the own journal.
    pub(crate) fn own_held_by(&mut self, from: &NodeId, seq: u64) {
        let (now, head) = (self.here.now.us, self.journals.head(&self.here.node));
        let more = seq > head && !self.unproven.contains(from);
        if more && self.opening.is_none() && !self.is_retired() {
            // Whoever says so for nothing holds the node up once, and for no longer than this.
            self.opening = Some(Opening::new(Why::Claimed, now));
        }
        let Some(opening) = &mut self.opening else { return };
        opening.heard.insert(from.clone());
        opening.heard_us.get_or_insert(now);
        if more {
            let claim = opening.claims.entry(from.clone()).or_insert(Claim { seq, since_us: now });
            claim.seq = claim.seq.max(seq);
        }
    }

    /// A neighbour shows another history of the own journal: nothing more of it follows on what is held.
    pub(crate) fn own_history_differs(&mut self, from: &NodeId) {
        self.unproven.insert(from.clone());
        if let Some(opening) = &mut self.opening {
            opening.claims.remove(from);
        }
    }

    /// A neighbour has given back an own entry, which was the next one.
    pub(crate) fn given_back(&mut self, from: &NodeId) {
        let now = self.here.now.us;
        self.unproven.remove(from);
        let opening = self.opening.get_or_insert_with(|| Opening::new(Why::Claimed, now));
        if opening.progress_us.replace(now).is_none() {
            let (from, running) = (from.clone(), opening.why == Why::Claimed);
            self.log(Note::GivenBack { from, seq: self.journals.head(&self.here.node), running });
        }
    }

    /// When [`Machine::open_journal`] is due.
    pub(crate) fn next_opening_us(&self) -> Option<u64> {
        self.opening.as_ref()?.instants_us().filter(|due| *due > self.here.now.us).min()
    }

    /// Ends it, once nobody can be expected to give back more of the own journal.
    pub(crate) fn open_journal(&mut self) {
        let (now, head) = (self.here.now.us, self.journals.head(&self.here.node));
        let Some(opening) = &mut self.opening else { return };
        opening.claims.retain(|_, claim| claim.seq > head);
        let late: Vec<(NodeId, u64)> = opening
            .claims
            .iter()
            .filter(|(_, claim)| now >= opening.believed_us(claim))
            .map(|(node, claim)| (node.clone(), claim.seq))
            .collect();
        for (node, _) in &late {
            opening.claims.remove(node);
        }
        let all =
            self.here.charter.in_service().all(|node| node.id == self.here.node || opening.heard.contains(&node.id));
        let ready = opening.claims.is_empty() && opening.waited(now, all);
        let (why, given) = (opening.why, opening.progress_us.is_some());
        for (from, seq) in late {
            self.unproven.insert(from.clone());
            self.log(Note::Unproven { from, seq });
        }
        if !ready {
            return;
        }
        self.opening = None;
        if why == Why::Claimed && !given {
            return self.said_meanwhile();
        }
        if given {
            self.log(Note::CaughtUp { seq: head });
        }
        self.go_on(head);
    }

    /// The own journal goes on after its last entry.
    fn go_on(&mut self, head: u64) {
        self.opened = true;
        self.media.begin(head);
        let opened = Body::Opened { charter: self.here.charter.hash() };
        let body = if head == 0 { opened.clone() } else { Body::Restarted {} };
        let _ = self.append(body, Vec::new(), After::Nothing);
        if head > 0
            && self.journals.ahead().node(&self.here.node).and_then(|own| own.opened())
                != Some(self.here.charter.hash())
        {
            let _ = self.append(opened, Vec::new(), After::Nothing);
        }
        self.out.changed.lines = true;
        self.watch.forget();
        self.watch.changed(&self.here, &mut self.out);
        self.trials.begin(&self.here);
        self.journals.compare_again(&self.here, &mut self.out);
        self.writings.note_all(&self.here, &self.journals, &mut self.chunks, &mut self.out);
        self.admit_early();
        self.said_meanwhile();
    }
}
