//! When to ask for key frames: never more often than a source can bear, and no wish is forgotten.

use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::DeviceId;

/// Least time between two requests for one source, in milliseconds. A key frame is ten times a delta frame; asking
/// faster than a round trip only makes pictures worse for everyone.
const INTERVAL_MS: u64 = 300;

/// What was asked of whose picture.
#[derive(Debug, Default)]
pub(crate) struct KeyFrames {
    asking: BTreeMap<DeviceId, Asking>,
    /// When a wish that had to wait may be asked for.
    next_ms: Option<u64>,
}

/// What was asked of one source.
#[derive(Debug, Clone, Copy, Default)]
struct Asking {
    asked_ms: Option<u64>,
    wanted: bool,
}

impl KeyFrames {
    /// Somebody waits for one. True: it is to be asked for now; false: it was asked for a moment ago, and the wish
    /// waits.
    #[must_use]
    pub(super) fn want(&mut self, device: DeviceId, now_ms: u64) -> bool {
        let asking = self.asking.entry(device).or_default();
        if let Some(at) = asking.asked_ms.map(|at| at + INTERVAL_MS).filter(|at| *at > now_ms) {
            asking.wanted = true;
            self.next_ms = Some(self.next_ms.map_or(at, |other| other.min(at)));
            return false;
        }
        *asking = Asking { asked_ms: Some(now_ms), wanted: false };
        true
    }

    /// One passes: who waited has it.
    pub(super) fn seen(&mut self, device: DeviceId) {
        if let Some(asking) = self.asking.get_mut(&device) {
            asking.wanted = false;
        }
    }

    /// Nobody else sends any more.
    pub(super) fn keep(&mut self, devices: &BTreeSet<DeviceId>) {
        self.asking.retain(|device, _| devices.contains(device));
    }

    pub(super) fn next_timeout(&self) -> Option<u64> {
        self.next_ms
    }

    /// Those for which somebody waits, each to be wanted anew.
    #[must_use]
    pub(super) fn take_due(&mut self, now_ms: u64) -> Vec<DeviceId> {
        if self.next_ms.is_none_or(|at| at > now_ms) {
            return Vec::new();
        }
        self.next_ms = None;
        self.asking.iter().filter(|(_, asking)| asking.wanted).map(|(id, _)| *id).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: DeviceId = DeviceId([1; 32]);
    const OTHER: DeviceId = DeviceId([2; 32]);

    #[test]
    fn a_wish_waits_and_is_not_forgotten() {
        let mut asked = KeyFrames::default();
        assert!(asked.want(ONE, 1_000) && asked.next_timeout().is_none());
        assert!(!asked.want(ONE, 1_100) && !asked.want(ONE, 1_200));
        assert!(asked.want(OTHER, 1_200), "of another it is asked at once");
        assert_eq!(asked.next_timeout(), Some(1_000 + INTERVAL_MS));
        assert!(asked.take_due(1_299).is_empty());
        assert_eq!(asked.take_due(1_300), [ONE]);
        assert!(asked.next_timeout().is_none() && asked.want(ONE, 1_300));
    }

    #[test]
    fn who_has_one_waits_no_more() {
        let mut asked = KeyFrames::default();
        assert!(asked.want(ONE, 0) && !asked.want(ONE, 10));
        asked.seen(ONE);
        assert!(asked.take_due(INTERVAL_MS).is_empty());
    }
}
