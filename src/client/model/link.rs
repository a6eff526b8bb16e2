//! The connection as the model sees it: up, being made, waited for, given up.
//! Never: sockets.

use std::time::Duration;

/// The first pause before another attempt; each next one is twice as long.
const PAUSE_FIRST: Duration = Duration::from_secs(1);
/// No pause is longer than this, jitter aside.
const PAUSE_MAX: Duration = Duration::from_secs(60);
/// Pauses are up to this much shorter or longer, so that a restarted server
/// isn't stormed by everybody at once; in percent.
const JITTER_PERCENT: u32 = 30;

/// Where the connection stands; moments are ticks of [`super::clock::Now`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    Online,
    /// An attempt is under way: the first one is number 1.
    Connecting {
        attempt: u32,
    },
    /// The next attempt is due then.
    Waiting {
        until: Duration,
        attempt: u32,
    },
    /// No attempt without being asked to: we were sent away, or left.
    Off {
        why: String,
    },
}

/// How long to wait before attempt number `attempt`; `random` is 0.0 to 1.0.
pub fn pause(attempt: u32, random: f64) -> Duration {
    let doubled = PAUSE_FIRST.saturating_mul(1 << attempt.saturating_sub(1).min(16));
    let spread = f64::from(JITTER_PERCENT) / 100.0;
    doubled.min(PAUSE_MAX).mul_f64(1.0 - spread + 2.0 * spread * random.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_bound() {
        let middle: Vec<u64> = (1..=9).map(|attempt| pause(attempt, 0.5).as_secs()).collect();
        assert_eq!(middle, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(pause(u32::MAX, 1.0), Duration::from_secs(78));
    }

    #[test]
    fn jitter_spreads_them() {
        assert_eq!(pause(1, 0.0), Duration::from_millis(700));
        assert_eq!(pause(1, 1.0), Duration::from_millis(1300));
    }
}
