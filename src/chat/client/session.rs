//! What a connection has that is logged in to an account, or is about to be. Never:
//! logging in.

use crate::accounts::{AccountId, TokenId};
use crate::wire::Name;

/// Of an account's session, or of one who may become one.
#[derive(Debug, Default)]
pub struct AccountState {
    /// It was challenged, and is not welcome yet.
    pub login: Option<Login>,
    pub session: Option<Session>,
    /// The names in its certificate.
    pub certified: Box<[Name]>,
    /// Wrong secrets so far.
    pub wrong: u32,
}

/// One who has to log in.
#[derive(Debug)]
pub struct Login {
    /// As it was sent.
    pub name: Name,
}

/// A session of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    pub account: AccountId,
    /// The token by which it came in, if it was one.
    pub token: Option<TokenId>,
}
