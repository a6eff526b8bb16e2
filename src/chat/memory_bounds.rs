//! The bounds of what is held for all connections together. Never: what is done
//! about it.

use super::settings::Settings;
use crate::limits;

/// What a shard holds of one kind, and all others do.
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
    /// Over `--queues` long queues take no more; those of readers, which are empty,
    /// take anything up to this, and short ones something more.
    pub(super) fn queues_reserve_max(&self) -> usize {
        self.queues_bytes_max + self.queues_bytes_max / 16
    }

    /// Over this, what the server itself has to say to those who don't read is too
    /// much: nothing else gets a queue so far.
    pub fn queues_hard_max(&self) -> usize {
        self.queues_bytes_max + self.queues_bytes_max / 16 * 3
    }

    /// Input that is kept.
    pub fn input_bytes_max(&self) -> usize {
        (self.queues_bytes_max / 8).max(limits::INPUT_BYTES_MIN)
    }

    /// Lists, those at hand and those on their way to clients.
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
