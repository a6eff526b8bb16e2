//! What waits to be hashed, and what is to be done then. Never: whose turn it is.

use crate::accounts::{AccountId, Secret};
use crate::secrets::throttle::Attempt;
use crate::secrets::{Digest, Peer};
use crate::store::order::Order;
use crate::wire::Name;

/// What is to be hashed.
#[derive(Debug)]
pub enum Sum {
    /// Compare a password with a hash; takes as long where there is none.
    Compare { password: Secret, hash: Option<String> },
    /// Hash a new one.
    Make { password: Secret },
    /// Hash a new one, if the old one is right.
    Change { old: Secret, hash: Option<String>, new: Secret },
}

/// What has come of a [`Sum`].
#[derive(Debug)]
pub struct Summed {
    pub is_right: bool,
    /// A new hash, where one was asked for and could be made.
    pub made: Option<String>,
}

/// One that waits.
#[derive(Debug)]
pub(super) struct Judging<A> {
    pub asker: A,
    pub peer: Peer,
    /// None while it is being hashed.
    pub sum: Option<Sum>,
    pub then: Then,
}

/// What follows once it is hashed.
#[derive(Debug)]
pub(super) enum Then {
    LogIn {
        attempt: Attempt,
        hash: Option<String>,
    },
    Invited {
        account: AccountId,
        code: Digest,
    },
    Register {
        name: Name,
    },
    Change {
        attempt: Attempt,
        hash: Option<String>,
    },
    /// An order without its password.
    Order(Order),
}

impl Then {
    /// What is guessed, if anything is.
    pub(super) fn attempt(&self) -> Option<Attempt> {
        match self {
            Self::LogIn { attempt, .. } | Self::Change { attempt, .. } => Some(*attempt),
            Self::Invited { .. } | Self::Register { .. } | Self::Order(_) => None,
        }
    }
}

/// The same work, and never right.
pub(super) fn compared_with_nobody(sum: Sum) -> Sum {
    match sum {
        Sum::Compare { password, .. } => Sum::Compare { password, hash: None },
        Sum::Change { old, new, .. } => Sum::Change { old, hash: None, new },
        make @ Sum::Make { .. } => make,
    }
}
