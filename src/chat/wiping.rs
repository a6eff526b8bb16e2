//! Input among which there may be a secret is overwritten once it is handled: what is kept
//! of it, and the space that it was read into. Never: which packets have secrets.

use super::id::ConnId;
use super::shard::Shard;
use crate::wire::wipe::{move_wiping, wipe_whole};
use std::mem;

impl<S> Shard<S> {
    /// Whether what was received last may hold a secret: then the space where it lies is to
    /// be overwritten. Asked for once.
    pub fn take_wiping(&mut self) -> bool {
        mem::take(&mut self.has_heard_secret)
    }

    /// Drops its input that is not handled yet.
    pub(super) fn drop_inbound(&mut self, id: ConnId) {
        wipe_whole(&mut self.take_inbound(id));
    }

    /// Keeps input of a connection that has none kept. Spare capacity is freed: a
    /// slow sender may need this memory for long.
    pub(super) fn put_inbound(&mut self, id: ConnId, mut kept: Vec<u8>) {
        let Some(client) = self.clients.get_mut(id) else { return wipe_whole(&mut kept) };
        if kept.capacity() / 2 > kept.len() {
            let length = kept.len();
            move_wiping(&mut kept, length);
        }
        self.kept.own += kept.capacity();
        client.inbound = kept;
    }
}
