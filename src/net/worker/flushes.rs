//! When what packets have put into queues is flushed: at the end of the tick, or a few
//! ticks later, while connections are left to be read whose packets may share the flush.
//! Never: how a socket is written, the bulk flush queue.

use crate::chat::ConnId;
use crate::limits;
use std::collections::VecDeque;

/// Connections to be flushed, in order.
#[derive(Debug, Default)]
pub(super) struct Flushes {
    waiting: VecDeque<ConnId>,
    /// For so many ticks in a row they were held.
    ticks_held: u32,
    /// So many of them are flushed before anything is read again.
    due: usize,
}

impl Flushes {
    pub(super) fn push(&mut self, id: ConnId) {
        self.waiting.push_back(id);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether nothing is read before some of them are flushed.
    pub(super) fn are_due(&self) -> bool {
        self.due > 0
    }

    /// All has been read that there was time for in a tick: they are due, unless they are
    /// to be held for the rest and have not been for long.
    pub(super) fn end_reading(&mut self, hold: bool) {
        if self.are_due() {
            return;
        }
        if hold && self.ticks_held < limits::FLUSHES_HELD_TICKS_MAX {
            self.ticks_held += 1;
        } else {
            self.ticks_held = 0;
            self.due = self.waiting.len();
        }
    }

    /// The next of those that are due.
    pub(super) fn next_due(&mut self) -> Option<ConnId> {
        self.due = self.due.checked_sub(1)?;
        self.waiting.pop_front()
    }
}
