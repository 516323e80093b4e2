//! How long a listener heard nothing of a sender, and how many of its frames never came.

use serde::Serialize;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use trialogue_charter::DeviceId;
use trialogue_e2ee::sealing::{KeyId, Number};

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
    /// For how long it has come without a gap of more than 60 ms by now, in milliseconds.
    pub steady_ms: f64,
}

/// A longer gap can be heard: more than two frames are missing.
const GAP: Duration = Duration::from_millis(60);

/// The picture of one sender since the last reset.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Picture {
    /// Sender, hex.
    pub device: String,
    /// Frames opened.
    pub frames: u64,
    /// Longest time between two opened frames, or since the last one, in milliseconds.
    pub longest_gap_ms: f64,
}

/// A voice frame in 1/90,000 s.
const FRAME_TIME: u64 = 1_800;

#[derive(Default)]
struct Gaps {
    frames: u64,
    lost: u64,
    longest: Duration,
    last: Option<Instant>,
    /// When the last gap that could be heard was over.
    steady: Option<Instant>,
    /// Key and number of the voice frame with the highest number, and pictures opened under that key since.
    top: Option<(KeyId, Number)>,
    pictures: u64,
    /// RTP time of the voice frame with the highest number.
    time: u64,
    shown: Shown,
}

/// The picture of a sender.
#[derive(Default, Clone, Copy)]
struct Shown {
    frames: u64,
    longest: Duration,
    last: Option<Instant>,
}

impl Shown {
    fn opened(&mut self, now: Instant) {
        self.frames += 1;
        if let Some(last) = self.last.replace(now) {
            self.longest = self.longest.max(now.saturating_duration_since(last));
        }
    }
}

/// The gaps of all senders.
#[derive(Default)]
pub struct Silences(BTreeMap<DeviceId, Gaps>);

impl Silences {
    /// Counts from now on. A gap begins with the reset at the latest.
    pub fn reset(&mut self, now: Instant) {
        for gaps in self.0.values_mut() {
            let shown = Shown { last: gaps.shown.last.map(|_| now), ..Shown::default() };
            let Gaps { top, pictures, time, steady, .. } = *gaps;
            *gaps = Gaps { last: gaps.last.map(|_| now), steady, top, pictures, time, shown, ..Gaps::default() };
        }
    }

    /// Of those who are not in the call any more nothing is awaited.
    pub fn keep(&mut self, in_call: impl Fn(&DeviceId) -> bool) {
        self.0.retain(|device, _| in_call(device));
    }

    /// A frame was opened; `time` is its RTP time in 1/90,000 s.
    pub fn opened(&mut self, device: DeviceId, voice: bool, (key, number): (KeyId, Number), time: u64, now: Instant) {
        let gaps = self.0.entry(device).or_default();
        if !voice {
            gaps.shown.opened(now);
            gaps.pictures += u64::from(gaps.top.is_some_and(|(top, _)| top.generation() == key.generation()));
            return;
        }
        let before = gaps.last.replace(now);
        if before.is_none_or(|last| now.saturating_duration_since(last) > GAP) {
            gaps.steady = Some(now);
        }
        if let Some(last) = before {
            gaps.longest = gaps.longest.max(now.saturating_duration_since(last));
        }
        gaps.frames += 1;
        let missed = match gaps.top {
            Some((top, highest)) if top.generation() == key.generation() && number < highest => {
                // It was counted as lost, and was only late.
                gaps.lost = gaps.lost.saturating_sub(1);
                return;
            }
            // Numbers count on over all keys of a generation, modulo 256: a longer silence than that shows in the gap.
            Some((top, highest)) if top.generation() == key.generation() => {
                u64::from(number.count().wrapping_sub(highest.count())).saturating_sub(1 + gaps.pictures)
            }
            // A generation's first count is 0. What came before the first frame of all was not meant for this listener.
            Some(_) => u64::from(number.count()),
            None => 0,
        };
        // Numbers count lost pictures as well; time does not.
        let by_time = (time.saturating_sub(gaps.time) / FRAME_TIME).saturating_sub(1);
        let missed = if time > gaps.time { missed.min(by_time) } else { missed };
        gaps.time = time;
        gaps.lost += missed;
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
                steady_ms: match gaps.steady {
                    Some(since) if open <= GAP => now.saturating_duration_since(since).as_secs_f64() * 1_000.0,
                    _ => 0.0,
                },
            }
        };
        self.0.iter().filter(|(_, gaps)| gaps.last.is_some()).map(voice).collect()
    }

    /// The same of pictures.
    pub fn pictures(&self, now: Instant) -> Vec<Picture> {
        let picture = |(device, gaps): (&DeviceId, &Gaps)| {
            let open = now.saturating_duration_since(gaps.shown.last?);
            let longest_gap_ms = gaps.shown.longest.max(open).as_secs_f64() * 1_000.0;
            Some(Picture { device: device.to_string(), frames: gaps.shown.frames, longest_gap_ms })
        };
        self.0.iter().filter_map(picture).collect()
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
        // The time of a number does not matter here, but that it goes on.
        let n = |count: u64| Number::from_u64(1 << 24 | count << 8 | count).unwrap();
        let at = |ms| start + Duration::from_millis(ms);
        let mut silences = Silences::default();
        let mut voice = |key, number, ms| silences.opened(device, true, (key, n(number)), ms * 90, at(ms));
        voice(key(0), 10, 0);
        voice(key(0), 11, 20);
        // One is late, two are lost, and a pause in which nothing was sealed is no loss.
        voice(key(0), 15, 220);
        voice(key(0), 13, 225);
        voice(key(0), 16, 1_225);
        silences.opened(device, false, (key(0), n(17)), 0, at(1_230));
        silences.opened(device, true, (key(0), n(18)), 1_245 * 90, at(1_245));
        silences.opened(device, true, (key(1), n(1)), 1_285 * 90, at(1_285));
        // A number that a lost picture had is no lost voice.
        silences.opened(device, true, (key(1), n(3)), 1_305 * 90, at(1_305));
        let figures = silences.figures(at(1_310));
        assert_eq!((figures[0].frames, figures[0].lost), (8, 3));
        assert!((figures[0].longest_gap_ms - 1_000.0).abs() < 0.1);
        assert!((figures[0].steady_ms - 85.0).abs() < 0.1);
        assert_eq!(
            (silences.pictures(at(1_310))[0].frames, silences.pictures(at(1_310))[0].longest_gap_ms.round()),
            (1, 80.0)
        );
        silences.reset(at(1_310));
        let figures = silences.figures(at(1_360));
        assert_eq!((figures[0].frames, figures[0].lost), (0, 0));
        assert!((figures[0].longest_gap_ms - 50.0).abs() < 0.1);
    }
}
