//! What a run leaves behind: the figures of tables, plots and JSON.

use crate::bots::Window;
use crate::crew::Outcome;
use hdrhistogram::Histogram;
use serde::Serialize;

/// Bots that use more of their cores than this may be what limits the rate.
pub(super) const GENERATOR_BUSY: f64 = 0.9;

/// One scenario, from its start to its verdict.
#[derive(Debug, Serialize)]
pub(crate) struct Record {
    pub scenario: String,
    pub users: usize,
    pub processes: usize,
    pub seconds: f64,
    pub delivered: u64,
    pub per_second: f64,
    pub welcomed: u64,
    pub latency: Latency,
    /// Latency by percentile: the percentile and microseconds.
    pub percentiles: Vec<(f64, f64)>,
    pub moments: Vec<Moment>,
    pub steps: Vec<Step>,
    pub ending: Option<Ending>,
    /// CPU per delivered message in µs, where the server was started here.
    pub server_cpu_us: Option<f64>,
    /// That of its workers and of its store, where the bots are accounts.
    pub worker_cpu_us: Option<f64>,
    pub store_cpu_us: Option<f64>,
    /// Share of one core that a process of bots used.
    pub generator_busy: f64,
    pub outcome: Outcome,
    /// Why it failed, besides faults.
    pub failures: Vec<String>,
}

impl Record {
    pub(crate) fn is_fine(&self) -> bool {
        self.failures.is_empty() && self.outcome.totals.faults == 0
    }

    pub(crate) fn generator_was_busy(&self) -> bool {
        self.generator_busy > GENERATOR_BUSY
    }
}

/// Latencies in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Latency {
    pub p50: f64,
    pub p99: f64,
    pub max: f64,
}

impl Latency {
    /// The summary of latencies in nanoseconds; zeros where there are none.
    pub(crate) fn of(latencies: &Histogram<u64>) -> Self {
        if latencies.is_empty() {
            return Self::default();
        }
        let quantile = |q| latencies.value_at_quantile(q) as f64 / 1e3;
        Self { p50: quantile(0.5), p99: quantile(0.99), max: latencies.max() as f64 / 1e3 }
    }
}

/// What was seen up to a moment of the run.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Moment {
    pub at_seconds: f64,
    pub users: usize,
    pub per_second: f64,
    pub latency: Latency,
    pub server_bytes: Option<u64>,
    pub server_descriptors: Option<u64>,
}

/// One step of `breakpoint`.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Step {
    pub users: usize,
    pub per_second: f64,
    pub latency: Latency,
    pub server_bytes: Option<u64>,
    pub generator_busy: f64,
}

/// What ended `breakpoint`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Ending {
    Refused { users: usize, why: String },
    TooSlow { users: usize, p99_us: f64 },
    DescriptorLimit { users: usize },
    AsManyAsAsked { users: usize },
}

impl std::fmt::Display for Ending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Refused { users, why } => {
                write!(f, "{users} users, then one was not let in: {why}")
            }
            Self::TooSlow { users, p99_us } => {
                write!(f, "at {users} users the latency bound: p99 {:.1} ms", p99_us / 1e3)
            }
            Self::DescriptorLimit { users } => {
                write!(f, "{users} users, then the descriptor limit of this machine's bots")
            }
            Self::AsManyAsAsked { users } => write!(f, "{users} users, as many as asked for"),
        }
    }
}

/// Latencies of several windows, of one or more processes.
pub(super) struct Latencies(Histogram<u64>);

impl Latencies {
    pub(super) fn new() -> Self {
        Self(crate::bots::histogram())
    }

    pub(super) fn of(window: &Window) -> Self {
        let mut latencies = Self::new();
        latencies.add(window);
        latencies
    }

    pub(super) fn add(&mut self, window: &Window) {
        for &(value, count) in &window.latencies {
            self.0.saturating_record_n(value, count);
        }
    }

    pub(super) fn summary(&self) -> Latency {
        Latency::of(&self.0)
    }

    /// Percentiles towards 100, each half as far from it as the one before.
    pub(super) fn percentiles(&self) -> Vec<(f64, f64)> {
        let steps = self.0.iter_quantiles(4);
        steps
            .filter(|_| !self.0.is_empty())
            .map(|step| (step.quantile() * 100.0, step.value_iterated_to() as f64 / 1e3))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A window with each of these latencies, in microseconds, seen once.
    fn window(microseconds: impl Iterator<Item = u64>) -> Window {
        let latencies = microseconds.map(|value| (value * 1000, 1)).collect();
        Window { latencies, ..Window::default() }
    }

    /// Within the three digits of a histogram.
    fn assert_about(value: f64, expected: f64) {
        assert!((value / expected - 1.0).abs() < 0.002, "{value} is not about {expected}");
    }

    #[test]
    fn percentiles_are_those_they_are_called() {
        let latency = Latencies::of(&window(1..=1000)).summary();
        assert_about(latency.p50, 500.0);
        assert_about(latency.p99, 990.0);
        assert_about(latency.max, 1000.0);
        assert_eq!(Latencies::new().summary(), Latency::default());
    }

    #[test]
    fn one_slow_packet_in_a_thousand_shows_in_the_slowest_alone() {
        let slow = window((1..1000).map(|_| 1000).chain([60_000_000]));
        let latency = Latencies::of(&slow).summary();
        assert_about(latency.p99, 1000.0);
        assert_about(latency.max, 60_000_000.0);
    }

    #[test]
    fn windows_add_up_to_the_latencies_of_all() {
        let mut all = Latencies::new();
        all.add(&window(1..=900));
        all.add(&Window { latencies: vec![(2_000_000, 100)], ..Window::default() });
        let latency = all.summary();
        assert_about(latency.p50, 500.0);
        assert_about(latency.p99, 2000.0);
    }

    #[test]
    fn the_curve_of_percentiles_ends_at_the_slowest() {
        let curve = Latencies::of(&window(1..=1000)).percentiles();
        let (share, value) = curve.last().copied().expect("points");
        assert_eq!(share, 100.0);
        assert_about(value, 1000.0);
        assert!(curve.is_sorted_by(|a, b| a.0 <= b.0 && a.1 <= b.1), "{curve:?}");
        let half = curve.iter().find(|(share, _)| *share >= 50.0).expect("the median");
        assert_about(half.1, 500.0);
        assert!(Latencies::new().percentiles().is_empty());
    }
}
