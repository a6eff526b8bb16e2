//! What shards ask about rooms with an owner. Never: answering.

use super::room::RoomId;
use crate::accounts::{AccountId, Span};
use crate::wire::Name;
use std::sync::Arc;

/// Asked by one session, but for what has no reply. The reply is the room, as it is then (or
/// was, where it is deleted).
#[derive(Clone, Debug)]
pub enum RoomRequest {
    /// The account has made it, so owns it and is its first member.
    Make {
        name: Name,
        by: By,
    },
    /// Its owner, or an operator, wants it otherwise.
    Change {
        room: RoomId,
        by: By,
        change: Change,
    },
    /// `is_in`: it is in the room already, as a guest, or since before the room had an owner.
    Join {
        room: RoomId,
        account: AccountId,
        is_in: bool,
    },
    Leave {
        room: RoomId,
        account: AccountId,
    },
    /// May join, once.
    Invite {
        room: RoomId,
        by: By,
        whom: AccountId,
    },
    /// Is no member, and may join by invitation only.
    Expel {
        room: RoomId,
        by: By,
        whom: AccountId,
    },
    /// It was told of its invitations. No reply.
    Told {
        account: AccountId,
    },
}

/// Who wants it. The store looks once more whether they may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct By {
    pub name: Name,
    /// None for a guest, who may be an operator.
    pub account: Option<AccountId>,
    pub is_operator: bool,
}

/// What is to be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Who asks gets it: a member, where there is no owner.
    Own,
    Private(bool),
    Keep(Span),
    Topic(Arc<str>),
    Owner(Name),
    Delete,
}
