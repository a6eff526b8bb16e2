//! What is in flight between workers, and how far each is on its way to rest.
//! Numbers only; what they are about is `mailbox`'s and `shutdown`'s.

#[cfg(lanline_loom)]
use loom::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
#[cfg(not(lanline_loom))]
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::chat::WorkerId;
use crate::limits;

/// The in_flight of the whole server; each worker has a line in it.
#[derive(Debug)]
pub struct InFlight(Box<[Line]>);

#[derive(Debug)]
#[repr(align(64))]
struct Line {
    /// Bytes of messages sent to it and not dealt with.
    in_flight_bytes: AtomicUsize,
    /// What it told last, and in front of that how often it told something.
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

/// Of `told`, for [`Reached`]; the rest counts.
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

    /// How far a worker is; only itself may say so, behind all that it sent.
    pub fn tell(&self, worker: WorkerId, reached: Reached) {
        let told = &self.line(worker).told;
        let times = (told.load(Ordering::Relaxed) >> REACHED_BITS) + 1;
        told.store(times << REACHED_BITS | reached as u64, Ordering::Release);
    }

    /// Whether all have reached it and no message is in flight.
    ///
    /// That is many numbers, which can't be read at once: one worker may send
    /// something to another whose line was looked at before. Whoever sends
    /// something tells what it has reached afterwards; so if nobody told
    /// anything between the first look at all of them and the second, and nothing
    /// was in flight in between, that was all true at one time. `loom` checks
    /// it below.
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
    fn one_full_mailbox_is_enough_to_wait() {
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

    /// What is bounced goes from worker to worker and ends where a socket
    /// takes nothing: whoever looks meanwhile never finds all of them flushed.
    #[test]
    fn nobody_is_taken_for_flushed_while_something_goes_round() {
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
