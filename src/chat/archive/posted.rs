//! What a shard knows of its own posts, and what it asks the store. Never: posting.

use crate::archive::{PostBatch, Request};
use crate::chat::id::{Address, Origin};

/// What a shard knows of a post besides.
#[derive(Clone, Copy, Debug)]
pub struct Posted {
    pub origin: Origin,
    /// The query that counts a broadcast's recipients.
    pub query: Option<u32>,
    /// The sender wants to know to whom it was delivered.
    pub receipts: bool,
}

/// The posts of a tick, with what the shard knows of each.
pub type Posts = PostBatch<Posted>;

/// A request about stored packets, and who asks.
#[derive(Debug)]
pub struct ArchiveRequest {
    /// Nobody, where no reply is awaited.
    pub from: Option<(Address, u32)>,
    pub request: Request,
}
