//! What consoles say: what is about the WebSocket is done here, the rest is for other parts, as far as the device may
//! say it now.

use super::{Around, Consoles, Gone, Standing};
use crate::budgets::Budgets;
use crate::io::ConsoleKey;
use crate::note::{Count, Note};
use crate::out::Out;
use std::collections::VecDeque;
use trialogue_charter::DeviceId;
use trialogue_journal::UnverifiedStatement;
use trialogue_wire::console::{Refusal, ToConsole, ToNode};
use trialogue_wire::limits::{FIRST_MAX, MESSAGE_MAX};

/// What is for other parts.
#[derive(Debug)]
#[must_use]
pub(crate) enum Said {
    /// Nothing is.
    Nothing,
    /// The console was turned away for it.
    Refused(Option<Gone>),
    /// It proves itself. See [`Consoles::prove`].
    Proves(ToNode),
    /// It holds the charter of this serial, and was away for long.
    IsBehind(u64),
    /// This device says something.
    Says(DeviceId, ToNode),
}

impl Consoles {
    /// A console says something. `open`: something may be written now.
    pub(crate) fn said(
        &mut self,
        key: ConsoleKey,
        bytes: &[u8],
        open: bool,
        around: Around,
        budgets: &mut Budgets,
        out: &mut Out,
    ) -> Said {
        let now_us = around.here.now.us;
        let Some(console) = self.sockets.get_mut(&key) else { return Said::Nothing };
        let most = if console.is_stranger() { FIRST_MAX } else { MESSAGE_MAX };
        let Some(message) = Some(bytes).filter(|b| b.len() <= most).and_then(|b| trialogue_wire::decode(b).ok()) else {
            out.count(Count::ConsoleMalformed);
            return Said::Refused(self.refuse(key, Refusal::Malformed, out));
        };
        let is_stranger = matches!(console.standing, Standing::Stranger);
        match message {
            ToNode::Prove { .. } if is_stranger => return Said::Proves(message),
            ToNode::Prove { .. } => return Said::Refused(self.refuse(key, Refusal::NotNow, out)),
            ToNode::Ping { number } => {
                console.heard_us = now_us;
                out.console(key, &ToConsole::Pong { number });
                return Said::Nothing;
            }
            ToNode::Behind { serial } if is_stranger && !std::mem::replace(&mut console.behind, true) => {
                return Said::IsBehind(serial);
            }
            _ => {}
        }
        let Some(device) = console.known().map(|device| device.id) else {
            // Only a log-in is heard before the log-in is done.
            return Said::Refused(self.refuse(key, Refusal::NotNow, out));
        };
        console.heard_us = now_us;
        match message {
            ToNode::Next {} => {
                // Without it nothing more is told: no budget may lose it.
                console.feed.taken(key, around, out);
                Said::Nothing
            }
            ToNode::State { .. } => match budgets.statement(device, now_us) {
                Ok(()) if !open && self.deferred.has_room(key) => {
                    self.deferred.keep(key, message);
                    Said::Nothing
                }
                Ok(()) => Said::Says(device, message),
                Err(wait_us) => Said::Refused(self.refuse_unread(key, message, wait_us, around, out)),
            },
            _ if budgets.message(device, now_us) => Said::Says(device, message),
            // Whether a ring is heard there is said once: lost, it would be wrong for as long as the console is here.
            // It says so anew when it comes back.
            ToNode::Watch { .. } | ToNode::Sound { .. } => {
                out.count(Count::OverBound);
                Said::Refused(self.refuse(key, Refusal::Busy, out))
            }
            _ => {
                out.count(Count::OverBound);
                Said::Nothing
            }
        }
    }

    /// What was said while nothing could be written, by those who are here still.
    pub(crate) fn said_meanwhile(&mut self) -> VecDeque<(ConsoleKey, ToNode)> {
        self.deferred.take()
    }

    /// Refuses a statement that was not looked at: its console has said too much lately.
    fn refuse_unread(
        &mut self,
        key: ConsoleKey,
        message: ToNode,
        wait_us: u64,
        around: Around,
        out: &mut Out,
    ) -> Option<Gone> {
        out.count(Count::OverBound);
        let ToNode::State { statement, .. } = message else { return None };
        match UnverifiedStatement::decode(&statement) {
            Ok(unverified) => {
                let number = unverified.claim().number;
                refuse_statement((key, number), Refusal::Busy, Some(wait_us), around, out);
                None
            }
            Err(_) => self.refuse(key, Refusal::Malformed, out),
        }
    }
}

/// Tells a console that its statement of that number is not written, why, and for how long that is so if it is a matter
/// of time.
pub(crate) fn refuse_statement(
    (key, number): (ConsoleKey, u64),
    reason: Refusal,
    wait_us: Option<u64>,
    around: Around,
    out: &mut Out,
) {
    if matches!(reason, Refusal::Outdated | Refusal::Ahead) {
        // So that the console can say it anew.
        out.console(key, &ToConsole::Clock { time_ms: around.journals.time_ms(around.here) });
    }
    out.count(Count::StatementRefused);
    out.log(Note::Refused { console: key, reason });
    let after_ms = wait_us.map(|us| u32::try_from(us.div_ceil(1_000)).unwrap_or(u32::MAX));
    out.console(key, &ToConsole::Refused { number: Some(number), reason, after_ms });
}
