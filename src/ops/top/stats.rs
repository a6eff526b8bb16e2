//! The answers of `/stats`, and what has happened between two of them.

use std::collections::{HashMap, VecDeque};
use std::time::Instant;

/// Looks that are kept, which is more than any screen is wide.
const KEPT: usize = 512;

/// One answer: `NAME VALUE` a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stats {
    values: HashMap<String, u64>,
}

/// What is drawn over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Series {
    Users,
    PacketsIn,
    PacketsOut,
    BytesIn,
    BytesOut,
    Refused,
}

/// The last looks.
#[derive(Debug, Default)]
pub(super) struct History {
    last: Option<(Instant, Stats)>,
    series: [VecDeque<u64>; Series::ALL.len()],
}

impl Stats {
    /// None where it is no answer of `/stats`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let pair = |line: &str| {
            let (name, value) = line.split_once(' ')?;
            Some((name.to_owned(), value.parse().ok()?))
        };
        let values: HashMap<String, u64> = text.lines().filter_map(pair).collect();
        values.contains_key("users").then_some(Self { values })
    }

    /// A value that this server doesn't have is 0.
    pub(super) fn get(&self, name: &str) -> u64 {
        self.values.get(name).copied().unwrap_or(0)
    }

    /// Users of each worker, in order.
    pub(super) fn users_of_workers(&self) -> Vec<u64> {
        let of = |worker| self.values.get(&format!("users_worker_{worker}")).copied();
        (0..).map_while(of).collect()
    }
}

impl Series {
    pub(super) const ALL: [Self; 6] = [
        Self::Users,
        Self::Refused,
        Self::PacketsIn,
        Self::PacketsOut,
        Self::BytesIn,
        Self::BytesOut,
    ];

    /// For people.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Refused => "refused/s",
            Self::PacketsIn => "packets in/s",
            Self::PacketsOut => "packets out/s",
            Self::BytesIn => "bytes in/s",
            Self::BytesOut => "bytes out/s",
        }
    }

    fn counter(self) -> Option<&'static str> {
        match self {
            Self::Users => None,
            Self::Refused => Some("refused"),
            Self::PacketsIn => Some("packets_in"),
            Self::PacketsOut => Some("packets_out"),
            Self::BytesIn => Some("bytes_in"),
            Self::BytesOut => Some("bytes_out"),
        }
    }
}

impl History {
    /// The newest look. Rates begin with the second one.
    pub(super) fn add(&mut self, stats: Stats, now: Instant) {
        for series in Series::ALL {
            let value = match (series.counter(), &self.last) {
                (None, _) => stats.get("users"),
                (Some(_), None) => 0,
                (Some(counter), Some((then, last))) => {
                    // A server that was started anew counts from 0.
                    let more = stats.get(counter).saturating_sub(last.get(counter)) as f64;
                    let seconds = now.duration_since(*then).as_secs_f64();
                    if seconds > 0.0 { (more / seconds).round() as u64 } else { 0 }
                }
            };
            let values = &mut self.series[series as usize];
            if values.len() == KEPT {
                values.pop_front();
            }
            values.push_back(value);
        }
        self.last = Some((now, stats));
    }

    /// The newest answer.
    pub(super) fn stats(&self) -> Option<&Stats> {
        self.last.as_ref().map(|(_, stats)| stats)
    }

    /// So many of the newest values, the oldest first.
    pub(super) fn tail(&self, series: Series, count: usize) -> Vec<u64> {
        let values = &self.series[series as usize];
        values.iter().skip(values.len().saturating_sub(count)).copied().collect()
    }

    /// The newest value.
    pub(super) fn now(&self, series: Series) -> u64 {
        self.series[series as usize].back().copied().unwrap_or(0)
    }

    /// The newest look in a line.
    pub(super) fn line(&self) -> String {
        let words: Vec<String> =
            Series::ALL.iter().map(|&s| format!("{} {}", s.title(), self.now(s))).collect();
        words.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn stats(packets: u64) -> Stats {
        let text = format!("users 3\npackets_in {packets}\nusers_worker_0 1\nusers_worker_1 2");
        Stats::parse(&text).unwrap()
    }

    #[test]
    fn rates_are_what_happened_between_two_looks() {
        let mut history = History::default();
        let start = Instant::now();
        history.add(stats(100), start);
        assert_eq!((history.now(Series::Users), history.now(Series::PacketsIn)), (3, 0));
        history.add(stats(300), start + Duration::from_secs(2));
        assert_eq!(history.now(Series::PacketsIn), 100);
        history.add(stats(7), start + Duration::from_secs(3));
        assert_eq!(history.now(Series::PacketsIn), 0, "started anew");
        assert_eq!(history.tail(Series::PacketsIn, 2), [100, 0]);
        assert_eq!(history.stats().unwrap().users_of_workers(), [1, 2]);
        let line =
            "users 3, refused/s 0, packets in/s 0, packets out/s 0, bytes in/s 0, bytes out/s 0";
        assert_eq!(history.line(), line);
    }

    #[test]
    fn it_keeps_a_bounded_past() {
        let mut history = History::default();
        let start = Instant::now();
        for second in 0..2000 {
            history.add(stats(second), start + Duration::from_secs(second));
        }
        assert_eq!(history.tail(Series::PacketsIn, usize::MAX).len(), KEPT);
    }

    #[test]
    fn anything_else_is_no_answer() {
        assert_eq!(Stats::parse("hello\nworld 3"), None);
    }
}
