//! Which stream goes where, worked out anew whenever anything that it depends on has changed, and told as differences.

use crate::io::{ConsoleKey, Output, Route, Source};
use crate::machine::Machine;
use crate::media::{At, Legs};
use crate::streams::{StreamKey, Streams};
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{DeviceId, NodeId};
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
        let (media, at, _) = self.for_media();
        let routes = wanted(&mut media.streams, &media.legs, at);
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

    /// A leg that came up has seen nothing yet: everyone it is to see is asked for a key frame.
    pub(crate) fn leg_up(&mut self, leg: ConsoleKey) {
        let seen = self.routes.values().filter(|r| r.medium == Medium::Picture && r.legs.contains(&leg));
        for device in seen.map(|route| route.device).collect::<Vec<_>>() {
            self.want_key_frame(device);
        }
    }

    /// Ends the leg of a device.
    pub(crate) fn close_leg(&mut self, device: &DeviceId) {
        if let Some(console) = self.media.legs.end(device, &mut self.out) {
            self.settle_routes();
            self.push_out(Output::CloseLeg { console });
        }
    }
}

/// The streams that have somewhere to go, each with where it goes.
fn wanted(streams: &mut Streams, legs: &Legs, at: At) -> BTreeMap<StreamKey, Route> {
    let here = at.here;
    let mut routes = BTreeMap::new();
    for line in here.charter.lines.iter().map(|line| &line.id) {
        let members = at.state.in_on(line);
        // Whoever may not be heard has no route: what its console sends all the same ends here.
        for member in members.iter().filter(|member| member.floor.is_open()) {
            if !here.may_speak_at(member, &here.node) {
                continue;
            }
            let Some(leg) = legs.of(&member.device) else { continue };
            for medium in MEDIA.into_iter().filter(|m| member.node == here.node || *m == Medium::Voice) {
                let audience = audience(&members, member, medium, at);
                let number = streams.number(&(member.device, line.clone(), medium));
                let route = Route {
                    node: here.index,
                    number,
                    source: Source::Leg(leg),
                    device: member.device,
                    line: line.clone(),
                    medium,
                    legs: legs_of(legs, &members, member, medium, at),
                    links: at.media_hops(&here.node, &audience, medium),
                    spare: at.spares(&here.node, &audience, medium),
                    relays: Vec::new(),
                    alive: false,
                    quiet_after: streams.before(medium),
                };
                routes.insert((here.index, number), route);
            }
        }
        for (key, (device, _, medium), heard) in streams.heard().filter(|(_, owner, _)| owner.1 == *line) {
            let Some(source) = here.charter.node_at(key.0).map(|node| node.id.clone()) else { continue };
            let voice = *medium == Medium::Voice;
            let there = |member: &Participant| member.node == source || voice && here.may_speak_at(member, &source);
            let from = |member: &&Participant| member.device == *device && there(member);
            let Some(member) = members.iter().find(from).filter(|member| member.floor.is_open()) else { continue };
            let audience = audience(&members, member, *medium, at);
            let route = Route {
                node: key.0,
                number: key.1,
                source: Source::Links,
                device: *device,
                line: line.clone(),
                medium: *medium,
                legs: legs_of(legs, &members, member, *medium, at),
                links: at.media_hops(&source, &audience, *medium),
                spare: at.spares(&source, &audience, *medium),
                relays: at.relays_from(&source),
                alive: at.links.is_alive(&source),
                quiet_after: heard.quiet_after,
            };
            routes.insert(key, route);
        }
    }
    routes
}

/// Nodes at which somebody hears the speaker. Voice goes to all nodes of such a party: whoever goes to another site of it hears on without
/// a question.
fn audience(members: &[Participant], speaker: &Participant, medium: Medium, at: At) -> BTreeSet<NodeId> {
    let hearing = || members.iter().filter(|member| hears(member, speaker));
    let mut nodes: BTreeSet<NodeId> = hearing().map(|member| member.node.clone()).collect();
    if medium == Medium::Voice {
        let parties: BTreeSet<_> = hearing().map(|member| &member.party).collect();
        // A site that nobody reaches is not looked for everywhere: nobody hears there.
        let sites = at.here.charter.in_service().filter(|node| parties.contains(&node.party));
        let sites = sites.filter(|node| node.id == at.here.node || at.is_known(&node.id));
        nodes.extend(sites.map(|node| node.id.clone()));
    }
    nodes
}

/// Legs of own members whom the speaker reaches; not its own. Of voice also those of members who are in at another site.
fn legs_of(legs: &Legs, members: &[Participant], speaker: &Participant, medium: Medium, at: At) -> Vec<ConsoleKey> {
    let here =
        |member: &Participant| member.node == at.here.node || medium == Medium::Voice && member.party == at.here.party;
    let own = members.iter().filter(|member| here(member) && hears(member, speaker));
    let mut legs: Vec<_> = own.filter_map(|member| legs.of(&member.device)).collect();
    legs.sort();
    legs
}
