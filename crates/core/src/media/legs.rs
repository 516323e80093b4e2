//! Legs: offers and answers pass through, the media thread makes them.

use super::At;
use crate::io::{ConsoleKey, Output};
use crate::note::Count;
use crate::out::Out;
use std::collections::BTreeMap;
use trialogue_charter::DeviceId;
use trialogue_wire::console::{Medium, ToConsole};
use trialogue_wire::leg::{LegAnswer, LegOffer};

/// What a console was told of the places of its leg, free ones too: at most as many as a leg has.
#[derive(Default)]
struct Places {
    /// The console's number of the leg.
    leg: u32,
    told: BTreeMap<String, (Option<DeviceId>, Medium)>,
}

/// The leg of each device that has one, by the WebSocket that asked for it, and what was told of its places.
#[derive(Default)]
pub(crate) struct Legs {
    legs: BTreeMap<DeviceId, ConsoleKey>,
    places: BTreeMap<ConsoleKey, Places>,
}

impl Legs {
    /// The leg of a device.
    pub(crate) fn of(&self, device: &DeviceId) -> Option<ConsoleKey> {
        self.legs.get(device).copied()
    }

    /// Devices that have one.
    pub(crate) fn devices(&self) -> impl Iterator<Item = &DeviceId> {
        self.legs.keys()
    }

    /// A console asks for one, in the place of the one that it has.
    pub(crate) fn offered(&mut self, console: ConsoleKey, device: DeviceId, leg: u32, offer: LegOffer, out: &mut Out) {
        if let Some(older) = self.legs.insert(device, console)
            && older != console
        {
            // The device was at another WebSocket when it made its last leg.
            self.places.remove(&older);
            out.push(Output::CloseLeg { console: older });
        }
        out.push(Output::Leg { console, device, leg, offer: Box::new(offer) });
        out.changed.routes = true;
    }

    pub(crate) fn answered(&mut self, console: ConsoleKey, leg: u32, answer: LegAnswer, at: At, out: &mut Out) {
        if !self.legs.values().any(|held| *held == console) {
            // Its device has offered another by another WebSocket meanwhile.
            return;
        }
        self.places.insert(console, Places { leg, ..Places::default() });
        if at.consoles.has(console) {
            out.console(console, &ToConsole::Answer { answer, leg });
        }
    }

    /// It could not be made.
    pub(crate) fn refused(&mut self, leg: ConsoleKey, out: &mut Out) {
        out.count(Count::LegRefused);
        self.legs.retain(|_, held| *held != leg);
        self.places.remove(&leg);
        out.changed.routes = true;
    }

    /// Who is at a place of a leg (its console's WebSocket when it was made, and the number there); told to the
    /// WebSocket where the leg's device is now.
    pub(crate) fn placed(
        &mut self,
        (console, leg): (ConsoleKey, u32),
        mid: String,
        (device, medium): (Option<DeviceId>, Medium),
        at: At,
        out: &mut Out,
    ) {
        let Some(places) = self.places.get_mut(&console).filter(|places| places.leg == leg) else { return };
        places.told.insert(mid.clone(), (device, medium));
        let owner = self.legs.iter().find(|(_, held)| **held == console).map(|(device, _)| device);
        if let Some(console) = owner.and_then(|owner| at.consoles.at(owner)) {
            out.console(console, &ToConsole::Place { mid, device, medium, leg });
        }
    }

    /// A device is at another WebSocket than before. What it was told of its places last may have been lost with the
    /// one before.
    pub(crate) fn tell_places(&self, console: ConsoleKey, device: &DeviceId, out: &mut Out) {
        let Some(places) = self.legs.get(device).and_then(|leg| self.places.get(leg)) else { return };
        for (mid, (device, medium)) in &places.told {
            let place = ToConsole::Place { mid: mid.clone(), device: *device, medium: *medium, leg: places.leg };
            out.console(console, &place);
        }
    }

    /// Forgets the leg of a device, and returns it: nothing goes there any more, then it is closed.
    #[must_use]
    pub(crate) fn end(&mut self, device: &DeviceId, out: &mut Out) -> Option<ConsoleKey> {
        let console = self.legs.remove(device)?;
        self.places.remove(&console);
        out.changed.routes = true;
        Some(console)
    }
}

#[cfg(test)]
mod tests {
    use super::super::bench::{Bench, answer, offer};
    use super::*;
    use crate::scene::Enrolled;

    const ONE: ConsoleKey = ConsoleKey(1);
    const OTHER: ConsoleKey = ConsoleKey(2);

    /// At Japan's node: a console at the first WebSocket, with a leg.
    fn bench() -> (Bench, Enrolled, Legs) {
        let mut bench = Bench::at("jpn-1");
        let console = bench.scene.enrol("jpn-duty", 1);
        bench.is_here(ONE, &console);
        let mut legs = Legs::default();
        legs.offered(ONE, console.device.id, 1, offer(), &mut bench.out);
        assert!(matches!(bench.outputs()[..], [Output::Leg { console: ONE, leg: 1, .. }]));
        assert!(matches!(answered(&mut bench, &mut legs, ONE, 1)[..], [Output::SendConsole { console: ONE, .. }]));
        (bench, console, legs)
    }

    fn answered(bench: &mut Bench, legs: &mut Legs, console: ConsoleKey, leg: u32) -> Vec<Output> {
        bench.does(|at, out| legs.answered(console, leg, answer(), at, out))
    }

    /// To which WebSocket a place is told.
    fn placed(bench: &mut Bench, legs: &mut Legs, console: ConsoleKey, leg: u32) -> Option<ConsoleKey> {
        let holds = (None, Medium::Voice);
        let told = bench.does(|at, out| legs.placed((console, leg), "2".into(), holds, at, out));
        told.first().map(sent_to)
    }

    fn sent_to(output: &Output) -> ConsoleKey {
        let Output::SendConsole { console, .. } = output else { panic!("{output:?}") };
        *console
    }

    #[test]
    fn another_leg_of_a_device_ends_the_one_at_the_websocket_of_before() {
        let (mut bench, console, mut legs) = bench();
        let device = console.device.id;
        legs.offered(ONE, device, 2, offer(), &mut bench.out);
        assert!(matches!(bench.outputs()[..], [Output::Leg { console: ONE, leg: 2, .. }]), "in the place of the first");
        legs.offered(OTHER, device, 3, offer(), &mut bench.out);
        assert!(matches!(bench.outputs()[..], [Output::CloseLeg { console: ONE }, Output::Leg { console: OTHER, .. }]));
        assert_eq!(legs.of(&device), Some(OTHER));
        assert!(answered(&mut bench, &mut legs, ONE, 2).is_empty(), "it comes too late");
        assert_eq!(placed(&mut bench, &mut legs, ONE, 2), None);
    }

    #[test]
    fn places_are_told_where_the_device_is_and_again_where_it_goes() {
        let (mut bench, console, mut legs) = bench();
        assert_eq!(placed(&mut bench, &mut legs, ONE, 1), Some(ONE));
        assert_eq!(placed(&mut bench, &mut legs, ONE, 2), None, "of a leg that is not the last one");
        bench.is_here(OTHER, &console);
        assert_eq!(placed(&mut bench, &mut legs, ONE, 1), Some(OTHER));
        legs.tell_places(OTHER, &console.device.id, &mut bench.out);
        assert_eq!(bench.outputs().iter().map(sent_to).collect::<Vec<_>>(), [OTHER], "there is one place");
    }

    #[test]
    fn a_leg_that_ends_or_was_never_made_is_forgotten_with_its_places() {
        let (mut bench, console, mut legs) = bench();
        let device = console.device.id;
        bench.out.changed.routes = false;
        assert_eq!(legs.end(&device, &mut bench.out), Some(ONE));
        assert!(bench.out.changed.routes && legs.places.is_empty());
        assert_eq!(legs.end(&device, &mut bench.out), None);
        legs.offered(ONE, device, 2, offer(), &mut bench.out);
        legs.refused(ONE, &mut bench.out);
        assert_eq!(legs.devices().count(), 0);
    }
}
