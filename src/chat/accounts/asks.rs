//! What is awaited of the store: one request for a connection. Never: asking.

use crate::accounts::{AccountId, Banned};
use crate::chat::id::{ConnId, Moment};
use crate::chat::owned::about::RoomAsk;
use crate::wire::Name;
use std::collections::BTreeMap;

/// Requests under way, by who asks.
pub(in crate::chat) type Asks = BTreeMap<ConnId, PendingAsk>;

/// A request whose reply is awaited.
#[derive(Debug)]
pub(in crate::chat) struct PendingAsk {
    /// Replies to any other are late, and mean nothing.
    pub number: u32,
    pub since: Moment,
    /// Of the packet that asked; 0 for what no packet asked.
    pub ordinal: u64,
    pub ask: Ask,
    /// Its name is, or looks like, an account's by now: its own, if it registers that,
    /// or it has to go.
    pub name_is_taken: bool,
}

/// What was asked.
#[derive(Clone, Debug)]
pub(in crate::chat) enum Ask {
    Login,
    /// By a client's certificate: nothing was said.
    Certificate,
    Register,
    Password,
    Token,
    Invite(Name),
    Ban(Banned),
    Unban(Banned),
    Unread,
    Read(AccountId),
    Room(RoomAsk),
}
