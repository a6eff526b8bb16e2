//! Marks: what was handed to a session of an account, what it has read. They only grow.
//! Never: the packets.

use crate::accounts::AccountId;
use crate::archive::PacketId;
use crate::limits::MARKS_KEPT;
use rusqlite::{Connection, OptionalExtension, Result, params};
use std::collections::BTreeMap;
use std::time::Duration;

/// Marks that were moved lately: they are written with what else there is to write, or
/// after a while. If the process dies before, a packet is handed over once more.
#[derive(Debug, Default)]
pub(in crate::store) struct Marks {
    moved: BTreeMap<AccountId, PacketId>,
    /// When the first of them was moved.
    since: Option<Duration>,
}

impl Marks {
    /// Everything up to there was handed over.
    pub(in crate::store) fn handed(&mut self, now: Duration, account: AccountId, id: PacketId) {
        let mark = self.moved.entry(account).or_insert(id);
        *mark = id.max(*mark);
        self.since.get_or_insert(now);
    }

    /// When they are to be written at the latest.
    pub(in crate::store) fn due(&self) -> Option<Duration> {
        self.since.map(|since| since + MARKS_KEPT)
    }

    /// An account's mark; none where nothing was handed over yet.
    pub(in crate::store) fn of(
        &self,
        connection: &Connection,
        account: AccountId,
    ) -> Result<Option<PacketId>> {
        let mut find = connection.prepare_cached("SELECT packet FROM mark WHERE account = ?1")?;
        let written: Option<i64> =
            find.query_row([account.0.get()], |row| row.get(0)).optional()?;
        let written = written.and_then(|id| PacketId::new(id as u64));
        Ok(written.max(self.moved.get(&account).copied()))
    }

    /// Writes them; they are at hand until [`Marks::written`].
    pub(in crate::store) fn write(&self, connection: &Connection) -> Result<()> {
        // The account may be gone.
        let sql = "INSERT INTO mark (account, packet) SELECT id, ?2 FROM account WHERE id = ?1
                   ON CONFLICT DO UPDATE SET packet = max(packet, excluded.packet)";
        let mut set = connection.prepare_cached(sql)?;
        for (account, id) in &self.moved {
            set.execute(params![account.0.get(), id.get() as i64])?;
        }
        Ok(())
    }

    /// What was written is on the disk.
    pub(in crate::store) fn written(&mut self) {
        self.moved.clear();
        self.since = None;
    }
}

/// Up to where an account has read a conversation.
pub(super) fn read_upto(
    connection: &Connection,
    account: AccountId,
    conversation: i64,
) -> Result<Option<PacketId>> {
    let sql = "SELECT packet FROM read_mark WHERE account = ?1 AND conversation = ?2";
    let mut find = connection.prepare_cached(sql)?;
    let found: Option<i64> =
        find.query_row(params![account.0.get(), conversation], |row| row.get(0)).optional()?;
    Ok(found.and_then(|id| PacketId::new(id as u64)))
}

/// It has read up to there.
pub(super) fn set_read(
    connection: &Connection,
    account: AccountId,
    conversation: i64,
    id: PacketId,
) -> Result<()> {
    let sql = "INSERT INTO read_mark (account, conversation, packet)
               SELECT id, ?2, ?3 FROM account WHERE id = ?1
               ON CONFLICT DO UPDATE SET packet = max(packet, excluded.packet)";
    let values = params![account.0.get(), conversation, id.get() as i64];
    connection.prepare_cached(sql)?.execute(values).map(drop)
}
