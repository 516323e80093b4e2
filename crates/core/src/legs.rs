//! Legs: offers and answers pass through, the media thread makes them.

use crate::io::{ConsoleKey, Output};
use crate::machine::Machine;
use crate::note::Count;
use trialogue_charter::DeviceId;
use trialogue_wire::console::{Medium, Refusal, ToConsole};

impl Machine {
    pub(crate) fn take_offer(&mut self, console: ConsoleKey, device: DeviceId, sdp: String) {
        if let Some(older) = self.legs.insert(device, console)
            && older != console
        {
            // The device was at another WebSocket when it made its last leg.
            self.push_out(Output::CloseLeg { console: older });
        }
        self.push_out(Output::Leg { console, device, sdp });
        self.routes_changed = true;
    }

    pub(crate) fn leg_answer(&mut self, leg: ConsoleKey, sdp: String) {
        if self.consoles.contains_key(&leg) {
            self.send_console(leg, &ToConsole::Answer { sdp });
        }
    }

    pub(crate) fn leg_refused(&mut self, leg: ConsoleKey) {
        self.count(Count::LegRefused);
        self.legs.retain(|_, held| *held != leg);
        self.routes_changed = true;
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
            self.want_key_frame(device, None);
        }
    }

    /// Who is at a place of a leg; told to the WebSocket where the leg's device is now.
    pub(crate) fn placed(&mut self, leg: ConsoleKey, mid: String, device: Option<DeviceId>, medium: Medium) {
        let owner = self.legs.iter().find(|(_, held)| **held == leg).map(|(device, _)| *device);
        if let Some(console) = owner.and_then(|owner| self.devices.get(&owner)).copied() {
            self.send_console(console, &ToConsole::Place { mid, device, medium });
        }
    }

    /// Ends the leg of a device.
    pub(crate) fn close_leg(&mut self, device: &DeviceId) {
        if let Some(console) = self.legs.remove(device) {
            self.routes_changed = true;
            self.settle_routes();
            self.push_out(Output::CloseLeg { console });
        }
    }
}
