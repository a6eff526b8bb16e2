//! What is under way between workers, and how far each is on its way to rest.
//! Numbers only; what they are about is `mailbox`'s and `shutdown`'s.

#[cfg(lanline_loom)]
use loom::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
#[cfg(not(lanline_loom))]
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::chat::WorkerId;
use crate::limits;

/// The account of the whole house; each worker has a line in it.
#[derive(Debug)]
pub struct Account(Box<[Line]>);

#[derive(Debug)]
#[repr(align(64))]
struct Line {
    /// Bytes of messages sent to it and not dealt with.
    under_way: AtomicUsize,
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

impl Account {
    pub fn new(workers: usize) -> Self {
        let line = |_| Line { under_way: AtomicUsize::new(0), told: AtomicU64::new(0) };
        Self((0..workers).map(line).collect())
    }

    /// Messages of so many bytes are about to be sent.
    pub fn sent(&self, to: WorkerId, bytes: usize) {
        self.line(to).under_way.fetch_add(bytes, Ordering::AcqRel);
    }

    /// Messages of so many bytes are dealt with, what follows from them is sent,
    /// and how far that brought the worker is told.
    pub fn done(&self, worker: WorkerId, bytes: usize) {
        if bytes > 0 {
            self.line(worker).under_way.fetch_sub(bytes, Ordering::AcqRel);
        }
    }

    /// Whether so much is under way that reading has to wait.
    pub fn is_congested(&self) -> bool {
        self.bytes_under_way().any(|bytes| bytes > limits::MAILBOX_BYTES_MARK)
    }

    /// What is under way to each, in bytes.
    pub fn bytes_under_way(&self) -> impl Iterator<Item = usize> {
        self.0.iter().map(|line| line.under_way.load(Ordering::Acquire))
    }

    /// How far a worker is; only itself may say so, behind all that it sent.
    pub fn tell(&self, worker: WorkerId, reached: Reached) {
        let told = &self.line(worker).told;
        let times = (told.load(Ordering::Relaxed) >> REACHED_BITS) + 1;
        told.store(times << REACHED_BITS | reached as u64, Ordering::Release);
    }

    /// Whether all have reached it and no message is under way.
    ///
    /// That is many numbers, which can't be read at once: one worker may send
    /// something to another whose line was looked at before. Whoever sends
    /// something tells what it has reached afterwards; so if nobody told
    /// anything between the first look at all of them and the second, and nothing
    /// was under way in between, that was all true at one time. `loom` checks
    /// it below.
    pub fn have_all(&self, reached: Reached) -> bool {
        let mask = (1 << REACHED_BITS) - 1;
        let told = || self.0.iter().map(|line| line.told.load(Ordering::Acquire));
        let before: Vec<u64> = told().collect();
        before.iter().all(|told| told & mask == reached as u64)
            && self.bytes_under_way().all(|bytes| bytes == 0)
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
        let account = Account::new(2);
        account.tell(0, Reached::Flushed);
        assert!(!account.have_all(Reached::Flushed));
        account.tell(1, Reached::Flushed);
        assert!(account.have_all(Reached::Flushed));
        assert!(!account.have_all(Reached::Closed));
        account.sent(0, 100);
        assert!(!account.have_all(Reached::Flushed));
        account.done(0, 100);
        assert!(account.have_all(Reached::Flushed));
        account.tell(0, Reached::Nothing);
        assert!(!account.have_all(Reached::Flushed));
    }

    #[test]
    fn one_full_mailbox_is_enough_to_wait() {
        let account = Account::new(2);
        account.sent(1, limits::MAILBOX_BYTES_MARK);
        assert!(!account.is_congested());
        account.sent(1, 1);
        assert!(account.is_congested());
        assert_eq!(
            account.bytes_under_way().collect::<Vec<_>>(),
            [0, limits::MAILBOX_BYTES_MARK + 1]
        );
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
            let account = Arc::new(Account::new(2));
            let messages = Arc::new(Mutex::new(0));
            account.tell(0, Reached::Flushed);
            let giver = {
                let (account, messages) = (account.clone(), messages.clone());
                thread::spawn(move || {
                    account.sent(0, 10);
                    *messages.lock().unwrap() += 10;
                    account.tell(1, Reached::Flushed);
                })
            };
            let taker = {
                let (account, messages) = (account.clone(), messages.clone());
                thread::spawn(move || {
                    let bytes = std::mem::take(&mut *messages.lock().unwrap());
                    if bytes > 0 {
                        account.tell(0, Reached::Nothing);
                        account.done(0, bytes);
                    }
                })
            };
            assert!(!account.have_all(Reached::Flushed));
            giver.join().unwrap();
            taker.join().unwrap();
        });
    }
}
