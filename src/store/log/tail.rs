//! Packets that `thread` doesn't have yet, by their ids, with their keys. Never: their texts.

use super::number::whole;
use crate::accounts::AccountId;
use crate::archive::{Key, Micros, PacketId};
use rusqlite::{Connection, Result, params};
use std::collections::HashMap;
use std::num::NonZeroU32;

/// A packet and its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub id: u64,
    pub conversation: i64,
    pub sender: Option<AccountId>,
}

/// A key that an account has used.
type OwnKey = (AccountId, Key);

/// What isn't in its place yet, but in the packets themselves.
#[derive(Debug, Default)]
pub(super) struct Tail {
    /// In the order of ids.
    entries: Vec<Entry>,
    keys: HashMap<OwnKey, (PacketId, Micros)>,
}

impl Tail {
    /// Everything behind an id.
    pub(super) fn load(connection: &Connection, threaded: u64) -> Result<Self> {
        let sql =
            "SELECT id, conversation, sender, key, time FROM packet WHERE id > ?1 ORDER BY id";
        let mut statement = connection.prepare_cached(sql)?;
        let mut rows = statement.query([threaded as i64])?;
        let mut tail = Self::default();
        while let Some(row) = rows.next()? {
            let sender: Option<u32> = row.get(2)?;
            let sender = sender.and_then(NonZeroU32::new).map(AccountId);
            let entry = Entry { id: whole(row, 0)?, conversation: row.get(1)?, sender };
            let key = row.get_ref(3)?.as_str_or_null()?.and_then(Key::parse);
            if let (Some(key), Some(id)) = (sender.zip(key), PacketId::new(entry.id)) {
                tail.push_key(key, id, Micros(row.get(4)?));
            }
            tail.push(entry);
        }
        Ok(tail)
    }

    pub(super) fn push(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    pub(super) fn push_key(&mut self, key: OwnKey, id: PacketId, time: Micros) {
        self.keys.insert(key, (id, time));
    }

    /// What a key was used for.
    pub(super) fn used(&self, key: &OwnKey) -> Option<(PacketId, Micros)> {
        self.keys.get(key).copied()
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Those behind an id.
    pub(super) fn behind(&self, id: u64) -> &[Entry] {
        &self.entries[self.entries.partition_point(|entry| entry.id <= id)..]
    }

    /// Whether it has that one, in that conversation.
    pub(super) fn has(&self, conversation: i64, id: u64) -> bool {
        let found = self.entries.binary_search_by_key(&id, |entry| entry.id);
        found.is_ok_and(|at| self.entries[at].conversation == conversation)
    }

    /// Writes all of it in its place: conversation by conversation, account by account.
    pub(super) fn write(&mut self, connection: &Connection) -> Result<()> {
        self.entries.sort_unstable_by_key(|entry| (entry.conversation, entry.id));
        let sql = "INSERT INTO thread (conversation, packet, sender) VALUES (?1, ?2, ?3)";
        let mut insert = connection.prepare_cached(sql)?;
        for entry in self.entries.drain(..) {
            let sender = entry.sender.map(|sender| sender.0.get());
            insert.execute(params![entry.conversation, entry.id as i64, sender])?;
        }
        self.write_keys(connection)
    }

    fn write_keys(&mut self, connection: &Connection) -> Result<()> {
        let mut keys: Vec<_> = self.keys.drain().collect();
        keys.sort_unstable_by(|(one, _), (other, _)| {
            (one.0, one.1.as_str()).cmp(&(other.0, other.1.as_str()))
        });
        // One that is there was used too long ago to count.
        let sql = "INSERT OR REPLACE INTO used_key (account, key, packet, time)
                   VALUES (?1, ?2, ?3, ?4)";
        let mut insert = connection.prepare_cached(sql)?;
        for ((account, key), (id, time)) in keys {
            insert.execute(params![account.0.get(), key.as_str(), id.get() as i64, time.0])?;
        }
        Ok(())
    }
}
