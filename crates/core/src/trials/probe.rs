//! A small burst once in a period says what a link carries at least. It never takes more than a hundredth of it, and never competes with a call.

use crate::machine::Machine;
use trialogue_charter::NodeId;
use trialogue_wire::limits::PROBE_MAX;
use trialogue_wire::link::LinkMessage;

/// The first probe of a link, in bytes, while nothing is known of it: a hundredth of 55 kbit/s in a minute.
const FIRST: usize = 4 << 10;
/// The smallest one that says anything.
const LEAST: usize = 1 << 10;

/// The last probe of a link.
#[derive(Default)]
pub(super) struct Probe {
    number: u32,
    sent_us: Option<u64>,
    bytes: usize,
    /// What the last one that came back says.
    pub(super) kbit: Option<u32>,
}

impl Machine {
    pub(super) fn send_probes(&mut self) {
        let calls = self.here.charter.lines.iter().any(|line| !self.journals.state().in_on(&line.id).is_empty());
        if calls {
            return;
        }
        let seconds = u64::from(self.here.charter.policy.tests.path_seconds);
        for node in self.neighbours().cloned().collect::<Vec<_>>() {
            let capped = |path: &trialogue_wire::console::PathMeasure| path.best && path.cap_kbit.is_some();
            if self.measured.get(&node).is_some_and(|paths| paths.iter().any(capped)) {
                continue;
            }
            let probe = self.trials.probes.entry(node.clone()).or_default();
            // A hundredth of what passes in a period.
            let fair = |kbit: u32| usize::try_from(u64::from(kbit) * seconds * 10 / 8).unwrap_or(PROBE_MAX);
            probe.bytes = probe.kbit.map_or(FIRST, fair).clamp(LEAST, PROBE_MAX);
            probe.number = probe.number.wrapping_add(1);
            probe.sent_us = Some(self.here.now.us);
            let message = LinkMessage::Probe { number: probe.number, filler: vec![0; probe.bytes] };
            self.send_link(&node, &message);
        }
    }

    pub(crate) fn take_probe(&mut self, node: &NodeId, number: u32) {
        self.send_link(node, &LinkMessage::Probed { number });
    }

    pub(crate) fn take_probed(&mut self, node: &NodeId, number: u32) {
        let now = self.here.now.us;
        let round_trip_us = self.links.get(node).and_then(|link| link.round_trip_us).unwrap_or(0);
        let Some(probe) = self.trials.probes.get_mut(node).filter(|probe| probe.number == number) else { return };
        let Some(sent_us) = probe.sent_us.take() else { return };
        // The way there and back is no part of it; a millisecond is what a clock of the other side's scheduler may hide.
        let took_us = now.saturating_sub(sent_us).saturating_sub(u64::from(round_trip_us)).max(1_000);
        probe.kbit = u32::try_from(probe.bytes as u64 * 8_000 / took_us).ok();
    }
}
