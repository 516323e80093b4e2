//! Links to other nodes: hello, who reaches whom, up and down.

use crate::bucket::Bucket;
use crate::chunks::{Part, Wanted};
use crate::flights::Flights;
use crate::io::Output;
use crate::limits::*;
use crate::machine::Machine;
use crate::note::{Count, Note};
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{Hash, NodeId};
use trialogue_wire::link::{Head, LinkMessage, PROTOCOL};

/// A connection to another node, from [`crate::Input::LinkUp`] to [`crate::Input::LinkDown`].
pub(crate) struct Link {
    /// Both sides have said hello, under the same charter; or one has gone on to a newer one since.
    pub(crate) up: bool,
    /// Nothing comes back by it: voice and control go on by it, pictures go round.
    pub(crate) silent: bool,
    /// Its node is not in service any more: nothing that it says counts.
    pub(crate) leaving: bool,
    /// Which charter is in force at the other side, as it says: hash and serial.
    pub(crate) charter: Option<(Hash, u64)>,
    /// Until when the two sides of a link that is up must have the same charter again.
    pub(crate) agree_by_us: Option<u64>,
    /// Serial of the last charter that it was given here.
    pub(crate) handed: u64,
    /// How many charters it may give.
    pub(crate) charters: Bucket,
    /// How often it may say hello.
    hellos: Bucket,
    /// Until when hello must have come.
    pub(crate) hello_by_us: u64,
    pub(crate) round_trip_us: Option<u32>,
    /// Nodes that the other side has a direct link to, as it says.
    pub(crate) neighbours: BTreeSet<NodeId>,
    /// How often it may say so: each time all routes are worked out anew.
    neighbours_said: Bucket,
    /// What it said last, beyond that.
    neighbours_next: Option<BTreeSet<NodeId>>,
    /// What the other side holds, as it says.
    pub(crate) theirs: BTreeMap<NodeId, u64>,
    /// What was sent to it, whether it says so yet or not.
    pub(crate) sent: BTreeMap<NodeId, u64>,
    /// Sent and not yet acknowledged.
    pub(crate) flights: Flights,
    /// Since when it lacks entries of journals that their own nodes should be sending it.
    pub(crate) behind: BTreeMap<NodeId, u64>,
    /// It has not been told yet what is held here now.
    pub(crate) owes_heads: bool,
    pub(crate) next_heads_us: u64,
    /// How often it is told.
    pub(crate) heads: Bucket,
}

impl Link {
    pub(crate) fn new(round_trip_us: Option<u32>, now_us: u64) -> Self {
        Self {
            up: false,
            silent: false,
            leaving: false,
            charter: None,
            handed: 0,
            agree_by_us: None,
            charters: Bucket::new(CHARTERS_BURST, CHARTER_EVERY_US, now_us),
            hellos: Bucket::new(HELLOS_BURST, HELLO_EVERY_US, now_us),
            hello_by_us: now_us + HELLO_US,
            round_trip_us,
            neighbours: BTreeSet::new(),
            neighbours_said: Bucket::new(NEIGHBOURS_BURST, NEIGHBOURS_EVERY_US, now_us),
            neighbours_next: None,
            theirs: BTreeMap::new(),
            sent: BTreeMap::new(),
            flights: Flights::default(),
            behind: BTreeMap::new(),
            owes_heads: false,
            next_heads_us: now_us + HEADS_US,
            heads: Bucket::new(HEADS_BURST, HEADS_EVERY_US, now_us),
        }
    }

    /// When it is closed unless the other side says what is waited for.
    pub(crate) fn due_us(&self) -> u64 {
        match self.agree_by_us {
            _ if self.leaving => self.hello_by_us,
            Some(agree_by_us) => agree_by_us,
            None if self.up => u64::MAX,
            None => self.hello_by_us,
        }
    }
}

/// All of them, by the node at the other end; one each.
#[derive(Default)]
pub(crate) struct Links(BTreeMap<NodeId, Link>);

impl Links {
    /// Nodes with a link that is up, in order.
    pub(crate) fn neighbours(&self) -> impl Iterator<Item = &NodeId> {
        self.iter().filter(|(_, link)| link.up).map(|(node, _)| node)
    }

    /// Does `from`, a neighbour, say that it has a direct link to `to`?
    pub(crate) fn reaches(&self, from: &NodeId, to: &NodeId) -> bool {
        self.get(from).is_some_and(|link| link.up && link.neighbours.contains(to))
    }

    /// Nothing comes back by the link to a node.
    pub(crate) fn is_silent(&self, node: &NodeId) -> bool {
        self.get(node).is_some_and(|link| link.silent)
    }

    /// The link to a node is up, and something comes back by it.
    pub(crate) fn is_alive(&self, node: &NodeId) -> bool {
        self.get(node).is_some_and(|link| link.up && !link.silent)
    }
}

/// Until replication is a part with its links (docs/plans/core.md, step 11).
impl std::ops::Deref for Links {
    type Target = BTreeMap<NodeId, Link>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl std::ops::DerefMut for Links {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl Machine {
    pub(crate) fn link_up(&mut self, node: NodeId, round_trip_us: Option<u32>) {
        if node == self.here.node || self.is_retired() || !self.here.charter.serves(&node) {
            self.refuse_link(node, "no other node of this charter: check which key the connection showed");
            return;
        }
        if self.links.contains_key(&node) {
            self.link_down(&node);
        }
        let link = Link::new(round_trip_us, self.here.now.us);
        self.links.insert(node.clone(), link);
        self.media.link_up(&node, &self.here);
        self.budgets.in_reach(&node, self.here.now.us);
        self.say_hello(&node);
    }

    pub(crate) fn say_hello(&mut self, node: &NodeId) {
        let hello = LinkMessage::Hello {
            protocol: PROTOCOL,
            node: self.here.node.clone(),
            charter: self.here.charter.hash(),
            heads: self.shown_heads(),
            serial: self.here.charter.serial,
        };
        self.send_link(node, &hello);
    }

    pub(crate) fn link_down(&mut self, node: &NodeId) {
        let Some(link) = self.links.remove(node) else { return };
        self.budgets.waiting.forget(node);
        self.media.link_down(node);
        if link.up {
            self.log(Note::LinkDown { node: node.clone() });
            self.tell_neighbours();
        }
        self.out.changed.paths = true;
        self.out.changed.routes = true;
    }

    pub(crate) fn link_round_trip(&mut self, node: &NodeId, round_trip_us: u32) {
        if let Some(link) = self.links.get_mut(node) {
            link.round_trip_us = Some(round_trip_us);
        }
    }

    pub(crate) fn link_silent(&mut self, node: &NodeId, silent: bool) {
        let Some(link) = self.links.get_mut(node).filter(|link| link.silent != silent) else { return };
        link.silent = silent;
        if link.up {
            self.tell_neighbours();
            self.out.changed.routes = true;
        }
    }

    pub(crate) fn link_message(&mut self, node: NodeId, bytes: &[u8]) {
        let Some(link) = self.links.get(&node) else { return };
        if link.leaving {
            return;
        }
        let greeted = link.charter.is_some();
        match (link.up, trialogue_wire::decode(bytes).ok()) {
            (_, None) => self.link_malformed(node),
            (_, Some(LinkMessage::Hello { protocol, node: says, charter, heads, serial })) => {
                self.take_hello(node, protocol, &says, (charter, serial), &heads);
            }
            (_, Some(LinkMessage::Charter { charter })) if greeted => self.charter_given(&node, &charter),
            // The other side goes on to a newer charter and speaks under it before this side does.
            (false, Some(_)) if greeted => {}
            (false, Some(_)) => self.refuse_link(node, "it spoke before its hello"),
            (true, Some(message)) => self.link_said(node, message),
        }
    }

    fn link_said(&mut self, node: NodeId, message: LinkMessage) {
        match message {
            LinkMessage::Hello { .. } | LinkMessage::Charter { .. } => self.link_malformed(node),
            LinkMessage::Entries { bundles } => self.take_entries(&node, bundles),
            LinkMessage::Heads { heads } => self.take_heads(&node, &heads),
            LinkMessage::Neighbours { nodes } => self.take_neighbours(&node, nodes),
            LinkMessage::KeyFrame { device } => {
                let (media, at, out) = self.for_media();
                media.key_frame_wished(&node, device, at, out);
            }
            LinkMessage::Said { word, signature } => {
                let (media, at, budgets, out) = self.for_words();
                media.take_word(&node, (word, signature), budgets, at, out);
            }
            LinkMessage::Probe { number, .. } => self.send_link(&node, &LinkMessage::Probed { number }),
            LinkMessage::Probed { number } => {
                let round_trip_us = self.links.get(&node).and_then(|link| link.round_trip_us);
                self.trials.probed(&node, number, round_trip_us, &self.here);
            }
            LinkMessage::WantChunk { hash, at, most } => {
                let wanted = Wanted { hash, at, most };
                self.chunks.wanted(&node, wanted, &self.here, &self.journals, &mut self.out);
            }
            LinkMessage::Chunk { hash, whole, at, bytes } => {
                let part = Part { hash, whole, at, bytes: &bytes };
                self.chunks.take_part(&node, part, &self.here, &mut self.journals, &self.links, &mut self.out);
            }
        }
    }

    fn take_hello(&mut self, node: NodeId, protocol: u8, says: &NodeId, charter: (Hash, u64), heads: &[Head]) {
        let now = self.here.now.us;
        if self.links.get_mut(&node).is_some_and(|link| !link.hellos.take(now)) {
            return self.count(Count::OverBound);
        }
        let (held, offered) = (self.here.charter.serial, charter.1);
        let why = if protocol != PROTOCOL {
            Some("it speaks another version of the link protocol: update the older of the two nodes")
        } else if *says != node {
            Some("it calls itself by another name than its key's in the charter: check its configuration")
        } else if offered == held && charter.0 != self.here.charter.hash() {
            Some(
                "it holds another charter with the same serial: compare the two, and agree on one with a higher serial",
            )
        } else {
            None
        };
        if let Some(why) = why {
            self.refuse_link(node, why);
            return;
        }
        if let Some(link) = self.links.get_mut(&node) {
            link.charter = Some(charter);
        }
        if offered < held {
            self.hand_charters(&node);
        }
        self.take_heads(&node, heads);
        self.settle_agreement(&node);
    }

    /// The same charter on both sides: the link is up. Another one: for a while the link goes on as it was, or waits.
    pub(crate) fn settle_agreement(&mut self, node: &NodeId) {
        let (now, own) = (self.here.now.us, self.here.charter.hash());
        let Some(link) = self.links.get_mut(node) else { return };
        let Some((theirs, _)) = link.charter else { return };
        if theirs != own {
            link.agree_by_us.get_or_insert(now + HELLO_US);
            return;
        }
        let apart = link.agree_by_us.take().is_some();
        if std::mem::replace(&mut link.up, true) {
            if apart {
                // What was signed with a key of the newer charter could not be verified there.
                self.media.agreed(node);
                self.out.changed.routes = true;
                self.out.changed.words = true;
            }
            return;
        }
        link.sent = link.theirs.clone();
        let fresh = || Bucket::new(UPS_BURST, UP_EVERY_US, now);
        if !self.ups.entry(node.clone()).or_insert_with(fresh).take(now) {
            return self.refuse_link(node.clone(), "it comes and goes too often: it is taken again in a few seconds");
        }
        self.log(Note::LinkUp { node: node.clone() });
        self.tell_neighbours();
        self.out.changed.words = true;
        self.out.changed.paths = true;
        self.out.changed.routes = true;
    }

    fn take_neighbours(&mut self, node: &NodeId, nodes: Vec<NodeId>) {
        let known = nodes.into_iter().filter(|n| self.here.charter.node(n).is_some()).collect();
        let Some(link) = self.links.get_mut(node) else { return };
        if link.neighbours_next.is_some() {
            // The one before waits still: it is never followed.
            self.count(Count::OverBound);
        }
        if let Some(link) = self.links.get_mut(node) {
            link.neighbours_next = Some(known).filter(|known| *known != link.neighbours);
        }
    }

    /// Takes what each neighbour said last of its links, as often as it may say so; what is beyond waits, for no longer
    /// than until heads are told next.
    pub(crate) fn follow_neighbours(&mut self) {
        let now_us = self.here.now.us;
        for link in self.links.values_mut().filter(|link| link.neighbours_next.is_some()) {
            if !link.neighbours_said.take(now_us) {
                continue;
            }
            if let Some(known) = link.neighbours_next.take() {
                link.neighbours = known;
                self.out.changed.paths = true;
                self.out.changed.routes = true;
            }
        }
    }

    /// Tells every neighbour who this node's neighbours are, of those from whom something comes.
    pub(crate) fn tell_neighbours(&mut self) {
        let told: Vec<NodeId> = self.neighbours().cloned().collect();
        let nodes: Vec<NodeId> = told.iter().filter(|node| !self.is_silent(node)).cloned().collect();
        for node in &told {
            self.send_link(node, &LinkMessage::Neighbours { nodes: nodes.clone() });
        }
    }

    pub(crate) fn is_silent(&self, node: &NodeId) -> bool {
        self.links.is_silent(node)
    }

    /// Nodes with a link that is up, in order.
    pub(crate) fn neighbours(&self) -> impl Iterator<Item = &NodeId> {
        self.links.neighbours()
    }

    /// Does `from`, a neighbour, say that it has a direct link to `to`?
    pub(crate) fn reaches(&self, from: &NodeId, to: &NodeId) -> bool {
        self.links.reaches(from, to)
    }

    /// Closes a connection for what it said.
    fn refuse_link(&mut self, node: NodeId, why: &'static str) {
        self.count(Count::LinkRefused);
        self.log(Note::LinkRefused { node: node.clone(), why });
        self.push_out(Output::CloseLink { node: node.clone() });
        self.link_down(&node);
    }

    fn link_malformed(&mut self, node: NodeId) {
        self.count(Count::LinkMalformed);
        self.log(Note::LinkRefused { node, why: "a message of it could not be read and was dropped" });
    }

    pub(crate) fn send_link(&mut self, node: &NodeId, message: &LinkMessage) {
        self.out.link(node, message);
    }

    /// When [`Machine::links_overdue`] is due.
    pub(crate) fn next_link_late_us(&self) -> Option<u64> {
        self.links.values().map(Link::due_us).min()
    }

    /// Ends connections that never said hello.
    pub(crate) fn links_overdue(&mut self) {
        let late: Vec<(NodeId, bool, bool)> = self
            .links
            .iter()
            .filter(|(_, link)| self.here.now.us >= link.due_us())
            .map(|(node, link)| (node.clone(), link.leaving, link.charter.is_some()))
            .collect();
        for (node, leaving, greeted) in late {
            if leaving {
                self.push_out(Output::CloseLink { node: node.clone() });
                self.link_down(&node);
            } else if greeted {
                self.refuse_link(
                    node,
                    "it holds another charter and did not go on to the newer one: give both nodes the newest one",
                );
            } else {
                self.refuse_link(node, "it did not say hello in time");
            }
        }
    }
}
