//! Rooms that have an owner, and are stored. Never: who is in one.

use crate::accounts::{AccountId, Span};
use crate::wire::Name;
use std::num::NonZeroU32;
use std::sync::Arc;

/// Never used again, so who makes a room of the same name reads nothing of the old one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoomId(pub NonZeroU32);

/// What every shard knows of such a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedRoom {
    pub id: RoomId,
    /// Without its `#`, as it was first made.
    pub name: Name,
    /// None where the owner's account was erased.
    pub owner: Option<(AccountId, Name)>,
    pub is_private: bool,
    /// How long its packets are kept, where that is less than the server's.
    pub keep: Option<Span>,
    pub topic: Arc<str>,
}
