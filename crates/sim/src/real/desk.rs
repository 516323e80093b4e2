//! One real console and what is around it: two WebSockets, two legs, a media worker that has the keys.

use crate::fixture::Fixture;
use crate::real::drive::view_devices;
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::DeviceId;
use trialogue_console_core::view::WrittenView;
use trialogue_console_core::{Chance, Console, Identity, SealKey};
use trialogue_core::ConsoleKey;
use zeroize::Zeroizing;

/// How a console reaches nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// As usual.
    Good,
    /// What it opens is refused, and what was open is closed.
    Refused,
    /// Nothing comes through, and nobody says so.
    Silent,
}

/// A console.
pub(crate) struct Desk {
    pub(crate) party: usize,
    pub(crate) device: usize,
    pub(crate) id: DeviceId,
    pub(crate) console: Console,
    pub(crate) ways: [Way; 2],
    /// Over which of the two it speaks.
    pub(crate) active: usize,
    pub(crate) reach: Reach,
    /// Its network holds back everything until then.
    pub(crate) stalled_us: u64,
    /// The console wants no WebSocket any more.
    pub(crate) stopped: bool,
    /// Its root has revoked it.
    pub(crate) revoked: bool,
    /// All of its party is in hostile hands.
    pub(crate) taken: bool,
    /// Counts loads of its page: what was under way for an earlier one comes to nothing.
    pub(crate) life: u64,
    /// Its media worker: no other one of the world has this number.
    pub(crate) worker: u64,
    /// What the media worker seals with.
    pub(crate) seal: Option<Seal>,
    /// What it opens with, by key id.
    pub(crate) open: BTreeMap<u64, (DeviceId, [u8; 32])>,
    /// Everybody whom the screen has in the call, also those who have just left; itself as well.
    pub(crate) shown: BTreeSet<DeviceId>,
    /// It sounds.
    pub(crate) sounds: bool,
    /// It has no loudspeaker.
    pub(crate) soundless: bool,
    /// The charter that its platform keeps.
    pub(crate) charter: Option<Vec<u8>>,
    /// What its platform keeps of the written line.
    pub(crate) kept: Option<Vec<u8>>,
    /// What its page shows of the written line.
    pub(crate) page: Option<WrittenView>,
    /// When its console wants to be called.
    pub(crate) due_us: Option<u64>,
    /// How far its clocks are off: the monotonic one, and the wall clock in milliseconds.
    pub(crate) ahead_us: u64,
    pub(crate) wall_off_ms: i64,
    /// Digests of everything that it has stated.
    pub(crate) made: BTreeSet<u64>,
}

/// A WebSocket and a leg of a console.
#[derive(Default)]
pub(crate) struct Way {
    /// Which node it leads to.
    pub(crate) node: usize,
    pub(crate) key: Option<ConsoleKey>,
    /// In which run of the node it was opened.
    pub(crate) run: u64,
    /// Nothing passes any more, and neither end has noticed.
    pub(crate) broken: bool,
    /// Counts tries to open it.
    pub(crate) tries: u64,
    /// The leg that the console asked for last.
    pub(crate) leg: u32,
    /// When the last thing arrives, up and down: order is kept.
    pub(crate) last_us: [u64; 2],
}

/// What a media worker seals with.
pub(crate) struct Seal {
    pub(crate) key_id: u64,
    pub(crate) base: [u8; 32],
    pub(crate) receivers: usize,
}

impl Seal {
    pub(crate) fn of(key: &SealKey) -> Self {
        Self { key_id: key.key_id, base: *key.base_key, receivers: key.receivers.len() }
    }
}

fn identity(fixture: &Fixture, party: usize, device: usize) -> Identity {
    let keys = &fixture.parties[party].devices[device];
    Identity {
        secret: Zeroizing::new(*keys.secret.seed()),
        certificate: keys.certificate.clone(),
        root: fixture.parties[party].root.public().fingerprint(),
    }
}

#[allow(clippy::expect_used)]
fn console(fixture: &Fixture, party: usize, device: usize, charter: Option<Vec<u8>>, seed: [u8; 32]) -> Console {
    let identity = identity(fixture, party, device);
    Console::new(identity, charter, true, Chance::replayable(seed)).expect("the fixture's identities can be used")
}

impl Desk {
    /// Is what is promised promised to it?
    pub(crate) fn counts(&self) -> bool {
        !self.revoked && !self.taken
    }

    pub(crate) fn new(fixture: &Fixture, party: usize, device: usize, seed: [u8; 32]) -> Self {
        let node = fixture.sites.iter().position(|site| site.party == party).unwrap_or_default();
        let mut console = console(fixture, party, device, None, seed);
        console.keep_writings(None);
        Self {
            party,
            device,
            id: fixture.parties[party].devices[device].id,
            console,
            ways: [Way { node, ..Way::default() }, Way { node, ..Way::default() }],
            active: 0,
            reach: Reach::Good,
            stalled_us: 0,
            stopped: false,
            revoked: false,
            taken: false,
            life: 0,
            worker: 0,
            seal: None,
            open: BTreeMap::new(),
            shown: BTreeSet::new(),
            sounds: false,
            soundless: false,
            charter: None,
            kept: None,
            page: None,
            due_us: None,
            ahead_us: 0,
            wall_off_ms: 0,
            made: BTreeSet::new(),
        }
    }

    /// Its page is loaded anew: the same identity and charter, what was kept of the written line, and nothing else. Its
    /// WebSockets are gone already.
    pub(crate) fn reload(&mut self, fixture: &Fixture, worker: u64, seed: [u8; 32]) {
        self.console = console(fixture, self.party, self.device, self.charter.clone(), seed);
        self.console.keep_writings(self.kept.as_deref());
        self.page = None;
        (self.life, self.worker) = (self.life + 1, worker);
        (self.seal, self.sounds, self.due_us, self.stopped, self.active) = (None, false, None, false, 0);
        self.open.clear();
        self.shown = view_devices(self.console.view());
        let home = self.ways[0].node;
        self.ways = std::array::from_fn(|at| Way { node: home, tries: self.ways[at].tries + 1, ..Way::default() });
    }
}
