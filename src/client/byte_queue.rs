//! A queue between two threads that is bounded in items and in bytes: who puts
//! something in waits for room. Never: what is in it.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// A queue that holds no more than it was made for.
///
/// - **Invariant**: `bytes` is the sum of what is in `items`, and at the most
///   the bound, or there is only one item.
#[derive(Debug)]
pub struct ByteQueue<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
    items_max: usize,
    bytes_max: usize,
}

#[derive(Debug)]
struct State<T> {
    /// Each with its bytes.
    items: VecDeque<(T, usize)>,
    bytes: usize,
    is_closed: bool,
}

impl<T> ByteQueue<T> {
    pub fn new(items_max: usize, bytes_max: usize) -> Self {
        let state = State { items: VecDeque::new(), bytes: 0, is_closed: false };
        Self { state: Mutex::new(state), changed: Condvar::new(), items_max, bytes_max }
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State<T>>) -> MutexGuard<'a, State<T>> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts an item of `bytes` bytes in, once there is room for it; one that is
    /// over the bound by itself goes in when nothing else is there. False if
    /// the queue is closed.
    pub fn push(&self, item: T, bytes: usize) -> bool {
        let mut state = self.state();
        while !state.is_closed
            && !state.items.is_empty()
            && (state.items.len() >= self.items_max || state.bytes + bytes > self.bytes_max)
        {
            state = self.wait(state);
        }
        if state.is_closed {
            return false;
        }
        state.bytes += bytes;
        state.items.push_back((item, bytes));
        self.changed.notify_all();
        true
    }

    /// The oldest item with its bytes, if there is one.
    pub fn try_pop(&self) -> Option<(T, usize)> {
        self.take(&mut self.state())
    }

    /// The oldest item with its bytes; waits for it until `deadline`, and takes
    /// nothing behind it.
    pub fn pop_by(&self, deadline: Instant) -> Option<(T, usize)> {
        let mut state = self.state();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            if let Some(item) = self.take(&mut state) {
                return Some(item);
            }
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn take(&self, state: &mut State<T>) -> Option<(T, usize)> {
        let (item, bytes) = state.items.pop_front()?;
        state.bytes -= bytes;
        self.changed.notify_all();
        Some((item, bytes))
    }

    /// What is in it, in bytes.
    pub fn kept_bytes(&self) -> usize {
        self.state().bytes
    }

    /// Nothing goes in any more; who waits to put something in is told so.
    pub fn close(&self) {
        self.state().is_closed = true;
        self.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;
    use std::time::Duration;

    #[test]
    fn what_is_kept_stays_below_the_bound_however_fast_it_comes() {
        let queue = ByteQueue::new(1000, 100);
        thread::scope(|scope| {
            scope.spawn(|| {
                for number in 0..1000 {
                    assert!(queue.push(number, 1 + number % 60));
                }
            });
            for number in 0..1000 {
                assert!(queue.kept_bytes() <= 100);
                let deadline = Instant::now() + Duration::from_secs(20);
                assert_eq!(queue.pop_by(deadline), Some((number, 1 + number % 60)));
            }
        });
        assert_eq!(queue.kept_bytes(), 0);
    }

    #[test]
    fn items_are_bounded_too_and_a_big_one_goes_alone() {
        let queue = ByteQueue::new(2, 100);
        assert!(queue.push('a', 500));
        assert_eq!(queue.kept_bytes(), 500);
        thread::scope(|scope| {
            scope.spawn(|| assert!(['b', 'c', 'd'].iter().all(|&item| queue.push(item, 0))));
            let soon = || Instant::now() + Duration::from_secs(20);
            for item in ['a', 'b', 'c', 'd'] {
                assert!(queue.state().items.len() <= 2);
                assert_eq!(queue.pop_by(soon()).unwrap().0, item);
            }
        });
        assert_eq!(queue.try_pop(), None);
    }

    #[test]
    fn who_waits_for_room_is_told_of_the_end() {
        let queue = ByteQueue::new(1, 100);
        assert!(queue.push(1, 1));
        thread::scope(|scope| {
            let pushed = scope.spawn(|| queue.push(2, 1));
            queue.close();
            assert!(!pushed.join().unwrap());
        });
        assert!(!queue.push(3, 1));
        assert_eq!(queue.try_pop(), Some((1, 1)));
    }

    #[test]
    fn after_the_deadline_nothing_is_taken() {
        let queue = ByteQueue::new(1, 100);
        assert!(queue.push(1, 1));
        assert_eq!(queue.pop_by(Instant::now()), None);
    }
}
