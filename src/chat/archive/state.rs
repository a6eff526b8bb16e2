//! What a shard knows about what is stored: the rooms that have an owner, what is under
//! way to the store, what has come from it, marks that it has to be told. Never: doing
//! anything about it.

use super::arrival::Arrival;
use super::posted::{Posted, Posts};
use crate::accounts::AccountId;
use crate::archive::{OwnedRoom, PacketId, Post, RoomId};
use crate::chat::id::{ConnId, Moment};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

#[derive(Debug, Default)]
pub(in crate::chat) struct Archive {
    pub rooms: OwnedRooms,
    /// Said in this tick.
    pub said: Vec<Post<Posted>>,
    /// The store's queue had no room for these, yet.
    pub unsent: VecDeque<Arc<Posts>>,
    /// The store has them, or will: the oldest first.
    pub under_way: VecDeque<UnderWay>,
    /// Of all of these, in bytes.
    pub bytes_under_way: usize,
    /// Whose next packets wait until there is less of it.
    pub paused: VecDeque<ConnId>,
    /// The disk doesn't answer: since when the store was asked last whether it does.
    pub stalled: Option<Moment>,
    /// What the store has said, in order.
    pub arrivals: VecDeque<Arrival>,
    /// When accounts' shares of the disk's time will have allowed all that they have had
    /// stored, in nanoseconds; of those that aren't within them.
    pub paid_until_ns: BTreeMap<AccountId, u64>,
    /// How far accounts are, of which the store has yet to be told; and when it is.
    pub marks: BTreeMap<AccountId, PacketId>,
    pub marks_due: Option<Moment>,
}

/// Posts that wait for their outcome.
#[derive(Debug)]
pub(in crate::chat) struct UnderWay {
    pub posts: Arc<Posts>,
    pub since: Moment,
}

/// The rooms that have an owner, all of the server.
#[derive(Debug, Default)]
pub(in crate::chat) struct OwnedRooms {
    by_key: BTreeMap<Arc<str>, RoomId>,
    rooms: BTreeMap<RoomId, OwnedRoom>,
}

impl OwnedRooms {
    /// The room is there, as this.
    pub(in crate::chat) fn learn(&mut self, room: &OwnedRoom) {
        self.by_key.insert(room.name.key().into(), room.id);
        self.rooms.insert(room.id, room.clone());
    }

    /// It is there no more.
    pub(in crate::chat) fn forget(&mut self, id: RoomId) -> Option<OwnedRoom> {
        let room = self.rooms.remove(&id)?;
        self.by_key.remove(room.name.key());
        Some(room)
    }

    /// The room of a key, if it has an owner.
    pub(in crate::chat) fn find(&self, key: &str) -> Option<RoomId> {
        self.by_key.get(key).copied()
    }

    pub(in crate::chat) fn is_private(&self, id: RoomId) -> bool {
        self.rooms.get(&id).is_some_and(|room| room.is_private)
    }

    pub(in crate::chat) fn get(&self, id: RoomId) -> Option<&OwnedRoom> {
        self.rooms.get(&id)
    }
}

impl Archive {
    /// Whether something has yet to come of what was said here.
    pub(in crate::chat) fn has_posts(&self) -> bool {
        !self.said.is_empty() || !self.unsent.is_empty() || !self.under_way.is_empty()
    }

    /// Takes posts off what is under way, once something has come of them.
    pub(in crate::chat) fn settled(&mut self, posts: &Arc<Posts>) {
        // What is settled is at the front, or nearly.
        let at = self.under_way.iter().position(|under_way| Arc::ptr_eq(&under_way.posts, posts));
        if let Some(at) = at {
            self.under_way.remove(at);
        }
    }
}
