//! What is asked about somebody and a room, of the home of that name; and what an answer
//! about a room is for. Never: asking or answering.

use crate::accounts::AccountId;
use crate::archive::RoomId;
use crate::wire::{Endpoint, Name};
use compact_str::CompactString;
use std::sync::Arc;

/// What an operator, an owner or a member wants with somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    Invite,
    Expel,
}

impl Wish {
    /// Where it is asked.
    pub(in crate::chat) fn endpoint(self) -> Endpoint {
        match self {
            Self::Invite => Endpoint::Invite,
            Self::Expel => Endpoint::Expel,
        }
    }

    /// Where they are told.
    pub(in crate::chat) fn news(self) -> Endpoint {
        match self {
            Self::Invite => Endpoint::Invited,
            Self::Expel => Endpoint::Expelled,
        }
    }
}

/// A room, as it is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomName {
    pub key: Arc<str>,
    /// As it was first made, with its `#`.
    pub shown: Arc<str>,
    /// Where it has an owner, or had one.
    pub owned: Option<RoomId>,
}

/// Asked of the home of somebody's name.
#[derive(Clone, Debug)]
pub struct About {
    pub wish: Wish,
    pub room: RoomName,
    pub whom: Name,
    pub by: Name,
}

/// Who it is, and what was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Person {
    Nobody,
    /// It is done.
    Done(CompactString),
    /// There is no room for that.
    TooMany,
    /// An account, so the store does it.
    Account(AccountId, CompactString),
}

/// What is asked about a room that may be there; why.
#[derive(Clone, Debug)]
pub enum Why {
    /// To tell what it is like.
    Show,
    /// To refuse something, if it is there, with `not-owner` or `not-member`.
    Refuse { is_owner_wanted: bool },
    /// To give it an owner.
    Own,
    /// To invite or expel somebody.
    About { wish: Wish, whom: Name },
}

/// What a request to the store about a room is for.
#[derive(Clone, Debug)]
pub(in crate::chat) enum RoomAsk {
    /// Somebody's room has an owner now: by `/join`, or by `own`. How many are in it if
    /// the store refuses.
    Made {
        room: Arc<str>,
        members: usize,
    },
    Owned,
    Join {
        room: Name,
    },
    Leave,
    Change,
    Delete,
    About {
        wish: Wish,
        text: Box<str>,
    },
}

impl RoomAsk {
    /// Where it was asked.
    pub(in crate::chat) fn endpoint(&self) -> Endpoint {
        match self {
            Self::Made { .. } | Self::Join { .. } => Endpoint::Join,
            Self::Leave => Endpoint::Leave,
            Self::Owned | Self::Change | Self::Delete => Endpoint::Room,
            Self::About { wish, .. } => wish.endpoint(),
        }
    }
}
