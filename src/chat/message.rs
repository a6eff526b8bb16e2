//! What shards send each other, in batches. A message is carried out by the
//! shard that gets it; between two shards messages keep their order.

use super::id::{Address, ConnId, Origin, Tag};
use super::refusal::Code;
use super::rooms::Left;
use crate::wire::{self, Framer, Name};
use compact_str::CompactString;
use std::net::IpAddr;
use std::ops::Range;
use std::sync::Arc;

/// Messages from one shard to another, of one tick. Small packets lie one
/// behind the other in `bytes`.
#[derive(Debug)]
pub struct Batch<S> {
    pub messages: Vec<ShardMessage<S>>,
    pub bytes: Vec<u8>,
    /// What the messages hold besides `bytes`.
    pub(super) extra_bytes: usize,
}

/// A stamped packet for many.
pub type Frame = wire::Frame<Tag>;

/// Where in a batch's bytes.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    start: u32,
    end: u32,
}

/// One message. `S` is a socket, which chat carries and never confusables at.
#[derive(Debug)]
pub enum ShardMessage<S> {
    /// A stamped packet for the user of a key.
    Direct { origin: Origin, hash: u64, key: Span, frame: Span },
    /// A stamped packet for those members of a room who live there.
    RoomMessage { sender: Address, room: Arc<str>, frame: Arc<Frame> },
    /// A packet was not delivered.
    Refuse { to: ConnId, ordinal: u64, code: Code, name: Option<CompactString> },
    /// A query of a client.
    Query { requester: Address, query: Query },
    /// The reply.
    Reply { to: ConnId, reply: Reply },
    /// Somebody came or went.
    Presence { came: bool, name: Arc<str> },
    /// A connection moves home.
    Handoff(Box<Handoff<S>>),
}

/// What a shard asks others on behalf of a client, who is not heard further
/// until all have complete_query: so what a client sends keeps its order.
#[derive(Clone, Debug)]
pub enum Query {
    Broadcast {
        sender: Address,
        frame: Arc<Frame>,
    },
    List,
    Rooms,
    Members {
        room: Arc<str>,
    },
    /// How many are in the room, for one who may not room message to it.
    RoomSize {
        room: Arc<str>,
    },
    Who {
        key: Box<str>,
        hash: u64,
    },
    Join {
        room: Arc<Name>,
        member: Arc<Name>,
    },
    Leave {
        room: Arc<str>,
        member: Arc<Name>,
    },
    Kick {
        key: Box<str>,
        hash: u64,
        reason: Arc<str>,
    },
    /// Whether all that was sent before has been dealt with: pending by one who
    /// stays ...
    Pause,
    /// ... and by one who leaves.
    Fence,
}

/// What is complete_query.
#[derive(Clone, Debug)]
pub enum Reply {
    Count(u64),
    /// Key and line of each entry, in order.
    Entries(Vec<Entry>),
    Who(Option<WhoIs>),
    Joined {
        room: Box<str>,
        members: usize,
    },
    /// There are too many rooms already.
    TooManyRooms,
    Left(Left),
    /// No such room.
    NoRoom,
    /// The name of the kicked, if they were here.
    Kicked(Option<Box<str>>),
    Done,
}

/// A line of a list with the key that it is sorted by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    pub key: Box<str>,
    pub line: Box<str>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WhoIs {
    pub name: Box<str>,
    pub ip: IpAddr,
    pub seconds: u64,
}

/// A connection on its way to its home.
#[derive(Debug)]
pub struct Handoff<S> {
    pub socket: S,
    pub peer: IpAddr,
    pub local: CompactString,
    pub name: Name,
    /// The ordinal of the greeting: 0 for a bare name.
    pub ordinal: u64,
    pub framer: Framer,
    /// What was read behind a bare name, or from the greeting packet on.
    pub bytes: Vec<u8>,
    /// The input has ended.
    pub ended: bool,
}

impl<S> Default for Batch<S> {
    fn default() -> Self {
        Self { messages: Vec::new(), bytes: Vec::new(), extra_bytes: 0 }
    }
}

impl<S> Batch<S> {
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// About what it holds, in bytes.
    pub fn weight_bytes(&self) -> usize {
        self.bytes.len() + self.extra_bytes + self.messages.len() * size_of::<ShardMessage<S>>()
    }

    /// Adds a packet for one user; `write` appends the frame.
    pub(super) fn direct(
        &mut self,
        origin: Origin,
        hash: u64,
        key: &str,
        write: impl FnOnce(&mut Vec<u8>),
    ) {
        let key_start = self.bytes.len();
        self.bytes.extend_from_slice(key.as_bytes());
        let frame_start = self.bytes.len();
        write(&mut self.bytes);
        let key = Span::new(key_start..frame_start);
        let frame = Span::new(frame_start..self.bytes.len());
        self.messages.push(ShardMessage::Direct { origin, hash, key, frame });
    }

    /// Adds a message that holds so many bytes besides.
    pub fn push(&mut self, message: ShardMessage<S>, extra_bytes: usize) {
        self.extra_bytes += extra_bytes;
        self.messages.push(message);
    }
}

impl Span {
    /// A batch is sent long before it could hold four gigabytes: what one
    /// tick reads and one mailbox turn fans out is bounded.
    fn new(range: Range<usize>) -> Self {
        Self { start: range.start as u32, end: range.end as u32 }
    }

    pub fn of(self, bytes: &[u8]) -> &[u8] {
        bytes.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

impl Query {
    /// What it holds, in bytes, for the mailbox's account.
    pub(super) fn extra_bytes(&self) -> usize {
        match self {
            Self::Broadcast { frame, .. } => frame.bytes.len(),
            Self::Kick { reason, .. } => reason.len(),
            _ => 64,
        }
    }
}

impl Reply {
    /// What it holds, in bytes, for the mailbox's account.
    pub(super) fn extra_bytes(&self) -> usize {
        match self {
            Self::Entries(entries) => {
                entries.iter().map(|e| size_of::<Entry>() + e.key.len() + e.line.len()).sum()
            }
            _ => 64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_weighs_what_its_messages_hold() {
        let mut batch = Batch::<()>::default();
        assert_eq!(batch.weight_bytes(), 0);
        let message = size_of::<ShardMessage<()>>();
        let conn = ConnId { slot: 0, generation: 0 };
        batch.push(ShardMessage::Reply { to: conn, reply: Reply::Done }, 1000);
        assert_eq!(batch.weight_bytes(), message + 1000);
        let sender = Address { worker: 0, conn };
        let origin = Origin { sender, ordinal: std::num::NonZeroU64::MIN };
        batch.direct(origin, 0, "bob", |out| out.extend_from_slice(b"0123456789"));
        assert_eq!(batch.weight_bytes(), 2 * message + 1000 + 13);
        let ShardMessage::Direct { key, frame, .. } = &batch.messages[1] else {
            panic!("{batch:?}")
        };
        assert_eq!(
            (key.of(&batch.bytes), frame.of(&batch.bytes)),
            (&b"bob"[..], &b"0123456789"[..])
        );
    }

    #[test]
    fn what_can_be_large_is_weighed() {
        let bytes = vec![0; 5000].into_boxed_slice();
        let frame = Arc::new(Frame { tag: None, bytes });
        let conn = ConnId { slot: 0, generation: 0 };
        let sender = Address { worker: 0, conn };
        assert_eq!(Query::Broadcast { sender, frame }.extra_bytes(), 5000);
        let reason = "x".repeat(700).into();
        let kick = Query::Kick { key: "bob".into(), hash: 0, reason };
        assert_eq!(kick.extra_bytes(), 700);
        let entry = |key: &str, line: &str| Entry { key: key.into(), line: line.into() };
        let entries = Reply::Entries(vec![entry("bob", "Bob 1"), entry("alice", "Alice")]);
        assert_eq!(entries.extra_bytes(), 2 * size_of::<Entry>() + 3 + 5 + 5 + 5);
        // What has a bound of its own counts as a little.
        assert_eq!([Query::List.extra_bytes(), Reply::Done.extra_bytes()], [64, 64]);
    }
}
