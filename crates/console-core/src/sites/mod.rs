//! The own party's sites as this console reaches them: the one in use, and a second one whose WebSocket and leg are
//! kept warm, so that the console moves there when the first one dies.

mod leg;
mod site;
mod socket;
mod told;

pub(crate) use leg::{Leg, LegWord};
pub(crate) use site::{Post, Site};
pub(crate) use socket::{Challenge, Stage};

use crate::io::{Event, Output};
use crate::limits::*;
use crate::now::Now;
use crate::outputs::Outputs;
use trialogue_charter::{DeviceId, NodeId, PartyId};
use trialogue_e2ee::Chance;
use trialogue_journal::State;
use trialogue_wire::console::{PathState, Site as Named, ToNode};

/// What a site is told of the console around it, and where its outputs go.
pub(crate) struct Around<'a> {
    pub(crate) now: Now,
    /// This console is in a call.
    pub(crate) in_call: bool,
    /// The site is the one in use.
    pub(crate) active: bool,
    /// The machine itself was not run a moment ago: what it has not heard proves nothing yet.
    pub(crate) stalled: bool,
    pub(crate) slot: u8,
    pub(crate) chance: &'a mut Chance,
    pub(crate) out: &'a mut Outputs,
}

impl Around<'_> {
    /// Where there are no random numbers, what they are for is no secret: numbers of legs, and when to try again.
    fn draw<const N: usize>(&mut self) -> [u8; N] {
        self.chance.draw().unwrap_or([0; N])
    }

    /// About the site's WebSocket and leg.
    pub(crate) fn push(&mut self, output: Output) {
        self.out.at(self.slot, output);
    }

    pub(crate) fn send(&mut self, message: &ToNode) {
        self.out.send(self.slot, message);
    }

    pub(crate) fn log(&mut self, event: Event) {
        self.out.log(event);
    }
}

#[derive(Clone, Copy, Debug)]
enum Timer {
    /// The first site has been up for long enough to go back to it.
    Back,
    /// Nothing came from the site in use.
    Silent,
    /// Neither words nor media came from it.
    CutOff,
    /// It does not end telling the state.
    Slow,
    /// This console may say once more that it comes over.
    Attach,
}

const TIMERS: [Timer; 5] = [Timer::Back, Timer::Silent, Timer::CutOff, Timer::Slow, Timer::Attach];

/// Both sites, and which of them is in use.
#[derive(Default)]
pub(crate) struct Sites {
    /// Where the platform leads by itself.
    first: Site,
    /// One that the first site's node has named.
    other: Option<Site>,
    /// The other one is in use.
    over: bool,
    /// Where the platform has reached the first site: a web origin; empty: it has not said.
    origin: String,
    /// The sites that the first one's node has named, and which of them the second pair leads to.
    named: Vec<Named>,
    at: usize,
    last_us: u64,
    stalled_until_us: u64,
    moved_us: Option<u64>,
    attach_us: u64,
}

impl Sites {
    pub(crate) fn active(&self) -> &Site {
        self.other.as_ref().filter(|_| self.over).unwrap_or(&self.first)
    }

    fn active_mut(&mut self) -> &mut Site {
        self.other.as_mut().filter(|_| self.over).unwrap_or(&mut self.first)
    }

    /// The one that is not in use, if the party has another.
    fn spare(&self) -> Option<&Site> {
        if self.over { Some(&self.first) } else { self.other.as_ref() }
    }

    pub(crate) fn of(&self, slot: u8) -> Option<&Site> {
        if slot == 0 { Some(&self.first) } else { self.other.as_ref().filter(|other| other.slot() == slot) }
    }

    pub(crate) fn of_mut(&mut self, slot: u8) -> Option<&mut Site> {
        if slot == 0 { Some(&mut self.first) } else { self.other.as_mut().filter(|other| other.slot() == slot) }
    }

    pub(crate) fn active_slot(&self) -> u8 {
        self.active().slot()
    }

    pub(crate) fn spare_slot(&self) -> Option<u8> {
        self.spare().map(Site::slot)
    }

    pub(crate) fn is_active(&self, slot: u8) -> bool {
        self.active_slot() == slot
    }

    /// The state as the node in use has told it.
    pub(crate) fn fold(&self) -> Option<&State> {
        self.active().fold()
    }

    /// The node in use.
    pub(crate) fn node(&self) -> Option<&NodeId> {
        self.active().node()
    }

    /// The site in use is connected, and its state is whole.
    pub(crate) fn is_up(&self) -> bool {
        self.active().is_up()
    }

    /// The state is being told anew: nothing may be concluded from what is not in it yet.
    pub(crate) fn is_syncing(&self) -> bool {
        self.active().stage() == Stage::Syncing
    }

    /// Now by the clock of the node in use, in milliseconds since 1970 UTC.
    pub(crate) fn node_ms(&self, now: Now) -> u64 {
        self.active().node_ms(now)
    }

    /// How the node in use reaches another one.
    pub(crate) fn path(&self, node: &NodeId) -> Option<&PathState> {
        self.active().path(node)
    }

    /// The leg in use.
    pub(crate) fn leg(&self) -> &Leg {
        self.active().leg()
    }

    /// Another leg is made as soon as the node can be asked.
    pub(crate) fn renew_leg(&mut self) {
        self.active_mut().leg_mut().renew();
    }

    /// The device is revoked in every state that is held. True: by one of them, it is of that party.
    pub(crate) fn know_revoked(&mut self, party: &PartyId, device: DeviceId) -> bool {
        let first = self.first.know_revoked(party, device);
        let other = self.other.as_mut().is_some_and(|other| other.know_revoked(party, device));
        first || other
    }

    pub(crate) fn reached_at(&mut self, origin: &str) {
        origin.clone_into(&mut self.origin);
    }

    /// Web origin of the site: what one that hands on the challenge of another cannot change.
    pub(crate) fn origin_of(&self, slot: u8) -> String {
        if slot == 0 {
            return self.origin.clone();
        }
        // What it was told is where the platform connects to.
        let url = self.named.get(self.at).map(|site| site.url.as_str()).unwrap_or_default();
        trialogue_charter::origin_of(url)
    }

    /// The node of this site names the others. Those that the charter does not have are passed over when they are
    /// reached. Returns where the second pair is to lead now.
    pub(crate) fn take_list(&mut self, slot: u8, named: Vec<Named>) -> Option<String> {
        // Of two nodes, the first site's list counts: the other names that one.
        if slot != 0 || self.over {
            return None;
        }
        let named: Vec<Named> = named.into_iter().filter(|site| Some(&site.node) != self.first.node()).collect();
        let changed = named != self.named;
        self.named = named;
        if self.named.is_empty() || (self.other.is_some() && !changed) {
            return None;
        }
        self.other.get_or_insert_with(|| Site::new(1));
        self.at %= self.named.len();
        self.named.get(self.at).map(|site| site.url.clone())
    }

    /// The WebSocket of this site, the spare one, closed. Where it had been of no use, the next site is tried: this
    /// one.
    pub(crate) fn another(&mut self, slot: u8, was_up: bool) -> Option<String> {
        if was_up || slot == 0 || self.named.len() < 2 {
            return None;
        }
        self.at = (self.at + 1) % self.named.len();
        self.named.get(self.at).map(|site| site.url.clone())
    }

    /// Has the machine itself just been asleep?
    pub(crate) fn is_stalled(&self, now_us: u64) -> bool {
        now_us < self.stalled_until_us
    }

    /// The machine runs: after a pause of its own it first listens.
    pub(crate) fn note_time(&mut self, now_us: u64) {
        if self.last_us == 0 {
            // The platform opens the first one by itself.
            self.first.opens(now_us);
        }
        if now_us > self.last_us + STALLED_US + PING_IN_CALL_US {
            self.stalled_until_us = now_us + STALLED_GRACE_US;
        }
        self.last_us = now_us;
    }

    /// Is the console better off at the other site?
    pub(crate) fn must_move(&self, now_us: u64, in_call: bool) -> bool {
        let Some(spare) = self.spare().filter(|spare| spare.is_up()) else { return false };
        let active = self.active();
        // Where both are silent, it is this console's own network: it is not better off there.
        let patience = if in_call { LIFE_US } else { DEAD_US };
        let answers = now_us < spare.words_us() + patience;
        let down = matches!(active.stage(), Stage::Down | Stage::Open | Stage::Proven);
        let gone = answers && (active.is_slow(now_us) || down);
        let back = self.over && !in_call && now_us >= spare.since_us() + BACK_US;
        let moved = self.moved_us.is_some_and(|at| now_us < at + MOVE_AGAIN_US);
        // Nothing comes from the site in use, and the other one answers.
        let silent = in_call
            && active.is_up()
            && !moved
            && !self.is_stalled(now_us)
            && now_us >= active.heard_us() + SITE_SILENT_US
            && now_us < spare.words_us() + SITE_SILENT_US / 2;
        gone || back || silent
    }

    /// From here on the other site is the one in use. Returns its slot.
    pub(crate) fn go_over(&mut self, now_us: u64) -> u8 {
        self.over = !self.over && self.other.is_some();
        self.moved_us = Some(now_us);
        self.attach_us = now_us;
        self.active_slot()
    }

    /// May this console say now that it comes over?
    pub(crate) fn may_attach(&self, now_us: u64) -> bool {
        self.is_up() && now_us >= self.attach_us
    }

    pub(crate) fn attaches(&mut self, now_us: u64) {
        self.attach_us = now_us + ATTACH_AGAIN_US;
    }

    fn due(&self, timer: Timer, in_call: bool) -> Option<u64> {
        let (active, spare) = (self.active(), self.spare());
        match timer {
            Timer::CutOff => active.cut_off_us(in_call),
            Timer::Back => spare.filter(|spare| self.over && spare.is_up()).map(|spare| spare.since_us() + BACK_US),
            Timer::Silent => spare.filter(|_| in_call).map(|_| active.heard_us() + SITE_SILENT_US),
            Timer::Slow => spare.and_then(|_| active.slow_us()),
            Timer::Attach => spare.filter(|_| in_call).map(|_| self.attach_us),
        }
    }

    pub(crate) fn next_timeout(&self, now_us: u64, in_call: bool) -> Option<u64> {
        let own = crate::timers::next(now_us, TIMERS.into_iter().map(|timer| self.due(timer, in_call)));
        let sites = [Some(self.active()), self.spare()].into_iter().flatten();
        sites.filter_map(|site| site.next_timeout(in_call)).chain(own).min()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const START_US: u64 = 1_000_000_000;

    fn at(us: u64) -> Now {
        Now { us, ms: us / 1_000 }
    }

    fn node(id: &str) -> NodeId {
        NodeId::new(id).unwrap()
    }

    fn named(id: &str) -> Named {
        Named { node: node(id), url: format!("https://{id}.example") }
    }

    /// The state at a site becomes whole.
    fn up(site: &mut Site, us: u64) {
        let (mut out, mut chance) = (Outputs::default(), Chance::replayable([7; 32]));
        let around = Around { slot: site.slot(), ..around(us, &mut out, &mut chance) };
        site.told_anew(None, at(us));
        assert!(site.synced(&around));
    }

    /// Both sites are connected, the first one is in use.
    fn both() -> Sites {
        let mut sites = Sites::default();
        sites.note_time(START_US - 1);
        sites.stalled_until_us = 0;
        sites.first.proven(node("usa-1"), true, at(START_US));
        assert_eq!(sites.take_list(0, vec![named("usa-2")]).as_deref(), Some("https://usa-2.example"));
        up(&mut sites.first, START_US);
        up(sites.of_mut(1).unwrap(), START_US);
        sites
    }

    #[test]
    fn the_first_sites_list_counts_and_names_others() {
        let mut sites = Sites::default();
        sites.reached_at("https://first.example");
        sites.first.proven(node("usa-1"), true, at(START_US));
        assert_eq!(sites.take_list(0, vec![named("usa-1")]), None, "itself is no other one");
        assert_eq!((sites.spare_slot(), sites.of(1).is_some()), (None, false));
        assert!(sites.take_list(0, vec![named("usa-1"), named("usa-2")]).is_some());
        assert_eq!(sites.spare_slot(), Some(1));
        assert_eq!(sites.take_list(0, vec![named("usa-2")]), None, "it leads there already");
        assert_eq!(sites.take_list(1, vec![named("usa-3")]), None, "the other one names the first");
        assert_eq!(sites.take_list(0, Vec::new()), None);
        assert_eq!(sites.take_list(0, vec![named("usa-3")]).as_deref(), Some("https://usa-3.example"));
        assert_eq!(
            (sites.origin_of(0), sites.origin_of(1)),
            ("https://first.example".into(), "https://usa-3.example".into())
        );
    }

    #[test]
    fn where_nobody_answers_the_next_site_is_tried() {
        let mut sites = Sites::default();
        sites.take_list(0, vec![named("usa-2"), named("usa-3")]);
        assert_eq!(sites.another(1, true), None, "it had been of use");
        assert_eq!(sites.another(1, false).as_deref(), Some("https://usa-3.example"));
        assert_eq!(sites.another(1, false).as_deref(), Some("https://usa-2.example"));
        assert_eq!(sites.another(0, false), None, "the first one is the platform's");
    }

    #[test]
    fn a_site_that_is_gone_is_left_and_in_no_call_come_back_to() {
        let mut sites = both();
        assert!(!sites.must_move(START_US, true));
        assert_eq!(
            sites.first.close(&around(START_US, &mut Outputs::default(), &mut Chance::replayable([7; 32]))),
            Some(true)
        );
        assert!(sites.must_move(START_US + 1, true));
        assert_eq!((sites.go_over(START_US + 1), sites.active_slot(), sites.spare_slot()), (1, 1, Some(0)));
        assert!(!sites.must_move(START_US + 1, false), "the first one is down");
        up(&mut sites.first, START_US + 2);
        assert!(!sites.must_move(START_US + 2, false), "it has only just come back");
        let back_us = START_US + 2 + BACK_US;
        assert_eq!(sites.due(Timer::Back, false), Some(back_us));
        sites.first.heard(at(back_us));
        sites.of_mut(1).unwrap().heard(at(back_us));
        assert!(sites.must_move(back_us, false) && !sites.must_move(back_us, true), "never back in a call");
    }

    #[test]
    fn silence_moves_a_call_once_and_only_to_one_that_answers() {
        let mut sites = both();
        let silent_us = START_US + SITE_SILENT_US;
        assert!(!sites.must_move(silent_us, true), "both are silent: it is the own network");
        sites.of_mut(1).unwrap().heard(at(silent_us));
        assert!(sites.must_move(silent_us, true) && !sites.must_move(silent_us, false));
        assert!(!sites.must_move(silent_us - 1, true));
        assert!(sites.next_timeout(START_US, true).unwrap() <= silent_us, "it is woken for");
        sites.go_over(silent_us);
        sites.first.heard(at(2 * silent_us));
        let again_us = silent_us + SITE_SILENT_US;
        sites.first.heard(at(again_us));
        assert!(!sites.must_move(again_us, true), "not to and fro");
        sites.first.heard(at(silent_us + MOVE_AGAIN_US));
        assert!(sites.must_move(silent_us + MOVE_AGAIN_US, true));
    }

    #[test]
    fn after_a_sleep_of_the_machine_nothing_is_concluded_at_once() {
        let mut sites = both();
        let woken_us = START_US + 3_600_000_000;
        sites.note_time(woken_us);
        sites.of_mut(1).unwrap().heard(at(woken_us));
        assert!(sites.is_stalled(woken_us) && !sites.must_move(woken_us, true));
        assert!(!sites.is_stalled(woken_us + STALLED_GRACE_US));
    }

    #[test]
    fn a_site_that_does_not_end_telling_is_left() {
        let mut sites = both();
        sites.first.told_anew(None, at(START_US));
        let slow_us = START_US + HELLO_US;
        sites.of_mut(1).unwrap().heard(at(slow_us));
        assert!(!sites.must_move(slow_us - 1, true) && sites.must_move(slow_us, true));
        assert_eq!(sites.due(Timer::Slow, true), Some(slow_us));
    }

    #[test]
    fn without_another_site_there_is_nothing_to_move_to() {
        let mut sites = Sites::default();
        assert!(!sites.must_move(START_US, true));
        assert_eq!((sites.go_over(START_US), sites.spare_slot(), sites.of(1).is_none()), (0, None, true));
    }

    fn around<'a>(us: u64, out: &'a mut Outputs, chance: &'a mut Chance) -> Around<'a> {
        Around { now: at(us), in_call: true, active: true, stalled: false, slot: 0, chance, out }
    }
}
