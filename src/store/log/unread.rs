//! What an account has read, and what not yet. Never: the packets.

use super::places::{Concern, Parties, concerns};
use super::tail::Entry;
use super::{Log, marks};
use crate::accounts::AccountId;
use crate::archive::{PacketId, UnreadRow};
use crate::limits::{UNREAD_LOOKED_MAX, UNREAD_MAX};
use rusqlite::{Connection, OptionalExtension, Result, params};
use std::collections::HashMap;

impl Log {
    /// The conversations of an account in which something was said, what was said last
    /// first.
    pub(in crate::store) fn unread(
        &mut self,
        connection: &Connection,
        account: AccountId,
    ) -> Result<Vec<UnreadRow>> {
        let (state, places) = self.loaded(connection)?;
        let concerns = concerns(connection, account)?;
        let mut tails: HashMap<i64, (u64, Vec<Entry>)> =
            concerns.iter().map(|it| (it.conversation, (it.since, Vec::new()))).collect();
        for entry in state.tail.behind(0) {
            if let Some((since, tail)) = tails.get_mut(&entry.conversation)
                && entry.id > *since
            {
                tail.push(*entry);
            }
        }
        let mut rows = Vec::new();
        for concern in concerns {
            let (_, tail) = tails.remove(&concern.conversation).unwrap_or_default();
            let Some(last) = last_of(connection, concern, &tail)? else { continue };
            let read = marks::read_upto(connection, account, concern.conversation)?;
            let count = count_behind(connection, account, concern, read, &tail)?;
            let conversation = concern.parties.recipient(connection, places, Some(account))?;
            let Some(name) = conversation else { continue };
            rows.push(UnreadRow { conversation: (*name).into(), read, last, count });
        }
        rows.sort_by_key(|row| std::cmp::Reverse(row.last));
        Ok(rows)
    }

    /// Moves the mark of what was read; where it is then, and whether it was moved. None
    /// where there is no such packet there.
    pub(in crate::store) fn read(
        &mut self,
        connection: &Connection,
        account: AccountId,
        parties: Parties,
        id: PacketId,
    ) -> Result<Option<(PacketId, bool)>> {
        let (state, places) = self.loaded(connection)?;
        let Some(conversation) = places.find(connection, parties)? else { return Ok(None) };
        let sql = "SELECT 1 FROM thread WHERE conversation = ?1 AND packet = ?2";
        let number = id.get();
        if !state.tail.has(conversation, number)
            && !connection.prepare_cached(sql)?.exists(params![conversation, number as i64])?
        {
            return Ok(None);
        }
        let before = marks::read_upto(connection, account, conversation)?;
        match before {
            Some(before) if before >= id => Ok(Some((before, false))),
            _ => {
                marks::set_read(connection, account, conversation, id)?;
                Ok(Some((id, true)))
            }
        }
    }
}

/// The last id in a conversation.
fn last_of(connection: &Connection, concern: Concern, tail: &[Entry]) -> Result<Option<PacketId>> {
    if let Some(entry) = tail.last() {
        return Ok(PacketId::new(entry.id));
    }
    let sql = "SELECT packet FROM thread WHERE conversation = ?1 AND packet > ?2
               ORDER BY packet DESC LIMIT 1";
    let values = params![concern.conversation, concern.since as i64];
    let last: Option<i64> =
        connection.prepare_cached(sql)?.query_row(values, |row| row.get(0)).optional()?;
    Ok(last.and_then(|id| PacketId::new(id as u64)))
}

/// How many packets others have sent behind the mark.
fn count_behind(
    connection: &Connection,
    account: AccountId,
    concern: Concern,
    read: Option<PacketId>,
    tail: &[Entry],
) -> Result<u32> {
    let behind = read.map_or(0, PacketId::get).max(concern.since);
    let sql = "SELECT count(*) FROM (SELECT sender FROM thread
               WHERE conversation = ?1 AND packet > ?2 ORDER BY packet LIMIT ?4)
               WHERE sender IS NOT ?3";
    let values =
        params![concern.conversation, behind as i64, account.0.get(), UNREAD_LOOKED_MAX as i64];
    let threaded: u32 = connection.prepare_cached(sql)?.query_row(values, |row| row.get(0))?;
    let in_tail =
        tail.iter().filter(|entry| entry.id > behind && entry.sender != Some(account)).count();
    Ok((threaded as usize + in_tail).min(UNREAD_MAX) as u32)
}
