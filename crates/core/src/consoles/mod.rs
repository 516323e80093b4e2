//! Consoles at this node: their WebSockets, where each device is, and what each is told.

mod admit;
#[cfg(test)]
pub(crate) mod bench;
mod deferred;
mod feed;
mod said;
mod sites;
mod telling;

pub(crate) use admit::{Accepted, Proven};
pub(crate) use feed::{Around, Fresh};
pub(crate) use said::{Said, refuse_statement};

use crate::here::Here;
use crate::io::{ConsoleKey, Output};
use crate::limits::{SILENCE_US, STRANGER_US, STRANGERS_MAX};
use crate::note::{Count, Note};
use crate::out::Out;
use deferred::Deferred;
use feed::Feed;
use sites::Sites;
use std::collections::BTreeMap;
use trialogue_charter::{Device, DeviceId};
use trialogue_journal::State;
use trialogue_wire::console::{PROTOCOL, Refusal, ToConsole, ToNode};

/// How far a console has come.
enum Standing {
    /// Nothing is known of it.
    Stranger,
    /// It proved itself while the machine was still opening its journal; its message waits.
    Early(Box<ToNode>),
    /// Its enrolment is being written.
    Enrolling { device: Box<Device>, on_watch: bool },
    /// Accepted.
    Known { device: Box<Device>, on_watch: bool, can_sound: bool },
}

/// One WebSocket.
struct Console {
    nonce: [u8; 32],
    standing: Standing,
    /// It was given the charters between the one that it holds and the one in force.
    behind: bool,
    opened_us: u64,
    heard_us: u64,
    feed: Feed,
}

impl Console {
    /// It is open, and nothing is known of it.
    fn new(nonce: [u8; 32], now_us: u64) -> Self {
        Self {
            nonce,
            standing: Standing::Stranger,
            behind: false,
            opened_us: now_us,
            heard_us: now_us,
            feed: Feed::new(now_us),
        }
    }

    /// The device, once accepted.
    fn known(&self) -> Option<&Device> {
        match &self.standing {
            Standing::Known { device, .. } => Some(device),
            _ => None,
        }
    }

    /// Accepted and on watch: a ring is heard there.
    fn watch(&self) -> Option<&Device> {
        match &self.standing {
            Standing::Known { device, on_watch: true, can_sound: true } => Some(device),
            _ => None,
        }
    }

    /// It would be on watch, and cannot sound a ring.
    fn soundless(&self) -> Option<&Device> {
        match &self.standing {
            Standing::Known { device, on_watch: true, can_sound: false } => Some(device),
            _ => None,
        }
    }

    fn is_stranger(&self) -> bool {
        matches!(self.standing, Standing::Stranger | Standing::Early(_))
    }

    /// When it has to be heard of again.
    fn due_us(&self) -> u64 {
        if self.is_stranger() { self.opened_us + STRANGER_US } else { self.heard_us + SILENCE_US }
    }
}

/// A WebSocket that is gone, for the parts that keep something of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) struct Gone {
    pub(crate) console: ConsoleKey,
    /// It had been accepted.
    pub(crate) was_known: bool,
    /// The device that is at no WebSocket here any more.
    pub(crate) left: Option<DeviceId>,
}

/// All of them.
#[derive(Default)]
pub(crate) struct Consoles {
    sockets: BTreeMap<ConsoleKey, Console>,
    /// The WebSocket of each device that is here.
    devices: BTreeMap<DeviceId, ConsoleKey>,
    deferred: Deferred,
    sites: Sites,
}

impl Consoles {
    pub(crate) fn has(&self, key: ConsoleKey) -> bool {
        self.sockets.contains_key(&key)
    }

    /// All WebSockets, in order.
    pub(crate) fn keys(&self) -> Vec<ConsoleKey> {
        self.sockets.keys().copied().collect()
    }

    /// The device at a WebSocket, once accepted.
    pub(crate) fn device(&self, key: ConsoleKey) -> Option<DeviceId> {
        self.sockets.get(&key).and_then(Console::known).map(|device| device.id)
    }

    /// The WebSocket of a device that is here.
    pub(crate) fn at(&self, device: &DeviceId) -> Option<ConsoleKey> {
        self.devices.get(device).copied()
    }

    /// Devices that are here, in order, with their WebSockets.
    pub(crate) fn here(&self) -> impl Iterator<Item = (&DeviceId, ConsoleKey)> {
        self.devices.iter().map(|(device, key)| (device, *key))
    }

    /// Nobody is here.
    pub(crate) fn are_away(&self) -> bool {
        self.devices.is_empty()
    }

    /// Devices on watch here.
    pub(crate) fn watching(&self) -> impl Iterator<Item = &Device> {
        self.sockets.values().filter_map(Console::watch)
    }

    /// Devices here that would be on watch, and cannot sound a ring.
    pub(crate) fn soundless(&self) -> impl Iterator<Item = &Device> {
        self.sockets.values().filter_map(Console::soundless)
    }

    /// The device at a WebSocket, if it is on watch, and what the shell drew when it was opened.
    pub(crate) fn on_watch(&self, key: ConsoleKey) -> Option<(&Device, [u8; 32])> {
        let console = self.sockets.get(&key)?;
        Some((console.watch()?, console.nonce))
    }

    /// It has been told what there was, and may be told what is new at once.
    pub(crate) fn is_told(&self, key: ConsoleKey) -> bool {
        self.sockets.get(&key).is_some_and(|console| console.feed.is_free())
    }

    /// A WebSocket is open. Strangers have places of which the oldest of them loses its own.
    pub(crate) fn open(
        &mut self,
        key: ConsoleKey,
        nonce: [u8; 32],
        here: &Here,
        out: &mut Out,
    ) -> impl Iterator<Item = Gone> + use<> {
        let strangers = self.sockets.iter().filter(|(_, console)| console.is_stranger());
        let oldest = strangers.clone().min_by_key(|(key, console)| (console.opened_us, **key)).map(|(key, _)| *key);
        let full = strangers.count() >= STRANGERS_MAX;
        let displaced = oldest.filter(|_| full).and_then(|oldest| {
            out.count(Count::OverBound);
            self.refuse(oldest, Refusal::Busy, out)
        });
        self.sockets.insert(key, Console::new(nonce, here.now.us));
        let refused = if here.is_retired() {
            self.refuse(key, Refusal::NotNow, out)
        } else {
            let charter = here.charter.bytes().to_vec();
            out.console(key, &ToConsole::Challenge { protocol: PROTOCOL, node: here.node.clone(), nonce, charter });
            None
        };
        displaced.into_iter().chain(refused)
    }

    /// Turns a console away.
    pub(crate) fn refuse(&mut self, key: ConsoleKey, reason: Refusal, out: &mut Out) -> Option<Gone> {
        out.count(Count::ConsoleRefused);
        out.log(Note::Refused { console: key, reason });
        let bytes = trialogue_wire::encode(&ToConsole::Refused { number: None, reason, after_ms: None });
        out.push(Output::SendConsole { console: key, bytes, last: true });
        self.close(key, out)
    }

    /// Closes without a word: the device is at another WebSocket, or silent.
    pub(crate) fn drop(&mut self, key: ConsoleKey, out: &mut Out) -> Option<Gone> {
        out.push(Output::SendConsole { console: key, bytes: Vec::new(), last: true });
        self.close(key, out)
    }

    /// A WebSocket is gone.
    pub(crate) fn close(&mut self, key: ConsoleKey, out: &mut Out) -> Option<Gone> {
        let console = self.sockets.remove(&key)?;
        let device = console.known().map(|device| device.id);
        if device.is_some() {
            out.log(Note::ConsoleOff { console: key });
        }
        let left = device.filter(|device| self.devices.get(device) == Some(&key));
        if let Some(device) = &left {
            self.devices.remove(device);
        }
        Some(Gone { console: key, was_known: device.is_some(), left })
    }

    /// When [`Consoles::drop_late`] is due, in microseconds.
    pub(crate) fn next_late_us(&self) -> Option<u64> {
        self.sockets.values().map(Console::due_us).min()
    }

    /// Closes a stranger that took too long, or a console that fell silent. None: there is no other.
    pub(crate) fn drop_late(&mut self, here: &Here, out: &mut Out) -> Option<Gone> {
        let (key, console) = self.sockets.iter().find(|(_, console)| here.now.us >= console.due_us())?;
        if !console.is_stranger() {
            out.count(Count::ConsoleSilent);
        }
        self.drop(*key, out)
    }

    /// Who is here and accepted no more, and why not.
    pub(crate) fn barred(&self, state: &State, here: &Here) -> Vec<(DeviceId, ConsoleKey, Refusal)> {
        let why = |device: &DeviceId| {
            if state.is_revoked(device) {
                Some(Refusal::Revoked)
            } else if state.node(&here.node).is_some_and(|own| own.suspends(device)) {
                Some(Refusal::Suspended)
            } else {
                None
            }
        };
        self.here().filter_map(|(device, key)| Some((*device, key, why(device)?))).collect()
    }

    /// A console is on watch from now on, or not any more. False: it was so before.
    pub(crate) fn watches(&mut self, key: ConsoleKey, on: bool) -> bool {
        match self.sockets.get_mut(&key).map(|console| &mut console.standing) {
            Some(Standing::Known { on_watch, .. }) => std::mem::replace(on_watch, on) != on,
            _ => false,
        }
    }

    /// A console can sound a ring from now on, or not any more. False: it was so before.
    pub(crate) fn sounds(&mut self, key: ConsoleKey, on: bool) -> bool {
        match self.sockets.get_mut(&key).map(|console| &mut console.standing) {
            Some(Standing::Known { can_sound, .. }) => std::mem::replace(can_sound, on) != on,
            _ => false,
        }
    }

    /// To all that are here.
    pub(crate) fn tell_all(&self, message: &ToConsole, out: &mut Out) {
        self.tell_those(message, |_| true, out);
    }

    /// To all that have been told the state to its end; the others get it after that.
    pub(crate) fn tell_whole(&self, message: &ToConsole, out: &mut Out) {
        self.tell_those(message, |console| !console.feed.is_whole_to_come(), out);
    }

    fn tell_those(&self, message: &ToConsole, which: impl Fn(&Console) -> bool, out: &mut Out) {
        let bytes = trialogue_wire::encode(message);
        for console in self.devices.values().filter(|key| self.sockets.get(key).is_some_and(&which)) {
            out.push(Output::SendConsole { console: *console, bytes: bytes.clone(), last: false });
        }
    }

    /// Where else consoles find their party, the preferred one first: told to each that logs in from now on.
    pub(crate) fn set_sites(&mut self, sites: Vec<trialogue_wire::console::Site>) {
        self.sites = Sites::new(sites);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::budgets::Budgets;
    use crate::links::Links;
    use crate::scene::{Enrolled, OwnNode};

    const KEY: ConsoleKey = ConsoleKey(1);
    const OTHER: ConsoleKey = ConsoleKey(2);

    /// The node of the United States, of whose consoles one is enrolled and none is here.
    struct Bench {
        own: OwnNode,
        links: Links,
        budgets: Budgets,
        consoles: Consoles,
        duty: Enrolled,
    }

    fn bench() -> Bench {
        let mut own = OwnNode::at("usa-1");
        let duty = own.scene.enrol("usa-duty", 1);
        own.write();
        let now_us = own.scene.here.now.us;
        let (links, budgets) = (Links::new(now_us), Budgets::new(now_us));
        Bench { own, links, budgets, consoles: Consoles::default(), duty }
    }

    impl Bench {
        fn opens(&mut self, key: ConsoleKey) -> Vec<Gone> {
            self.consoles.open(key, [key.0 as u8; 32], &self.own.scene.here, &mut self.own.out).collect()
        }

        fn says(&mut self, key: ConsoleKey, message: &ToNode) -> Said {
            let OwnNode { scene, journals, out, open, .. } = &mut self.own;
            let around = Around { here: &scene.here, journals, links: &self.links };
            self.consoles.said(key, &trialogue_wire::encode(message), *open, around, &mut self.budgets, out)
        }

        /// The device proves itself, by what was drawn for the WebSocket of `nonce_of`.
        fn proves(&mut self, key: ConsoleKey, nonce_of: ConsoleKey) -> Proven {
            let nonce = [nonce_of.0 as u8; 32];
            let message = self.own.scene.proof(&self.duty, nonce);
            let OwnNode { scene, journals, out, .. } = &mut self.own;
            let around = Around { here: &scene.here, journals, links: &self.links };
            self.consoles.prove(key, message, around, out)
        }

        /// What consoles are told, and whether their WebSocket is closed.
        fn told(&mut self) -> Vec<(ConsoleKey, Option<ToConsole>)> {
            let told = |output| {
                let Output::SendConsole { console, bytes, .. } = output else { return None };
                Some((console, trialogue_wire::decode(&bytes).ok()))
            };
            self.own.outputs().into_iter().filter_map(told).collect()
        }
    }

    fn gone(console: ConsoleKey, left: Option<DeviceId>, was_known: bool) -> Gone {
        Gone { console, was_known, left }
    }

    #[test]
    fn a_console_that_proves_itself_is_welcome_and_told_the_state() {
        let mut bench = bench();
        assert!(bench.opens(KEY).is_empty());
        assert!(matches!(bench.told()[..], [(KEY, Some(ToConsole::Challenge { .. }))]));
        let Proven::Accepted(accepted) = bench.proves(KEY, KEY) else { panic!("it is enrolled") };
        let id = bench.duty.device.id;
        assert_eq!((accepted.console, accepted.device, accepted.older), (KEY, id, None));
        let told = bench.told();
        assert!(matches!(told.first(), Some((KEY, Some(ToConsole::Welcome { .. })))), "{told:?}");
        assert!(matches!(told.last(), Some((KEY, Some(ToConsole::Paths { .. })))), "{told:?}");
        assert!(bench.consoles.is_told(KEY) && bench.consoles.at(&id) == Some(KEY));
        assert_eq!(bench.consoles.watching().map(|device| device.id).collect::<Vec<_>>(), [id]);
        assert!(bench.consoles.sounds(KEY, false) && !bench.consoles.sounds(KEY, false), "said twice is said once");
        assert_eq!((bench.consoles.watching().count(), bench.consoles.soundless().count()), (0, 1));
        assert!(bench.consoles.on_watch(KEY).is_none());
        assert!(bench.consoles.watches(KEY, false) && bench.consoles.soundless().count() == 0, "it was to ring");
        assert!(bench.consoles.watches(KEY, true) && bench.consoles.sounds(KEY, true));
        assert_eq!(bench.consoles.watching().count(), 1);
        assert_eq!(bench.consoles.close(KEY, &mut bench.own.out), Some(gone(KEY, Some(id), true)));
        assert!(bench.consoles.are_away());
    }

    #[test]
    fn a_device_is_at_one_websocket_and_its_proof_counts_for_the_one_it_was_made_for() {
        let mut bench = bench();
        let _ = (bench.opens(KEY), bench.proves(KEY, KEY), bench.opens(OTHER));
        assert!(matches!(bench.proves(OTHER, KEY), Proven::Refused(Some(Gone { console: OTHER, left: None, .. }))));
        let _ = bench.opens(OTHER);
        bench.told();
        let Proven::Accepted(accepted) = bench.proves(OTHER, OTHER) else { panic!("it is enrolled") };
        assert_eq!(accepted.older, Some(gone(KEY, None, true)), "the device has not left");
        assert!(matches!(bench.told().first(), Some((KEY, None))));
        assert_eq!(bench.consoles.at(&bench.duty.device.id), Some(OTHER));
    }

    #[test]
    fn the_oldest_stranger_makes_place_and_whoever_is_silent_is_dropped() {
        let mut bench = bench();
        let _ = (bench.opens(KEY), bench.proves(KEY, KEY));
        let strangers: Vec<ConsoleKey> = (10..).take(STRANGERS_MAX).map(ConsoleKey).collect();
        assert!(strangers.iter().all(|key| bench.opens(*key).is_empty()));
        assert_eq!(bench.opens(OTHER), [gone(strangers[0], None, false)]);
        let drop = |bench: &mut Bench| bench.consoles.drop_late(&bench.own.scene.here, &mut bench.own.out);
        assert_eq!(drop(&mut bench), None);
        let due_us = bench.own.scene.here.now.us + STRANGER_US.max(SILENCE_US);
        bench.own.goes_on_to(due_us - 1);
        let _ = bench.says(KEY, &ToNode::Ping { number: 1 });
        bench.own.goes_on_to(due_us);
        let late = std::iter::from_fn(|| drop(&mut bench)).count();
        assert_eq!((late, bench.consoles.keys()), (STRANGERS_MAX, vec![KEY]));
        bench.own.goes_on_to(due_us - 1 + SILENCE_US);
        assert_eq!(drop(&mut bench), Some(gone(KEY, Some(bench.duty.device.id), true)));
    }

    #[test]
    fn before_the_log_in_only_a_log_in_is_heard_and_what_cannot_be_written_waits() {
        let mut bench = bench();
        let _ = bench.opens(OTHER);
        let heard = bench.says(OTHER, &ToNode::Watch { on: true });
        assert!(matches!(heard, Said::Refused(Some(Gone { console: OTHER, was_known: false, .. }))));
        let _ = (bench.opens(KEY), bench.proves(KEY, KEY));
        assert!(matches!(bench.says(KEY, &ToNode::Watch { on: false }), Said::Says(..)));
        bench.own.open = false;
        let state = ToNode::State { statement: vec![1], bodies: Vec::new() };
        assert!(matches!(bench.says(KEY, &state), Said::Nothing));
        assert!(bench.consoles.said_meanwhile().into_iter().eq([(KEY, state)]));
    }

    #[test]
    fn whether_a_ring_is_heard_there_is_never_lost_to_a_budget() {
        let mut bench = bench();
        let _ = (bench.opens(KEY), bench.proves(KEY, KEY));
        let busy = ToNode::Want { hashes: Vec::new() };
        while matches!(bench.says(KEY, &busy), Said::Says(..)) {}
        assert!(matches!(bench.says(KEY, &ToNode::Sound { on: false }), Said::Refused(Some(_))), "it comes again");
        assert!(bench.consoles.are_away());
    }
}
