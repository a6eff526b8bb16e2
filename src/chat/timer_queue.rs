//! The timers of a shard, the nearest first. An entry may have outlived its
//! reason, or have been put off since; who takes it looks at the client again. So
//! nothing is ever searched, and a client has one entry of a kind at the most.
//! What outlived its reason is swept out when there is much of it. Never: what
//! a timer is for.

use super::client::Timers;
use super::id::{ConnId, Moment};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Fewer entries than this are not worth sweeping.
const SWEPT_MIN: usize = 64;

/// All armed timers of a shard, the nearest first.
#[derive(Debug, Default)]
pub(super) struct TimerQueue {
    entries: BinaryHeap<Reverse<(Moment, u16, ConnId)>>,
    /// How many there may be before they are swept.
    swept_at: usize,
}

impl TimerQueue {
    /// Adds a timer of one kind.
    pub(super) fn push(&mut self, due: Moment, kind: Timers, id: ConnId) {
        self.entries.push(Reverse((due, kind.bits(), id)));
    }

    /// Removes entries that have no reason any more, once there are twice as many
    /// as the last sweep left: amortized, two checks for each entry added.
    pub(super) fn sweep(&mut self, mut has_reason: impl FnMut(Timers, ConnId) -> bool) {
        if self.entries.len() >= self.swept_at.max(SWEPT_MIN) {
            self.entries
                .retain(|&Reverse((_, kind, id))| has_reason(Timers::from_bits_truncate(kind), id));
            self.swept_at = 2 * self.entries.len();
        }
    }

    /// The next that is due.
    pub(super) fn pop_due(&mut self, now: Moment) -> Option<(Timers, ConnId)> {
        if self.next()? > now {
            return None;
        }
        let Reverse((_, kind, id)) = self.entries.pop()?;
        Some((Timers::from_bits_truncate(kind), id))
    }

    /// When the next is due.
    pub(super) fn next(&self) -> Option<Moment> {
        self.entries.peek().map(|Reverse((due, _, _))| *due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_reason_is_swept_out_when_there_is_much_of_it() {
        let mut timers = TimerQueue::default();
        let push = |timers: &mut TimerQueue, count: u32| {
            for slot in 0..count {
                let due = Moment(u64::from(slot));
                timers.push(due, Timers::GREETING, ConnId { slot, generation: 0 });
            }
        };
        push(&mut timers, SWEPT_MIN as u32 - 1);
        timers.sweep(|_, _| unreachable!("there are few"));
        push(&mut timers, 1);
        timers.sweep(|_, id| id.slot >= 20);
        assert_eq!(timers.entries.len(), SWEPT_MIN - 21);
        assert_eq!(timers.next(), Some(Moment(20)));
        // No sooner than there are twice as many.
        push(&mut timers, SWEPT_MIN as u32 - 22);
        timers.sweep(|_, _| unreachable!("they were swept"));
        push(&mut timers, 1);
        let mut looked_at = 0;
        timers.sweep(|_, _| {
            looked_at += 1;
            true
        });
        assert_eq!(looked_at, 2 * (SWEPT_MIN - 21));
    }
}
