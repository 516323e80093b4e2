//! Consoles on watch are asked, once in a station period, to prove that they live.

use crate::io::ConsoleKey;
use crate::limits::ALIVE_FIRST_US;
use crate::machine::Machine;
use trialogue_charter::{Hash, Role};
use trialogue_journal::{Act, Statement};
use trialogue_wire::console::{Refusal, ToConsole};

/// What one console was asked.
#[derive(Default)]
pub(crate) struct Asked {
    due_us: Option<u64>,
    nonce: Option<[u8; 16]>,
    count: u64,
}

impl Machine {
    /// It has come on watch. Not at once: it has keys and entries to take first.
    pub(crate) fn ask_soon(&mut self, key: ConsoleKey) {
        let now = self.here.now.us;
        let office = self.consoles.get(&key).and_then(|console| console.watch()).map(|device| device.office.clone());
        // A station is no person's console: its test calls show that it lives.
        let person =
            office.and_then(|id| self.here.charter.office(&id)).is_some_and(|office| office.role != Role::Station);
        if let Some(console) = self.consoles.get_mut(&key).filter(|_| person) {
            console.asked.due_us = Some(now + ALIVE_FIRST_US);
        }
    }

    /// When [`Machine::ask_consoles`] is due.
    pub(crate) fn next_ask_us(&self) -> Option<u64> {
        self.consoles.values().filter_map(|console| console.asked.due_us).min()
    }

    /// Asks those whose time has come.
    pub(crate) fn ask_consoles(&mut self) {
        let now = self.here.now.us;
        let period_us = u64::from(self.here.charter.policy.tests.station_seconds) * 1_000_000;
        let due = self.consoles.iter().filter(|(_, console)| console.asked.due_us.is_some_and(|due| now >= due));
        for key in due.map(|(key, _)| *key).collect::<Vec<_>>() {
            let Some(console) = self.consoles.get_mut(&key) else { continue };
            let asked = &mut console.asked;
            asked.count += 1;
            asked.due_us = Some(now + period_us);
            // The shell drew the console's nonce; what follows from it is as fresh, and differs each time.
            let seed = [&console.nonce[..], &asked.count.to_be_bytes()].concat();
            let nonce: [u8; 16] = std::array::from_fn(|at| Hash::of(&seed).0[at]);
            asked.nonce = Some(nonce);
            self.send_console(key, &ToConsole::AskAlive { nonce });
        }
    }

    /// A proof is the answer to what this very console was asked, once.
    pub(crate) fn judge_alive(&mut self, key: ConsoleKey, statement: &Statement) -> Result<(), Refusal> {
        let Act::Alive { nonce } = statement.act else { return Ok(()) };
        let asked = self.consoles.get_mut(&key).map(|console| &mut console.asked);
        match asked.and_then(|asked| asked.nonce.take_if(|asked| *asked == nonce)) {
            Some(_) => Ok(()),
            None => Err(Refusal::NotNow),
        }
    }
}
