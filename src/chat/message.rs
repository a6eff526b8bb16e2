//! What shards send each other, in batches. A message is carried out by the
//! shard that gets it; between two shards messages keep their order.

use super::address::AddressBudget;
use super::archive::posted::{Posted, Posts};
use super::client::Input;
use super::id::{Address, ConnId, Frame, Origin};
use super::presence_news::News;
use super::query_protocol::{Query, Reply};
use super::resume::ResumeSecret;
use super::skeletons::Look;
use crate::accounts::{AccountId, Notice, Reply as StoreReply};
use crate::archive::{self, Outcome, PacketId, Post};
use crate::wire::{Code, Codec, Name};
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

/// A batch that has come, and what is left of it.
#[derive(Debug)]
pub(super) struct Mail<S> {
    pub messages: std::vec::IntoIter<ShardMessage<S>>,
    pub bytes: Vec<u8>,
}

/// Where in a batch's bytes.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    start: u32,
    end: u32,
}

/// One message. `S` is a socket, which chat carries and never looks at.
#[derive(Debug)]
pub enum ShardMessage<S> {
    /// A stamped packet for the user of a key.
    Direct { origin: Origin, hash: u64, key: Span, frame: Span },
    /// A stamped packet for those members of a room who live there.
    RoomMessage { sender: Address, room: Arc<str>, frame: Arc<Frame> },
    /// A packet was not delivered.
    Refuse { to: ConnId, ordinal: u64, code: Code, name: Option<CompactString> },
    /// A query of a client.
    Query { requester: Address, number: u32, query: Query },
    /// The reply.
    Reply { to: ConnId, number: u32, reply: Reply },
    /// A name claims a skeleton whose home is there.
    ClaimLook { claimer: Address, look: Look },
    /// The reply.
    LookReply { to: ConnId, look: Look, granted: bool },
    /// A skeleton is reserved against look-alikes, or no more.
    GuardLook { skeleton: u64, on: bool },
    /// A skeleton that was granted is released.
    ReleaseLook(Look),
    /// Nobody but an account may have a skeleton: who has one is sent away.
    Evict { skeleton: u64 },
    /// Somebody came or went.
    Presence(News),
    /// The store replies to the request of that number.
    StoreReply { to: ConnId, number: u32, reply: Box<StoreReply> },
    /// ... about stored packets.
    ArchiveReply { to: ConnId, number: u32, reply: Box<archive::Reply> },
    /// Posts are stored, or can't be: what concerns clients here is delivered.
    Committed(Arc<Committed>),
    /// Something about stored packets or rooms with an owner has changed, and is committed.
    ArchiveNotice(Arc<archive::Notice>),
    /// A packet, and all before it to the same recipient, was handed to a session of that
    /// account: for the sender's sessions.
    Delivered { sender: AccountId, to: AccountId, name: CompactString, id: PacketId },
    /// A room has changed: for those who are in it, but for who has changed it.
    RoomNews { room: Arc<str>, text: Arc<str>, by: CompactString },
    /// A room without an owner has ended, so names are barred from it no more.
    RoomEnded { room: Arc<str> },
    /// Something about accounts or bans has changed, and is committed.
    Notice(Arc<Notice>),
    /// A connection moves home.
    Handoff(Box<Handoff<S>>),
}

/// What came of the posts of one shard.
#[derive(Debug)]
pub struct Committed {
    pub posts: Arc<Posts>,
    /// One for each.
    pub outcomes: Box<[Outcome]>,
}

impl Committed {
    /// What it holds, in bytes.
    pub fn bytes(&self) -> usize {
        let posts = self.posts.posts.iter().map(|post| post.packet.bytes().len());
        posts.sum::<usize>() + self.posts.posts.len() * size_of::<Post<Posted>>()
    }
}

/// A name that a greeting claims.
#[derive(Debug)]
pub struct Claim {
    pub name: Name,
    /// The ordinal of the greeting: 0 for a bare name.
    pub ordinal: u64,
    /// What proves that whoever has the name is the same person.
    pub resume: Option<ResumeSecret>,
    /// The greeting is a packet to `/login`.
    pub logs_in: bool,
}

/// A connection on its way to its home.
#[derive(Debug)]
pub struct Handoff<S> {
    pub socket: S,
    pub peer: IpAddr,
    pub local: CompactString,
    pub claim: Claim,
    pub codec: Codec,
    /// What was read behind a bare name, or from the greeting packet on.
    pub bytes: Vec<u8>,
    /// What can still come from it.
    pub input: Input,
    pub budget: Option<Arc<AddressBudget>>,
    /// Secrets may go over it.
    pub secure: bool,
    /// The names in its certificate.
    pub certified: Box<[Name]>,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_weighs_what_its_messages_hold() {
        let mut batch = Batch::<()>::default();
        assert_eq!(batch.weight_bytes(), 0);
        let message = size_of::<ShardMessage<()>>();
        let conn = ConnId { slot: 0, generation: 0 };
        batch.push(ShardMessage::Reply { to: conn, number: 0, reply: Reply::Fence }, 1000);
        assert_eq!(batch.weight_bytes(), message + 1000);
        let sender = Address { worker: 0, conn };
        let origin = Origin { sender, ordinal: std::num::NonZeroU64::MIN, shared: false };
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
}
