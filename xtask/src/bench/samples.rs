//! Measured values and their quantiles.

use serde_json::{Value, json};

/// Values of one figure.
#[derive(Debug, Default, Clone)]
pub struct Samples(Vec<f64>);

impl Samples {
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    pub fn add(&mut self, value: f64) {
        self.0.push(value);
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The value below which that share of all lies (nearest rank); not a number when there is none.
    pub fn quantile(&self, share: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let rank = (share * sorted.len() as f64).ceil().max(1.0) as usize;
        sorted.get(rank - 1).copied().unwrap_or(f64::NAN)
    }

    pub fn json(&self) -> Value {
        json!({ "p50": self.quantile(0.5), "p99": self.quantile(0.99), "runs": self.len() })
    }
}

#[cfg(test)]
mod tests {
    use super::Samples;

    #[test]
    fn quantiles_are_values_that_were_measured() {
        let samples = Samples((1..=100).map(f64::from).collect());
        assert_eq!((samples.quantile(0.5), samples.quantile(0.99)), (50.0, 99.0));
        assert!(Samples::default().quantile(0.5).is_nan());
    }
}
