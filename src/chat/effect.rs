//! What comes out of a shard: what a worker has to do, in order, and what an
//! operator may want to know. Never: doing it.

use super::address::AddressBudget;
use super::archive::posted::{ArchiveRequest, Posts};
use super::id::{Address, ConnId, WorkerId};
use super::memory_bounds::TooMuch;
use super::message::Handoff;
use crate::accounts::Request;
use crate::wire::Code;
use std::net::IpAddr;
use std::sync::Arc;

/// What a shard wants done, in order. Small, since there is one for each flush:
/// what is rare is in a box.
#[derive(Debug)]
pub enum Effect<S> {
    /// Something waits for its socket.
    Flush(ConnId),
    /// It is read again, after a time in which it was not.
    Read(ConnId),
    /// It came from another worker: watch its socket.
    Register(ConnId),
    /// Nothing more will be sent: close the sending half.
    Shutdown(ConnId),
    /// Its home is elsewhere: forget its socket and hand it to that worker.
    HandOff { to: WorkerId, handoff: Box<Handoff<S>> },
    /// A request for the store. Its reply comes as [`ShardMessage::StoreReply`](super::ShardMessage)
    /// to the connection it is from, if it is from one.
    AskStore(Box<StoreRequest>),
    /// One about stored packets; the reply is an `ArchiveReply`.
    AskArchive(Box<ArchiveRequest>),
    /// The posts of this tick are for the store, which has an outcome for them in time, or
    /// never: then [`Shard::posts_refused`](super::Shard::posts_refused).
    Post(Arc<Posts>),
    /// It is gone: close its socket.
    Close(Box<Gone<S>>),
    /// Worth a line in the log.
    Report(Box<Report>),
}

/// A request for the store, and who asks.
#[derive(Debug)]
pub struct StoreRequest {
    /// Nobody, where no reply is awaited.
    pub from: Option<(Address, u32)>,
    pub request: Request,
}

/// What is left of a connection.
#[derive(Debug)]
pub struct Gone<S> {
    pub socket: S,
    pub peer: IpAddr,
    pub budget: Option<Arc<AddressBudget>>,
}

/// Something that an operator may want to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// A connection was refused and closed.
    Closed {
        peer: IpAddr,
        code: Code,
    },
    /// A client read nothing for too long.
    Stuck {
        peer: IpAddr,
        name: Box<str>,
        packets: usize,
    },
    /// A user became an operator.
    Operator {
        peer: IpAddr,
        name: Box<str>,
    },
    /// A wrong operator token.
    WrongToken {
        peer: IpAddr,
        name: Box<str>,
    },
    /// The operator `by` removed somebody.
    Kicked {
        peer: IpAddr,
        name: Box<str>,
        by: Box<str>,
    },
    /// An operator wrote to everybody else, so many users.
    Broadcast {
        peer: IpAddr,
        name: Box<str>,
        users: u64,
    },
    /// Somebody came, went, or changed rooms; only where
    /// [`Settings::reports_everyone`](super::Settings::reports_everyone).
    Came {
        peer: IpAddr,
        name: Box<str>,
    },
    Went {
        peer: IpAddr,
        name: Box<str>,
    },
    Joined {
        name: Box<str>,
        room: Arc<str>,
    },
    Left {
        name: Box<str>,
        room: Arc<str>,
    },
    /// A connection is closed to free memory, since it holds most.
    TooMuch {
        peer: IpAddr,
        name: Box<str>,
        what: TooMuch,
        bytes: usize,
    },
    /// Another worker has not replied to a query in time.
    QueryTimedOut {
        name: Box<str>,
    },
}

/// How a connection's input ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The peer closed its sending half.
    Politely,
    /// The connection is gone.
    Reset,
}
