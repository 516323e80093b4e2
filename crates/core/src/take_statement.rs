//! A console says something: judged by the rules of the fold before it is written, told to everyone after.

use crate::append::After;
use crate::io::ConsoleKey;
use crate::ledger::{plain, sort_bodies};
use crate::limits::BUNDLE_MAX;
use crate::machine::Machine;
use crate::note::{Count, Note};
use minicbor::bytes::ByteVec;
use trialogue_charter::{DeviceId, Hash};
use trialogue_journal::{Act, Body, Statement, UnverifiedStatement};
use trialogue_wire::console::{Refusal, ToConsole};

impl Machine {
    /// `may`: the console has not said too much lately.
    pub(crate) fn take_statement(
        &mut self,
        key: ConsoleKey,
        device: DeviceId,
        statement: Vec<u8>,
        bodies: Vec<ByteVec>,
        may: bool,
    ) {
        let Ok(number) = UnverifiedStatement::decode(&statement).map(|unverified| unverified.claim().number) else {
            self.refuse_console(key, Refusal::Malformed);
            return;
        };
        let judged = if may { self.judge(key, device, &statement, bodies) } else { Err(Refusal::Busy) };
        let outcome = judged.and_then(|bodies| {
            let after = After::Statement { console: key, number };
            self.append(Body::Stated { statement }, bodies, after).map_err(|_| Refusal::Busy)
        });
        if let Err(reason) = outcome {
            self.count(Count::StatementRefused);
            self.log(Note::Refused { console: key, reason });
            self.send_console(key, &ToConsole::Refused { number: Some(number), reason });
        }
    }

    /// May it be written, and with which bodies?
    fn judge(
        &mut self,
        key: ConsoleKey,
        device: DeviceId,
        bytes: &[u8],
        bodies: Vec<ByteVec>,
    ) -> Result<Vec<ByteVec>, Refusal> {
        let statement = self.ahead.judge(&self.node, bytes, self.now.wall_ms).map_err(Refusal::from)?;
        if statement.device != device {
            return Err(Refusal::Signature);
        }
        self.judge_alive(key, &statement)?;
        // One console is in one call: its leg carries one voice.
        let comes = matches!(statement.act, Act::Ring { .. } | Act::Answer { .. } | Act::Attach { .. });
        if comes && self.lines_of(&device).iter().any(|line| *line != statement.line) {
            return Err(Refusal::NotNow);
        }
        let bodies = whole(&statement, bodies)?;
        match &statement.act {
            Act::Write { written } if !self.chunks_given(written, &bodies) => Err(Refusal::NotNow),
            _ => Ok(bodies),
        }
    }
}

/// Every body that the statement refers to is there, and nothing else.
fn whole(statement: &Statement, bodies: Vec<ByteVec>) -> Result<Vec<ByteVec>, Refusal> {
    let held = plain(&bodies);
    if !statement.bodies().all(|body| body.find(&held).is_some()) {
        return Err(Refusal::Malformed);
    }
    let hashes: Vec<Hash> = statement.bodies().map(|body| body.hash).collect();
    let (bodies, strays) = sort_bodies(&hashes, bodies);
    if strays > 0 || bodies.iter().map(|(_, body)| body.len()).sum::<usize>() > BUNDLE_MAX {
        return Err(Refusal::Malformed);
    }
    Ok(bodies.into_iter().map(|(_, body)| body).collect())
}
