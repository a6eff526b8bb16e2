//! All that was said, and whom it concerns. Never: what came of it.

use lanline::accounts::AccountId;
use std::num::NonZeroU32;

/// Somebody.
pub(super) struct User {
    pub name: &'static str,
    pub is_account: bool,
}

const fn user(name: &'static str, is_account: bool) -> User {
    User { name, is_account }
}

pub(super) const USERS: [User; 5] = [
    user("alice", true),
    user("bob", true),
    user("carol", true),
    user("gus", false),
    user("gil", false),
];

/// The first so many users are accounts, whose ids are their numbers from 1 on.
pub(super) const ACCOUNTS: usize = 3;

pub(super) const ROOM: &str = "ops";

pub(super) fn account_of(user: usize) -> AccountId {
    AccountId(NonZeroU32::new(user as u32 + 1).unwrap())
}

pub(super) fn user_named(name: &str) -> usize {
    USERS.iter().position(|user| user.name == name).unwrap_or_else(|| panic!("who is {name}?"))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum To {
    User(usize),
    Room,
    Everyone,
}

impl To {
    pub(super) fn wire(self) -> String {
        match self {
            Self::User(user) => USERS[user].name.to_owned(),
            Self::Room => format!("#{ROOM}"),
            Self::Everyone => "/broadcast".to_owned(),
        }
    }
}

/// A packet: its text begins with its number.
pub(super) struct Said {
    pub by: usize,
    pub device: usize,
    pub to: To,
    pub text: String,
    pub has_key: bool,
    /// Each time that it was sent.
    pub sent: Vec<Sent>,
}

#[derive(Clone, Copy)]
pub(super) struct Sent {
    pub peer: usize,
    pub ordinal: u64,
    pub step: u64,
}

impl Said {
    pub(super) fn is_stored(&self) -> bool {
        match self.to {
            To::User(to) => USERS[self.by].is_account && USERS[to].is_account,
            To::Room => true,
            To::Everyone => USERS[self.by].is_account,
        }
    }

    /// Whether it is in what is replayed to an account, once it is stored.
    pub(super) fn concerns(&self, user: usize) -> bool {
        USERS[user].is_account
            && match self.to {
                To::User(to) => to == user || self.by == user,
                To::Room | To::Everyone => true,
            }
    }

    /// Whether a session of a user may get it at all.
    pub(super) fn may_reach(&self, user: usize) -> bool {
        match self.to {
            To::User(to) => to == user || self.by == user && self.is_stored(),
            To::Room | To::Everyone => true,
        }
    }

    /// When it was sent first.
    pub(super) fn since(&self) -> u64 {
        self.sent[0].step
    }

    pub(super) fn was_sent_by(&self, peer: usize) -> bool {
        self.sent.iter().any(|sent| sent.peer == peer)
    }
}

/// The number of a packet, by its text.
pub(super) fn number_of(text: &str) -> usize {
    let number = text.split(':').next().and_then(|number| number.parse().ok());
    number.unwrap_or_else(|| panic!("nobody said {text}"))
}
