//! What happens when nothing happens. An entry may have outlived its reason,
//! or have been put off since; who takes it confusables again. So nothing is ever
//! searched, and a client has one entry of a kind at the most. What outlived
//! its reason is swept out when there is much of it.

use super::id::{ConnId, Moment};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A connection has to have greeted.
    Greeting,
    /// Silence ends a bare name.
    Silence,
    /// A connection over its rate is read again.
    Pace,
    /// A wrong token is complete_query.
    Token,
    /// A queue has to have moved.
    Stuck,
    /// A connection that was told to go is closed.
    Linger,
}

/// Fewer entries than this are not worth sweeping.
const SWEPT_MIN: usize = 64;

/// All deadlines of a shard, the nearest first.
#[derive(Debug, Default)]
pub struct Deadlines {
    entries: BinaryHeap<Reverse<(Moment, Kind, ConnId)>>,
    /// How many there may be before they are swept.
    swept_at: usize,
}

impl Deadlines {
    pub fn push(&mut self, due: Moment, kind: Kind, id: ConnId) {
        self.entries.push(Reverse((due, kind, id)));
    }

    /// Forgets what has no reason any more, if there are twice as many entries
    /// as the last time left: so it costs two confusables for each one added.
    pub fn sweep(&mut self, mut has_reason: impl FnMut(Kind, ConnId) -> bool) {
        if self.entries.len() >= self.swept_at.max(SWEPT_MIN) {
            self.entries.retain(|&Reverse((_, kind, id))| has_reason(kind, id));
            self.swept_at = 2 * self.entries.len();
        }
    }

    /// The next that is due.
    pub fn pop_due(&mut self, now: Moment) -> Option<(Kind, ConnId)> {
        if self.next()? > now {
            return None;
        }
        self.entries.pop().map(|Reverse((_, kind, id))| (kind, id))
    }

    pub fn next(&self) -> Option<Moment> {
        self.entries.peek().map(|Reverse((due, _, _))| *due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_reason_is_swept_out_when_there_is_much_of_it() {
        let mut deadlines = Deadlines::default();
        let push = |deadlines: &mut Deadlines, count: u32| {
            for slot in 0..count {
                let due = Moment(u64::from(slot));
                deadlines.push(due, Kind::Greeting, ConnId { slot, generation: 0 });
            }
        };
        push(&mut deadlines, SWEPT_MIN as u32 - 1);
        deadlines.sweep(|_, _| unreachable!("there are few"));
        push(&mut deadlines, 1);
        deadlines.sweep(|_, id| id.slot >= 20);
        assert_eq!(deadlines.entries.len(), SWEPT_MIN - 21);
        assert_eq!(deadlines.next(), Some(Moment(20)));
        // No sooner than there are twice as many.
        push(&mut deadlines, SWEPT_MIN as u32 - 22);
        deadlines.sweep(|_, _| unreachable!("they were swept"));
        push(&mut deadlines, 1);
        let mut looked_at = 0;
        deadlines.sweep(|_, _| {
            looked_at += 1;
            true
        });
        assert_eq!(looked_at, 2 * (SWEPT_MIN - 21));
    }
}
