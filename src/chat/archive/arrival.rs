//! What the store has said, and how far it is carried out. Never: carrying it out.

use super::frames::Frames;
use crate::archive::{Notice, Reply};
use crate::chat::id::ConnId;
use crate::chat::lists::Requester;
use crate::chat::message::Committed;
use crate::chat::query_protocol::Query;
use compact_str::CompactString;
use std::sync::Arc;

/// One thing that the store has said.
#[derive(Debug)]
pub(in crate::chat) enum Arrival {
    Committed(HandingOn),
    Reply {
        to: ConnId,
        number: u32,
        reply: Box<Reply>,
    },
    Notice(Arc<Notice>),
    /// News for those who are in a room, which are being told.
    News(RoomNews),
    /// What a shard wants to know about rooms: it may have heard already what is in front
    /// of this.
    Query {
        requester: Requester,
        query: Query,
    },
}

/// Whom of those in a room to tell what.
#[derive(Debug)]
pub(in crate::chat) struct RoomNews {
    pub members: std::vec::IntoIter<ConnId>,
    pub text: Arc<str>,
    /// Who has changed it has an answer instead.
    pub by: Option<CompactString>,
}

/// Posts that are being handed on: how far that is.
#[derive(Debug)]
pub(in crate::chat) struct HandingOn {
    pub committed: Arc<Committed>,
    /// The post that is next.
    pub at: usize,
    /// Of that: its forms, and where in its audience.
    pub frames: Frames,
    pub audience: Audience,
}

#[derive(Debug)]
pub(in crate::chat) enum Audience {
    NotBegun,
    Members(std::vec::IntoIter<ConnId>),
    /// From this slot on; how many users so far.
    Everyone {
        slot: u32,
        users: u64,
    },
}

impl Arrival {
    pub(super) fn committed(committed: Arc<Committed>) -> Self {
        let frames = Frames::default();
        Self::Committed(HandingOn { committed, at: 0, frames, audience: Audience::NotBegun })
    }
}
