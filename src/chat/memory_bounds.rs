//! The bounds on the memory of all connections together. Never: what is done where
//! one is exceeded.

use super::settings::Settings;
use crate::limits;

/// What this shard holds of one kind of memory, and what all others hold.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Held {
    /// Here, to the byte.
    pub own: usize,
    /// Elsewhere, as of the last tick.
    pub others: usize,
}

impl Held {
    pub(super) fn all(self) -> usize {
        self.own + self.others
    }
}

/// The bounds of what is held together, in bytes.
impl Settings {
    /// Over `--queues` long queues refuse packets; up to this bound empty ones, whose
    /// clients read, take any packet, and over it small ones.
    pub(super) fn queues_reserve_max(&self) -> usize {
        self.queues_bytes_max + self.queues_bytes_max / 16
    }

    /// Over this, clients that don't read their answers are closed: only the
    /// server's own packets can bring the queues so far.
    pub fn queues_hard_max(&self) -> usize {
        self.queues_bytes_max + self.queues_bytes_max / 16 * 3
    }

    /// Input that is kept.
    pub fn input_bytes_max(&self) -> usize {
        (self.queues_bytes_max / 8).max(limits::INPUT_BYTES_MIN)
    }

    /// Lists, those kept for reuse and those being sent.
    pub fn list_bytes_max(&self) -> usize {
        (self.queues_bytes_max / 16).max(limits::LIST_BYTES_MIN)
    }
}

/// What a client holds too much of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TooMuch {
    /// Answers and refusals that it doesn't read.
    Answers,
    /// Input that can't be handled: packets that never end, or that have to wait.
    Input,
    /// An old list, page by page.
    List,
}
