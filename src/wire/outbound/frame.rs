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
