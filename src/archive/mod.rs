//! **The archive**: the words in which the chat and the store talk about packets that are
//! stored: what a stored packet is, what is asked of the store, what it tells every
//! worker. Pure. Never: when a packet is stored or who sees it (`chat`), where (`store`).
//!
//! # The way of a stored packet
//!
//! The sender's shard knows by itself whether a conversation is stored: it knows the ids of
//! all accounts and all rooms with an owner. What it has to store in one tick is one
//! [`PostBatch`], which the store writes, with whatever has come meanwhile, in one
//! transaction. Once that is on the disk, the batch goes with its [`Outcome`]s to every
//! worker, in the order of the ids; each delivers what concerns clients of its own. So
//! nobody sees what isn't stored, and every session sees ids grow.
//!
//! | module | what lives there |
//! | --- | --- |
//! | [`packet`] | a stamped packet and its parts; ids and times; the extended form |
//! | [`post`] | packets to be stored, a tick's worth at a time, and what came of each |
//! | [`request`] | what else shards ask about stored packets, and the replies |
//! | [`room`] | rooms that have an owner |
//! | [`room_request`] | what shards ask about these |

pub mod packet;
pub mod post;
pub mod request;
pub mod room;
pub mod room_request;

pub use packet::{Micros, PacketId, Stamped, StoredPacket};
pub use post::{Key, Outcome, Post, PostBatch, SessionNumber, Target};
pub use request::{Conversation, Failure, Notice, Page, Reply, Request, UnreadRow};
pub use room::{OwnedRoom, RoomId};
pub use room_request::{By, Change, RoomRequest};
