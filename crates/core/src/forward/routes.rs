//! What the control machine says of streams.

use super::{ForwardEvent, Forwarder, Guard, Nodes, OWN_STREAMS_MAX, Pace, Rebase, Sound, Stream, window::Window};
use crate::io::{Route, Source};
use crate::limits::STREAMS_OF_NODE_MAX;
use trialogue_wire::console::Medium;

impl Forwarder {
    /// A stream goes this way from now on. Names of nodes that are not in the charter are left out.
    pub fn route(&mut self, route: Route, now_ms: u64) {
        let links: Nodes = route.links.iter().filter_map(|id| self.nodes.get(id)).copied().collect();
        let links = links.without(self.own).without(route.node);
        let spare: Nodes = route.spare.iter().filter_map(|id| self.nodes.get(id)).copied().collect();
        let spare = spare.without(self.own).without(route.node);
        let relays: Nodes = route.relays.iter().filter_map(|id| self.nodes.get(id)).copied().collect();
        let key = (route.node, route.number);
        let held = self.numbers.get(&key).copied();
        // A device that comes back on another leg goes on with the numbers that it had: others take repeated ones for
        // copies.
        let own = |source: &Source| matches!(source, Source::Leg(_));
        let same = held.and_then(|at| self.streams[at].as_mut()).filter(|held| {
            held.device == route.device && held.medium == route.medium && own(&held.from) == own(&route.source)
        });
        if let Some(stream) = same {
            stream.guard.set(relays, route.alive, route.quiet_after, now_ms);
            (stream.links, stream.spare) = (links, spare);
            // Places depend on nothing else: whoever is quiet and not quiet by turns, or whose links come and go, has
            // none of them worked out.
            if stream.from == route.source && stream.wanted == route.legs {
                return;
            }
            (stream.from, stream.wanted) = (route.source, route.legs);
        } else if (route.node == self.own) == matches!(route.source, Source::Leg(_)) {
            self.forget(key);
            self.remember(route, (links, spare, relays), now_ms);
        }
        self.rebuild(now_ms);
    }

    /// A stream is over.
    pub fn route_end(&mut self, node: u8, number: u16, now_ms: u64) {
        self.forget((node, number));
        self.rebuild(now_ms);
    }

    fn forget(&mut self, key: (u8, u16)) {
        if let Some(at) = self.numbers.remove(&key) {
            self.streams[at] = None;
        }
    }

    fn remember(&mut self, route: Route, (links, spare, relays): (Nodes, Nodes, Nodes), now_ms: u64) {
        // What one node fills is not another's.
        let most = if route.node == self.own { OWN_STREAMS_MAX } else { STREAMS_OF_NODE_MAX };
        if self.numbers.range((route.node, 0)..=(route.node, u16::MAX)).count() >= most {
            return;
        }
        let mut sound = Sound::default();
        let before = route.quiet_after.filter(|_| route.node == self.own).unwrap_or(self.first_sequence);
        if route.node == self.own && route.medium == Medium::Voice {
            sound = Sound::before(before);
            self.event(ForwardEvent::VoiceQuiet { number: route.number, after: Some(before) });
        }
        let mut guard = Guard::of(route.medium);
        guard.set(relays, route.alive, route.quiet_after, now_ms);
        let generation = self.next_generation();
        let key = (route.node, route.number);
        let stream = Stream {
            node: route.node,
            number: route.number,
            device: route.device,
            medium: route.medium,
            from: route.source,
            wanted: route.legs,
            links,
            spare,
            order: generation,
            window: Window::new(route.node != self.own),
            guard,
            pace: Pace::of(route.medium),
            sound,
            source: Rebase::after(before.into()),
            source_generation: 0,
            source_ssrc: None,
            generation,
            receivers: Vec::new(),
        };
        let at = self.streams.iter().position(Option::is_none).unwrap_or(self.streams.len());
        if at == self.streams.len() {
            self.streams.push(None);
        }
        self.streams[at] = Some(stream);
        self.numbers.insert(key, at);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::io::ConsoleKey;
    use trialogue_charter::{DeviceId, LineId, NodeId};

    fn voice(quiet_after: Option<u32>) -> Route {
        Route {
            node: 2,
            number: 5,
            source: Source::Links,
            device: DeviceId([2; 32]),
            line: LineId::new("leaders").unwrap(),
            medium: Medium::Voice,
            legs: vec![ConsoleKey(1)],
            links: vec![],
            spare: vec![],
            relays: vec![],
            alive: true,
            quiet_after,
        }
    }

    #[test]
    fn quiet_and_not_quiet_by_turns_has_no_places_worked_out() {
        let nodes = ["jpn-1", "kor-1", "usa-1"].map(|id| NodeId::new(id).unwrap());
        let mut f = Forwarder::new(0, nodes.clone().into_iter().zip(0..).collect(), [1_000; 3]);
        assert!(f.leg_up(1, ConsoleKey(1), 1, 0, 0));
        f.route(voice(None), 0);
        let before = f.rebuilt;
        for n in 0..1_000_u32 {
            let links = if n % 3 == 0 { vec![nodes[1].clone()] } else { vec![] };
            f.route(Route { links, alive: n % 5 > 0, ..voice((n % 2 == 0).then_some(n)) }, n.into());
        }
        assert_eq!(f.rebuilt, before);
        // Who hears it does matter.
        f.route(Route { legs: vec![], ..voice(None) }, 1_000);
        assert_eq!(f.rebuilt, before + 1);
        f.route(voice(None), 1_000);
        assert_eq!(f.rebuilt, before + 2);
    }
}
