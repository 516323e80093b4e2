//! The WebSocket to a node of the own party: opened, challenged, proven, kept alive, opened again.

use crate::limits::*;
use crate::now::Now;
use trialogue_charter::NodeId;

/// How far the WebSocket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) enum Stage {
    /// Not open; the platform was told when to open it.
    #[default]
    Down,
    /// Open, nothing heard.
    Open,
    /// The challenge is answered.
    Proven,
    /// Accepted; the first entries are coming.
    Syncing,
    /// Accepted, and the state is whole.
    Up,
    /// Refused for good.
    Refused,
}

/// A challenge that waits for the charters between the one held and its own.
pub(crate) struct Challenge {
    pub(crate) node: NodeId,
    pub(crate) nonce: [u8; 32],
    pub(crate) charter: Vec<u8>,
}

/// What its time has come for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tick {
    /// Nothing comes over it any more.
    Close,
    /// A keep-alive of this number.
    Ping(u32),
}

#[derive(Clone, Copy, Debug)]
enum Timer {
    /// The platform opens it, and says neither that it is open nor that it cannot be: the way that was begun on is
    /// gone.
    Opening,
    /// The node has not challenged or let in.
    Hello,
    /// Nothing more came of the state.
    Sync,
    /// It was told for too long, during a call.
    SyncInCall,
    /// No word for too long.
    Dead,
    Ping,
}

const TIMERS: [Timer; 6] = [Timer::Opening, Timer::Hello, Timer::Sync, Timer::SyncInCall, Timer::Dead, Timer::Ping];

#[derive(Default)]
pub(super) struct Socket {
    stage: Stage,
    since_us: u64,
    heard_us: u64,
    /// Since when the state is being told and is not whole, however often that was begun anew.
    telling_us: u64,
    /// When something of the state came last: who answers keep-alives alone tells nothing.
    told_us: u64,
    ping_us: u64,
    ping: u32,
    /// Since when the platform opens it, or from when on it will.
    opening_us: Option<u64>,
    /// How often in a row it could not be brought up.
    tries: u32,
    /// A wait that was asked for by a refusal, in milliseconds.
    wait_ms: Option<u32>,
    /// It has asked for charters on this WebSocket.
    behind: bool,
    /// The node's clock when it let this console in, and when that was.
    clock: Option<(u64, u64)>,
    waits: Option<Challenge>,
}

impl Socket {
    pub(super) fn stage(&self) -> Stage {
        self.stage
    }

    /// When the stage began, in microseconds.
    pub(super) fn since_us(&self) -> u64 {
        self.since_us
    }

    /// When something came last, in microseconds.
    pub(super) fn heard_us(&self) -> u64 {
        self.heard_us
    }

    /// Now by the node's clock, in which its entries are written: a ring must ring whatever a clock shows.
    pub(super) fn node_ms(&self, now: Now) -> u64 {
        let node_ms = self.clock.map(|(ms, at_us)| ms.saturating_add(now.us.saturating_sub(at_us) / 1_000));
        node_ms.unwrap_or(now.ms)
    }

    /// The platform opens it from then on.
    pub(super) fn opens(&mut self, at_us: u64) {
        self.opening_us = Some(at_us);
    }

    /// Longer with each try: where a network is that slow, one of them has time enough.
    fn opening_over_us(&self) -> Option<u64> {
        let before = self.tries.saturating_sub(1).min(10);
        let doubled = OPEN_US.0.saturating_mul(1 << before).min(OPEN_US.1);
        self.opening_us.filter(|_| self.stage == Stage::Down).map(|at| at.saturating_add(doubled))
    }

    pub(super) fn opened(&mut self, now: Now) {
        self.opening_us = None;
        self.behind = false;
        self.enter(Stage::Open, now);
    }

    pub(super) fn enter(&mut self, stage: Stage, now: Now) {
        if self.stage != Stage::Syncing {
            self.telling_us = now.us;
        }
        self.stage = stage;
        self.waits = None;
        (self.since_us, self.heard_us, self.told_us, self.ping_us) = (now.us, now.us, now.us, now.us);
    }

    /// The state is whole: it is of use.
    pub(super) fn whole(&mut self, now: Now) {
        self.enter(Stage::Up, now);
        self.tries = 0;
    }

    /// Something came. False: it comes too late, the WebSocket is over.
    pub(super) fn heard(&mut self, now: Now) -> bool {
        let open = !matches!(self.stage, Stage::Down | Stage::Refused);
        if open {
            self.heard_us = now.us;
        }
        open
    }

    /// Something of the state came.
    pub(super) fn told(&mut self, now: Now) {
        self.told_us = now.us;
    }

    /// Since when the state is being told, in microseconds; none: it is not.
    pub(super) fn telling_us(&self) -> Option<u64> {
        (self.stage == Stage::Syncing).then_some(self.telling_us)
    }

    /// It is opened again no sooner than that, in milliseconds.
    pub(super) fn wait(&mut self, wait_ms: u32) {
        self.wait_ms = Some(wait_ms);
    }

    /// The way to the node is another one: nothing that failed before says anything of it.
    pub(super) fn begin_at_once(&mut self) {
        self.tries = 0;
        self.wait_ms = Some(0);
    }

    /// How long to wait before it is opened again, in milliseconds. `was_up`: it had been of use; `chance`: a random
    /// number.
    pub(super) fn again_ms(&mut self, was_up: bool, in_call: bool, chance: u16) -> u32 {
        let most = if in_call { RECONNECT_IN_CALL_MS } else { RECONNECT_MS.1 };
        // A network that has changed has a new way already.
        let at_once = was_up && in_call;
        let step = if at_once { 0 } else { RECONNECT_MS.0.saturating_mul(1 << self.tries.min(10)).min(most) };
        let wait = self.wait_ms.take().unwrap_or(step);
        self.tries += 1;
        // A node that comes back is not met by all its consoles in the same instant.
        let jitter = wait / 2 * u32::from(chance) / u32::from(u16::MAX);
        (wait - wait / 4 + jitter).min(RECONNECT_MS.1)
    }

    /// The node has told its clock.
    pub(super) fn take_clock(&mut self, time_ms: u64, now: Now) {
        self.clock = Some((time_ms, now.us));
    }

    /// May the charters in between be asked for? Once on each WebSocket.
    pub(super) fn may_be_behind(&self) -> bool {
        !self.behind
    }

    /// The challenge is answered when the charters in between have come.
    pub(super) fn put_off(&mut self, challenge: Challenge) {
        self.behind = true;
        self.waits = Some(challenge);
    }

    pub(super) fn take_put_off(&mut self) -> Option<Challenge> {
        self.waits.take()
    }

    fn at(&self, timer: Timer, in_call: bool) -> Option<u64> {
        let (opening, telling) = (matches!(self.stage, Stage::Open | Stage::Proven), self.stage == Stage::Syncing);
        let up = self.stage == Stage::Up;
        match timer {
            Timer::Opening => self.opening_over_us(),
            Timer::Hello => opening.then_some(self.since_us + HELLO_US),
            // What matters may be a lot, and the line slow: as long as it comes, it is waited for.
            Timer::Sync => telling.then_some(self.told_us + SYNC_US),
            Timer::SyncInCall => (telling && in_call).then_some(self.telling_us + SYNC_IN_CALL_US),
            Timer::Dead => up.then_some(self.heard_us + if in_call { DEAD_IN_CALL_US } else { DEAD_US }),
            // In a call often, with one site as with two: whoever can go on at another site, or at another address, has
            // to know at once that this one is gone, and while the others are muted nothing else comes.
            Timer::Ping => (telling || up).then_some(self.ping_us + if in_call { PING_IN_CALL_US } else { PING_US }),
        }
    }

    fn is_due(&self, timer: Timer, now: Now, in_call: bool) -> bool {
        self.at(timer, in_call).is_some_and(|at| now.us >= at)
    }

    /// Patience and keep-alives. `cut_off`: neither words nor media come over it any more.
    pub(super) fn tick(&mut self, now: Now, in_call: bool, cut_off: bool) -> Option<Tick> {
        let patience = [Timer::Opening, Timer::Hello, Timer::Sync, Timer::SyncInCall, Timer::Dead];
        if patience.into_iter().any(|timer| self.is_due(timer, now, in_call)) || (cut_off && self.stage == Stage::Up) {
            return Some(Tick::Close);
        }
        if !self.is_due(Timer::Ping, now, in_call) {
            return None;
        }
        self.ping_us = now.us;
        self.ping = self.ping.wrapping_add(1);
        Some(Tick::Ping(self.ping))
    }

    /// When it needs attention, in microseconds.
    pub(super) fn next_timeout(&self, in_call: bool) -> Option<u64> {
        TIMERS.into_iter().filter_map(|timer| self.at(timer, in_call)).min()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn at(us: u64) -> Now {
        Now { us, ms: us / 1_000 }
    }

    #[test]
    fn each_stage_has_its_patience() {
        let mut socket = Socket::default();
        assert_eq!((socket.next_timeout(true), socket.tick(at(1), true, true)), (None, None), "nothing is open");
        for (stage, in_call, patience_us) in [
            (Stage::Open, false, HELLO_US),
            (Stage::Proven, true, HELLO_US),
            (Stage::Syncing, true, SYNC_US),
            (Stage::Up, false, DEAD_US),
            (Stage::Up, true, DEAD_IN_CALL_US),
        ] {
            socket.enter(stage, at(1_000));
            assert_ne!(socket.tick(at(1_000 + patience_us - 1), in_call, false), Some(Tick::Close), "{stage:?}");
            assert_eq!(socket.tick(at(1_000 + patience_us), in_call, false), Some(Tick::Close), "{stage:?}");
            assert!(socket.next_timeout(in_call).unwrap() <= 1_000 + patience_us, "{stage:?} is woken for");
        }
        socket.enter(Stage::Refused, at(1));
        assert_eq!((socket.next_timeout(false), socket.heard(at(2))), (None, false));
    }

    #[test]
    fn a_way_that_leads_nowhere_is_given_up_and_the_next_try_may_take_longer() {
        let mut socket = Socket::default();
        socket.again_ms(true, true, 0);
        for patience_us in [OPEN_US.0, 2 * OPEN_US.0, OPEN_US.1, OPEN_US.1] {
            let begun_us = u64::from(RECONNECT_MS.1);
            socket.opens(begun_us);
            assert_eq!(socket.next_timeout(true), Some(begun_us + patience_us));
            assert_eq!(socket.tick(at(begun_us + patience_us - 1), true, false), None);
            assert_eq!(socket.tick(at(begun_us + patience_us), true, false), Some(Tick::Close));
            socket.again_ms(false, true, 0);
        }
        socket.begin_at_once();
        socket.opens(0);
        assert_eq!(socket.next_timeout(false), Some(OPEN_US.0), "on another network it begins with the shortest");
        socket.opened(at(1));
        socket.enter(Stage::Down, at(2));
        assert_eq!(socket.next_timeout(false), None, "it is open, or the platform has not been asked again");
        socket.opens(3);
        socket.enter(Stage::Refused, at(4));
        assert_eq!(socket.next_timeout(false), None);
    }

    #[test]
    fn who_tells_without_end_is_not_waited_for_without_end() {
        let mut socket = Socket::default();
        socket.enter(Stage::Syncing, at(0));
        let begun_us = SYNC_US - 1;
        socket.told(at(begun_us));
        assert!(socket.heard(at(2 * begun_us)), "a keep-alive is answered");
        assert_ne!(socket.tick(at(begun_us + SYNC_US - 1), false, false), Some(Tick::Close), "it came a while ago");
        assert_eq!(socket.tick(at(begun_us + SYNC_US), false, false), Some(Tick::Close), "answers are no telling");
        socket.enter(Stage::Syncing, at(0));
        for us in (0..SYNC_IN_CALL_US).step_by(SYNC_US as usize / 2) {
            socket.told(at(us));
            // It begins from the first entry again and again.
            socket.enter(Stage::Syncing, at(us));
        }
        let over_us = socket.telling_us().unwrap() + SYNC_IN_CALL_US;
        socket.told(at(over_us));
        assert_ne!(socket.tick(at(over_us), false, false), Some(Tick::Close));
        assert_eq!(socket.tick(at(over_us), true, false), Some(Tick::Close));
    }

    #[test]
    fn keep_alives_are_frequent_in_a_call_and_numbered() {
        let mut socket = Socket::default();
        socket.whole(at(0));
        assert_eq!(socket.next_timeout(false), Some(PING_US));
        assert_eq!(socket.next_timeout(true), Some(PING_IN_CALL_US));
        assert_eq!(socket.tick(at(PING_IN_CALL_US), true, false), Some(Tick::Ping(1)));
        assert_eq!(socket.tick(at(PING_IN_CALL_US), true, false), None, "not twice");
        assert_eq!(socket.tick(at(2 * PING_IN_CALL_US), true, false), Some(Tick::Ping(2)));
    }

    #[test]
    fn whoever_is_cut_off_does_not_wait() {
        let mut socket = Socket::default();
        socket.whole(at(0));
        assert_eq!(socket.tick(at(1), true, true), Some(Tick::Close));
        socket.enter(Stage::Syncing, at(1));
        assert_eq!(socket.tick(at(2), true, true), None, "what is being told is waited for");
    }

    #[test]
    fn it_is_tried_again_after_longer_and_longer_but_soon_in_a_call() {
        let mut socket = Socket::default();
        let waits: Vec<u32> = (0..10).map(|_| socket.again_ms(false, false, u16::MAX / 2)).collect();
        assert!(waits.is_sorted() && waits.iter().all(|wait| *wait <= RECONNECT_MS.1), "{waits:?}");
        assert!(socket.again_ms(false, true, u16::MAX) <= RECONNECT_IN_CALL_MS * 5 / 4);
        assert_eq!(socket.again_ms(true, true, u16::MAX), 0, "it had been up: at once");
        socket.wait(CHARTER_RETRY_MS);
        assert!(socket.again_ms(true, true, 0) >= CHARTER_RETRY_MS / 2, "a refusal is waited out");
        socket.begin_at_once();
        assert_eq!(socket.again_ms(false, false, u16::MAX), 0, "the network is another one");
    }

    #[test]
    fn a_challenge_waits_for_the_charters_in_between_once() {
        let mut socket = Socket::default();
        socket.opened(at(1));
        assert!(socket.may_be_behind());
        let node = NodeId::new("usa-1").unwrap();
        socket.put_off(Challenge { node, nonce: [1; 32], charter: vec![2] });
        assert!(!socket.may_be_behind() && socket.take_put_off().is_some() && socket.take_put_off().is_none());
        socket.opened(at(2));
        assert!(socket.may_be_behind(), "a new WebSocket");
    }

    #[test]
    fn the_nodes_clock_goes_on_from_what_it_told() {
        let mut socket = Socket::default();
        assert_eq!(socket.node_ms(Now { us: 5, ms: 7 }), 7, "it has told none");
        socket.take_clock(1_000_000, Now { us: 1_000, ms: 7 });
        assert_eq!(socket.node_ms(Now { us: 2_001_000, ms: 7 }), 1_002_000);
        socket.take_clock(u64::MAX, Now { us: 0, ms: 0 });
        assert_eq!(socket.node_ms(Now { us: 9_000, ms: 0 }), u64::MAX);
    }
}
