//! Counters of the whole server. Each worker writes its own, everybody may
//! read all; nothing is decided by them but the number of connections.

use super::id::WorkerId;
use crate::limits::{ROOM_BYTES_MAX, ROOMS_MAX};
use crate::wire::Code;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

/// A counter with one writer: a plain addition, no locked instruction.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds; only its writer may call this.
    pub fn add(&self, amount: u64) {
        self.0.store(self.0.load(Relaxed).wrapping_add(amount), Relaxed);
    }

    /// Makes it a gauge; only its writer may call this.
    pub fn set(&self, value: u64) {
        self.0.store(value, Relaxed);
    }

    /// Takes away; only its writer may call this.
    pub fn subtract(&self, amount: u64) {
        self.0.store(self.0.load(Relaxed).wrapping_sub(amount), Relaxed);
    }

    /// Anyone may read.
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// What one worker counts, on cache lines of its own.
#[derive(Debug, Default)]
#[repr(align(128))]
pub struct WorkerCounters {
    pub users: Counter,
    /// Malformed ones too.
    pub packets_in: Counter,
    /// Handed to a socket whole.
    pub packets_out: Counter,
    pub bytes_in: Counter,
    pub bytes_out: Counter,
    /// Packets from `/error`.
    pub refused: Counter,
    /// The same by code, as in [`Code::ALL`].
    pub refused_by_code: [Counter; Code::ALL.len()],
    /// What waits for its sockets, as of its last tick.
    pub queued_bytes: Counter,
    /// Bytes read and not handled yet, as of its last tick.
    pub kept_bytes: Counter,
    /// Users who want to know who comes and goes.
    pub watchers: Counter,
    /// Accounts at home here, and connections that were welcomed and are here.
    pub accounts: Counter,
    pub sessions: Counter,
    /// 1 while the disk does not answer.
    pub store_stalled: Counter,
}

/// What the store's thread counts.
#[derive(Debug, Default)]
pub struct StoreCounters {
    pub accounts: Counter,
    /// Packets that are stored, and their bytes.
    pub packets: Counter,
    pub bytes: Counter,
    /// 1 while the disk refuses.
    pub failing: Counter,
    /// Passwords that were hashed.
    pub hashed: Counter,
}

/// The counters of all workers.
#[derive(Debug)]
pub struct Counters {
    /// Zeros where there is no store.
    pub store: StoreCounters,
    workers: Box<[WorkerCounters]>,
    users: AtomicUsize,
    peak_users: AtomicUsize,
    rooms: AtomicUsize,
    room_bytes: AtomicUsize,
    list_bytes: AtomicUsize,
    /// How much of seccomp and of Landlock is in force.
    sandbox: OnceLock<[u64; 2]>,
}

impl Counters {
    /// For so many workers.
    pub fn new(workers: usize) -> Self {
        Self {
            store: StoreCounters::default(),
            workers: (0..workers).map(|_| WorkerCounters::default()).collect(),
            users: AtomicUsize::new(0),
            peak_users: AtomicUsize::new(0),
            rooms: AtomicUsize::new(0),
            room_bytes: AtomicUsize::new(0),
            list_bytes: AtomicUsize::new(0),
            sandbox: OnceLock::new(),
        }
    }

    /// Says, once, how much of seccomp (0, 1) and of Landlock (0, 1 in part, 2)
    /// is in force.
    pub fn set_sandbox(&self, seccomp_and_landlock: [u64; 2]) {
        let _ = self.sandbox.set(seccomp_and_landlock);
    }

    /// What [`Counters::set_sandbox`] said.
    pub fn sandbox(&self) -> [u64; 2] {
        self.sandbox.get().copied().unwrap_or_default()
    }

    /// One worker's own.
    pub fn of(&self, worker: WorkerId) -> &WorkerCounters {
        &self.workers[usize::from(worker)]
    }

    /// All of them, in order.
    pub fn all(&self) -> &[WorkerCounters] {
        &self.workers
    }

    /// One counter, over all workers.
    pub fn sum(&self, counter: impl Fn(&WorkerCounters) -> &Counter) -> u64 {
        self.workers.iter().map(|counters| counter(counters).get()).sum()
    }

    /// Users now.
    pub fn users(&self) -> usize {
        self.users.load(Relaxed)
    }

    /// The most users that there ever were at once.
    pub fn peak_users(&self) -> usize {
        self.peak_users.load(Relaxed)
    }

    /// One room more, unless there are as many as may be.
    pub(super) fn room_made(&self) -> bool {
        let more = |rooms| (rooms < ROOMS_MAX).then_some(rooms + 1);
        self.rooms.fetch_update(Relaxed, Relaxed, more).is_ok()
    }

    /// One more that the store has.
    pub(super) fn room_added(&self) {
        self.rooms.fetch_add(1, Relaxed);
    }

    /// ... and bytes of it or those who are in it.
    pub(super) fn room_bytes_added(&self, bytes: usize) {
        self.room_bytes.fetch_add(bytes, Relaxed);
    }

    pub(super) fn room_gone(&self) {
        self.rooms.fetch_sub(1, Relaxed);
    }

    /// Takes so many bytes more for rooms and members; false where that is over the
    /// bound.
    pub(super) fn room_bytes_taken(&self, bytes: usize) -> bool {
        let more = |all: usize| (all + bytes <= ROOM_BYTES_MAX).then_some(all + bytes);
        self.room_bytes.fetch_update(Relaxed, Relaxed, more).is_ok()
    }

    pub(super) fn room_bytes_freed(&self, bytes: usize) {
        self.room_bytes.fetch_sub(bytes, Relaxed);
    }

    /// Bytes of all lists, those kept for reuse and those being sent.
    pub(super) fn list_bytes(&self) -> usize {
        self.list_bytes.load(Relaxed)
    }

    pub(super) fn list_made(&self, bytes: usize) {
        self.list_bytes.fetch_add(bytes, Relaxed);
    }

    pub(super) fn list_dropped(&self, bytes: usize) {
        self.list_bytes.fetch_sub(bytes, Relaxed);
    }

    /// A user came; how many there are now.
    pub(super) fn user_came(&self, worker: WorkerId) -> usize {
        self.of(worker).users.add(1);
        let users = self.users.fetch_add(1, Relaxed) + 1;
        self.peak_users.fetch_max(users, Relaxed);
        users
    }

    pub(super) fn user_left(&self, worker: WorkerId) {
        self.of(worker).users.subtract(1);
        self.users.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_counts_both_ways_and_can_be_set() {
        let counter = Counter::default();
        counter.add(5);
        counter.subtract(2);
        assert_eq!(counter.get(), 3);
        counter.set(70);
        assert_eq!(counter.get(), 70);
    }

    #[test]
    fn the_sandbox_is_told_once() {
        let counters = Counters::new(2);
        assert_eq!(counters.sandbox(), [0, 0]);
        counters.set_sandbox([1, 2]);
        counters.set_sandbox([0, 0]);
        assert_eq!(counters.sandbox(), [1, 2]);
    }
}
