//! WebSockets of consoles: opened, spoken on, silent, closed.

use crate::bucket::Bucket;
use crate::io::{ConsoleKey, Output};
use crate::limits::*;
use crate::machine::Machine;
use crate::note::{Count, Note};
use crate::telling::Telling;
use minicbor::bytes::ByteVec;
use std::collections::BTreeSet;
use trialogue_charter::{Device, DeviceId, Hash, NodeId};
use trialogue_wire::console::{PROTOCOL, Refusal, ToConsole, ToNode};
use trialogue_wire::limits::{FIRST_MAX, MESSAGE_MAX, WRITINGS_HELD, WRITINGS_SHOWN};
use trialogue_wire::word::What;

/// How far a console has come.
pub(crate) enum Standing {
    /// Nothing is known of it.
    Stranger,
    /// It proved itself while the machine was still opening its journal; its message waits.
    Early(Box<ToNode>),
    /// Its enrolment is being written.
    Enrolling { device: Box<Device>, on_watch: bool },
    /// Accepted.
    Known { device: Box<Device>, on_watch: bool },
}

/// One WebSocket.
pub(crate) struct Console {
    pub(crate) nonce: [u8; 32],
    pub(crate) standing: Standing,
    /// It was given the charters between the one that it holds and the one in force.
    behind: bool,
    pub(crate) opened_us: u64,
    pub(crate) heard_us: u64,
    /// Entries that it was shown at the start, and enrolments since.
    pub(crate) shown: BTreeSet<(NodeId, u64)>,
    /// Newest writings of each node and line that it is told.
    pub(crate) writings: usize,
    pub(crate) telling: Telling,
    retellings: Bucket,
}

impl Console {
    /// It is open, and nothing is known of it.
    pub(crate) fn new(nonce: [u8; 32], now_us: u64) -> Self {
        Self {
            nonce,
            standing: Standing::Stranger,
            behind: false,
            opened_us: now_us,
            heard_us: now_us,
            shown: BTreeSet::new(),
            writings: WRITINGS_SHOWN,
            telling: Telling::default(),
            retellings: Bucket::new(RETELLINGS_BURST, RETELLING_EVERY_US, now_us),
        }
    }

    /// The device, once accepted.
    pub(crate) fn known(&self) -> Option<&Device> {
        match &self.standing {
            Standing::Known { device, .. } => Some(device),
            _ => None,
        }
    }

    /// Accepted and on watch.
    pub(crate) fn watch(&self) -> Option<&Device> {
        match &self.standing {
            Standing::Known { device, on_watch: true } => Some(device),
            _ => None,
        }
    }

    fn is_stranger(&self) -> bool {
        matches!(self.standing, Standing::Stranger | Standing::Early(_))
    }

    /// When it has to be heard of again.
    pub(crate) fn due_us(&self) -> u64 {
        if self.is_stranger() { self.opened_us + STRANGER_US } else { self.heard_us + SILENCE_US }
    }
}

impl Machine {
    pub(crate) fn console_opened(&mut self, console: ConsoleKey, nonce: [u8; 32]) {
        let strangers = self.consoles.iter().filter(|(_, c)| c.is_stranger());
        let oldest = strangers.clone().min_by_key(|(key, c)| (c.opened_us, **key)).map(|(key, _)| *key);
        if strangers.count() >= STRANGERS_MAX
            && let Some(oldest) = oldest
        {
            self.count(Count::OverBound);
            self.refuse_console(oldest, Refusal::Busy);
        }
        let fresh = Console::new(nonce, self.here.now.us);
        self.consoles.insert(console, fresh);
        if self.is_retired() {
            return self.refuse_console(console, Refusal::NotNow);
        }
        let charter = self.here.charter.bytes().to_vec();
        let challenge = ToConsole::Challenge { protocol: PROTOCOL, node: self.here.node.clone(), nonce, charter };
        self.send_console(console, &challenge);
    }

    pub(crate) fn console_message(&mut self, key: ConsoleKey, bytes: &[u8]) {
        let now = self.here.now.us;
        let Some(console) = self.consoles.get_mut(&key) else { return };
        let most = if console.is_stranger() { FIRST_MAX } else { MESSAGE_MAX };
        let Some(message) = Some(bytes).filter(|b| b.len() <= most).and_then(|b| trialogue_wire::decode(b).ok()) else {
            self.count(Count::ConsoleMalformed);
            self.refuse_console(key, Refusal::Malformed);
            return;
        };
        if let ToNode::Prove { .. } = message {
            if matches!(console.standing, Standing::Stranger) {
                self.admit(key, message);
            } else {
                self.refuse_console(key, Refusal::NotNow);
            }
            return;
        }
        if let ToNode::Ping { number } = message {
            console.heard_us = now;
            self.send_console(key, &ToConsole::Pong { number });
            return;
        }
        if let ToNode::Behind { serial } = message
            && matches!(console.standing, Standing::Stranger)
            && !std::mem::replace(&mut console.behind, true)
        {
            return self.catch_up(key, serial);
        }
        if let (ToNode::Next {}, Some(_)) = (&message, console.known()) {
            // Without it nothing more is told: no budget may lose it. It does nothing where nothing is held back.
            console.heard_us = now;
            return self.take_next(key);
        }
        let Some(device) = console.known().map(|device| device.id) else {
            // Only a log-in is heard before the log-in is done.
            self.refuse_console(key, Refusal::NotNow);
            return;
        };
        console.heard_us = now;
        if !matches!(message, ToNode::State { .. }) {
            if self.budgets.message(device, now) {
                return self.console_said(key, device, message);
            }
            return self.count(Count::OverBound);
        }
        if let Err(wait_us) = self.budgets.statement(device, now) {
            return self.refuse_statement(key, message, wait_us);
        }
        let own = self.deferred.iter().filter(|(other, _)| *other == key).count();
        if self.is_opening() && self.deferred.len() < DEFERRED_MAX && own < DEFERRED_EACH_MAX {
            // Somebody says that there is more of the own journal: what people say waits that moment, and is not lost.
            self.deferred.push_back((key, message));
            return;
        }
        self.console_said(key, device, message);
    }

    /// What was said while nothing could be written.
    pub(crate) fn said_meanwhile(&mut self) {
        for (key, message) in std::mem::take(&mut self.deferred) {
            let device = self.consoles.get(&key).and_then(Console::known).map(|device| device.id);
            if let Some(device) = device {
                self.console_said(key, device, message);
            }
        }
    }

    fn console_said(&mut self, key: ConsoleKey, device: DeviceId, message: ToNode) {
        match message {
            ToNode::State { statement, bodies } => self.take_statement(key, device, statement, bodies),
            ToNode::Offer { offer, leg } => self.media.offered(key, device, leg, offer, &mut self.out),
            ToNode::KeyFrame { device } => self.want_key_frame(device),
            ToNode::Forged { device: speaker } => {
                self.media.frame_was_forged(speaker, &self.here, self.journals.state(), &mut self.out);
            }
            ToNode::Want { hashes } => self.take_want(key, device, &hashes),
            ToNode::Lacking { hashes } => self.chunks.asked(key, hashes, &self.journals, &mut self.out),
            ToNode::Earlier { writings } => self.take_earlier(key, writings),
            ToNode::Chunk { bytes } => {
                self.chunks.given((key, device), bytes, &self.here, &mut self.journals, &mut self.out);
            }
            ToNode::Sending { line, voice, picture } => {
                let (media, at, out) = self.for_media();
                media.sends(device, line, What::Sending { voice, picture }, at, out);
            }
            ToNode::Watch { on } => self.take_watch(key, on),
            ToNode::Ping { .. } | ToNode::Prove { .. } | ToNode::Behind { .. } | ToNode::Next {} => {}
        }
    }

    /// Sends bodies that a console misses, as far as they are held and it takes them, in messages within the bound. It
    /// asks again for what it is not given.
    fn take_want(&mut self, key: ConsoleKey, device: DeviceId, hashes: &[Hash]) {
        let mut bodies: Vec<ByteVec> = Vec::new();
        let (mut bytes, mut full) = (0, false);
        for hash in hashes {
            let Some(body) = self.journals.body(hash) else { continue };
            let Some(console) = self.consoles.get_mut(&key) else { return };
            if full || !console.telling.has_room() || !self.budgets.want(device, body.len(), self.here.now.us) {
                self.count(Count::OverBound);
                break;
            }
            full = console.telling.told(body.len());
            if bytes + body.len() > BUNDLE_MAX {
                self.send_console(key, &ToConsole::Bodies { bodies: std::mem::take(&mut bodies) });
                bytes = 0;
            }
            bytes += body.len();
            bodies.push(body);
        }
        self.send_console(key, &ToConsole::Bodies { bodies });
        if full {
            self.send_console(key, &ToConsole::MoreFollows {});
        }
    }

    /// Tells a console everything anew, with more of what was written before.
    fn take_earlier(&mut self, key: ConsoleKey, writings: u16) {
        let now = self.here.now.us;
        let Some(console) = self.consoles.get_mut(&key) else { return };
        if !console.retellings.take(now) {
            return self.count(Count::OverBound);
        }
        console.writings = usize::from(writings).clamp(WRITINGS_SHOWN, WRITINGS_HELD);
        let writings = u16::try_from(console.writings).unwrap_or(u16::MAX);
        self.send_console(key, &ToConsole::Anew { writings });
        self.feed_all(key);
    }

    /// Turns a console away.
    pub(crate) fn refuse_console(&mut self, key: ConsoleKey, reason: Refusal) {
        self.count(Count::ConsoleRefused);
        self.log(Note::Refused { console: key, reason });
        let bytes = trialogue_wire::encode(&ToConsole::Refused { number: None, reason, after_ms: None });
        self.push_out(Output::SendConsole { console: key, bytes, last: true });
        self.console_closed(key);
    }

    /// The media thread could make no leg of what a console offered.
    pub(crate) fn leg_refused(&mut self, key: ConsoleKey) {
        self.media.refused(key, &mut self.out);
        if self.consoles.contains_key(&key) {
            self.refuse_console(key, Refusal::Malformed);
        }
    }

    /// A WebSocket is gone. Its device keeps its leg and its place in a call until it counts as lost.
    pub(crate) fn console_closed(&mut self, key: ConsoleKey) {
        let Some(console) = self.consoles.remove(&key) else { return };
        self.alive.went(key);
        self.media.console_gone(key);
        let Some(device) = console.known() else { return };
        self.log(Note::ConsoleOff { console: key });
        let id = device.id;
        if self.devices.get(&id) == Some(&key) {
            self.devices.remove(&id);
            if !self.media.keeps(id, &self.here, &self.journals) {
                self.close_leg(&id);
            }
        }
        self.watch.changed(&self.here, &mut self.out);
    }

    /// Closes without a word: the device is at another WebSocket, or silent.
    pub(crate) fn drop_console(&mut self, key: ConsoleKey) {
        self.push_out(Output::SendConsole { console: key, bytes: Vec::new(), last: true });
        self.console_closed(key);
    }

    /// When [`Machine::consoles_overdue`] is due.
    pub(crate) fn next_console_late_us(&self) -> Option<u64> {
        self.consoles.values().map(Console::due_us).min()
    }

    /// Strangers that took too long, and consoles that fell silent.
    pub(crate) fn consoles_overdue(&mut self) {
        let late = self.consoles.iter().filter(|(_, console)| self.here.now.us >= console.due_us());
        for (key, stranger) in late.map(|(key, console)| (*key, console.is_stranger())).collect::<Vec<_>>() {
            if !stranger {
                self.count(Count::ConsoleSilent);
            }
            self.drop_console(key);
        }
    }

    pub(crate) fn send_console(&mut self, console: ConsoleKey, message: &ToConsole) {
        self.out.console(console, message);
    }

    /// To all that have been told the state to its end; the others get it after that.
    pub(crate) fn send_all_consoles(&mut self, message: &ToConsole) {
        let bytes = trialogue_wire::encode(message);
        let whole = |key: &&ConsoleKey| self.consoles.get(key).is_some_and(|c| !c.telling.is_whole_to_come());
        for console in self.devices.values().filter(whole).copied().collect::<Vec<_>>() {
            self.push_out(Output::SendConsole { console, bytes: bytes.clone(), last: false });
        }
    }
}
