//! A small burst once in a period says what a link carries at least. It never takes more than a hundredth of it, and
//! never competes with a call.

use super::Trials;
use crate::here::Here;
use crate::journals::Pen;
use crate::links::Links;
use trialogue_charter::NodeId;
use trialogue_wire::console::PathMeasure;
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

impl Trials {
    pub(super) fn send_probes(&mut self, links: &Links, pen: &mut Pen<'_>) {
        let here = pen.here();
        let calls = here.charter.lines.iter().any(|line| !pen.state().in_on(&line.id).is_empty());
        if calls {
            return;
        }
        let seconds = u64::from(here.charter.policy.tests.path_seconds);
        for node in links.neighbours() {
            let capped = |path: &PathMeasure| path.best && path.cap_kbit.is_some();
            if links.measured(node).iter().any(capped) {
                continue;
            }
            let probe = self.probes.entry(node.clone()).or_default();
            // A hundredth of what passes in a period.
            let fair = |kbit: u32| usize::try_from(u64::from(kbit) * seconds * 10 / 8).unwrap_or(PROBE_MAX);
            probe.bytes = probe.kbit.map_or(FIRST, fair).clamp(LEAST, PROBE_MAX);
            probe.number = probe.number.wrapping_add(1);
            probe.sent_us = Some(here.now.us);
            let message = LinkMessage::Probe { number: probe.number, filler: vec![0; probe.bytes] };
            pen.out.link(node, &message);
        }
    }

    /// A probe has come back. `round_trip_us`: of the link, if it is known.
    pub(crate) fn probed(&mut self, node: &NodeId, number: u32, round_trip_us: Option<u32>, here: &Here) {
        let Some(probe) = self.probes.get_mut(node).filter(|probe| probe.number == number) else { return };
        let Some(sent_us) = probe.sent_us.take() else { return };
        // The way there and back is no part of it; a millisecond is what a clock of the other side's scheduler may
        // hide.
        let way_us = u64::from(round_trip_us.unwrap_or(0));
        let took_us = here.now.us.saturating_sub(sent_us).saturating_sub(way_us).max(1_000);
        probe.kbit = u32::try_from(probe.bytes as u64 * 8_000 / took_us).ok();
    }
}
