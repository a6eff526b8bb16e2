//! What is in flight between workers, and how far each is on its way to rest.
//! Numbers only; what they are about is `mailbox`'s and `shutdown`'s.

#[cfg(lanline_loom)]
use loom::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
#[cfg(not(lanline_loom))]
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::chat::WorkerId;
use crate::limits;

/// The in-flight tracker of the whole server; each worker has an entry.
#[derive(Debug)]
pub struct InFlight(Box<[Line]>);

#[derive(Debug)]
#[repr(align(64))]
struct Line {
    /// Bytes of messages sent to it and not dealt with.
    in_flight_bytes: AtomicUsize,
    /// What it reported last, in the low bits; above them, how often it reported.
    told: AtomicU64,
}

/// What a worker has reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Reached {
    Nothing,
    /// Nothing waits for any socket of its own.
    Flushed,
    /// Told to close, it has no connection left.
    Closed,
}

/// The low bits of `told`, for [`Reached`]; the others count the reports.
const REACHED_BITS: u64 = 2;

impl InFlight {
    pub fn new(workers: usize) -> Self {
        let line = |_| Line { in_flight_bytes: AtomicUsize::new(0), told: AtomicU64::new(0) };
        Self((0..workers).map(line).collect())
    }

    /// Messages of so many bytes are about to be sent.
    pub fn sent(&self, to: WorkerId, bytes: usize) {
        self.line(to).in_flight_bytes.fetch_add(bytes, Ordering::AcqRel);
    }

    /// Messages of so many bytes are dealt with, what follows from them is sent,
    /// and how far that brought the worker is told.
    pub fn done(&self, worker: WorkerId, bytes: usize) {
        if bytes > 0 {
            self.line(worker).in_flight_bytes.fetch_sub(bytes, Ordering::AcqRel);
        }
    }

    /// Whether so much is in flight that reading has to wait.
    pub fn is_congested(&self) -> bool {
        let mark = limits::mailbox_bytes_mark(self.0.len());
        self.bytes_in_flight().any(|bytes| bytes > mark)
    }

    /// What is in flight to each, in bytes.
    pub fn bytes_in_flight(&self) -> impl Iterator<Item = usize> {
        self.0.iter().map(|line| line.in_flight_bytes.load(Ordering::Acquire))
    }

    /// Reports how far a worker is; only the worker itself may, after all it sent.
    pub fn tell(&self, worker: WorkerId, reached: Reached) {
        let told = &self.line(worker).told;
        let times = (told.load(Ordering::Relaxed) >> REACHED_BITS) + 1;
        told.store(times << REACHED_BITS | reached as u64, Ordering::Release);
    }

    /// Whether all have reached it and no message is in flight.
    ///
    /// These numbers can't be read at one time: one worker may send something to
    /// another whose entry was read before. A worker reports after each time that
    /// it has sent something; so if no report came between a first and a second
    /// reading of all entries, and nothing was in flight in between, all was true at
    /// one time. `loom` checks it below.
    pub fn have_all(&self, reached: Reached) -> bool {
        let mask = (1 << REACHED_BITS) - 1;
        let told = || self.0.iter().map(|line| line.told.load(Ordering::Acquire));
        let before: Vec<u64> = told().collect();
        before.iter().all(|told| told & mask == reached as u64)
            && self.bytes_in_flight().all(|bytes| bytes == 0)
            && told().eq(before)
    }

    fn line(&self, worker: WorkerId) -> &Line {
        &self.0[usize::from(worker)]
    }
}

#[cfg(test)]
#[cfg(not(lanline_loom))]
mod tests {
    use super::*;

    #[test]
    fn all_have_reached_it_when_the_last_has_and_nothing_is_under_way() {
        let in_flight = InFlight::new(2);
        in_flight.tell(0, Reached::Flushed);
        assert!(!in_flight.have_all(Reached::Flushed));
        in_flight.tell(1, Reached::Flushed);
        assert!(in_flight.have_all(Reached::Flushed));
        assert!(!in_flight.have_all(Reached::Closed));
        in_flight.sent(0, 100);
        assert!(!in_flight.have_all(Reached::Flushed));
        in_flight.done(0, 100);
        assert!(in_flight.have_all(Reached::Flushed));
        in_flight.tell(0, Reached::Nothing);
        assert!(!in_flight.have_all(Reached::Flushed));
    }

    #[test]
    fn one_mailbox_over_the_mark_is_congestion() {
        let in_flight = InFlight::new(2);
        let mark = limits::mailbox_bytes_mark(2);
        in_flight.sent(1, mark);
        assert!(!in_flight.is_congested());
        in_flight.sent(1, 1);
        assert!(in_flight.is_congested());
        assert_eq!(in_flight.bytes_in_flight().collect::<Vec<_>>(), [0, mark + 1]);
    }
}

#[cfg(all(test, lanline_loom))]
mod model {
    use super::*;
    use loom::sync::{Arc, Mutex};
    use loom::thread;

    /// A bounced packet goes from worker to worker and ends at a socket that takes
    /// nothing: at no time are all workers found to be flushed.
    #[test]
    fn workers_are_not_taken_for_flushed_while_a_message_passes_between_them() {
        loom::model(|| {
            let in_flight = Arc::new(InFlight::new(2));
            let messages = Arc::new(Mutex::new(0));
            in_flight.tell(0, Reached::Flushed);
            let giver = {
                let (in_flight, messages) = (in_flight.clone(), messages.clone());
                thread::spawn(move || {
                    in_flight.sent(0, 10);
                    *messages.lock().unwrap() += 10;
                    in_flight.tell(1, Reached::Flushed);
                })
            };
            let taker = {
                let (in_flight, messages) = (in_flight.clone(), messages.clone());
                thread::spawn(move || {
                    let bytes = std::mem::take(&mut *messages.lock().unwrap());
                    if bytes > 0 {
                        in_flight.tell(0, Reached::Nothing);
                        in_flight.done(0, bytes);
                    }
                })
            };
            assert!(!in_flight.have_all(Reached::Flushed));
            giver.join().unwrap();
            taker.join().unwrap();
        });
    }
}
