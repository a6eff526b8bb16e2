//! Statistics of the workers' loops, for monitoring: written once a tick by each
//! worker, read by other threads. Nothing is decided by them but whether the
//! watchdog is fed.

use crate::chat::WorkerId;
use crate::chat::counters::Counter;
use crate::limits::TICK_BOUNDS;
use std::time::Duration;

/// One worker's loop, on cache lines of its own.
#[derive(Debug, Default)]
#[repr(align(128))]
pub struct WorkerLoopStats {
    /// Ticks, by how long they took: up to each of [`TICK_BOUNDS`], and longer.
    pub ticks: [Counter; TICK_BOUNDS.len() + 1],
    /// All of them together, in nanoseconds.
    pub tick_nanos: Counter,
    /// The most work in one tick, and in a row for one client, in units of
    /// `chat::work`.
    pub tick_work_peak: Counter,
    pub quantum_work_peak: Counter,
    /// Messages sent to other workers.
    pub messages: Counter,
    /// What waits in this worker's queues after the last tick, in bytes.
    pub queue_bytes: Counter,
    /// How long the last heartbeat waited for the loop, in nanoseconds.
    pub lag_nanos: Counter,
    /// The number of the last heartbeat that came through.
    pub heartbeat: Counter,
}

impl WorkerLoopStats {
    /// A tick is over.
    pub fn ticked(&self, took: Duration) {
        let bound = TICK_BOUNDS.iter().position(|&bound| took <= bound);
        self.ticks[bound.unwrap_or(TICK_BOUNDS.len())].add(1);
        self.tick_nanos.add(took.as_nanos() as u64);
    }
}

/// All loops.
#[derive(Debug)]
pub struct LoopStats(Box<[WorkerLoopStats]>);

impl LoopStats {
    /// For so many workers.
    pub fn new(workers: usize) -> Self {
        Self((0..workers).map(|_| WorkerLoopStats::default()).collect())
    }

    pub fn of(&self, worker: WorkerId) -> &WorkerLoopStats {
        &self.0[usize::from(worker)]
    }

    pub fn all(&self) -> &[WorkerLoopStats] {
        &self.0
    }

    /// Whether this heartbeat has come through everywhere.
    pub fn all_answered(&self, heartbeat: u64) -> bool {
        self.0.iter().all(|stats| stats.heartbeat.get() >= heartbeat)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tick_counts_where_it_belongs() {
        let stats = WorkerLoopStats::default();
        stats.ticked(Duration::ZERO);
        stats.ticked(TICK_BOUNDS[0]);
        stats.ticked(TICK_BOUNDS[0] + Duration::from_nanos(1));
        stats.ticked(Duration::from_secs(60));
        let counts: Vec<u64> = stats.ticks.iter().map(Counter::get).collect();
        assert_eq!((counts[0], counts[1], counts[TICK_BOUNDS.len()]), (2, 1, 1));
        assert_eq!(counts.iter().sum::<u64>(), 4);
    }

    #[test]
    fn a_heartbeat_is_answered_when_every_worker_has() {
        let loop_stats = LoopStats::new(2);
        assert!(loop_stats.all_answered(0) && !loop_stats.all_answered(1));
        loop_stats.of(0).heartbeat.set(1);
        assert!(!loop_stats.all_answered(1));
        loop_stats.of(1).heartbeat.set(1);
        assert!(loop_stats.all_answered(1));
    }
}
