//! How often something has happened lately, by whom: a bounded table. Never: what
//! follows from it.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::time::Duration;

/// Counts what has happened within a span of time.
#[derive(Debug)]
pub struct Recent<K> {
    /// When, the oldest first; times since the start of the process.
    times: HashMap<K, VecDeque<Duration>>,
    span: Duration,
    /// Of each at most so many are told apart.
    count_max: usize,
    keys_max: usize,
}

impl<K: Copy + Eq + Hash> Recent<K> {
    pub fn new(span: Duration, count_max: usize, keys_max: usize) -> Self {
        Self { times: HashMap::new(), span, count_max, keys_max }
    }

    /// How often, up to the bound.
    pub fn count(&self, now: Duration, key: K) -> usize {
        let times = self.times.get(&key);
        times.map_or(0, |times| times.iter().filter(|&&time| time + self.span > now).count())
    }

    /// It has happened once more; how often now.
    pub fn add(&mut self, now: Duration, key: K) -> usize {
        if self.times.len() >= self.keys_max && !self.times.contains_key(&key) {
            self.make_room(now);
        }
        let times = self.times.entry(key).or_default();
        times.push_back(now);
        while times.len() > self.count_max {
            times.pop_front();
        }
        self.count(now, key)
    }

    /// The last time didn't count.
    pub fn take_back(&mut self, key: K) {
        if let Some(times) = self.times.get_mut(&key) {
            times.pop_back();
            if times.is_empty() {
                self.times.remove(&key);
            }
        }
    }

    /// As if it had never happened.
    pub fn forget(&mut self, key: K) {
        self.times.remove(&key);
    }

    /// Drops what is over; where nothing is, what happened longest ago.
    fn make_room(&mut self, now: Duration) {
        let span = self.span;
        self.times.retain(|_, times| times.back().is_some_and(|&time| time + span > now));
        if self.times.len() >= self.keys_max {
            let last = |times: &VecDeque<Duration>| times.back().copied();
            let oldest = self.times.iter().min_by_key(|(_, times)| last(times));
            if let Some(key) = oldest.map(|(&key, _)| key) {
                self.times.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn what_is_longer_ago_than_the_span_does_not_count() {
        let mut recent = Recent::new(at(60), 3, 10);
        for second in [0, 10, 20, 30] {
            recent.add(at(second), 'a');
        }
        assert_eq!(recent.count(at(30), 'a'), 3, "up to the bound");
        assert_eq!(recent.count(at(69), 'a'), 3);
        assert_eq!(recent.count(at(70), 'a'), 2);
        assert_eq!(recent.count(at(90), 'a'), 0);
        assert_eq!((recent.count(at(30), 'b'), recent.add(at(31), 'b')), (0, 1));
        recent.take_back('b');
        recent.forget('a');
        assert!(recent.times.is_empty());
    }

    #[test]
    fn a_full_table_forgets_what_is_over_then_what_was_longest_ago() {
        let mut recent = Recent::new(at(60), 3, 2);
        recent.add(at(0), 'a');
        recent.add(at(50), 'b');
        recent.add(at(60), 'c');
        assert_eq!(['a', 'b', 'c'].map(|key| recent.count(at(60), key)), [0, 1, 1]);
        recent.add(at(61), 'd');
        assert_eq!(['b', 'c', 'd'].map(|key| recent.count(at(61), key)), [0, 1, 1]);
    }
}
