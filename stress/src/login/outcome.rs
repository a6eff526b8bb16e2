//! What the rounds have given, and the middle of each figure. Never: measuring.

use super::args::LoginArgs;
use crate::run::Latency;
use serde::Serialize;

/// Everything, round by round; where a part wasn't asked for, nothing.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Outcome {
    pub users: usize,
    pub waiting: usize,
    pub known: usize,
    pub guests: Vec<Logins>,
    pub tokens: Vec<Logins>,
    pub quiet: Vec<Talk>,
    pub hashing: Vec<Talk>,
    pub empty: Vec<Started>,
    pub many: Vec<Started>,
}

/// Logins in waves.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Logins {
    pub waves: usize,
    /// In the middle wave: all of them, by the time until the last is in.
    pub per_second: f64,
    /// In the first one, of which the disk hears.
    pub per_second_first: f64,
    /// From connecting to the welcome.
    pub latency: Latency,
    /// CPU for each login, from accepting the connection to its end, in microseconds.
    pub worker_us: f64,
    pub store_us: f64,
}

/// Pairs that talk.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Talk {
    pub latency: Latency,
    pub passwords_per_second: f64,
}

/// A server that has started.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Started {
    pub seconds: f64,
    /// Resident.
    pub bytes: u64,
}

impl Outcome {
    pub(super) fn new(args: &LoginArgs) -> Self {
        let LoginArgs { users, waiting, known, .. } = *args;
        Self { users, waiting, known, ..Self::default() }
    }

    /// What a login by token costs a worker, of what a guest's does.
    pub(super) fn worker_ratio(&self) -> f64 {
        ratio(&self.tokens, &self.guests, |logins| logins.worker_us)
    }

    /// The pairs' 99th percentile while passwords wait, of that without.
    pub(super) fn p99_ratio(&self) -> f64 {
        ratio(&self.hashing, &self.quiet, |talk| talk.latency.p99)
    }

    /// What an account adds to a server that has started, in bytes.
    pub(super) fn bytes_each(&self) -> f64 {
        let bytes = |all: &[Started]| middle(all, |started| started.bytes as f64);
        (bytes(&self.many) - bytes(&self.empty)) / self.known.max(1) as f64
    }
}

/// The median of the rounds.
pub(super) fn middle<T>(rounds: &[T], figure: impl Fn(&T) -> f64) -> f64 {
    let mut all: Vec<f64> = rounds.iter().map(figure).collect();
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or_default()
}

/// The median of what the rounds have in relation to others, each to that of its round.
fn ratio<T>(these: &[T], those: &[T], figure: impl Fn(&T) -> f64) -> f64 {
    let pairs: Vec<(&T, &T)> = these.iter().zip(those).collect();
    middle(&pairs, |(this, that)| figure(this) / figure(that).max(1e-9))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_the_rounds_is_told_and_ratios_are_those_of_a_round() {
        let logins = |worker_us| Logins { worker_us, ..Logins::default() };
        let outcome = Outcome {
            guests: [10.0, 20.0, 30.0].map(logins).into(),
            tokens: [20.0, 30.0, 90.0].map(logins).into(),
            ..Outcome::default()
        };
        assert_eq!(middle(&outcome.guests, |logins| logins.worker_us), 20.0);
        assert_eq!(outcome.worker_ratio(), 2.0);
        assert_eq!(outcome.p99_ratio(), 0.0, "nothing was measured");
        let started = |bytes| Started { bytes, ..Started::default() };
        let outcome = Outcome {
            known: 10,
            empty: vec![started(1000)],
            many: vec![started(1900)],
            ..Outcome::default()
        };
        assert_eq!(outcome.bytes_each(), 90.0);
    }
}
