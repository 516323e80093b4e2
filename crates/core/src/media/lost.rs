//! Consoles in a call that are out of touch.

use crate::here::Here;
use crate::journals::{After, Journals, Pen};
use std::collections::BTreeMap;
use trialogue_charter::DeviceId;
use trialogue_journal::Body;

/// When what cannot be written is tried again.
const AGAIN_US: u64 = 1_000_000;

/// Devices in a call that are out of touch, and until when they may come back. No more than are in on some line.
#[derive(Default)]
pub(crate) struct Lost(BTreeMap<DeviceId, u64>);

impl Lost {
    /// A device has no WebSocket any more. In a call it keeps its place and its leg for `policy.lost_seconds`; false:
    /// it is in none.
    #[must_use]
    pub(crate) fn keeps(&mut self, device: DeviceId, here: &Here, journals: &Journals) -> bool {
        // One that is in at another site of the party may be on its way here: its voice is heard over this leg already.
        let mut lines = here.charter.lines.iter();
        let in_call = lines.any(|line| journals.state().in_on(&line.id).iter().any(|member| member.device == device));
        let keeps = in_call || !journals.lines_of(&device, here).is_empty();
        if keeps {
            self.0.insert(device, here.now.us + u64::from(here.charter.policy.lost_seconds) * 1_000_000);
        }
        keeps
    }

    /// It is back, or is nobody's any more.
    pub(crate) fn forget(&mut self, device: &DeviceId) {
        self.0.remove(device);
    }

    /// The node is in service no more: it writes of nobody.
    pub(crate) fn retire(&mut self) {
        self.0.clear();
    }

    /// When [`Lost::write_next`] is due, in microseconds.
    pub(crate) fn next_us(&self) -> Option<u64> {
        self.0.values().min().copied()
    }

    /// Writes that one who did not come back in time has left, and returns it: its leg ends. None: there is no other.
    #[must_use]
    pub(crate) fn write_next(&mut self, pen: &mut Pen<'_>) -> Option<DeviceId> {
        let now_us = pen.here().now.us;
        let (device, _) = self.0.extract_if(.., |_, until_us| now_us >= *until_us).next()?;
        for line in pen.lines_of(&device) {
            if pen.append(Body::Lost { device, line }, Vec::new(), After::Nothing).is_err() {
                self.0.insert(device, now_us + AGAIN_US);
            }
        }
        Some(device)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::scene::{Enrolled, OwnNode};
    use trialogue_charter::LineId;

    /// At the node of the United States: two consoles, both in on a line, and one that is not.
    fn bench() -> (OwnNode, [Enrolled; 2], Enrolled, Lost) {
        let mut own = OwnNode::at("usa-1");
        let [one, other, out] = [1, 2, 3].map(|person| own.scene.enrol("usa-duty", person));
        own.scene.rings(&one, 1);
        own.scene.rings(&other, 2);
        own.write();
        (own, [one, other], out, Lost::default())
    }

    fn keeps(own: &OwnNode, lost: &mut Lost, console: &Enrolled) -> bool {
        lost.keeps(console.device.id, &own.scene.here, &own.journals)
    }

    /// Whose leg ends, each with what is written before.
    fn settle(own: &mut OwnNode, lost: &mut Lost, now_us: u64) -> Vec<(DeviceId, Vec<Body>)> {
        own.goes_on_to(now_us);
        let next = |own: &mut OwnNode, lost: &mut Lost| Some((lost.write_next(&mut own.pen())?, own.written()));
        std::iter::from_fn(|| next(own, lost)).collect()
    }

    fn left(console: &Enrolled) -> (DeviceId, Vec<Body>) {
        let device = console.device.id;
        (device, vec![Body::Lost { device, line: LineId::new("duty").unwrap() }])
    }

    #[test]
    fn who_does_not_come_back_in_time_is_lost_once() {
        let (mut own, [one, other], out, mut lost) = bench();
        assert!(!keeps(&own, &mut lost, &out) && lost.next_us().is_none(), "it is in no call");
        let start_us = own.scene.here.now.us;
        let until_us = start_us + u64::from(own.scene.here.charter.policy.lost_seconds) * 1_000_000;
        assert!(keeps(&own, &mut lost, &one) && keeps(&own, &mut lost, &other));
        assert_eq!(lost.next_us(), Some(until_us));
        lost.forget(&other.device.id);
        assert!(settle(&mut own, &mut lost, until_us - 1).is_empty());
        assert_eq!(settle(&mut own, &mut lost, until_us), [left(&one)]);
        assert!(settle(&mut own, &mut lost, until_us + 1).is_empty() && lost.next_us().is_none());
    }

    #[test]
    fn of_several_each_is_written_before_its_leg_ends() {
        let (mut own, [one, other], _, mut lost) = bench();
        assert!(keeps(&own, &mut lost, &one) && keeps(&own, &mut lost, &other));
        let due_us = lost.next_us().unwrap();
        let mut both = [left(&one), left(&other)];
        both.sort_by_key(|(device, _)| *device);
        assert_eq!(settle(&mut own, &mut lost, due_us), both);
    }

    #[test]
    fn what_cannot_be_written_is_written_later() {
        let (mut own, [one, other], _, mut lost) = bench();
        assert!(keeps(&own, &mut lost, &one) && keeps(&own, &mut lost, &other));
        lost.forget(&other.device.id);
        let due_us = lost.next_us().unwrap();
        own.open = false;
        assert_eq!(settle(&mut own, &mut lost, due_us), [(one.device.id, vec![])], "its leg ends all the same");
        own.open = true;
        assert_eq!(lost.next_us(), Some(due_us + AGAIN_US));
        assert_eq!(settle(&mut own, &mut lost, due_us + AGAIN_US), [left(&one)]);
        assert!(keeps(&own, &mut lost, &other));
        lost.retire();
        assert_eq!(lost.next_us(), None);
    }
}
