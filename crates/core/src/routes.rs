//! Which stream goes where, worked out anew whenever anything that it depends on has changed, and told as differences.

use crate::io::{Output, Route, Source};
use crate::machine::Machine;
use crate::streams::StreamKey;
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{DeviceId, LineId, NodeId};
use trialogue_journal::fold::{Floor, Participant};
use trialogue_wire::console::Medium;

const MEDIA: [Medium; 2] = [Medium::Voice, Medium::Picture];

/// Does a member get what another sends?
fn hears(member: &Participant, speaker: &Participant) -> bool {
    member.device != speaker.device && member.floor != Floor::Held && speaker.floor.reaches(&member.party)
}

impl Machine {
    /// Brings the forwarder up to date.
    pub(crate) fn settle_routes(&mut self) {
        if !std::mem::take(&mut self.out.changed.routes) {
            return;
        }
        let routes = self.wanted_routes();
        let live = routes.keys().filter(|key| key.0 == self.here.index).map(|key| key.1).collect();
        self.word_own_streams(&live);
        let old = std::mem::replace(&mut self.routes, routes);
        for key in old.keys().filter(|key| !self.routes.contains_key(key)).copied().collect::<Vec<_>>() {
            self.push_out(Output::RouteEnd { node: key.0, number: key.1 });
        }
        // A neighbour must know the number before it sees the first datagram of it.
        self.tell_streams();
        self.out.changed.words = true;
        let changed: Vec<Route> =
            self.routes.iter().filter(|(key, route)| old.get(key) != Some(route)).map(|(_, r)| r.clone()).collect();
        for route in changed {
            let before = old.get(&(route.node, route.number));
            let more = before
                .is_none_or(|b| route.legs.iter().any(|l| !b.legs.contains(l)) || route.links.len() > b.links.len());
            let (device, picture) = (route.device, route.medium == Medium::Picture);
            self.push_out(Output::Route(route));
            if more && picture {
                self.want_key_frame(device);
            }
        }
    }

    fn wanted_routes(&mut self) -> BTreeMap<StreamKey, Route> {
        let mut routes = BTreeMap::new();
        for line in self.here.charter.lines.iter().map(|line| line.id.clone()).collect::<Vec<_>>() {
            let members = self.journals.state().in_on(&line);
            // Whoever may not be heard has no route: what its console sends all the same ends here.
            for member in members.iter().filter(|member| member.floor.is_open()) {
                if !self.here.may_speak_at(member, &self.here.node) {
                    continue;
                }
                let Some(leg) = self.legs.get(&member.device).copied() else { continue };
                for medium in MEDIA.into_iter().filter(|m| member.node == self.here.node || *m == Medium::Voice) {
                    let audience = self.audience(&members, member, medium);
                    let number = self.streams.number(&(member.device, line.clone(), medium));
                    let route = Route {
                        node: self.here.index,
                        number,
                        source: Source::Leg(leg),
                        device: member.device,
                        line: line.clone(),
                        medium,
                        legs: self.legs_of(&members, member, medium),
                        links: self.media_hops(&self.here.node, &audience, medium),
                        spare: self.spares(&self.here.node, &audience, medium),
                        relays: Vec::new(),
                        alive: false,
                        quiet_after: self.streams.before(medium),
                    };
                    routes.insert((self.here.index, number), route);
                }
            }
            for (key, (device, _, medium), heard) in self.streams.heard().filter(|(_, owner, _)| owner.1 == line) {
                let Some(source) = self.here.charter.node_at(key.0).map(|node| node.id.clone()) else { continue };
                let voice = *medium == Medium::Voice;
                let at =
                    |member: &Participant| member.node == source || voice && self.here.may_speak_at(member, &source);
                let from = |member: &&Participant| member.device == *device && at(member);
                let Some(member) = members.iter().find(from).filter(|member| member.floor.is_open()) else { continue };
                let audience = self.audience(&members, member, *medium);
                let route = Route {
                    node: key.0,
                    number: key.1,
                    source: Source::Links,
                    device: *device,
                    line: line.clone(),
                    medium: *medium,
                    legs: self.legs_of(&members, member, *medium),
                    links: self.media_hops(&source, &audience, *medium),
                    spare: self.spares(&source, &audience, *medium),
                    relays: self.relays_from(&source),
                    alive: self.is_alive(&source),
                    quiet_after: heard.quiet_after,
                };
                routes.insert(key, route);
            }
        }
        routes
    }

    /// Devices in on a line, with the node in whose journal they are.
    pub(crate) fn members(&self, line: &LineId) -> Vec<(DeviceId, NodeId)> {
        self.at().members(line)
    }

    /// Nodes at which somebody hears the speaker. Voice goes to all nodes of such a party: whoever goes to another site of it hears on without
    /// a question.
    fn audience(&self, members: &[Participant], speaker: &Participant, medium: Medium) -> BTreeSet<NodeId> {
        let hearing = || members.iter().filter(|member| hears(member, speaker));
        let mut nodes: BTreeSet<NodeId> = hearing().map(|member| member.node.clone()).collect();
        if medium == Medium::Voice {
            let parties: BTreeSet<_> = hearing().map(|member| &member.party).collect();
            // A site that nobody reaches is not looked for everywhere: nobody hears there.
            let known = |id: &NodeId| self.links.get(id).is_some_and(|link| link.up) || self.is_near(id);
            let sites = self.here.charter.in_service().filter(|node| parties.contains(&node.party));
            let sites = sites.filter(|node| node.id == self.here.node || known(&node.id));
            nodes.extend(sites.map(|node| node.id.clone()));
        }
        nodes
    }

    /// Does a neighbour say that it has a link to this node?
    fn is_near(&self, node: &NodeId) -> bool {
        self.neighbours().any(|via| self.reaches(via, node))
    }

    /// Legs of own members whom the speaker reaches; not its own. Of voice also those of members who are in at another site.
    fn legs_of(&self, members: &[Participant], speaker: &Participant, medium: Medium) -> Vec<crate::io::ConsoleKey> {
        let here = |member: &Participant| {
            member.node == self.here.node || medium == Medium::Voice && member.party == self.here.party
        };
        let own = members.iter().filter(|member| here(member) && hears(member, speaker));
        let mut legs: Vec<_> = own.filter_map(|member| self.legs.get(&member.device).copied()).collect();
        legs.sort();
        legs
    }

    /// Neighbours that get what comes from `source`, so that it reaches all `nodes`: those among them that `source` does
    /// not reach itself, and relays towards those that have no link to this node.
    pub(crate) fn next_hops(&self, source: &NodeId, nodes: &BTreeSet<NodeId>) -> Vec<NodeId> {
        self.hops(source, nodes, false, |_| true)
    }

    /// [`Machine::next_hops`] of media, which not every node may relay.
    pub(crate) fn media_hops(&self, source: &NodeId, nodes: &BTreeSet<NodeId>, medium: Medium) -> Vec<NodeId> {
        if *source != self.here.node && !self.here.may_relay(source, &self.here.node) {
            return Vec::new();
        }
        self.hops(source, nodes, medium == Medium::Picture, |via| self.here.may_relay(source, via))
    }

    /// `round`: not over a link from which nothing comes, if there is another way.
    fn hops(
        &self,
        source: &NodeId,
        nodes: &BTreeSet<NodeId>,
        round: bool,
        may_relay: impl Fn(&NodeId) -> bool,
    ) -> Vec<NodeId> {
        let own = *source == self.here.node;
        let served = |to: &NodeId| !own && self.reaches(source, to);
        let may = |via: &&NodeId| *via != source && !served(via) && may_relay(via);
        let mut hops: BTreeSet<NodeId> = BTreeSet::new();
        for to in nodes.iter().filter(|to| **to != self.here.node && *to != source && !served(to)) {
            let direct = self.links.get(to).filter(|link| link.up);
            if direct.is_some_and(|link| !(round && link.silent)) {
                hops.insert(to.clone());
                continue;
            }
            let relays = self.neighbours().filter(may).filter(|via| self.reaches(via, to));
            let relays: Vec<&NodeId> = relays.filter(|via| !(round && self.is_silent(via))).collect();
            if relays.is_empty() && direct.is_some() {
                hops.insert(to.clone());
            } else if relays.is_empty() {
                // Nobody near knows a way: each hop drops what it has seen, so sending everywhere ends.
                hops.extend(self.neighbours().filter(may).cloned());
            } else {
                hops.extend(relays.into_iter().cloned());
            }
        }
        hops.into_iter().collect()
    }
}
