//! What must hold of real consoles, judged by the keys that they really gave out: at each moment, and once the network
//! is whole and quiet.

use crate::real::Known;
use crate::real::Seated;
use crate::real::desk::{Desk, Seal};
use crate::real::written::Page;
use std::collections::BTreeSet;
use trialogue_charter::{DeviceId, LineId, PartyId};
use trialogue_console_core::limits::{LEAVING_US, OLD_KEYS_US};
use trialogue_console_core::view::{
    CallView, Floor, KeyState, LineView, Member, NodeLink, RingState, Sealing, WrittenView,
};
use trialogue_journal::fold::{Floor as FoldFloor, Participant, RingResponse};

/// Once the network is whole, everybody who is in has everybody's keys within so long.
pub const WHOLE_US: u64 = 60_000_000;
/// How long what a node knows may take to be what its consoles know, and they to act by it.
pub(super) const TOLD_US: u64 = 1_000_000;

/// Whom a console shows in the call and who can open what it seals.
const SHOWN: &str = "whoever can open what a console seals is in the call as that console shows it";
/// The same as its node sees it, after a while.
const STRANGER: &str = "nobody seals for longer than 2 s for somebody who is out, once told so";
/// Old keys go.
const FORGOTTEN: &str = "nobody keeps for longer than 10 s a key of somebody who is out";
/// Numbers never repeat.
const ONE_WORKER: &str = "a key is sealed under by one media worker alone";
/// Everybody has everybody's keys.
const COMPLETE: &str = "in a whole network everybody who is in has everybody's keys";
/// The same for the written line.
const WRITABLE: &str = "in a whole network everybody can write to everybody";
/// Screens agree on rings.
const OUTCOME: &str = "what a party did with a ring shows alike at all";
/// Screens agree on who would hear a ring.
const WATCH: &str = "who would hear a ring at a party shows alike at all";
/// The floor is kept where media are made.
const SILENT: &str = "whoever is held, waits or listens seals nothing";
/// Screens tell the truth about who is heard.
const FLOORS: &str = "a console shows whom somebody in a call reaches as its node has it";
/// Staged calls begin.
const ON: &str = "in a whole network principals are on once their parties are ready with each other";
/// What has ended is over everywhere.
const OVER: &str = "no console shows a call that has ended";

/// Does a line of a screen show what a party did with a ring?
fn shows(line: &LineView, party: &PartyId, response: &RingResponse) -> bool {
    let Some(view) = line.parties.iter().find(|view| view.id == party.as_str()) else { return true };
    match response {
        RingResponse::Answered => view.ring == RingState::Answered,
        RingResponse::Declined { .. } => matches!(view.ring, RingState::Declined { .. }),
        RingResponse::Expired => view.ring == RingState::Expired,
        _ => !matches!(view.ring, RingState::Answered | RingState::Declined { .. } | RingState::Expired),
    }
}

impl Seated<'_> {
    /// A media worker begins to seal under a key.
    pub(crate) fn note_sealed(&mut self, desk: usize, seal: &Seal) {
        let worker = self.world.real.desks[desk].worker;
        let known = self.world.real.keys.entry(seal.base);
        let known = known.or_insert_with(|| Known { worker, holders: BTreeSet::new() });
        let same = known.worker == worker;
        assert!(same, "{ONE_WORKER}: {} was given one that another had", self.desk_name(desk));
        assert!(seal.receivers > 0, "{} seals for nobody", self.desk_name(desk));
        // Whoever had it to open before anything was sealed under it.
        let id = self.world.real.desks[desk].id;
        let holds = |at: &&crate::real::Desk| at.open.values().any(|(of, base)| *of == id && *base == seal.base);
        let holders: Vec<DeviceId> = self.world.real.desks.iter().filter(holds).map(|at| at.id).collect();
        if let Some(known) = self.world.real.keys.get_mut(&seal.base) {
            known.holders.extend(holders);
        }
    }

    /// Somebody was given a key to open.
    pub(crate) fn opens_with(&mut self, device: DeviceId, base: [u8; 32]) {
        if let Some(known) = self.world.real.keys.get_mut(&base) {
            known.holders.insert(device);
        }
    }

    /// At each moment: nobody who can open what a console seals now is missing on its screen, and there are no more
    /// leaves than faces.
    pub(crate) fn check_seals(&self) {
        for (at, desk) in self.world.real.desks.iter().enumerate() {
            let Some(seal) = &desk.seal else { continue };
            let floor = desk.console.view().call.as_ref().map_or(Floor::Open, |call| call.floor);
            assert!(floor == Floor::Open, "{SILENT}: {} does, and shows {floor:?}", self.desk_name(at));
            let Some(known) = self.world.real.keys.get(&seal.base) else { continue };
            if let Some(stranger) = known.holders.iter().find(|holder| !desk.shown.contains(*holder)) {
                panic!("{SHOWN}: {} can open {}, which does not show it", self.name(stranger), self.desk_name(at));
            }
            let others = desk.shown.len().saturating_sub(1);
            assert!(
                seal.receivers <= others,
                "{SHOWN}: {} seals for {} and shows {others}",
                self.desk_name(at),
                seal.receivers
            );
        }
    }

    /// Every now and then: who is out as a console's node sees it is out for the console, soon.
    pub(crate) fn look(&mut self) {
        for at in 0..self.world.real.desks.len() {
            let (sealing, keeping) = self.strangers_of(at);
            self.world.real.out_us.retain(|(desk, device), _| *desk != at || sealing.contains(device));
            self.world.real.kept_us.retain(|(desk, device), _| *desk != at || keeping.contains(device));
            for device in sealing {
                let since = *self.world.real.out_us.entry((at, device)).or_insert(self.world.agenda.now_us());
                let most_us = LEAVING_US + TOLD_US;
                assert!(
                    self.world.agenda.now_us() - since <= most_us,
                    "{STRANGER}: {} has sealed for {} for {} ms",
                    self.desk_name(at),
                    self.name(&device),
                    (self.world.agenda.now_us() - since) / 1_000
                );
            }
            for device in keeping {
                let since = *self.world.real.kept_us.entry((at, device)).or_insert(self.world.agenda.now_us());
                let most_us = LEAVING_US + OLD_KEYS_US + TOLD_US;
                assert!(
                    self.world.agenda.now_us() - since <= most_us,
                    "{FORGOTTEN}: {} has had one of {} for {} ms",
                    self.desk_name(at),
                    self.name(&device),
                    (self.world.agenda.now_us() - since) / 1_000
                );
            }
        }
    }

    /// Who is out as a console's node sees it, and yet can open what it seals; and whose keys it has.
    fn strangers_of(&self, at: usize) -> (BTreeSet<DeviceId>, BTreeSet<DeviceId>) {
        let desk = &self.world.real.desks[at];
        let none = (BTreeSet::new(), BTreeSet::new());
        let view = desk.console.view();
        let (Some(node), NodeLink::Up) = (self.desk_node(at), view.node) else { return none };
        let Some(machine) = &self.world.nodes[node].machine else { return none };
        let line = view.call.as_ref().and_then(|call| self.lines(&call.line));
        let inside = line.map(|line| machine.state().in_on(line)).unwrap_or_default();
        let out = |device: &DeviceId| !inside.iter().any(|participant| participant.device == *device);
        let known = desk.seal.as_ref().and_then(|seal| self.world.real.keys.get(&seal.base));
        let sealing = known.iter().flat_map(|known| &known.holders).copied().filter(|device| out(device));
        let keeping = desk.open.values().map(|(device, _)| *device).filter(|device| out(device));
        (sealing.collect(), keeping.collect())
    }

    /// The node that a console says everything to: one that runs, and that its WebSocket reaches.
    pub(crate) fn desk_node(&self, at: usize) -> Option<usize> {
        let desk = &self.world.real.desks[at];
        let way = &desk.ways[desk.active];
        let runs = self.world.nodes[way.node].machine.is_some() && self.world.nodes[way.node].run == way.run;
        (runs && way.key.is_some() && !way.broken).then_some(way.node)
    }

    /// What is missing of everybody's having everybody's keys; none: nothing.
    pub fn incomplete(&self) -> Option<String> {
        let lines: Vec<LineId> = self.world.fixture.charter.lines.iter().map(|line| line.id.clone()).collect();
        for (at, desk) in self.world.real.desks.iter().enumerate().filter(|(_, desk)| desk.counts()) {
            let name = self.desk_name(at);
            let Some(node) = self.desk_node(at) else { return Some(format!("{name} reaches no node")) };
            let view = desk.console.view();
            if view.node != NodeLink::Up {
                return Some(format!("{name} is not let in"));
            }
            let Some(machine) = &self.world.nodes[node].machine else { continue };
            let is_in = |line: &&LineId| machine.state().in_on(line).iter().any(|p| p.device == desk.id);
            let on: Vec<&LineId> = lines.iter().filter(is_in).collect();
            let shows = view.call.as_ref().map(|call| call.line.clone());
            if on.iter().map(|line| line.to_string()).collect::<Vec<_>>()
                != shows.clone().into_iter().collect::<Vec<_>>()
            {
                return Some(format!("{name} shows {shows:?} and is in on {on:?}"));
            }
            if let Some(line) = on.first()
                && let Some(lacks) = self.lacks(at, machine.state().in_on(line))
            {
                return Some(lacks);
            }
        }
        None
    }

    /// What a console that is in with these lacks.
    fn lacks(&self, at: usize, participants: &[Participant]) -> Option<String> {
        let inside: &BTreeSet<DeviceId> = &participants.iter().map(|p| p.device).collect();
        let (desk, name) = (&self.world.real.desks[at], self.desk_name(at));
        let names = |devices: &BTreeSet<DeviceId>| devices.iter().map(|d| self.name(d)).collect::<Vec<_>>().join(", ");
        if desk.shown != *inside {
            return Some(format!("{name} shows {} and not {}", names(&desk.shown), names(inside)));
        }
        if inside.len() < 2 {
            return desk.seal.is_some().then(|| format!("{name} seals for nobody"));
        }
        let call = desk.console.view().call.as_ref()?;
        if let Some(differs) = self.floors_differ(at, call, participants) {
            return Some(differs);
        }
        let counts = |device: &DeviceId| self.world.real.desks.iter().any(|desk| desk.id == *device && desk.counts());
        let others: BTreeSet<DeviceId> = inside.iter().copied().filter(|device| *device != desk.id).collect();
        let counted: BTreeSet<DeviceId> = others.iter().copied().filter(counts).collect();
        // A principal reaches the parties that it is on with.
        let own = participants.iter().find(|participant| participant.device == desk.id)?;
        let reached = |p: &&Participant| counted.contains(&p.device) && own.floor.reaches(&p.party);
        let reached: BTreeSet<DeviceId> = participants.iter().filter(reached).map(|p| p.device).collect();
        if call.floor == Floor::Open && !reached.is_empty() {
            let Some(seal) = &desk.seal else { return Some(format!("{name} seals nothing")) };
            let opens = |other: &&crate::real::Desk| other.open.get(&seal.key_id) == Some(&(desk.id, seal.base));
            let opening = self.world.real.desks.iter().filter(opens).map(|other| other.id);
            let opening: BTreeSet<DeviceId> = opening.filter(counts).collect();
            // Whoever is in and in hostile hands may have keys, or offer none.
            if opening != reached || seal.receivers < reached.len() || seal.receivers > others.len() {
                return Some(format!("{name} is opened by {} and not {}", names(&opening), names(&reached)));
            }
        }
        let honest = |member: &&Member| counted.iter().any(|device| device.to_string() == member.person.device);
        if call.members.iter().filter(honest).any(|member| member.keys != KeyState::Ready) {
            return Some(format!("{name} lacks keys"));
        }
        if counted.len() < others.len() {
            return None;
        }
        let sealing = if call.floor == Floor::Open { Sealing::Sealed } else { Sealing::Silent };
        if call.sealing != sealing || call.code.is_empty() {
            let code = call.code.len();
            return Some(format!("{name} shows {:?}, and a code of {code} digits", call.sealing));
        }
        let codes = self.world.real.desks.iter().filter(|other| inside.contains(&other.id));
        let mut codes = codes.filter_map(|other| other.console.view().call.as_ref().map(|call| &call.code));
        codes.any(|code| *code != call.code).then(|| format!("{name} shows another code than others"))
    }

    /// Whom the others reach, where a console shows that otherwise than its node has it.
    fn floors_differ(&self, at: usize, call: &CallView, inside: &[Participant]) -> Option<String> {
        let own = &self.world.fixture.parties[self.world.real.desks[at].party].id;
        for member in call.members.iter().filter(|member| !member.me) {
            let in_there = |is: &&Participant| is.device.to_string() == member.person.device;
            let Some(participant) = inside.iter().find(in_there) else { continue };
            let floor = match &participant.floor {
                FoldFloor::Open => Floor::Open,
                FoldFloor::To(_) if participant.floor.reaches(own) => Floor::Open,
                FoldFloor::To(_) | FoldFloor::Waiting => Floor::Waiting,
                FoldFloor::Listening => Floor::Listening,
                FoldFloor::Held => Floor::Held,
            };
            if floor != member.floor {
                let (name, who, shown) = (self.desk_name(at), &member.person.name, member.floor);
                return Some(format!("{FLOORS}: {name} shows {shown:?} of {who}, its node has {floor:?}"));
            }
        }
        None
    }

    /// Runs until nothing is left of what keeps a promise from being true, looking so often.
    ///
    /// # Panics
    /// When that takes longer than a whole network may.
    fn until_none(&mut self, promise: &str, step_us: u64, left: impl Fn(&Self) -> Option<String>) {
        self.until_none_within(WHOLE_US, promise, step_us, left);
    }

    pub(super) fn until_none_within(
        &mut self,
        within_us: u64,
        promise: &str,
        step_us: u64,
        left: impl Fn(&Self) -> Option<String>,
    ) {
        let began_us = self.world.agenda.now_us();
        while let Some(left) = left(self) {
            let late = self.world.agenda.now_us() >= began_us + within_us;
            assert!(!late, "{promise}: not after {} s: {left}", within_us / 1_000_000);
            self.run(step_us);
        }
    }

    /// Runs until the principals of a staged call are on, whoever prepares it preparing all.
    ///
    /// # Panics
    /// When that takes too long.
    pub fn until_on(&mut self) {
        let began_us = self.world.agenda.now_us();
        while let Some(waits) = self.waiting() {
            let late = self.world.agenda.now_us() >= began_us + WHOLE_US;
            assert!(!late, "{ON}: {waits} is not, after {} s", WHOLE_US / 1_000_000);
            self.prepare_all();
            self.run(1_000_000);
        }
    }

    /// A principal who waits although another party that can prepare the call is in.
    fn waiting(&self) -> Option<String> {
        let desks = || self.world.real.desks.iter().enumerate().filter(|(_, desk)| desk.counts());
        let call = |desk: &Desk| desk.console.view().call.as_ref().map(|call| (call.line.clone(), call.floor));
        let waiting = desks().find(|(_, desk)| {
            let on = call(desk);
            let with = |other: &Desk| call(other).map(|(line, _)| line) == on.as_ref().map(|(line, _)| line.clone());
            on.as_ref().is_some_and(|(_, floor)| *floor == Floor::Waiting)
                && desks().any(|(_, other)| other.party != desk.party && with(other))
        });
        waiting.map(|(at, _)| self.desk_name(at))
    }

    /// Runs until everybody who is in has everybody's keys.
    ///
    /// # Panics
    /// When that takes too long.
    pub fn until_complete(&mut self) {
        let began_us = self.world.agenda.now_us();
        self.until_none(COMPLETE, 250_000, Self::incomplete);
        self.world.real.whole_us = self.world.real.whole_us.max(self.world.agenda.now_us() - began_us);
        self.tell("everybody who is in has everybody's keys".to_owned());
    }

    /// A page shows something else of the written line than before.
    pub(crate) fn shows_written(&mut self, desk: usize, view: Option<WrittenView>) {
        let name = self.desk_name(desk);
        let held = &mut self.world.real.desks[desk];
        held.page = view;
        if let Some(shows) = &held.page {
            self.world.real.written.shown(&Page { name, device: held.id, betrayed: false, shows });
        }
    }

    /// Every console can write to every other one: runs until all have published their keys for it.
    ///
    /// # Panics
    /// When that takes too long.
    pub fn until_writable(&mut self) {
        self.until_none(WRITABLE, 250_000, |seated| {
            let desks = &seated.world.real.desks;
            let ready = |desk: &Desk| {
                let page = desk.page.as_ref();
                page.is_some_and(|page| page.ready && page.without.is_empty() && page.readers.len() == desks.len())
            };
            desks.iter().position(|desk| !ready(desk)).map(|at| seated.desk_name(at))
        });
    }

    /// What still differs between the pages of those who are not revoked; none: all is written everywhere.
    pub fn unwritten(&self) -> Option<String> {
        let desks = self.world.real.desks.iter().filter(|desk| desk.counts());
        let pages = desks.map(|desk| {
            Some(Page {
                name: self.name(&desk.id),
                device: desk.id,
                betrayed: self.is_betrayed(desk.party),
                shows: desk.page.as_ref()?,
            })
        });
        let Some(pages) = pages.collect::<Option<Vec<_>>>() else {
            return Some("a page does not show the written line".to_owned());
        };
        self.world.real.written.differs(&pages)
    }

    /// A node of the party is in hostile hands.
    fn is_betrayed(&self, party: usize) -> bool {
        let mut sites = self.world.fixture.sites.iter().zip(&self.world.nodes);
        sites.any(|(site, node)| site.party == party && node.hostile)
    }

    /// Runs until everybody sees what was written.
    ///
    /// # Panics
    /// When that takes too long.
    pub fn until_written(&mut self) {
        self.until_none("what is written is everywhere", 250_000, Self::unwritten);
        let count = self.world.real.written.count();
        self.tell(format!("everybody sees the {count} messages"));
    }

    /// In a quiet network what each party did with a ring is on each screen as in the journal of the console's node: at
    /// once, but for what is on its way.
    ///
    /// # Panics
    /// When that takes longer than a node may take to tell its consoles.
    pub fn until_outcomes(&mut self) {
        self.until_none_within(TOLD_US, OUTCOME, TOLD_US / 10, Self::outcomes_differ);
    }

    fn outcomes_differ(&self) -> Option<String> {
        for (at, desk) in self.world.real.desks.iter().enumerate().filter(|(_, desk)| desk.counts()) {
            let Some(node) = self.desk_node(at) else { continue };
            let Some(machine) = &self.world.nodes[node].machine else { continue };
            let (name, view) = (self.desk_name(at), desk.console.view());
            if desk.sounds && view.lines.iter().all(|line| line.ring.is_none()) {
                return Some(format!("{name} sounds and shows no ring"));
            }
            for shown in &view.lines {
                let Some(line) = self.lines(&shown.id) else { continue };
                let state = machine.state().line(line);
                let own = &self.world.fixture.parties[desk.party].id;
                let sounds = !machine.state().sounding_on(own, line).is_empty();
                if shown.ring.is_some() && !sounds && state.rings.iter().all(|ring| ring.party == *own) {
                    return Some(format!("{name} shows a ring on {line} that is over"));
                }
                if shown.active == state.participants.is_empty() {
                    let (active, inside) = (shown.active, state.participants.len());
                    return Some(format!("{OVER}: {name} shows {line} so: {active}, with {inside} in"));
                }
                let Some(ringer) = state.rings.first() else { continue };
                let others = state.responses.iter().filter(|(party, _)| **party != ringer.party);
                let mut others = others.filter(|(party, response)| !shows(shown, party, response));
                if let Some((party, response)) = others.next() {
                    return Some(format!("{name} shows {party} so: {:?}, with {response:?}", shown.parties));
                }
            }
        }
        None
    }

    /// Runs until every screen shows of each party how many consoles would hear a ring, and how many cannot sound it: a
    /// node counts one that fell silent for a while.
    ///
    /// # Panics
    /// When that takes too long.
    pub fn until_watched(&mut self) {
        self.until_none(WATCH, 1_000_000, Self::watch_differs);
    }

    fn watch_differs(&self) -> Option<String> {
        for (at, desk) in self.world.real.desks.iter().enumerate().filter(|(_, desk)| desk.counts()) {
            for shown in &desk.console.view().lines {
                let Some(line) = self.lines(&shown.id) else { continue };
                for (index, party) in self.world.fixture.parties.iter().enumerate() {
                    let Some(view) = shown.parties.iter().find(|view| view.id == party.id.as_str()) else { continue };
                    let Some(is) = self.watching(at, index, line) else { continue };
                    let seen = (view.on_watch as usize, view.soundless as usize);
                    if seen != is {
                        let name = self.desk_name(at);
                        return Some(format!("{name} shows {seen:?} of {} on {line}, not {is:?}", party.id));
                    }
                }
            }
        }
        None
    }

    /// How many consoles of a party there are for a line that would hear a ring, and that cannot sound it; none: a node
    /// in hostile hands says of its consoles what it likes. `at`: by whose node somebody is revoked.
    fn watching(&self, at: usize, party: usize, line: &LineId) -> Option<(usize, usize)> {
        if self.is_betrayed(party) {
            return None;
        }
        let machine = self.world.nodes[self.desk_node(at)?].machine.as_ref()?;
        let of = &self.world.fixture.parties[party];
        let acting = self.world.fixture.charter.acting_offices(&of.id, line);
        let offices: Vec<_> = acting.map(|office| &office.id).collect();
        let there = self.world.real.desks.iter().filter(|desk| desk.party == party);
        let there = there.filter(|desk| offices.contains(&&of.devices[desk.device].office));
        let there = there.filter(|desk| !machine.state().is_revoked(&desk.id));
        let (soundless, hears): (Vec<&Desk>, Vec<&Desk>) = there.partition(|desk| desk.soundless);
        Some((hears.len(), soundless.len()))
    }

    /// Is a console in hostile hands in on a line, as another one's node sees it?
    fn hostile_is_in(&self, at: usize, line: &LineId) -> bool {
        let machine = self.desk_node(at).and_then(|node| self.world.nodes[node].machine.as_ref());
        let inside = machine.map(|machine| machine.state().in_on(line)).unwrap_or_default();
        inside.iter().any(|p| !self.world.real.desks.iter().any(|desk| desk.id == p.device && desk.counts()))
    }

    /// After everybody hung up and some time passed: nobody shows or rings anything, seals, or can open anything.
    ///
    /// # Panics
    /// When somebody does.
    pub fn check_over(&self) {
        for (at, desk) in self.world.real.desks.iter().enumerate().filter(|(_, desk)| desk.counts()) {
            let (name, view) = (self.desk_name(at), desk.console.view());
            assert!(view.call.is_none(), "{OVER}: {name} is in one");
            for line in &view.lines {
                let hostile = self.lines(&line.id).is_some_and(|line| self.hostile_is_in(at, line));
                assert!(hostile || !line.active && !line.joined, "{OVER}: {name} shows one on {}", line.id);
                assert!(line.ring.is_none(), "{OVER}: {name} shows a ring on {}", line.id);
            }
            assert!(!desk.sounds, "{OVER}: {name} sounds");
            assert!(desk.seal.is_none() && desk.open.is_empty(), "{OVER}: {name} still has keys");
        }
    }
}
