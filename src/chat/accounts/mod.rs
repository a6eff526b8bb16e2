//! Whose name it is. Never: where accounts are kept.

use super::id::ConnId;
use super::shard::Shard;
use crate::accounts::{Notice, Reply};

impl<S> Shard<S> {
    pub(super) fn store_replied(&mut self, _to: ConnId, _number: u32, _reply: Reply) {}

    pub(super) fn noticed(&mut self, _notice: &Notice) {}
}
