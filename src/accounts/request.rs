//! What shards ask the store, what it replies, and what it tells all shards. Never:
//! answering.

use super::account::{Account, AccountId, Role, TokenId};
use super::ban::{Ban, Banned};
use super::label::Label;
use crate::wire::{Name, Secret};
use std::net::IpAddr;

/// Asked by one connection, or (where no reply is awaited) by a shard.
#[derive(Debug)]
pub enum Request {
    /// May this be a session of that account? `account` is none where there is no such
    /// account, or it is locked: it is judged like a wrong secret, and takes as long.
    /// The password is in NFC.
    Login {
        account: Option<AccountId>,
        proof: Proof,
        peer: IpAddr,
    },
    /// Make the account of a guest. The store refuses names whose skeletons meet
    /// another account's.
    Register {
        name: Name,
        password: Secret,
        peer: IpAddr,
    },
    /// Set another password, where the old one is right.
    Password {
        account: AccountId,
        old: Secret,
        new: Secret,
        peer: IpAddr,
    },
    NewToken {
        account: AccountId,
        label: Label,
    },
    /// The tokens of an account, by label.
    Tokens {
        account: AccountId,
    },
    RevokeToken {
        account: AccountId,
        label: Label,
    },
    /// A code to set the first secret of an account, which is made if need be.
    Invite {
        name: Name,
        by: Name,
    },
    Ban(Ban),
    Unban(Banned),
    /// Its last session has ended now. No reply.
    Left {
        account: AccountId,
    },
}

/// What a login shows.
#[derive(Debug)]
pub enum Proof {
    Password(Secret),
    Token(Secret),
    /// An invitation's code, and the password that it sets.
    Invite {
        code: Secret,
        password: Secret,
    },
    /// A client's certificate for that name, which the transport has verified.
    Certificate,
}

/// The reply to the request of the same name.
#[derive(Clone, Debug)]
pub enum Reply {
    /// The token that was shown, if it was one.
    LoggedIn {
        account: AccountId,
        token: Option<TokenId>,
    },
    Registered {
        account: AccountId,
    },
    PasswordSet,
    /// The secret, shown this once.
    Token {
        label: Label,
        secret: Secret,
    },
    Tokens(Vec<TokenRow>),
    TokenRevoked(Label),
    Invited {
        code: Secret,
    },
    Banned,
    Unbanned,
    Failed(Failure),
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// `wrong-login`.
    WrongSecret,
    /// An account has the name, or one that looks like it: `name-taken`.
    NameTaken,
    /// The argument doesn't fit what is there (a label twice, an account with a secret): `bad-argument`.
    BadArgument,
    /// A bound on how many of something one may have: `too-many`.
    TooMany,
    /// `no-such-ban`.
    NoSuchBan,
    /// Too many accounts from one address within the hour: `slow-down`.
    SlowDown,
    /// The disk refuses, or the store has too much to do: `busy`. Nothing has changed.
    Unavailable,
}

/// A token as its owner sees it. Times in seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRow {
    pub label: Label,
    pub created: i64,
    pub used: Option<i64>,
}

/// Told to every shard: at the start, what there is; later, what has changed.
#[derive(Clone, Debug)]
pub enum Notice {
    /// It is there, as this. Replaces what was known of it.
    Account(Account),
    /// It is there no more.
    Erased(AccountId),
    /// Its sessions end (`0 login-required`): those that came in by `token`, or all, but
    /// for the connection that asked (where its reply follows).
    EndSessions {
        account: AccountId,
        token: Option<TokenId>,
        but_asker: bool,
    },
    /// Replaces one of the same target.
    Ban(Ban),
    Unban(Banned),
}

impl Role {
    /// As the wire and the command line write it.
    pub fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Operator => "operator",
        }
    }
}
