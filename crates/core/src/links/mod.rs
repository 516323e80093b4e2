//! Links to other nodes: up and down, what is said by them, what is under way on them, and the ways to other nodes that
//! they make.

mod agreement;
#[cfg(test)]
pub(crate) mod bench;
mod brought;
mod flights;
mod heads;
mod near;
mod paths;
mod replicate;
mod said;
mod waiting;

pub(crate) use said::{Heard, Holds};

use crate::amendment::Lineage;
use crate::bucket::Bucket;
use crate::here::Here;
use crate::io::Output;
use crate::journals::Journals;
use crate::limits::{UP_EVERY_US, UPS_BURST};
use crate::note::{Count, Note};
use crate::out::Out;
use agreement::{Agreed, Agreement, Late};
use heads::Heads;
use near::Near;
use paths::Paths;
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::NodeId;
use trialogue_wire::console::{PathMeasure, PathState};
use trialogue_wire::link::{LinkMessage, PROTOCOL};
use waiting::Waiting;

/// A connection to another node, from [`crate::Input::LinkUp`] to [`crate::Input::LinkDown`].
struct Link {
    /// Both sides have said hello, under the same charter; or one has gone on to a newer one since.
    up: bool,
    /// Nothing comes back by it: voice and control go on by it, pictures go round.
    silent: bool,
    round_trip_us: Option<u32>,
    agreement: Agreement,
    /// Nodes that the other side has a direct link to, as it says.
    near: Near,
    heads: Heads,
}

impl Link {
    fn new(round_trip_us: Option<u32>, now_us: u64) -> Self {
        Self {
            up: false,
            silent: false,
            round_trip_us,
            agreement: Agreement::new(now_us),
            near: Near::new(now_us),
            heads: Heads::new(now_us),
        }
    }
}

/// All of them, by the node at the other end; one each.
pub(crate) struct Links {
    links: BTreeMap<NodeId, Link>,
    /// How often the link to each node may come up.
    ups: BTreeMap<NodeId, Bucket>,
    /// Entries that they brought too soon.
    waiting: Waiting,
    paths: Paths,
}

/// What became of a link, for the parts that keep something of each.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub(crate) enum LinkChange {
    /// A connection to this node begins, the only one from now on.
    Began(NodeId),
    /// It is gone.
    Ended(NodeId),
    /// The charter in force is the same on both sides again.
    AgreedAgain(NodeId),
}

impl Links {
    pub(crate) fn new(now_us: u64) -> Self {
        Self { links: BTreeMap::new(), ups: BTreeMap::new(), waiting: Waiting::default(), paths: Paths::new(now_us) }
    }

    /// Nodes with a link that is up, in order.
    pub(crate) fn neighbours(&self) -> impl Iterator<Item = &NodeId> {
        self.links.iter().filter(|(_, link)| link.up).map(|(node, _)| node)
    }

    /// The link to a node, if it is up.
    fn link_up(&self, node: &NodeId) -> Option<&Link> {
        self.links.get(node).filter(|link| link.up)
    }

    /// There is a link to a node, and it is up.
    pub(crate) fn is_up(&self, node: &NodeId) -> bool {
        self.link_up(node).is_some()
    }

    /// Does `from`, a neighbour, say that it has a direct link to `to`?
    pub(crate) fn reaches(&self, from: &NodeId, to: &NodeId) -> bool {
        self.link_up(from).is_some_and(|link| link.near.known().contains(to))
    }

    /// Nodes that a neighbour says it has a direct link to.
    pub(crate) fn neighbours_of(&self, node: &NodeId) -> BTreeSet<NodeId> {
        self.link_up(node).map(|link| link.near.known().clone()).unwrap_or_default()
    }

    /// Nothing comes back by the link to a node.
    pub(crate) fn is_silent(&self, node: &NodeId) -> bool {
        self.links.get(node).is_some_and(|link| link.silent)
    }

    /// The link to a node is up, and something comes back by it.
    pub(crate) fn is_alive(&self, node: &NodeId) -> bool {
        self.link_up(node).is_some_and(|link| !link.silent)
    }

    /// How long a word takes to a node and back by the link to it, as the shell measured last.
    pub(crate) fn round_trip_us(&self, node: &NodeId) -> Option<u32> {
        self.links.get(node).and_then(|link| link.round_trip_us)
    }

    /// What the shell measured last of the paths of a link, up or not.
    pub(crate) fn measured(&self, node: &NodeId) -> &[PathMeasure] {
        self.paths.of(node)
    }

    /// The shell has a connection to another node.
    pub(crate) fn up(
        &mut self,
        node: NodeId,
        round_trip_us: Option<u32>,
        here: &Here,
        journals: &Journals,
        out: &mut Out,
    ) -> Option<LinkChange> {
        if node == here.node || here.is_retired() || !here.charter.serves(&node) {
            return self.refuse(node, "no other node of this charter: check which key the connection showed", out);
        }
        // The older one of two is gone, whether the shell has said so yet or not.
        let _ = self.down(&node, out);
        self.links.insert(node.clone(), Link::new(round_trip_us, here.now.us));
        say_hello(&node, here, journals, out);
        Some(LinkChange::Began(node))
    }

    /// It is gone.
    pub(crate) fn down(&mut self, node: &NodeId, out: &mut Out) -> Option<LinkChange> {
        let link = self.links.remove(node)?;
        self.waiting.forget(node);
        if link.up {
            out.log(Note::LinkDown { node: node.clone() });
            self.tell_neighbours(out);
        }
        out.changed.paths = true;
        out.changed.routes = true;
        Some(LinkChange::Ended(node.clone()))
    }

    /// The shell measured how long a word takes there and back.
    pub(crate) fn took(&mut self, node: &NodeId, round_trip_us: u32) {
        if let Some(link) = self.links.get_mut(node) {
            link.round_trip_us = Some(round_trip_us);
        }
    }

    /// Nothing comes back by a link, or something does again.
    pub(crate) fn fell_silent(&mut self, node: &NodeId, silent: bool, out: &mut Out) {
        let Some(link) = self.links.get_mut(node).filter(|link| link.silent != silent) else { return };
        link.silent = silent;
        if link.up {
            self.tell_neighbours(out);
            out.changed.routes = true;
        }
    }

    /// The shell measured the paths of a link. Returns what is kept of that, if anything.
    pub(crate) fn measure(
        &mut self,
        node: &NodeId,
        paths: Vec<PathMeasure>,
        here: &Here,
        out: &mut Out,
    ) -> Option<&[PathMeasure]> {
        let is_other = *node != here.node && here.charter.serves(node);
        is_other.then(|| self.paths.measure(node, paths, out))
    }

    /// The state of the way to every other node of the charter.
    pub(crate) fn paths(&self, here: &Here, journals: &Journals) -> Vec<PathState> {
        let others = here.charter.in_service().filter(|node| node.id != here.node);
        let path = |node: &trialogue_charter::Node| {
            let link = self.link_up(&node.id);
            PathState {
                node: node.id.clone(),
                direct: link.is_some(),
                reached: link.is_some() || self.neighbours().any(|via| self.reaches(via, &node.id)),
                round_trip_us: link.and_then(|link| link.round_trip_us),
                paths: self.paths.of(&node.id).to_vec(),
                disputed: journals.is_disputed(&node.id),
            }
        };
        others.map(path).collect()
    }

    /// When [`Links::paths_news`] is due, in microseconds.
    pub(crate) fn next_paths_us(&self) -> u64 {
        self.paths.next_us()
    }

    /// What consoles are told now of the ways to other nodes. See [`Paths::news`].
    pub(crate) fn paths_news(&mut self, here: &Here, journals: &Journals, out: &mut Out) -> Option<Vec<PathState>> {
        if !self.paths.are_due(here, out) {
            return None;
        }
        let now = self.paths(here, journals);
        self.paths.news(now, here)
    }

    /// A charter has taken effect here that `from` gave: the other neighbours are given it, and all are told that it is
    /// in force here.
    pub(crate) fn amended(
        &mut self,
        from: Option<&NodeId>,
        lineage: &Lineage,
        here: &Here,
        journals: &Journals,
        out: &mut Out,
    ) -> Vec<LinkChange> {
        let mut changes = Vec::new();
        for node in self.links.keys().cloned().collect::<Vec<_>>() {
            let stays = here.charter.serves(&node);
            if Some(&node) != from {
                self.hand_charters(&node, lineage, here, out);
            }
            if stays {
                say_hello(&node, here, journals, out);
                changes.extend(self.settle_agreement(&node, here, out));
            } else {
                self.leave(&node, here, out);
            }
        }
        changes
    }

    /// This node is not in service any more: its neighbours get the charter that says so, and it falls silent.
    pub(crate) fn retire(&mut self, lineage: &Lineage, here: &Here, out: &mut Out) {
        for node in self.links.keys().cloned().collect::<Vec<_>>() {
            self.hand_charters(&node, lineage, here, out);
            self.leave(&node, here, out);
        }
    }

    /// Gives a neighbour what it lacks, the oldest first: each step is to be verified by the one before.
    fn hand_charters(&mut self, node: &NodeId, lineage: &Lineage, here: &Here, out: &mut Out) {
        let handed = self.links.get_mut(node).and_then(|link| link.agreement.hand(here.charter.serial));
        let Some(handed) = handed else { return };
        let newest = [&here.charter].into_iter().filter(|charter| charter.serial > handed);
        for charter in lineage.after(handed).chain(newest) {
            out.link(node, &LinkMessage::Charter { charter: charter.bytes().to_vec() });
        }
    }

    fn leave(&mut self, node: &NodeId, here: &Here, out: &mut Out) {
        let Some(link) = self.links.get_mut(node) else { return };
        let was_up = std::mem::replace(&mut link.up, false);
        link.agreement.leave(here.now.us);
        if was_up {
            out.log(Note::LinkDown { node: node.clone() });
            self.tell_neighbours(out);
        }
    }

    /// The same charter on both sides: the link is up. Another one: for a while the link goes on as it was, or waits.
    fn settle_agreement(&mut self, node: &NodeId, here: &Here, out: &mut Out) -> Option<LinkChange> {
        let now_us = here.now.us;
        let link = self.links.get_mut(node)?;
        let Agreed { apart } = link.agreement.settle(here.charter.hash(), now_us)?;
        if std::mem::replace(&mut link.up, true) {
            if apart {
                out.changed.routes = true;
                out.changed.words = true;
            }
            return apart.then(|| LinkChange::AgreedAgain(node.clone()));
        }
        link.heads.begin();
        let fresh = || Bucket::new(UPS_BURST, UP_EVERY_US, now_us);
        if !self.ups.entry(node.clone()).or_insert_with(fresh).take(now_us) {
            return self.refuse(node.clone(), "it comes and goes too often: it is taken again in a few seconds", out);
        }
        out.log(Note::LinkUp { node: node.clone() });
        self.tell_neighbours(out);
        out.changed.words = true;
        out.changed.paths = true;
        out.changed.routes = true;
        None
    }

    /// Takes what each neighbour said last of its links, as often as it may say so; what is beyond waits, for no longer
    /// than until heads are told next.
    pub(crate) fn follow_neighbours(&mut self, here: &Here, out: &mut Out) {
        for link in self.links.values_mut() {
            if link.near.follow(here.now.us) {
                out.changed.paths = true;
                out.changed.routes = true;
            }
        }
    }

    /// Tells every neighbour who this node's neighbours are, of those from whom something comes.
    fn tell_neighbours(&self, out: &mut Out) {
        let nodes: Vec<NodeId> = self.neighbours().filter(|node| !self.is_silent(node)).cloned().collect();
        for node in self.neighbours() {
            out.link(node, &LinkMessage::Neighbours { nodes: nodes.clone() });
        }
    }

    /// Closes a connection for what it said.
    fn refuse(&mut self, node: NodeId, why: &'static str, out: &mut Out) -> Option<LinkChange> {
        out.count(Count::LinkRefused);
        out.log(Note::LinkRefused { node: node.clone(), why });
        out.push(Output::CloseLink { node: node.clone() });
        self.down(&node, out)
    }

    /// When [`Links::overdue`] is due, in microseconds.
    pub(crate) fn next_late_us(&self) -> Option<u64> {
        self.links.values().map(|link| link.agreement.due_us(link.up)).min()
    }

    /// Closes those that did not say what was waited for in time.
    pub(crate) fn overdue(&mut self, here: &Here, out: &mut Out) -> Vec<LinkChange> {
        let late = self.links.iter().filter(|(_, link)| here.now.us >= link.agreement.due_us(link.up));
        let late: Vec<(NodeId, Late)> = late.map(|(node, link)| (node.clone(), link.agreement.late())).collect();
        let close = |(node, late): (NodeId, Late)| match late {
            Late::Left => {
                out.push(Output::CloseLink { node: node.clone() });
                self.down(&node, out)
            }
            Late::Disagrees => self.refuse(
                node,
                "it holds another charter and did not go on to the newer one: give both nodes the newest one",
                out,
            ),
            Late::Mute => self.refuse(node, "it did not say hello in time", out),
        };
        late.into_iter().filter_map(close).collect()
    }
}

fn say_hello(node: &NodeId, here: &Here, journals: &Journals, out: &mut Out) {
    let hello = LinkMessage::Hello {
        protocol: PROTOCOL,
        node: here.node.clone(),
        charter: here.charter.hash(),
        heads: journals.shown_heads(here),
        serial: here.charter.serial,
    };
    out.link(node, &hello);
}
