//! An account and its role. Never: its secrets.

use crate::wire::Name;
use std::num::NonZeroU32;

/// What belongs to an account belongs to this number, and not to the spelling of its
/// name. It is never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(pub NonZeroU32);

/// A token of an account, never used again either.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenId(pub NonZeroU32);

/// What an account may do in each of its sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    User,
    Operator,
}

/// What shards know of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub id: AccountId,
    /// As it was registered.
    pub name: Name,
    pub role: Role,
    /// Nobody can log in to it.
    pub locked: bool,
    /// When its last session ended, in seconds since 1970; none, if it never had one.
    pub last_seen: Option<i64>,
}
