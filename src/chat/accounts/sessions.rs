//! Which connections are sessions of which account, the one that is here longest first;
//! and which packets several of them were given, so that one that no session took
//! is refused once. Never: beginning or ending a session.

use crate::accounts::AccountId;
use crate::chat::id::{Address, ConnId, Moment, Origin};
use smallvec::SmallVec;
use std::collections::BTreeMap;
use std::num::NonZeroU64;

/// The accounts at home here that are here.
#[derive(Debug, Default)]
pub(in crate::chat) struct Sessions {
    accounts: BTreeMap<AccountId, OfAccount>,
    /// Packets that several sessions were given and none has taken yet: how many of
    /// them have them. Outlives the sessions, whose queues are emptied last.
    shared: BTreeMap<(AccountId, Address, NonZeroU64), u32>,
}

/// An account that is here.
#[derive(Debug)]
struct OfAccount {
    /// At least one, in the order in which they came.
    here: SmallVec<[ConnId; 2]>,
    /// When the first of them came: since when its user is here.
    since: Moment,
}

impl Sessions {
    /// One more; whether it is the first.
    pub(in crate::chat) fn begin(&mut self, account: AccountId, id: ConnId, now: Moment) -> bool {
        let new = || OfAccount { here: SmallVec::new(), since: now };
        let sessions = self.accounts.entry(account).or_insert_with(new);
        sessions.here.push(id);
        sessions.here.len() == 1
    }

    /// One less; the one that is here longest now, if there is any.
    pub(in crate::chat) fn end(&mut self, account: AccountId, id: ConnId) -> Option<ConnId> {
        let sessions = self.accounts.get_mut(&account)?;
        sessions.here.retain(|other| *other != id);
        let first = sessions.here.first().copied();
        if first.is_none() {
            self.accounts.remove(&account);
        }
        first
    }

    /// Those of an account, the one that is here longest first.
    pub(in crate::chat) fn of(&self, account: AccountId) -> &[ConnId] {
        self.accounts.get(&account).map_or(&[], |sessions| &sessions.here)
    }

    /// Since when an account's user is here.
    pub(in crate::chat) fn since(&self, account: AccountId) -> Option<Moment> {
        self.accounts.get(&account).map(|sessions| sessions.since)
    }

    /// So many of an account were given a packet.
    pub(in crate::chat) fn share(&mut self, account: AccountId, packet: Origin, copies: u32) {
        self.shared.insert((account, packet.sender, packet.ordinal), copies);
    }

    /// One of them has taken it.
    pub(in crate::chat) fn taken(&mut self, account: AccountId, packet: Origin) {
        self.shared.remove(&(account, packet.sender, packet.ordinal));
    }

    /// One of them won't take it. Whether it was the last that could, and none has.
    pub(in crate::chat) fn given_back(&mut self, account: AccountId, packet: Origin) -> bool {
        let packet = (account, packet.sender, packet.ordinal);
        let Some(copies) = self.shared.get_mut(&packet) else { return false };
        *copies = copies.saturating_sub(1);
        let none = *copies == 0;
        if none {
            self.shared.remove(&packet);
        }
        none
    }

    pub(in crate::chat) fn is_empty(&self) -> bool {
        self.accounts.is_empty() && self.shared.is_empty()
    }
}
