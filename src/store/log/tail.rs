//! Packets that `thread` doesn't have yet, by their ids. Never: their texts.

use crate::accounts::AccountId;
use rusqlite::{Connection, Result, params};

/// A packet and its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub id: u64,
    pub conversation: i64,
    pub sender: Option<AccountId>,
}

/// In the order of ids.
#[derive(Debug, Default)]
pub(super) struct Tail(Vec<Entry>);

impl Tail {
    pub(super) fn push(&mut self, entry: Entry) {
        self.0.push(entry);
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Those behind an id.
    pub(super) fn behind(&self, id: u64) -> &[Entry] {
        &self.0[self.0.partition_point(|entry| entry.id <= id)..]
    }

    /// Whether it has that one, in that conversation.
    pub(super) fn has(&self, conversation: i64, id: u64) -> bool {
        let found = self.0.binary_search_by_key(&id, |entry| entry.id);
        found.is_ok_and(|at| self.0[at].conversation == conversation)
    }

    /// Writes all of it into `thread`, conversation by conversation.
    pub(super) fn write(&mut self, connection: &Connection) -> Result<()> {
        self.0.sort_unstable_by_key(|entry| (entry.conversation, entry.id));
        let sql = "INSERT INTO thread (conversation, packet, sender) VALUES (?1, ?2, ?3)";
        let mut insert = connection.prepare_cached(sql)?;
        for entry in self.0.drain(..) {
            let sender = entry.sender.map(|sender| sender.0.get());
            insert.execute(params![entry.conversation, entry.id as i64, sender])?;
        }
        Ok(())
    }
}
