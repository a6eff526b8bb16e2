//! The server's clock, seen from here: the offset measured by `/time`, the
//! round trip halved. Never: reading a clock; the time is an argument.

use jiff::{SignedDuration, Timestamp};
use std::collections::VecDeque;
use std::time::Duration;

/// A clock that is off by more than this is wrong, and its owner is told.
pub const WRONG_CLOCK: SignedDuration = SignedDuration::from_secs(1);
/// Clocks that differ by less than this agree, as far as people care.
const SAME_TIME_SECONDS: f64 = 0.05;
/// How often the offset is measured.
pub const MEASURE_INTERVAL: Duration = Duration::from_secs(180);
/// Of the last measurements, the one with the shortest round trip counts: the
/// others were held up somewhere.
const MEASUREMENTS_MAX: usize = 4;

/// What time it is here, in both ways to tell.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// Since the client was started; never jumps.
    pub ticks: Duration,
    /// By this machine's clock, which may be wrong, and may jump.
    pub wall: Timestamp,
}

#[derive(Clone, Copy, Debug)]
struct Measurement {
    offset: SignedDuration,
    round_trip: Duration,
}

/// What is known of the server's clock.
#[derive(Debug, Default)]
pub struct Clock {
    measurements: VecDeque<Measurement>,
    /// The last round trip of any kind.
    round_trip: Option<Duration>,
    told: bool,
}

impl Clock {
    /// An answer of `/time` has come: `sent` is when it was asked for.
    pub fn measure(&mut self, sent: Now, now: Now, server: Timestamp) {
        let round_trip = now.ticks.saturating_sub(sent.ticks);
        let half = SignedDuration::try_from(round_trip / 2).unwrap_or_default();
        // From when it was asked, by ticks: this machine's clock may have
        // been set in between, and what it says now is what we correct.
        let offset = server.duration_since(now.wall) + half;
        self.round_trip = Some(round_trip);
        self.measurements.push_back(Measurement { offset, round_trip });
        if self.measurements.len() > MEASUREMENTS_MAX {
            self.measurements.pop_front();
        }
    }

    /// Another round trip, of `/ping`.
    pub fn round_trip_was(&mut self, round_trip: Duration) {
        self.round_trip = Some(round_trip);
    }

    /// A new connection, perhaps to another machine.
    pub fn forget(&mut self) {
        *self = Self { told: self.told, ..Self::default() };
    }

    pub fn round_trip(&self) -> Option<Duration> {
        self.round_trip
    }

    /// How far the server's clock is ahead of ours.
    pub fn offset(&self) -> Option<SignedDuration> {
        self.measurements.iter().min_by_key(|one| one.round_trip).map(|one| one.offset)
    }

    /// The time by the server's clock.
    pub fn server_time(&self, now: Now) -> Timestamp {
        let offset = self.offset().unwrap_or_default();
        now.wall.checked_add(offset).unwrap_or(now.wall)
    }

    pub fn is_wrong(&self) -> bool {
        self.offset().is_some_and(|offset| offset.abs() > WRONG_CLOCK)
    }

    /// How this machine's clock compares with the server's.
    pub fn in_words(&self) -> String {
        let offset = self.offset().unwrap_or_default();
        let seconds = offset.abs().as_secs_f64();
        match offset.is_positive() {
            _ if seconds < SAME_TIME_SECONDS => "agrees".to_owned(),
            true => format!("is {seconds:.2} s behind"),
            false => format!("is {seconds:.2} s ahead"),
        }
    }

    /// What to tell the owner of this machine: once, until it is right again.
    pub fn news(&mut self) -> Option<String> {
        if self.told == self.is_wrong() {
            return None;
        }
        self.told = !self.told;
        let offset = self.offset().unwrap_or_default();
        let seconds = offset.abs().as_secs_f64();
        let side = if offset.is_positive() { "behind" } else { "ahead of" };
        Some(match self.told {
            true => format!("This machine's clock is {seconds:.1} s {side} the server's."),
            false => "This machine's clock agrees with the server's again.".to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now(ticks_ms: u64, wall: &str) -> Now {
        Now { ticks: Duration::from_millis(ticks_ms), wall: wall.parse().unwrap() }
    }

    #[test]
    fn half_the_round_trip_is_taken_off() {
        let mut clock = Clock::default();
        let sent = now(0, "2026-11-23T12:00:00Z");
        let got = now(200, "2026-11-23T12:00:00.2Z");
        clock.measure(sent, got, "2026-11-23T12:00:05.1Z".parse().unwrap());
        assert_eq!(clock.offset(), Some(SignedDuration::from_secs(5)));
        assert_eq!(clock.round_trip(), Some(Duration::from_millis(200)));
        assert_eq!(clock.server_time(got).to_string(), "2026-11-23T12:00:05.2Z");
        assert_eq!(clock.news().unwrap(), "This machine's clock is 5.0 s behind the server's.");
        assert_eq!(clock.news(), None);
    }

    #[test]
    fn the_quickest_answer_counts() {
        let mut clock = Clock::default();
        let server = "2026-11-23T12:00:00.5Z".parse().unwrap();
        clock.measure(now(0, "2026-11-23T12:00:00Z"), now(100, "2026-11-23T12:00:00.5Z"), server);
        clock.measure(now(0, "2026-11-23T12:00:00Z"), now(9000, "2026-11-23T12:00:09Z"), server);
        assert_eq!(clock.offset(), Some(SignedDuration::from_millis(50)));
        assert!(!clock.is_wrong());
        assert_eq!(clock.news(), None);
    }
}
