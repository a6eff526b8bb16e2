//! What operators ask for by the command line, and what they are told. Never: how it
//! gets here.

use crate::accounts::{Ban, Banned, Role, Secret, Span};
use crate::wire::Name;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Asked by who may read the data directory, so by who may do anything.
#[derive(Debug)]
pub enum Order {
    /// Without a password, the account is to be invited.
    AddAccount {
        name: Name,
        role: Role,
        password: Option<Secret>,
    },
    Accounts,
    /// Ends all sessions and tokens.
    SetPassword {
        name: Name,
        password: Secret,
    },
    SetRole {
        name: Name,
        role: Role,
    },
    /// Locking ends all sessions and tokens.
    SetLocked {
        name: Name,
        locked: bool,
    },
    /// A code by which a secret can be set, also where there is one; the account is
    /// made if need be.
    Invite {
        name: Name,
    },
    Erase {
        name: Name,
    },
    Ban(Ban),
    Unban(Banned),
    Bans,
    /// How much is stored.
    Info,
    Room(RoomOrder),
}

/// What is asked for about rooms with an owner.
#[derive(Clone, Debug)]
pub enum RoomOrder {
    /// Its owner is in it; without one, an operator has it.
    Add {
        name: Name,
        owner: Option<Name>,
        is_private: bool,
    },
    List,
    Delete {
        name: Name,
    },
}

/// What comes of an [`Order`].
#[derive(Clone, Debug)]
pub enum Told {
    Done,
    Code(Secret),
    Accounts(Vec<AccountRow>),
    Bans(Vec<Ban>),
    Rooms(Vec<RoomRow>),
    Info(StoreInfo),
    Refused(Refusal),
}

/// Why nothing was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    NameTaken,
    NoSuchAccount,
    NoSuchBan,
    NoSuchRoom,
    /// There is a room of that name.
    RoomTaken,
    TooMany,
    /// The disk refuses, or there is too much to do.
    Unavailable,
}

/// An account in a list. Times in seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRow {
    pub name: Name,
    pub role: Role,
    pub locked: bool,
    /// Whether a password was set.
    pub has_secret: bool,
    pub created: i64,
    pub last_seen: Option<i64>,
}

/// A room in a list. Times in seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomRow {
    pub name: Name,
    pub owner: Option<Name>,
    pub is_private: bool,
    pub keep: Option<Span>,
    pub topic: Arc<str>,
    pub created: i64,
    /// Those who are away too; guests don't count.
    pub members: u64,
}

/// What is stored, in figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreInfo {
    pub accounts: u64,
    pub packets: u64,
    /// Of the packets, as they are counted.
    pub bytes: u64,
    /// So many of these are kept; none where that is for the server to say, which isn't running.
    pub bytes_max: Option<u64>,
    /// The id handed out last, 0 for none.
    pub last_id: u64,
    /// When the oldest and the newest packet were stored, in microseconds since 1970.
    pub oldest: Option<i64>,
    pub newest: Option<i64>,
    /// The file's length, and what of it is free.
    pub file_bytes: u64,
    pub free_bytes: u64,
    /// The disk refuses.
    pub failing: bool,
}
