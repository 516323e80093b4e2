//! The other members of the call by their keys: with whom keys are complete, whose keys are being replaced, and what is
//! suspect about somebody's frames.

use super::seats::seated;
use crate::around::Around;
use crate::io::{Event, Suspicion};
use crate::limits::*;
use crate::roster::Roster;
use crate::view::KeyState;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use trialogue_charter::{DeviceId, LineId};
use trialogue_journal::fold::Participant;
use trialogue_wire::console::ToNode;

/// What is known of the keys of one member, and of its frames.
#[derive(Clone, Copy)]
struct Known {
    /// Keys have been missing since then; none: they are here.
    without_keys_us: Option<u64>,
    /// Frames at its place were not its own: when last.
    forged_us: Option<u64>,
    /// Its frames came late: when last.
    late_us: Option<u64>,
}

#[derive(Default)]
pub(super) struct Members {
    known: BTreeMap<DeviceId, Known>,
    /// Those who have left and whose keys are being replaced: until when this console goes on speaking.
    leaving: BTreeMap<DeviceId, u64>,
    /// Whose word about a group's members was not so, the last ones.
    misled: VecDeque<DeviceId>,
    /// Others with whom keys are complete, as last logged.
    ready: usize,
    /// Since when.
    ready_us: u64,
}

impl Members {
    /// These others are in the call.
    pub(super) fn are(&mut self, others: &[DeviceId], at: Roster, now_us: u64) {
        let revoked = |device: &DeviceId| at.fold().is_some_and(|fold| fold.is_revoked(device));
        for device in self.known.keys().filter(|device| !others.contains(device) && !revoked(device)) {
            self.leaving.entry(*device).or_insert(now_us + LEAVING_US);
        }
        self.leaving.retain(|device, until| !others.contains(device) && now_us < *until + OLD_KEYS_US);
        self.known.retain(|device, _| others.contains(device));
        for device in others {
            let fresh = Known { without_keys_us: Some(now_us), forged_us: None, late_us: None };
            self.known.entry(*device).or_insert(fresh);
        }
    }

    /// A revoked device is nobody from now on.
    pub(super) fn revoked(&mut self, device: &DeviceId) {
        self.leaving.remove(device);
    }

    /// A console has said otherwise of its group's members than is so.
    pub(super) fn is_misled(&mut self, by: DeviceId) {
        self.misled.retain(|other| *other != by);
        self.misled.push_back(by);
        if self.misled.len() > MISLED_MAX {
            self.misled.pop_front();
        }
    }

    /// Who has done that, the last ones.
    pub(super) fn misled(&self) -> impl Iterator<Item = &DeviceId> {
        self.misled.iter()
    }

    /// Keys are made anew, of another suite: they are complete with nobody.
    pub(super) fn keys_are_gone(&mut self) {
        self.ready = 0;
    }

    /// Notes with whom keys are complete: `speaking`, who can open what this console seals; `opening`, whom it can
    /// open.
    pub(super) fn settle(
        &mut self,
        (speaking, opening): (&BTreeSet<DeviceId>, &BTreeSet<DeviceId>),
        line: &LineId,
        participants: &[Participant],
        around: &mut Around<'_>,
    ) {
        let seats = seated(around.at, line, participants.iter().collect(), None);
        let seats: BTreeSet<DeviceId> = seats.into_iter().map(|participant| participant.device).collect();
        let mut ready = 0;
        for (device, known) in &mut self.known {
            if speaking.contains(device) && opening.contains(device) {
                known.without_keys_us = None;
                ready += 1;
            } else {
                known.without_keys_us.get_or_insert(around.now.us);
            }
        }
        // Who has no seat is waited for by nobody.
        let awaited =
            self.known.iter().filter(|(device, known)| seats.contains(device) && known.without_keys_us.is_some());
        let complete = awaited.count() == 0 && ready > 0;
        let news = complete && self.ready != ready;
        self.ready = if complete { ready } else { 0 };
        if news {
            self.ready_us = around.now.us;
            around.log(Event::KeysReady { others: ready });
        }
    }

    /// A frame was refused, or one is taken that is suspect: said on the screen, and to the node, which knows by which
    /// way it came.
    pub(super) fn suspect(&mut self, device: DeviceId, what: Suspicion, around: &mut Around<'_>) {
        let now_us = around.now.us;
        let Some(member) = self.known.get_mut(&device) else { return };
        let before = match what {
            Suspicion::Forged => &mut member.forged_us,
            Suspicion::Late => &mut member.late_us,
        };
        let fresh = before.replace(now_us).is_none_or(|before| now_us >= before + SUSPECT_AGAIN_US);
        if fresh {
            around.log(Event::Suspect { device, what });
            if what == Suspicion::Forged {
                around.send(&ToNode::Forged { device });
            }
        }
    }

    /// Until when one who has left is spoken to all the same.
    pub(super) fn leaving_us(&self, device: &DeviceId) -> Option<u64> {
        self.leaving.get(device).copied()
    }

    /// Since when keys of that one have been missing; none: they are here, or it is no member.
    pub(super) fn without_keys_us(&self, device: &DeviceId) -> Option<u64> {
        self.known.get(device)?.without_keys_us
    }

    /// Its keys are here.
    pub(super) fn has_keys_of(&self, device: &DeviceId) -> bool {
        self.known.get(device).is_some_and(|known| known.without_keys_us.is_none())
    }

    /// Since when keys are complete with everybody who is waited for.
    pub(super) fn complete_us(&self) -> Option<u64> {
        (self.ready > 0).then_some(self.ready_us)
    }

    /// Somebody's keys have not come for long enough that it is said.
    pub(super) fn is_keyless(&self, device: &DeviceId, now_us: u64) -> bool {
        self.without_keys_us(device).is_some_and(|since| now_us >= since + MISSING_US)
    }

    /// Somebody's keys are only just on their way.
    pub(super) fn awaits_keys(&self, now_us: u64) -> bool {
        self.known.values().any(|known| known.without_keys_us.is_some_and(|since| now_us < since + MISSING_US))
    }

    /// How the keys of each member are, and those of whoever has just left.
    pub(super) fn states(&self, now_us: u64) -> impl Iterator<Item = (DeviceId, KeyState)> + '_ {
        let present = self.known.iter().map(move |(device, known)| match known.without_keys_us {
            None => (*device, KeyState::Ready),
            Some(_) if self.is_keyless(device, now_us) => (*device, KeyState::Missing),
            Some(_) => (*device, KeyState::Pending),
        });
        let leaving = self.leaving.iter().filter(move |(_, until)| now_us < **until);
        present.chain(leaving.map(|(device, _)| (*device, KeyState::Leaving)))
    }

    /// What is suspect about the frames at a member's place: forged ones before late ones.
    pub(super) fn suspicion(&self, device: &DeviceId, now_us: u64) -> Option<Suspicion> {
        let known = self.known.get(device)?;
        let lately = |at: Option<u64>| at.is_some_and(|at| now_us < at + SUSPECT_US);
        if lately(known.forged_us) {
            Some(Suspicion::Forged)
        } else if lately(known.late_us) {
            Some(Suspicion::Late)
        } else {
            None
        }
    }

    pub(super) fn next_us(&self, now_us: u64) -> Option<u64> {
        let missing = self.known.values().filter_map(|known| known.without_keys_us).map(|since| since + MISSING_US);
        let told = self.known.values().flat_map(|known| [known.forged_us, known.late_us]).flatten();
        let leaving = self.leaving.values().flat_map(|until| [*until, *until + OLD_KEYS_US]);
        let due = missing.chain(told.map(|at| at + SUSPECT_US)).chain(leaving);
        crate::timers::next(now_us, due.map(Some))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::bench::Bench;
    use crate::scene::{Scene, after_ms, line_id};
    use trialogue_charter::Precedence;

    /// USA and Japan are in a call.
    fn in_call() -> (Scene, Bench, DeviceId, Members) {
        let mut scene = Scene::new();
        let (usa, jpn) = (scene.enrol("usa-duty", 1), scene.enrol("jpn-duty", 1));
        scene.rings(&usa, "duty", 1, Precedence::Routine);
        scene.rings(&jpn, "duty", 1, Precedence::Routine);
        (scene, Bench::of(usa), jpn.device.id, Members::default())
    }

    fn settle(members: &mut Members, scene: &Scene, bench: &mut Bench, can: (&[DeviceId], &[DeviceId])) {
        let (line, mut around) = (line_id("duty"), bench.around(scene));
        let participants = around.at.in_on(&line);
        let [speaking, opening] = [can.0, can.1].map(|devices| devices.iter().copied().collect());
        members.settle((&speaking, &opening), &line, participants, &mut around);
    }

    #[test]
    fn keys_are_complete_when_both_can_open_what_the_other_seals() {
        let (scene, mut bench, jpn, mut members) = in_call();
        members.are(&[jpn], scene.roster(&bench.console), Bench::now(&scene).us);
        for can in [(&[][..], &[][..]), (&[jpn][..], &[][..]), (&[][..], &[jpn][..])] {
            settle(&mut members, &scene, &mut bench, can);
            assert!(members.complete_us().is_none() && !members.has_keys_of(&jpn));
        }
        settle(&mut members, &scene, &mut bench, (&[jpn], &[jpn]));
        assert_eq!(members.complete_us(), Some(Bench::now(&scene).us));
        settle(&mut members, &scene, &mut bench, (&[jpn], &[jpn]));
        let told = bench.outputs().iter().filter(|output| matches!(output, crate::Output::Log(_))).count();
        assert_eq!(told, 1, "said once");
    }

    #[test]
    fn keys_that_do_not_come_are_told_after_a_while() {
        let (scene, bench, jpn, mut members) = in_call();
        let start_us = after_ms(0).us;
        members.are(&[jpn], scene.roster(&bench.console), start_us);
        let state = |members: &Members, now_us| members.states(now_us).map(|(_, state)| state).collect::<Vec<_>>();
        assert_eq!(state(&members, start_us), [KeyState::Pending]);
        assert!(members.awaits_keys(start_us));
        let late_us = members.next_us(start_us).unwrap();
        assert_eq!((late_us, state(&members, late_us)), (start_us + MISSING_US, vec![KeyState::Missing]));
        assert!(members.is_keyless(&jpn, late_us) && !members.awaits_keys(late_us));
    }

    #[test]
    fn who_hangs_up_is_spoken_to_for_a_moment_and_who_is_revoked_is_not() {
        let (scene, bench, jpn, mut members) = in_call();
        let (at, start_us) = (scene.roster(&bench.console), after_ms(0).us);
        members.are(&[jpn], at, start_us);
        members.are(&[], at, start_us);
        assert_eq!(members.leaving_us(&jpn), Some(start_us + LEAVING_US));
        assert_eq!(members.states(start_us).map(|one| one.1).collect::<Vec<_>>(), [KeyState::Leaving]);
        members.revoked(&jpn);
        assert_eq!((members.leaving_us(&jpn), members.states(start_us).count()), (None, 0));
    }

    #[test]
    fn a_forged_frame_is_told_the_node_now_and_then_and_shown_before_a_late_one() {
        let (scene, mut bench, jpn, mut members) = in_call();
        let now_us = Bench::now(&scene).us;
        members.suspect(jpn, Suspicion::Forged, &mut bench.around(&scene));
        assert!(bench.outputs().is_empty(), "nobody of the call");
        members.are(&[jpn], scene.roster(&bench.console), now_us);
        for what in [Suspicion::Late, Suspicion::Forged, Suspicion::Forged] {
            members.suspect(jpn, what, &mut bench.around(&scene));
        }
        assert_eq!(bench.sent().len(), 1);
        assert_eq!(members.suspicion(&jpn, now_us), Some(Suspicion::Forged));
        assert_eq!(members.suspicion(&jpn, now_us + SUSPECT_US), None);
    }
}
