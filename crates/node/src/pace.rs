//! How often those outside may make work.

use std::time::Duration;
use tokio::time::Instant;

/// So many turns per second, and so many at once after a rest; whoever asks for more waits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    /// From then on.
    pub(crate) per_second: f64,
    /// At once.
    pub(crate) burst: f64,
}

/// A token bucket that is waited for.
pub(crate) struct Pace {
    rate: Rate,
    turns: f64,
    at: Instant,
}

impl Pace {
    pub(crate) fn new(rate: Rate) -> Self {
        Self { rate, turns: rate.burst, at: Instant::now() }
    }

    /// Waits for a turn. One that is ended while it waits has used nothing.
    pub(crate) async fn take(&mut self) {
        self.fill();
        if self.turns < 1.0 {
            tokio::time::sleep(Duration::from_secs_f64((1.0 - self.turns) / self.rate.per_second)).await;
            self.fill();
        }
        self.turns = (self.turns - 1.0).max(0.0);
    }

    /// As good as a new one.
    pub(crate) fn is_full(&mut self) -> bool {
        self.fill();
        self.turns >= self.rate.burst
    }

    fn fill(&mut self) {
        let now = Instant::now();
        self.turns = (self.turns + (now - self.at).as_secs_f64() * self.rate.per_second).min(self.rate.burst);
        self.at = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_passes_at_once_and_the_rest_at_the_rate() {
        let mut pace = Pace::new(Rate { per_second: 10.0, burst: 5.0 });
        let began = Instant::now();
        for _ in 0..5 {
            pace.take().await;
        }
        assert_eq!(began.elapsed(), Duration::ZERO);
        for _ in 0..10 {
            pace.take().await;
        }
        assert!((990..=1_020).contains(&began.elapsed().as_millis()), "{:?}", began.elapsed());
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert!(pace.is_full());
    }
}
