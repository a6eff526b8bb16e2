//! The connection as the model sees it: up, being made, waited for, given up.
//! Never: sockets.

use std::time::Duration;

/// The first pause before another attempt; each next one is twice as long.
const PAUSE_FIRST: Duration = Duration::from_secs(1);
/// No pause is longer than this.
const PAUSE_MAX: Duration = Duration::from_secs(15);
/// Pauses are up to this much shorter, so that a restarted server isn't stormed
/// by everybody at once; in percent.
const JITTER_PERCENT: u32 = 40;

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
    doubled.min(PAUSE_MAX).mul_f64(1.0 - spread + spread * random.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_bound() {
        let longest: Vec<u64> = (1..=7).map(|attempt| pause(attempt, 1.0).as_secs()).collect();
        assert_eq!(longest, [1, 2, 4, 8, 15, 15, 15]);
        assert_eq!(pause(u32::MAX, 1.0), Duration::from_secs(15));
    }

    #[test]
    fn jitter_spreads_them() {
        assert_eq!(pause(1, 0.0), Duration::from_millis(600));
        assert_eq!(pause(5, 0.5), Duration::from_secs(12));
    }
}
