//! Consoles of a party with two nodes: at one of them, and at the other when they like.

use crate::world::World;
use trialogue_journal::fold::Participant;
use trialogue_journal::{Act, Carried, KeyOffer};

impl World {
    /// At which of its party's nodes a console is.
    pub(crate) fn settle_console(&mut self, console: usize) {
        let party = self.consoles[console].party;
        let sites = self.fixture.sites.iter().enumerate().filter(|(_, site)| site.party == party);
        let sites: Vec<usize> = sites.map(|(at, _)| at).collect();
        self.consoles[console].node = sites[self.rng.below(sites.len() as u64) as usize];
    }

    /// A console goes to another node of its party, or to the same one again, and comes over with the calls that it is
    /// in on, mostly.
    pub(crate) fn go_to_another_site(&mut self, console: usize) {
        let (device, before) = (self.device(console), self.consoles[console].node);
        let charter = self.fixture.charter.clone();
        let stays = charter.lines.iter().filter_map(|line| {
            let inside = self.consoles[console].state.in_on(&line.id);
            let stay = inside.into_iter().find(|participant| participant.device == device)?;
            let rings = self.consoles[console].state.rings(&line.id);
            Some((line.id.clone(), stay, rings.into_iter().find(|ring| ring.device == device)))
        });
        let stays: Vec<_> = stays.collect();
        self.disconnect(console);
        self.settle_console(console);
        self.connect(console);
        self.run(1_500_000);
        if self.consoles[console].node == before || !self.consoles[console].welcomed || self.rng.one_in(4) {
            return;
        }
        for (line, stay, ring) in stays {
            let held = stay.floor == trialogue_journal::fold::Floor::Held;
            let call = ring.as_ref().map_or(stay.call, |ring| ring.call);
            let word = Carried { confirmed: vec![], ready: vec![], on: vec![], drops: vec![], held };
            let act = Act::Attach { call, offers: offers(stay), ring: ring.map(|ring| ring.precedence), word };
            self.act(console, line.as_str(), act, Vec::new());
        }
    }
}

fn offers(stay: Participant) -> Vec<KeyOffer> {
    stay.offers.into_iter().map(|(node, package)| KeyOffer { node, package }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::DUTY;

    /// The duty officers of a party with two nodes, and one of another party.
    const GOES: usize = 1;
    const STAYS: usize = 2;
    const RINGS: usize = 4;

    /// By the first node's journal it is in until it is back there, and would have answered.
    #[test]
    fn who_left_at_the_other_site_has_not_answered_the_next_ring() {
        let mut world = World::dark(&[2, 1], 7);
        (0..3).for_each(|node| world.start(node));
        for (console, node) in [(GOES, 0), (STAYS, 0), (RINGS, 2)] {
            world.consoles[console].node = node;
            world.connect(console);
        }
        world.run(5_000_000);
        let call = world.ring(RINGS, DUTY);
        world.run(1_000_000);
        world.answer(GOES, DUTY, call);
        world.run(1_000_000);
        world.disconnect(GOES);
        world.consoles[GOES].node = 1;
        world.connect(GOES);
        world.run(1_500_000);
        let word = Carried { confirmed: vec![], ready: vec![], on: vec![], drops: vec![], held: false };
        let (offers, _) = crate::console::SimConsole::offers(world.fixture, &mut world.rng);
        world.act(GOES, DUTY, Act::Attach { call, offers, ring: None, word }, Vec::new());
        world.run(1_000_000);
        assert!(world.is_in(1, GOES, DUTY), "it has come over");
        world.leave(GOES, DUTY);
        world.leave(RINGS, DUTY);
        world.run(1_000_000);
        let next = world.ring(RINGS, DUTY);
        world.run(1_000_000);
        assert_eq!(world.consoles[STAYS].rings_here(world.fixture, DUTY), Some(next));
        assert_eq!(world.response(RINGS, DUTY, 0), trialogue_journal::fold::RingResponse::Ringing(2));
        world.check_honest();
    }
}
