//! What happens when nothing happens. An entry may have outlived its reason,
//! or have been put off since; who takes it looks again. So nothing is ever
//! searched or removed, and a client has one entry of a kind at the most.

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
    /// A wrong token is answered.
    Token,
    /// A queue has to have moved.
    Stuck,
    /// A connection that was told to go is closed.
    Linger,
}

/// All deadlines of a shard, the nearest first.
#[derive(Debug, Default)]
pub struct Deadlines(BinaryHeap<Reverse<(Moment, Kind, ConnId)>>);

impl Deadlines {
    pub fn push(&mut self, due: Moment, kind: Kind, id: ConnId) {
        self.0.push(Reverse((due, kind, id)));
    }

    /// The next that is due.
    pub fn pop_due(&mut self, now: Moment) -> Option<(Kind, ConnId)> {
        if self.next()? > now {
            return None;
        }
        self.0.pop().map(|Reverse((_, kind, id))| (kind, id))
    }

    pub fn next(&self) -> Option<Moment> {
        self.0.peek().map(|Reverse((due, _, _))| *due)
    }
}
