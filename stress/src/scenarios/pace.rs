//! When the next packet is due at a given rate. A late one is still due when
//! it was due: its wait counts as latency.

use std::time::{Duration, Instant};

/// Packets written in one turn at the most, when many are late.
const PER_TURN_MAX: usize = 10_000;

/// A schedule without an end.
pub(super) struct Pace {
    interval: Duration,
    next: Option<Instant>,
}

impl Pace {
    /// So many a second; `rate` is above 0.
    pub(super) fn new(rate: f64) -> Self {
        Self { interval: Duration::from_secs_f64(1.0 / rate.max(1e-6)), next: None }
    }

    pub(super) fn start(&mut self, now: Instant) {
        self.next = Some(now);
    }

    pub(super) fn stop(&mut self) {
        self.next = None;
    }

    /// The times that have come by `now`.
    pub(super) fn due(&mut self, now: Instant) -> Vec<Instant> {
        let mut due = Vec::new();
        while let Some(next) = self.next.filter(|&next| next <= now)
            && due.len() < PER_TURN_MAX
        {
            due.push(next);
            self.next = Some(next + self.interval);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_missed_is_still_due() {
        let start = Instant::now();
        let mut pace = Pace::new(10.0);
        assert!(pace.due(start).is_empty(), "not started");
        pace.start(start);
        assert_eq!(pace.due(start + Duration::from_millis(250)).len(), 3);
        assert_eq!(pace.due(start + Duration::from_millis(300)).len(), 1);
    }
}
