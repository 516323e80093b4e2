//! Consoles on watch are asked, once in a station period, to prove that they live.

use crate::here::Here;
use crate::io::ConsoleKey;
use crate::limits::ALIVE_FIRST_US;
use crate::out::Out;
use std::collections::BTreeMap;
use trialogue_charter::{Device, Hash, Role};
use trialogue_journal::{Act, Statement};
use trialogue_wire::console::{Refusal, ToConsole};

/// What one console was asked.
struct Asked {
    due_us: u64,
    nonce: Option<[u8; 16]>,
    /// What nonces are made of: the shell drew it when the console came.
    seed: [u8; 32],
    count: u64,
}

/// Consoles that are on watch, and what they were asked.
#[derive(Default)]
pub(crate) struct Alive {
    asked: BTreeMap<ConsoleKey, Asked>,
}

impl Alive {
    /// It has come on watch. Not at once: it has keys and entries to take first.
    pub(crate) fn came(&mut self, key: ConsoleKey, device: &Device, seed: [u8; 32], here: &Here) {
        // A station is no person's console: its test calls show that it lives.
        let person = here.charter.office(&device.office).is_some_and(|office| office.role != Role::Station);
        if person {
            let due_us = here.now.us + ALIVE_FIRST_US;
            self.asked.insert(key, Asked { due_us, nonce: None, seed, count: 0 });
        }
    }

    /// Its WebSocket is gone.
    pub(crate) fn went(&mut self, key: ConsoleKey) {
        self.asked.remove(&key);
    }

    /// When [`Alive::ask`] is due, in microseconds.
    pub(crate) fn next_us(&self) -> Option<u64> {
        self.asked.values().map(|asked| asked.due_us).min()
    }

    /// Asks those whose time has come.
    pub(crate) fn ask(&mut self, here: &Here, out: &mut Out) {
        let now_us = here.now.us;
        let period_us = u64::from(here.charter.policy.tests.station_seconds) * 1_000_000;
        for (key, asked) in self.asked.iter_mut().filter(|(_, asked)| now_us >= asked.due_us) {
            asked.count += 1;
            asked.due_us = now_us + period_us;
            // As fresh as the seed, and another one each time.
            let seed = [&asked.seed[..], &asked.count.to_be_bytes()].concat();
            let nonce: [u8; 16] = std::array::from_fn(|at| Hash::of(&seed).0[at]);
            asked.nonce = Some(nonce);
            out.console(*key, &ToConsole::AskAlive { nonce });
        }
    }

    /// A proof is the answer to what this very console was asked, once.
    pub(crate) fn judge(&mut self, key: ConsoleKey, statement: &Statement) -> Result<(), Refusal> {
        let Act::Alive { nonce } = statement.act else { return Ok(()) };
        let asked = self.asked.get_mut(&key);
        match asked.and_then(|asked| asked.nonce.take_if(|asked| *asked == nonce)) {
            Some(_) => Ok(()),
            None => Err(Refusal::NotNow),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::io::Output;
    use crate::scene::{Enrolled, OwnNode};
    use trialogue_charter::LineId;
    use trialogue_journal::Occasion;
    use trialogue_wire::decode;

    const KEY: ConsoleKey = ConsoleKey(7);

    fn asked(own: &mut OwnNode, alive: &mut Alive, now_us: u64) -> Vec<[u8; 16]> {
        own.goes_on_to(now_us);
        alive.ask(&own.scene.here, &mut own.out);
        let nonce = |output| {
            let Output::SendConsole { bytes, .. } = output else { return None };
            let ToConsole::AskAlive { nonce } = decode(&bytes).unwrap() else { return None };
            Some(nonce)
        };
        own.outputs().into_iter().filter_map(nonce).collect()
    }

    fn proof(own: &OwnNode, console: &Enrolled, nonce: [u8; 16]) -> Statement {
        let at = Occasion { node: console.node.clone(), charter: own.scene.here.charter.hash(), now_ms: 0 };
        Statement::new(console.device.id, 1, &at, LineId::new("duty").unwrap(), Act::Alive { nonce })
    }

    #[test]
    fn whoever_is_on_watch_is_asked_now_and_then_and_each_answer_counts_once() {
        let (mut own, mut alive) = (OwnNode::at("usa-1"), Alive::default());
        let officer = own.scene.enrol("usa-duty", 1);
        alive.came(KEY, &officer.device, [1; 32], &own.scene.here);
        let first_us = own.scene.here.now.us + ALIVE_FIRST_US;
        assert_eq!(alive.next_us(), Some(first_us));
        assert!(asked(&mut own, &mut alive, first_us - 1).is_empty());
        let first = asked(&mut own, &mut alive, first_us);
        assert_eq!(first.len(), 1);
        let other = proof(&own, &officer, [9; 16]);
        assert_eq!(alive.judge(KEY, &other), Err(Refusal::NotNow), "nobody asked that");
        let proof = proof(&own, &officer, first[0]);
        assert_eq!(alive.judge(ConsoleKey(8), &proof), Err(Refusal::NotNow), "another console");
        assert_eq!((alive.judge(KEY, &proof), alive.judge(KEY, &proof)), (Ok(()), Err(Refusal::NotNow)));
        let next_us = alive.next_us().unwrap();
        assert_ne!(asked(&mut own, &mut alive, next_us), first, "another question");
        alive.went(KEY);
        assert_eq!(alive.next_us(), None);
    }
}
