//! One packet, shared by the queues of many. Never: a queue.

use crate::limits::COPIED_FRAME_BYTES_MAX;

/// A packet for many.
#[derive(Debug)]
pub struct Frame<T> {
    pub tag: T,
    pub bytes: Box<[u8]>,
}

impl<T> Frame<T> {
    /// Whether it is so small that a copy costs less than sharing it.
    pub(super) fn is_copied(&self) -> bool {
        self.bytes.len() <= COPIED_FRAME_BYTES_MAX
    }
}

/// A tag that tells the owner of a packet.
pub trait Owned: Copy {
    /// Its sender, as a number; `None` for the server's own packets.
    fn owner(self) -> Option<u64>;
}

/// Reserves room behind a queue's bytes for so many more: it grows by a quarter,
/// not by doubling, since capacity counts against the bound on all queues.
pub fn make_room(bytes: &mut Vec<u8>, more: usize) {
    if bytes.capacity() - bytes.len() < more {
        bytes.reserve_exact(more.max(bytes.len() / 4));
    }
}
