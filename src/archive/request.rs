//! What else shards ask about stored packets, what the store replies, and what it tells
//! every shard. Never: answering.

use super::packet::{PacketId, StoredPacket};
use super::post::SessionNumber;
use super::room::{OwnedRoom, RoomId};
use super::room_request::RoomRequest;
use crate::accounts::AccountId;
use crate::wire::Name;

/// A conversation, by one of the two in it or by where it is. In the words of one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Conversation {
    /// Direct, with the account of that name.
    With(Name),
    /// The room of that name.
    Room(Name),
    Broadcast,
}

/// Asked by one session, or (where no reply is awaited) by a shard.
#[derive(Debug)]
pub enum Request {
    /// What is stored for an account behind an id (0: all; none: behind its mark), in order;
    /// without what that session has sent itself. About so many bytes, one packet at the
    /// least.
    Replay { account: AccountId, session: SessionNumber, after: Option<u64>, bytes_max: usize },
    /// The first that is stored for it behind its mark.
    Waiting { account: AccountId },
    /// Everything up to there was handed to one of its sessions, or a client says that it
    /// has it: their marks move there, never back, and never beyond what there is. No reply.
    Handed(Vec<(AccountId, PacketId)>),
    /// Is the store's thread alive?
    Ping,
    /// The account's conversations.
    Unread { account: AccountId },
    /// Moves the read mark.
    Read { account: AccountId, conversation: Conversation, id: PacketId },
    /// About rooms with an owner.
    Room(RoomRequest),
}

/// A page of stored packets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    pub packets: Vec<StoredPacket>,
    /// Everything up to here was looked at: the id to go on from. None where nothing was
    /// ever stored.
    pub upto: Option<PacketId>,
    /// Nothing is left behind it that is committed. What is committed later goes to every
    /// shard behind this reply.
    pub is_last: bool,
}

/// A line of `/unread`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadRow {
    /// As the wire has it: an account's name, `#room`, `/broadcast`.
    pub conversation: Box<str>,
    pub read: Option<PacketId>,
    pub last: PacketId,
    /// Packets by others behind the read mark, 1000 at most.
    pub count: u32,
}

/// The reply to the request of the same name.
#[derive(Clone, Debug)]
pub enum Reply {
    Replay(Page),
    Waiting(Option<PacketId>),
    Pong,
    Unread(Vec<UnreadRow>),
    /// The mark that holds, and the conversation as the wire has it.
    Read {
        conversation: Box<str>,
        id: PacketId,
    },
    /// The room, as it is now; it is told to every shard before this.
    Room(OwnedRoom),
    Failed(Failure),
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    NoSuchUser,
    NoSuchRoom,
    NotMember,
    NoSuchPacket,
    NotOwner,
    /// A bound on how many of something there may be: `too-many`.
    TooMany,
    /// The disk refuses: `busy`.
    Unavailable,
}

/// Told to every shard: at the start, what there is; later, what has changed.
#[derive(Clone, Debug)]
pub enum Notice {
    /// The room is there, as this. Replaces what was known of it.
    Room(OwnedRoom),
    /// Somebody has changed it, as was told just before: who is in it is told too, but for
    /// that one.
    Changed { room: RoomId, by: Name },
    /// It is there no more. Who is in it is told, but for the one who has deleted it.
    RoomGone { room: RoomId, by: Option<Name> },
    /// Somebody is a member, or no more.
    Member { room: RoomId, account: AccountId, name: Name, is_in: bool },
    /// An account is invited, and has yet to be told so.
    Invited { room: RoomId, account: AccountId, name: Name, by: Name },
    /// ... or expelled: it is no member any more, if it was one.
    Expelled { room: RoomId, account: AccountId, name: Name, by: Name },
    /// An account has moved its read mark in a direct conversation with another.
    Read { account: AccountId, name: Name, with: AccountId, id: PacketId },
}
