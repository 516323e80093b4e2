//! Rings at this console: which sound, since when each is known, what each does to the screen, and the last call on
//! each line.

mod last_call;
mod missed;
mod standing;

pub(crate) use missed::{dismiss, shown as missed};
pub(crate) use standing::{Effect, effects};

use crate::limits::SILENT_US;
use crate::now::Now;
use crate::roster::Roster;
use crate::timers;
use crate::view::Person;
use last_call::Seen;
use std::collections::BTreeMap;
use trialogue_charter::{CallId, LineId, Precedence};
use trialogue_journal::fold::{Ring, RingResponse};

/// A ring that can be answered here.
pub(crate) struct Sound {
    pub(crate) ring: Ring,
    /// Who rings.
    pub(crate) from: Person,
    /// When the own party will answer, by a promise; milliseconds since 1970 UTC.
    pub(crate) ready_ms: Option<u64>,
    /// Since when it sounds here, milliseconds since 1970 by this console's clock.
    pub(crate) since_ms: u64,
}

/// See the module.
#[derive(Default)]
pub(crate) struct Rings {
    /// Rings that sound here, and since when by this console's wall clock, milliseconds. By line as well: whoever rings
    /// draws the call's number, and may take that of another line's call.
    sounding: BTreeMap<(LineId, CallId), u64>,
    /// Since when each ring of the charter's lines is known here.
    known_us: BTreeMap<(LineId, CallId), u64>,
    /// One of them makes a sound.
    ringing: bool,
    /// When this console said last that missed rings were called back.
    called_back_us: Option<u64>,
    /// The last call on each line.
    calls: BTreeMap<LineId, Seen>,
}

/// What changes on screen by itself.
#[derive(Clone, Copy)]
enum Timer {
    /// A party that was rung has said nothing for long enough to be shown as silent.
    Silent,
    /// An answer was promised for now.
    Promised,
}

const TIMERS: [Timer; 2] = [Timer::Silent, Timer::Promised];

impl Rings {
    /// Brings what sounds up to what the journals say. `engaged`: the line of the call that this console is in. Says
    /// whether there is a sound if that has changed.
    #[must_use]
    pub(crate) fn settle(&mut self, at: Roster, on_watch: bool, engaged: Option<&LineId>, now: Now) -> Option<bool> {
        self.note_rings(at, now);
        let here = if on_watch { rings_here(at, engaged) } else { Vec::new() };
        self.sounding.retain(|ring, _| here.contains(ring));
        for ring in here {
            self.sounding.entry(ring).or_insert(now.ms);
        }
        // One whose answer was promised is not forgotten, but sounds no more.
        let ringing = self.sounding.keys().any(|(line, call)| !is_promised(at, line, call));
        (std::mem::replace(&mut self.ringing, ringing) != ringing).then_some(ringing)
    }

    fn note_rings(&mut self, at: Roster, now: Now) {
        let (Some(fold), Some(charter)) = (at.fold(), at.charter()) else { return };
        let rings = charter.lines.iter().flat_map(|line| fold.rings(&line.id));
        let since = |ring: &(LineId, CallId)| self.known_us.get(ring).copied().unwrap_or(now.us);
        self.known_us =
            rings.map(|ring| (ring.line.clone(), ring.call)).map(|ring| (ring.clone(), since(&ring))).collect();
    }

    /// There is a sound.
    pub(crate) fn is_ringing(&self) -> bool {
        self.ringing
    }

    /// Has it been known for so long that a party without a word to it is silent?
    pub(crate) fn is_known_long(&self, line: &LineId, call: &CallId, now: Now) -> bool {
        self.known_us.get(&(line.clone(), *call)).is_some_and(|since_us| silent_us(*since_us) <= now.us)
    }

    /// The ring that can be answered here on a line: the most urgent; of several, the one that stands for the call. One
    /// of nobody known is not shown.
    pub(crate) fn on(&self, at: Roster, line: &LineId) -> Option<Sound> {
        let (fold, me) = (at.fold()?, at.me()?);
        let since = |ring: &Ring| self.sounding.get(&(line.clone(), ring.call)).copied();
        let here = fold.sounding_on(&me.party, line).into_iter().filter(|ring| since(ring).is_some());
        let ring = here.rev().max_by_key(|ring| ring.precedence)?;
        let ready_ms = match fold.response(line, &me.party, &ring.call) {
            RingResponse::Acknowledged { ready_ms, .. } => Some(ready_ms),
            _ => None,
        };
        let since_ms = since(&ring)?;
        Some(Sound { from: at.person(&ring.device)?, ring, ready_ms, since_ms })
    }

    /// The same for every line of the own office, in the board's order.
    pub(crate) fn all(&self, at: Roster) -> Vec<Sound> {
        let (Some(charter), Some(me)) = (at.charter(), at.me()) else { return Vec::new() };
        charter.lines_of_office(&me.office).filter_map(|line| self.on(at, &line.id)).collect()
    }

    /// Who is in a call has not heard the tone of a more urgent ring on the line for long enough: nobody is torn away
    /// by a slip of a finger. `call`: the line and the precedence of the call.
    pub(crate) fn is_too_early(
        &self,
        at: Roster,
        line: &LineId,
        call: Option<(&LineId, Precedence)>,
        now: Now,
    ) -> bool {
        let effects = effects(&self.all(at), call, now);
        effects.get(line).and_then(|effect| effect.answer_from_ms).is_some_and(|from_ms| now.ms < from_ms)
    }

    /// When something is due next, microseconds of the monotonic clock.
    pub(crate) fn next_timeout(&self, at: Roster, now: Now) -> Option<u64> {
        timers::next(now.us, TIMERS.iter().map(|timer| self.at(*timer, at, now)))
    }

    fn at(&self, timer: Timer, at: Roster, now: Now) -> Option<u64> {
        match timer {
            // Several rings pass it at different times.
            Timer::Silent => timers::next(now.us, self.known_us.values().map(|since_us| Some(silent_us(*since_us)))),
            Timer::Promised => {
                let waiting = self.all(at).into_iter().filter(|sound| !sound.is_due(now));
                waiting.filter_map(|sound| sound.ready_ms).min().map(|ready_ms| now.us_at(ready_ms))
            }
        }
    }
}

/// When a ring that is known since then has been met with silence for long enough.
fn silent_us(since_us: u64) -> u64 {
    since_us + SILENT_US
}

fn is_promised(at: Roster, line: &LineId, call: &CallId) -> bool {
    let (Some(me), Some(fold)) = (at.me(), at.fold()) else { return false };
    matches!(fold.response(line, &me.party, call), RingResponse::Acknowledged { .. })
}

/// Rings that come to the own office, but for those of the line on which this console is in a call.
fn rings_here(at: Roster, engaged: Option<&LineId>) -> Vec<(LineId, CallId)> {
    let (Some(fold), Some(me)) = (at.fold(), at.me()) else { return Vec::new() };
    let rings = fold.sounding(&me.party, &me.office).into_iter();
    rings.filter(|ring| Some(&ring.line) != engaged).map(|ring| (ring.line, ring.call)).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::limits::TONE_MS;
    use crate::scene::{Enrolled, Scene, after_ms, line_id};
    use crate::view::Standing;
    use trialogue_journal::Act;

    fn after(seconds: u64) -> Now {
        after_ms(seconds * 1_000)
    }

    fn call(number: u8) -> CallId {
        CallId([number; 16])
    }

    /// A console of Japan that is on both lines of the duty officers, and what it makes of rings.
    struct Watch {
        scene: Scene,
        japan: Enrolled,
        usa: Enrolled,
        korea: Enrolled,
        rings: Rings,
    }

    impl Watch {
        fn new() -> Self {
            let mut scene = Scene::new();
            let [japan, usa, korea] = ["jpn-duty", "usa-duty", "kor-duty"].map(|office| scene.enrol(office, 1));
            Self { scene, japan, usa, korea, rings: Rings::default() }
        }

        fn settle(&mut self, engaged: Option<&str>, now: Now) -> Option<bool> {
            let engaged = engaged.map(line_id);
            self.rings.settle(self.scene.roster(&self.japan), true, engaged.as_ref(), now)
        }

        fn standing(&self, line: &str, call: Option<(&str, Precedence)>, now: Now) -> Effect {
            let call = call.map(|(line, precedence)| (line_id(line), precedence));
            let call = call.as_ref().map(|(line, precedence)| (line, *precedence));
            effects(&self.rings.all(self.scene.roster(&self.japan)), call, now)[&line_id(line)]
        }

        fn next_timeout(&self, now: Now) -> Option<u64> {
            self.rings.next_timeout(self.scene.roster(&self.japan), now)
        }

        fn promises(&mut self, number: u8, ready_ms: u64) {
            self.scene.says(&self.japan, "duty", Act::Acknowledge { call: call(number), ready_ms });
        }
    }

    #[test]
    fn a_ring_sounds_until_it_is_over_and_each_change_is_said_once() {
        let mut watch = Watch::new();
        assert_eq!(watch.settle(None, after(0)), None);
        watch.scene.rings(&watch.usa, "duty", 1, Precedence::Routine);
        assert_eq!(watch.settle(None, after(1)), Some(true));
        assert_eq!((watch.settle(None, after(2)), watch.rings.is_ringing()), (None, true));
        watch.scene.says(&watch.usa, "duty", Act::Leave { cause: None });
        assert_eq!(watch.settle(None, after(3)), Some(false));
        assert!(watch.rings.all(watch.scene.roster(&watch.japan)).is_empty());
    }

    #[test]
    fn nothing_sounds_off_watch_or_on_the_line_of_the_own_call() {
        let mut watch = Watch::new();
        watch.scene.rings(&watch.usa, "duty", 1, Precedence::Routine);
        assert_eq!(watch.rings.settle(watch.scene.roster(&watch.japan), false, None, after(1)), None);
        assert_eq!(watch.settle(Some("duty"), after(1)), None);
        assert_eq!(watch.settle(Some("summit"), after(1)), Some(true));
    }

    #[test]
    fn the_most_urgent_takes_over_and_the_others_wait() {
        let mut watch = Watch::new();
        watch.scene.rings(&watch.usa, "summit", 1, Precedence::Routine);
        watch.scene.rings(&watch.korea, "duty", 2, Precedence::Immediate);
        watch.settle(None, after(1));
        let now = after(2);
        assert_eq!(watch.standing("duty", None, now).standing, Standing::TakesOver);
        assert_eq!(watch.standing("summit", None, now).standing, Standing::Waits);
        let shown: Vec<CallId> =
            watch.rings.all(watch.scene.roster(&watch.japan)).iter().map(|sound| sound.ring.call).collect();
        assert_eq!(shown, [call(2), call(1)], "in the board's order");
    }

    #[test]
    fn a_more_urgent_one_takes_over_from_a_call_after_its_tone() {
        let mut watch = Watch::new();
        watch.scene.rings(&watch.usa, "duty", 1, Precedence::Immediate);
        watch.settle(Some("summit"), after(1));
        let line = line_id("summit");
        for (precedence, takes_over) in [(Precedence::Priority, true), (Precedence::Immediate, false)] {
            let effect = watch.standing("duty", Some(("summit", precedence)), after(2));
            assert_eq!(effect.standing == Standing::TakesOver, takes_over);
            assert_eq!(effect.answer_from_ms, takes_over.then_some(after(1).ms + TONE_MS));
            let early = |now| {
                let at = watch.scene.roster(&watch.japan);
                watch.rings.is_too_early(at, &line_id("duty"), Some((&line, precedence)), now)
            };
            assert_eq!((early(after(3)), early(after(4))), (takes_over, false));
        }
        let at = watch.scene.roster(&watch.japan);
        assert!(!watch.rings.is_too_early(at, &line_id("duty"), None, after(1)), "who is in no call answers at once");
    }

    #[test]
    fn one_whose_answer_is_promised_is_silent_and_takes_over_at_that_time() {
        let mut watch = Watch::new();
        watch.scene.rings(&watch.usa, "duty", 1, Precedence::Routine);
        assert_eq!(watch.settle(None, after(1)), Some(true));
        watch.promises(1, after(60).ms);
        assert_eq!(watch.settle(None, after(2)), Some(false));
        assert_eq!(watch.standing("duty", None, after(59)).standing, Standing::Promised);
        assert_eq!(watch.next_timeout(after(10)), Some(after(60).us));
        assert_eq!(watch.standing("duty", None, after(60)).standing, Standing::TakesOver);
        assert_eq!(watch.next_timeout(after(60)), None);
    }

    #[test]
    fn a_promise_on_one_line_silences_nothing_on_another_whatever_its_number() {
        let mut watch = Watch::new();
        watch.scene.rings(&watch.korea, "summit", 1, Precedence::Routine);
        watch.settle(None, after(1));
        watch.scene.says(&watch.japan, "summit", Act::Acknowledge { call: call(1), ready_ms: after(60).ms });
        assert_eq!(watch.settle(None, after(2)), Some(false));
        watch.scene.rings(&watch.usa, "duty", 1, Precedence::Immediate);
        assert_eq!(watch.settle(None, after(3)), Some(true));
        let since: Vec<u64> =
            watch.rings.all(watch.scene.roster(&watch.japan)).iter().map(|sound| sound.since_ms).collect();
        assert_eq!(since, [after(3).ms, after(1).ms], "in the board's order");
    }

    #[test]
    fn a_party_is_silent_three_seconds_after_a_ring_is_known() {
        let mut watch = Watch::new();
        watch.scene.rings(&watch.usa, "duty", 1, Precedence::Routine);
        watch.settle(None, after(1));
        watch.scene.rings(&watch.korea, "summit", 2, Precedence::Routine);
        watch.settle(None, after(2));
        assert_eq!(watch.next_timeout(after(2)), Some(after(4).us));
        assert!(
            !watch.rings.is_known_long(&line_id("duty"), &call(1), after(3))
                && watch.rings.is_known_long(&line_id("duty"), &call(1), after(4))
        );
        assert_eq!(watch.next_timeout(after(4)), Some(after(5).us), "the other one is still to come");
        assert!(!watch.rings.is_known_long(&line_id("duty"), &call(3), after(100)), "nobody rings so");
        assert_eq!(watch.next_timeout(after(5)), None);
    }
}
