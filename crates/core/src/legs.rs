//! Legs: offers and answers pass through, the media thread makes them.

use crate::io::{ConsoleKey, Output};
use crate::machine::Machine;
use crate::note::Count;
use std::collections::BTreeMap;
use trialogue_charter::DeviceId;
use trialogue_wire::console::{Medium, Refusal, ToConsole};
use trialogue_wire::leg::{LegAnswer, LegOffer};

/// What a console was told of the places of its leg, free ones too: at most as many as a leg has.
#[derive(Default)]
pub(crate) struct Places {
    /// The console's number of the leg.
    leg: u32,
    told: BTreeMap<String, (Option<DeviceId>, Medium)>,
}

impl Machine {
    pub(crate) fn take_offer(&mut self, console: ConsoleKey, device: DeviceId, leg: u32, offer: LegOffer) {
        if let Some(older) = self.legs.insert(device, console)
            && older != console
        {
            // The device was at another WebSocket when it made its last leg.
            self.places.remove(&older);
            self.push_out(Output::CloseLeg { console: older });
        }
        self.push_out(Output::Leg { console, device, leg, offer: Box::new(offer) });
        self.out.changed.routes = true;
    }

    pub(crate) fn leg_answer(&mut self, console: ConsoleKey, leg: u32, answer: LegAnswer) {
        if !self.legs.values().any(|held| *held == console) {
            // Its device has offered another by another WebSocket meanwhile.
            return;
        }
        self.places.insert(console, Places { leg, ..Places::default() });
        if self.consoles.contains_key(&console) {
            self.send_console(console, &ToConsole::Answer { answer, leg });
        }
    }

    pub(crate) fn leg_refused(&mut self, leg: ConsoleKey) {
        self.count(Count::LegRefused);
        self.legs.retain(|_, held| *held != leg);
        self.places.remove(&leg);
        self.out.changed.routes = true;
        if self.consoles.contains_key(&leg) {
            self.refuse_console(leg, Refusal::Malformed);
        }
    }

    /// A leg that came up has seen nothing yet: everyone it is to see is asked for a key frame.
    pub(crate) fn leg_state(&mut self, leg: ConsoleKey, up: bool) {
        if !up {
            return;
        }
        let seen = self.routes.values().filter(|r| r.medium == Medium::Picture && r.legs.contains(&leg));
        for device in seen.map(|route| route.device).collect::<Vec<_>>() {
            self.want_key_frame(device);
        }
    }

    /// Who is at a place of a leg (its console's WebSocket when it was made, and the number there); told to the WebSocket where the leg's device
    /// is now.
    pub(crate) fn placed(
        &mut self,
        (console, leg): (ConsoleKey, u32),
        mid: String,
        device: Option<DeviceId>,
        medium: Medium,
    ) {
        let Some(places) = self.places.get_mut(&console).filter(|places| places.leg == leg) else { return };
        places.told.insert(mid.clone(), (device, medium));
        let owner = self.legs.iter().find(|(_, held)| **held == console).map(|(device, _)| *device);
        if let Some(console) = owner.and_then(|owner| self.devices.get(&owner)).copied() {
            self.send_console(console, &ToConsole::Place { mid, device, medium, leg });
        }
    }

    /// A device is at another WebSocket than before. What it was told of its places last may have been lost with the one before.
    pub(crate) fn tell_places(&mut self, console: ConsoleKey, device: DeviceId) {
        let Some(places) = self.legs.get(&device).and_then(|leg| self.places.get(leg)) else { return };
        let leg = places.leg;
        let told = places.told.iter();
        let all: Vec<_> = told.map(|(mid, (device, medium))| (mid.clone(), *device, *medium)).collect();
        for (mid, device, medium) in all {
            self.send_console(console, &ToConsole::Place { mid, device, medium, leg });
        }
    }

    /// Ends the leg of a device.
    pub(crate) fn close_leg(&mut self, device: &DeviceId) {
        if let Some(console) = self.legs.remove(device) {
            self.places.remove(&console);
            self.out.changed.routes = true;
            self.settle_routes();
            self.push_out(Output::CloseLeg { console });
        }
    }
}
