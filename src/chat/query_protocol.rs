//! What shards ask each other on behalf of a client, and what they reply: each
//! query has a reply of its own kind. Never: asking, replying, or telling the
//! client.

use super::address::AddressBudget;
use super::id::{Address, Frame, Moment};
use super::owned::about::{About, Person, Why};
use super::rooms::Left;
use super::snapshot::Entries;
use crate::archive::RoomId;
use crate::wire::Name;
use compact_str::CompactString;
use std::net::IpAddr;
use std::sync::Arc;

/// A query to one shard or to all. Its client is paused until all have replied, so
/// that its packets take effect in order.
#[derive(Clone, Debug)]
pub enum Query {
    Broadcast {
        sender: Address,
        frame: Arc<Frame>,
    },
    List,
    /// All rooms that everybody may see; and, of those that they may not, these.
    Rooms {
        hidden: Arc<[Arc<str>]>,
    },
    /// These rooms.
    RoomsOf {
        rooms: Arc<[Arc<str>]>,
    },
    Members {
        room: Arc<str>,
    },
    /// Whether there is such a room, for one who is not in it and sent it a
    /// message.
    RoomExists {
        room: Arc<str>,
    },
    Who {
        key: Box<str>,
        hash: u64,
    },
    Join {
        room: Arc<Name>,
        member: Arc<Name>,
        /// Of the address that makes the room, if it is made.
        budget: Option<Arc<AddressBudget>>,
        joiner: Joiner,
    },
    /// How many are in a room with that one, who has just joined.
    Joined {
        room: Arc<str>,
        member: Arc<Name>,
    },
    /// What a room is like.
    Room {
        room: Arc<str>,
        why: Why,
    },
    /// Somebody is to be invited or expelled.
    About(Arc<About>),
    /// Somebody was expelled: the room's home is to know. What is told then comes back.
    Expelled {
        about: Arc<About>,
        text: Arc<str>,
    },
    Leave {
        room: Arc<str>,
        member: Arc<Name>,
    },
    Kick {
        key: Box<str>,
        hash: u64,
        reason: Arc<str>,
        /// The operator.
        by: Box<str>,
    },
    /// Replied to once all that was sent before has been handled: asked for a
    /// client whose refusals are waited for ...
    Pause,
    /// ... and for one that is closing.
    Fence,
}

/// A shard's reply to the query of the same name.
#[derive(Clone, Debug)]
pub enum Reply {
    /// How many users of this shard it is for.
    Broadcast(u64),
    /// This shard's users, in order.
    List(Vec<Entries>),
    /// The rooms whose home is here, in order.
    Rooms(Vec<Entries>),
    /// `None` where there is no such room.
    Members(Option<Entries>),
    RoomExists(bool),
    Who(Option<WhoIs>),
    /// To [`Query::Who`]: an account that isn't here, and when its last session ended.
    Away {
        name: CompactString,
        last_seen: Option<i64>,
    },
    Join {
        room: Arc<Name>,
        joined: Joined,
    },
    /// None where there is no such room.
    Room {
        room: Arc<str>,
        text: Option<Box<str>>,
        why: Why,
    },
    About {
        about: Arc<About>,
        person: Person,
    },
    Expelled {
        text: Arc<str>,
    },
    Leave(Left),
    /// The name of the kicked, if they were here.
    Kick(Option<Box<str>>),
    Pause,
    Fence,
}

/// Who wants to join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joiner {
    Guest { is_invited: bool },
    Account,
}

/// The result of joining a room.
#[derive(Clone, Debug)]
pub enum Joined {
    /// The room as it was first made, and how many are in it.
    Yes { room: Box<str>, members: usize },
    /// The same, and it was made for that, for an account.
    Made { room: Box<str>, members: usize },
    /// An account wants to join a room that has an owner: by way of the store.
    Owned(RoomId),
    /// Not without an invitation.
    NotMember,
    /// There are too many rooms already.
    TooManyRooms,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WhoIs {
    pub name: Box<str>,
    pub ip: IpAddr,
    pub seconds: u64,
}

/// A client's query that is under way.
#[derive(Debug)]
pub(super) struct PendingQuery {
    /// Replies to any other are late, and mean nothing.
    pub number: u32,
    /// When it was asked.
    pub since: Moment,
    /// Of the packet that asked.
    pub ordinal: u64,
    /// Shards that have not replied yet.
    pub missing: usize,
    reply: Option<Reply>,
}

impl Query {
    /// Whether it has to wait for its turn behind what the store has said about rooms.
    pub(super) fn is_about_rooms(&self) -> bool {
        match self {
            Self::Rooms { .. } | Self::RoomsOf { .. } | Self::Members { .. } => true,
            Self::RoomExists { .. } | Self::Join { .. } | Self::Joined { .. } => true,
            Self::Room { .. } | Self::Expelled { .. } | Self::Leave { .. } => true,
            Self::About(_) => true,
            Self::Broadcast { .. } | Self::List | Self::Who { .. } | Self::Kick { .. } => false,
            Self::Pause | Self::Fence => false,
        }
    }

    /// What it holds, in bytes, for the in-flight tracker.
    pub(super) fn extra_bytes(&self) -> usize {
        match self {
            Self::Broadcast { frame, .. } => frame.bytes.len(),
            Self::Kick { reason, .. } => reason.len(),
            _ => 64,
        }
    }
}

impl Reply {
    /// Puts the replies of two shards together. What only one shard is asked
    /// for has nothing to be put together with.
    fn merge(self, other: Self) -> Self {
        match (self, other) {
            (Self::Broadcast(one), Self::Broadcast(other)) => Self::Broadcast(one + other),
            (Self::List(mut all), Self::List(more)) => {
                all.extend(more);
                Self::List(all)
            }
            (Self::Rooms(mut all), Self::Rooms(more)) => {
                all.extend(more);
                Self::Rooms(all)
            }
            (first, _) => first,
        }
    }
}

impl PendingQuery {
    /// One that so many shards have to reply to.
    pub(super) fn new(number: u32, since: Moment, ordinal: u64, missing: usize) -> Self {
        Self { number, since, ordinal, missing, reply: None }
    }

    /// A shard has replied.
    pub(super) fn add(&mut self, reply: Reply) {
        self.missing -= 1;
        self.reply = Some(match self.reply.take() {
            None => reply,
            Some(before) => before.merge(reply),
        });
    }

    /// What all have replied, once none is missing.
    pub(super) fn into_reply(self) -> Option<Reply> {
        self.reply.filter(|_| self.missing == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::id::ConnId;

    #[test]
    fn what_can_be_large_is_weighed() {
        let bytes = vec![0; 5000].into_boxed_slice();
        let frame = Arc::new(Frame { tag: None, bytes });
        let conn = ConnId { slot: 0, generation: 0 };
        let sender = Address { worker: 0, conn };
        assert_eq!(Query::Broadcast { sender, frame }.extra_bytes(), 5000);
        let reason = "x".repeat(700).into();
        let kick = Query::Kick { key: "bob".into(), hash: 0, reason, by: "root".into() };
        assert_eq!(kick.extra_bytes(), 700);
        // What has a bound of its own counts as a little.
        assert_eq!(Query::List.extra_bytes(), 64);
    }

    #[test]
    fn replies_are_put_together_until_none_is_missing() {
        let mut pending = PendingQuery::new(1, Moment::default(), 1, 2);
        pending.add(Reply::Broadcast(3));
        assert_eq!(pending.missing, 1);
        pending.add(Reply::Broadcast(4));
        assert!(matches!(pending.into_reply(), Some(Reply::Broadcast(7))));
        assert!(PendingQuery::new(1, Moment::default(), 1, 1).into_reply().is_none());
    }
}
