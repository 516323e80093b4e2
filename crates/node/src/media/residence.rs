//! How long this node keeps packets: from their arrival in the system to the last copy being given back to it.
//!
//! The system notes when a datagram arrived (`SO_TIMESTAMPNS`), so time in which the thread waited for a processor
//! counts too.

use hdrhistogram::Histogram;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Shown is what happened between one and two of these ago and now.
const WINDOW: Duration = Duration::from_secs(60);
/// Longest time told apart, in microseconds; longer counts as this.
const LONGEST_US: u64 = 10_000_000;
/// Packets that wait for their sending; more in one turn are not measured.
const WAITING_MAX: usize = 4_096;

/// Quantiles of the last one to two minutes, in microseconds; all 0 when nothing was forwarded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Residence {
    /// Packets measured.
    pub packets: u64,
    /// Half of them left sooner.
    pub p50_us: u64,
    /// 99 of 100 left sooner.
    pub p99_us: u64,
    /// The longest.
    pub max_us: u64,
}

/// Measures on the media thread.
pub(super) struct Stay {
    /// Arrival of the packet in hand, since 1970.
    pub(super) arrived: Option<Duration>,
    waiting: Vec<Duration>,
    now: Histogram<u32>,
    before: Histogram<u32>,
    turned: Instant,
}

impl Stay {
    /// None: the histograms cannot be made, which their constants exclude.
    pub(super) fn new(now: Instant) -> Option<Self> {
        let histogram = Histogram::new_with_bounds(1, LONGEST_US, 2).ok()?;
        Some(Self { arrived: None, waiting: Vec::new(), now: histogram.clone(), before: histogram, turned: now })
    }

    /// The packet in hand goes to somebody.
    pub(super) fn forwarded(&mut self) {
        if let Some(arrived) = self.arrived.take()
            && self.waiting.len() < WAITING_MAX
        {
            self.waiting.push(arrived);
        }
    }

    /// Everything that waited has been given to the system.
    pub(super) fn sent(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        let Ok(now) = SystemTime::now().duration_since(UNIX_EPOCH) else { return self.waiting.clear() };
        for arrived in self.waiting.drain(..) {
            // A wall clock that was set back in between tells nothing.
            if let Some(stayed) = now.checked_sub(arrived) {
                self.now.saturating_record(u64::try_from(stayed.as_micros()).unwrap_or(LONGEST_US));
            }
        }
    }

    /// The figures, and a new window when it is time.
    pub(super) fn publish(&mut self, now: Instant) -> Residence {
        let mut both = self.before.clone();
        // They have the same bounds, so that nothing can be lost.
        let _ = both.add(&self.now);
        if now.duration_since(self.turned) >= WINDOW {
            self.turned = now;
            std::mem::swap(&mut self.now, &mut self.before);
            self.now.reset();
        }
        Residence {
            packets: both.len(),
            p50_us: both.value_at_quantile(0.5),
            p99_us: both.value_at_quantile(0.99),
            max_us: both.max(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ago(ms: u64) -> Option<Duration> {
        SystemTime::now().duration_since(UNIX_EPOCH).ok().map(|now| now - Duration::from_millis(ms))
    }

    #[test]
    fn a_packet_counts_once_and_only_if_it_is_forwarded() {
        let began = Instant::now();
        let mut stay = Stay::new(began).unwrap();
        for _ in 0..99 {
            stay.arrived = ago(20);
            stay.forwarded();
            stay.forwarded();
        }
        stay.arrived = ago(5_000);
        stay.sent();
        let shown = stay.publish(began);
        assert_eq!(shown.packets, 99);
        assert!((20_000..4_000_000).contains(&shown.max_us), "{shown:?}");
        assert!(shown.p50_us <= shown.p99_us && shown.p99_us <= shown.max_us);
    }

    #[test]
    fn old_minutes_fade_and_the_one_before_is_still_shown() {
        let began = Instant::now();
        let mut stay = Stay::new(began).unwrap();
        stay.arrived = ago(1);
        stay.forwarded();
        stay.sent();
        assert_eq!(stay.publish(began + WINDOW).packets, 1);
        assert_eq!(stay.publish(began + WINDOW + WINDOW / 2).packets, 1);
        assert_eq!(stay.publish(began + 2 * WINDOW).packets, 1);
        assert_eq!(stay.publish(began + 3 * WINDOW).packets, 0);
    }

    #[test]
    fn a_clock_set_back_tells_nothing_and_breaks_nothing() {
        let mut stay = Stay::new(Instant::now()).unwrap();
        stay.arrived = ago(0).map(|at| at + Duration::from_hours(1));
        stay.forwarded();
        stay.sent();
        assert_eq!(stay.publish(Instant::now()), Residence::default());
    }
}
