//! Which stream goes where, worked out anew whenever anything that it depends on has changed, and told as differences.

use super::At;
use super::legs::Legs;
use super::streams::{Owner, StreamKey, Streams};
use crate::here::Here;
use crate::io::{ConsoleKey, Output, Route, Source};
use crate::out::Out;
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{DeviceId, NodeId};
use trialogue_journal::fold::{Floor, Participant};
use trialogue_wire::console::Medium;

const MEDIA: [Medium; 2] = [Medium::Voice, Medium::Picture];

/// Does a member get what another sends?
fn hears(member: &Participant, speaker: &Participant) -> bool {
    member.device != speaker.device && member.floor != Floor::Held && speaker.floor.reaches(&member.party)
}

/// As it was told to the forwarder.
#[derive(Default)]
pub(crate) struct Routes(BTreeMap<StreamKey, Route>);

/// What the forwarder is to be told.
pub(crate) struct Difference {
    /// Streams that go nowhere any more.
    pub(crate) ended: Vec<StreamKey>,
    /// Routes that are new or other than before, and whether a picture comes to somebody who did not see it.
    pub(crate) changed: Vec<(Route, bool)>,
}

impl Routes {
    /// Works out everything anew.
    pub(crate) fn renew(&mut self, streams: &mut Streams, legs: &Legs, at: At) -> Difference {
        let old = std::mem::replace(&mut self.0, wanted(streams, legs, at));
        let ended = old.keys().filter(|key| !self.0.contains_key(key)).copied().collect();
        let other = self.0.iter().filter(|(key, route)| old.get(key) != Some(route));
        let changed = other.map(|(key, route)| (route.clone(), shows_more(route, old.get(key)))).collect();
        Difference { ended, changed }
    }

    /// Numbers of own streams that go somewhere.
    pub(crate) fn live(&self, here: &Here) -> BTreeSet<u16> {
        self.0.keys().filter(|key| key.0 == here.index).map(|key| key.1).collect()
    }

    /// Whose stream it is.
    pub(crate) fn owner(&self, key: StreamKey) -> Option<Owner> {
        self.0.get(&key).map(|route| (route.device, route.line.clone(), route.medium))
    }

    /// The streams that each neighbour gets.
    pub(crate) fn by_link(&self) -> BTreeMap<NodeId, BTreeSet<StreamKey>> {
        let mut links: BTreeMap<NodeId, BTreeSet<StreamKey>> = BTreeMap::new();
        for (key, route) in &self.0 {
            for link in route.links.iter().chain(&route.spare) {
                links.entry(link.clone()).or_default().insert(*key);
            }
        }
        links
    }

    /// Whose pictures are seen at a leg.
    pub(crate) fn seen_at(&self, leg: ConsoleKey) -> Vec<DeviceId> {
        let seen = self.0.values().filter(|route| route.medium == Medium::Picture && route.legs.contains(&leg));
        seen.map(|route| route.device).collect()
    }

    /// A stream that has a route goes where it went: who is quiet and not quiet by turns has no other route looked at.
    /// False: it has none that is known to be its.
    #[must_use]
    pub(crate) fn only_quiet_changes(
        &mut self,
        key: StreamKey,
        owner: &Owner,
        quiet_after: Option<u32>,
        out: &mut Out,
    ) -> bool {
        let same = |route: &&mut Route| (route.device, &route.line, route.medium) == (owner.0, &owner.1, owner.2);
        let Some(route) = self.0.get_mut(&key).filter(same) else { return false };
        if route.quiet_after != quiet_after {
            route.quiet_after = quiet_after;
            out.push(Output::Route(route.clone()));
        }
        true
    }
}

/// A picture goes to a leg or to more links than before.
fn shows_more(route: &Route, before: Option<&Route>) -> bool {
    let leg = |before: &Route| route.legs.iter().any(|leg| !before.legs.contains(leg));
    let more = before.is_none_or(|before| leg(before) || route.links.len() > before.links.len());
    more && route.medium == Medium::Picture
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
                let audience = audience(members, member, medium, at);
                let number = streams.number(&(member.device, line.clone(), medium));
                let route = Route {
                    node: here.index,
                    number,
                    source: Source::Leg(leg),
                    device: member.device,
                    line: line.clone(),
                    medium,
                    legs: legs_of(legs, members, member, medium, at),
                    links: at.media_hops(&here.node, &audience, medium),
                    spare: at.spares(&here.node, &audience, medium),
                    relays: Vec::new(),
                    alive: false,
                    quiet_after: streams.before(medium),
                };
                routes.insert((here.index, number), route);
            }
        }
        for (key, (device, _, medium), quiet_after) in streams.heard().filter(|(_, owner, _)| owner.1 == *line) {
            let Some(source) = here.charter.node_at(key.0).map(|node| node.id.clone()) else { continue };
            let voice = *medium == Medium::Voice;
            let there = |member: &Participant| member.node == source || voice && here.may_speak_at(member, &source);
            let from = |member: &&Participant| member.device == *device && there(member);
            let Some(member) = members.iter().find(from).filter(|member| member.floor.is_open()) else { continue };
            let audience = audience(members, member, *medium, at);
            let route = Route {
                node: key.0,
                number: key.1,
                source: Source::Links,
                device: *device,
                line: line.clone(),
                medium: *medium,
                legs: legs_of(legs, members, member, *medium, at),
                links: at.media_hops(&source, &audience, *medium),
                spare: at.spares(&source, &audience, *medium),
                relays: at.relays_from(&source),
                alive: at.links.is_alive(&source),
                quiet_after,
            };
            routes.insert(key, route);
        }
    }
    routes
}

/// Nodes at which somebody hears the speaker. Voice goes to all nodes of such a party: whoever goes to another site of
/// it hears on without a question.
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

/// Legs of own members whom the speaker reaches; not its own. Of voice also those of members who are in at another
/// site.
fn legs_of(legs: &Legs, members: &[Participant], speaker: &Participant, medium: Medium, at: At) -> Vec<ConsoleKey> {
    let here =
        |member: &Participant| member.node == at.here.node || medium == Medium::Voice && member.party == at.here.party;
    let own = members.iter().filter(|member| here(member) && hears(member, speaker));
    let mut legs: Vec<_> = own.filter_map(|member| legs.of(&member.device)).collect();
    legs.sort();
    legs
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::bench::{Bench, line, offer};
    use super::*;
    use crate::scene::node_id;
    use trialogue_journal::Act;

    /// At Japan's node, with links to both others: a console here, which has a leg, and one in Korea are in on a line.
    struct Call {
        here: Bench,
        own: DeviceId,
        legs: Legs,
        streams: Streams,
        routes: Routes,
    }

    const LEG: ConsoleKey = ConsoleKey(1);

    fn bench() -> Call {
        let mut here = Bench::at("jpn-1");
        let [own, _] = [("jpn-duty", 1), ("kor-duty", 2)].map(|(office, n)| here.comes_in(office, n).device.id);
        here.link("kor-1", &["jpn-1", "usa-1"]);
        here.link("usa-1", &["jpn-1", "kor-1"]);
        let mut legs = Legs::default();
        legs.offered(LEG, own, 1, offer(), &mut here.out);
        Call { here, own, legs, streams: Streams::default(), routes: Routes::default() }
    }

    impl Call {
        fn renew(&mut self) -> Difference {
            self.routes.renew(&mut self.streams, &self.legs, self.here.now())
        }
    }

    #[test]
    fn what_a_console_sends_goes_to_those_who_are_in_its_voice_by_a_relay_as_well() {
        let mut call = bench();
        let Difference { ended, changed } = call.renew();
        let [(voice, false), (picture, true)] = &changed[..] else { panic!("{changed:?}") };
        assert!(ended.is_empty() && (voice.medium, picture.medium) == (Medium::Voice, Medium::Picture));
        let [kor, usa] = ["kor-1", "usa-1"].map(node_id);
        assert!(voice.links == [kor.clone()] && voice.spare == [usa.clone()] && voice.source == Source::Leg(LEG));
        assert!(picture.links == [kor.clone()] && picture.spare.is_empty() && picture.legs.is_empty());
        let by_link = call.routes.by_link();
        assert_eq!((by_link[&kor].len(), by_link[&usa].len()), (2, 1));
        assert_eq!(call.routes.live(&call.here.scene.here).len(), 2);
        let Difference { ended, changed } = call.renew();
        assert!(ended.is_empty() && changed.is_empty(), "nothing has changed");
    }

    #[test]
    fn a_picture_is_seen_by_who_comes_and_ends_with_the_leg() {
        let mut call = bench();
        call.renew();
        let other = call.here.comes_in("jpn-duty", 3);
        call.legs.offered(ConsoleKey(2), other.device.id, 1, offer(), &mut call.here.out);
        let pictures: Vec<_> = call.renew().changed.into_iter().filter(|(_, shows_more)| *shows_more).collect();
        assert_eq!(pictures.len(), 2, "each sees the other");
        assert_eq!(call.routes.seen_at(ConsoleKey(2)), [call.own]);
        assert!(call.legs.end(&call.own, &mut call.here.out).is_some());
        assert_eq!(call.renew().ended.len(), 2);
        assert!(call.routes.seen_at(ConsoleKey(2)).is_empty());
        call.here.scene.says(&other, "duty", Act::Leave { cause: None });
        assert_eq!(call.renew().ended.len(), 2);
    }

    #[test]
    fn a_route_is_told_of_quiet_only_as_its_owners() {
        let mut call = bench();
        call.renew();
        let key = *call.routes.0.iter().find(|(_, route)| route.medium == Medium::Voice).unwrap().0;
        let owner = call.routes.owner(key).unwrap();
        assert_eq!(owner, (call.own, line(), Medium::Voice));
        call.here.outputs();
        assert!(call.routes.only_quiet_changes(key, &owner, Some(3), &mut call.here.out));
        assert!(matches!(&call.here.outputs()[..], [Output::Route(route)] if route.quiet_after == Some(3)));
        assert!(call.routes.only_quiet_changes(key, &owner, Some(3), &mut call.here.out));
        let other = (DeviceId([9; 32]), line(), Medium::Voice);
        assert!(!call.routes.only_quiet_changes(key, &other, None, &mut call.here.out));
        assert!(call.here.outputs().is_empty());
    }
}
