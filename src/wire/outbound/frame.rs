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

/// What a tag says of whose a packet is.
pub trait Owned: Copy {
    /// Its sender, as a number; nobody's are the server's own.
    fn owner(self) -> Option<u64>;
}

/// Makes room behind a queue's bytes for so many more: by a quarter, since what is
/// twice too large counts twice against the bound on all queues.
pub fn make_room(bytes: &mut Vec<u8>, more: usize) {
    if bytes.capacity() - bytes.len() < more {
        bytes.reserve_exact(more.max(bytes.len() / 4));
    }
}
