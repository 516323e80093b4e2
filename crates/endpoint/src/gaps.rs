//! How long a listener heard nothing of a sender, and how many of its frames never came.

use serde::Serialize;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use trialogue_charter::DeviceId;
use trialogue_e2ee::sealing::KeyId;

/// A step in numbers above this is no loss but a sender that was heard nothing of for long: two minutes of voice.
const STEP_MAX: u64 = 6_000;

/// The voice of one sender since the last reset.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Voice {
    /// Sender, hex.
    pub device: String,
    /// Frames opened.
    pub frames: u64,
    /// Frames that the sender sealed and that were never opened here, by the numbers under which it sealed them.
    pub lost: u64,
    /// Longest time between two opened frames, or since the last one, in milliseconds.
    pub longest_gap_ms: f64,
}

#[derive(Default)]
struct Gaps {
    frames: u64,
    lost: u64,
    longest: Duration,
    last: Option<Instant>,
    /// Key and number of the voice frame with the highest number, and pictures opened under that key since.
    top: Option<(KeyId, u64)>,
    pictures: u64,
}

/// The gaps of all senders.
#[derive(Default)]
pub struct Silences(BTreeMap<DeviceId, Gaps>);

impl Silences {
    /// Counts from now on. A gap begins with the reset at the latest.
    pub fn reset(&mut self, now: Instant) {
        for gaps in self.0.values_mut() {
            *gaps = Gaps { last: gaps.last.map(|_| now), top: gaps.top, pictures: gaps.pictures, ..Gaps::default() };
        }
    }

    /// Of those who are not in the call any more nothing is awaited.
    pub fn keep(&mut self, in_call: impl Fn(&DeviceId) -> bool) {
        self.0.retain(|device, _| in_call(device));
    }

    /// A frame was opened.
    pub fn opened(&mut self, device: DeviceId, voice: bool, (key, number): (KeyId, u64), now: Instant) {
        let gaps = self.0.entry(device).or_default();
        if !voice {
            gaps.pictures += u64::from(gaps.top.is_some_and(|(top, _)| top == key));
            return;
        }
        if let Some(last) = gaps.last.replace(now) {
            gaps.longest = gaps.longest.max(now.saturating_duration_since(last));
        }
        gaps.frames += 1;
        let missed = match gaps.top {
            Some((top, highest)) if top == key && number < highest => {
                // It was counted as lost, and was only late.
                gaps.lost = gaps.lost.saturating_sub(1);
                return;
            }
            Some((top, highest)) if top == key => (number - highest).saturating_sub(1 + gaps.pictures),
            // A key's first number is 0. What came before the first frame of all was not meant for this listener.
            Some(_) => number,
            None => 0,
        };
        gaps.lost += if missed > STEP_MAX { 0 } else { missed };
        gaps.top = Some((key, number));
        gaps.pictures = 0;
    }

    /// What came of each since the last reset.
    pub fn figures(&self, now: Instant) -> Vec<Voice> {
        let voice = |(device, gaps): (&DeviceId, &Gaps)| {
            let open = gaps.last.map_or(Duration::ZERO, |last| now.saturating_duration_since(last));
            Voice {
                device: device.to_string(),
                frames: gaps.frames,
                lost: gaps.lost,
                longest_gap_ms: gaps.longest.max(open).as_secs_f64() * 1_000.0,
            }
        };
        self.0.iter().filter(|(_, gaps)| gaps.last.is_some()).map(voice).collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn gaps_and_losses_are_told_apart() {
        let (device, start) = (DeviceId([1; 32]), Instant::now());
        let key = |id| KeyId::from_u64(id).unwrap();
        let at = |ms| start + Duration::from_millis(ms);
        let mut silences = Silences::default();
        let mut voice = |key, number, ms| silences.opened(device, true, (key, number), at(ms));
        voice(key(0), 10, 0);
        voice(key(0), 11, 20);
        // One is late, two are lost, and a pause in which nothing was sealed is no loss.
        voice(key(0), 15, 220);
        voice(key(0), 13, 225);
        voice(key(0), 16, 1_225);
        silences.opened(device, false, (key(0), 17), at(1_230));
        silences.opened(device, true, (key(0), 18), at(1_245));
        silences.opened(device, true, (key(1), 1), at(1_265));
        let figures = silences.figures(at(1_300));
        assert_eq!((figures[0].frames, figures[0].lost), (7, 3));
        assert!((figures[0].longest_gap_ms - 1_000.0).abs() < 0.1);
        silences.reset(at(1_300));
        let figures = silences.figures(at(1_350));
        assert_eq!((figures[0].frames, figures[0].lost), (0, 0));
        assert!((figures[0].longest_gap_ms - 50.0).abs() < 0.1);
    }
}
