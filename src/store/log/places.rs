//! Conversations and their numbers, accounts' names, and what is at hand of both. Never:
//! what was said there.

use super::number::whole;
use crate::accounts::AccountId;
use crate::archive::{RoomId, Target};
use crate::limits::LOG_CACHE_MAX;
use rusqlite::{Connection, OptionalExtension, Result, params};
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;

/// Recipient of what is for everybody.
pub(super) const BROADCAST: &str = "/broadcast";

/// Whose a conversation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::store) struct Parties {
    kind: u8,
    a: u32,
    b: u32,
}

const DIRECT: u8 = 0;
const ROOM: u8 = 1;
const EVERYONE: u8 = 2;

impl Parties {
    pub(in crate::store) fn direct(one: AccountId, other: AccountId) -> Self {
        let (one, other) = (one.0.get(), other.0.get());
        Self { kind: DIRECT, a: one.min(other), b: one.max(other) }
    }

    pub(in crate::store) fn room(room: RoomId) -> Self {
        Self { kind: ROOM, a: room.0.get(), b: 0 }
    }

    fn of_room(self) -> Option<RoomId> {
        NonZeroU32::new(self.a).map(RoomId).filter(|_| self.kind == ROOM)
    }

    pub(in crate::store) fn broadcast() -> Self {
        Self { kind: EVERYONE, a: 0, b: 0 }
    }

    /// None for a direct packet of a guest, which isn't stored.
    pub(super) fn of(sender: Option<AccountId>, target: Target) -> Option<Self> {
        Some(match target {
            Target::Account(to) => Self::direct(sender?, to),
            Target::Room(room) => Self::room(room),
            Target::Everyone => Self::broadcast(),
        })
    }

    pub(super) fn from_row(kind: u8, a: u32, b: u32) -> Self {
        Self { kind, a, b }
    }

    /// With whom, for one of the two; none where it isn't direct.
    pub(super) fn with(self, one: Option<AccountId>) -> Option<AccountId> {
        let other = if Some(self.a) == one.map(|one| one.0.get()) { self.b } else { self.a };
        let other = NonZeroU32::new(other).map(AccountId);
        other.filter(|_| self.kind == DIRECT)
    }

    /// The recipient of what `sender` writes there, as it is usually spelt; none where it is
    /// there no more.
    pub(super) fn recipient(
        self,
        connection: &Connection,
        places: &mut Places,
        sender: Option<AccountId>,
    ) -> Result<Option<Arc<str>>> {
        if let Some(room) = self.of_room() {
            return places.room(connection, room);
        }
        match (self.kind, self.with(sender)) {
            (EVERYONE, _) => Ok(Some(BROADCAST.into())),
            (DIRECT, Some(other)) => places.name(connection, other),
            _ => Ok(None),
        }
    }
}

/// What is at hand; the rest is looked up.
#[derive(Debug, Default)]
pub(super) struct Places {
    numbers: HashMap<Parties, i64>,
    names: HashMap<AccountId, Arc<str>>,
    rooms: HashMap<RoomId, Arc<str>>,
}

impl Places {
    /// The name of an account that is there.
    pub(super) fn name(
        &mut self,
        connection: &Connection,
        account: AccountId,
    ) -> Result<Option<Arc<str>>> {
        if let Some(name) = self.names.get(&account) {
            return Ok(Some(name.clone()));
        }
        let mut find = connection.prepare_cached("SELECT name FROM account WHERE id = ?1")?;
        let name = find.query_row([account.0.get()], |row| row.get(0)).optional()?;
        if let Some(name) = &name {
            make_room(&mut self.names);
            self.names.insert(account, Arc::clone(name));
        }
        Ok(name)
    }

    /// The name of a room that is there, with its `#`.
    pub(super) fn room(
        &mut self,
        connection: &Connection,
        room: RoomId,
    ) -> Result<Option<Arc<str>>> {
        if let Some(name) = self.rooms.get(&room) {
            return Ok(Some(name.clone()));
        }
        let mut find = connection.prepare_cached("SELECT '#' || name FROM room WHERE id = ?1")?;
        let name = find.query_row([room.0.get()], |row| row.get(0)).optional()?;
        if let Some(name) = &name {
            make_room(&mut self.rooms);
            self.rooms.insert(room, Arc::clone(name));
        }
        Ok(name)
    }

    /// The number of a conversation that there was.
    pub(super) fn find(
        &mut self,
        connection: &Connection,
        parties: Parties,
    ) -> Result<Option<i64>> {
        if let Some(number) = self.numbers.get(&parties) {
            return Ok(Some(*number));
        }
        let sql = "SELECT id FROM conversation WHERE kind = ?1 AND a = ?2 AND b = ?3";
        let values = params![parties.kind, parties.a, parties.b];
        let found =
            connection.prepare_cached(sql)?.query_row(values, |row| row.get(0)).optional()?;
        if let Some(number) = found {
            make_room(&mut self.numbers);
            self.numbers.insert(parties, number);
        }
        Ok(found)
    }

    /// The number of a conversation, which begins if need be.
    pub(super) fn number(&mut self, connection: &Connection, parties: Parties) -> Result<i64> {
        if let Some(number) = self.find(connection, parties)? {
            return Ok(number);
        }
        let sql = "INSERT INTO conversation (kind, a, b) VALUES (?1, ?2, ?3)";
        connection.prepare_cached(sql)?.execute(params![parties.kind, parties.a, parties.b])?;
        let number = connection.last_insert_rowid();
        self.numbers.insert(parties, number);
        Ok(number)
    }
}

/// What is at hand has a bound; nothing is lost but time.
fn make_room<K, V>(cache: &mut HashMap<K, V>) {
    if cache.len() >= LOG_CACHE_MAX {
        cache.clear();
    }
}

/// A conversation, and from where on it concerns somebody.
#[derive(Clone, Copy, Debug)]
pub(super) struct Concern {
    pub conversation: i64,
    pub parties: Parties,
    /// What comes behind this id concerns them.
    pub since: u64,
}

/// All that concerns an account: what is said to it and by it, in its rooms since it has
/// joined them, and to everybody since it was made.
pub(super) fn concerns(connection: &Connection, account: AccountId) -> Result<Vec<Concern>> {
    let sql = "SELECT id, kind, a, b, 0 FROM conversation WHERE kind = 0 AND a = ?1
         UNION SELECT id, kind, a, b, 0 FROM conversation WHERE kind = 0 AND b = ?1
         UNION SELECT conversation.id, kind, a, b, member.since FROM member, conversation
               WHERE kind = 1 AND a = member.room AND b = 0 AND member.account = ?1
         UNION SELECT conversation.id, kind, a, b, since FROM conversation, account
               WHERE kind = 2 AND account.id = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([account.0.get()], |row| {
        let parties = Parties::from_row(row.get(1)?, row.get(2)?, row.get(3)?);
        Ok(Concern { conversation: row.get(0)?, parties, since: whole(row, 4)? })
    })?;
    rows.collect()
}
