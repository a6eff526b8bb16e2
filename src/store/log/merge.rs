//! The ids of several conversations, in order. Never: the packets.

use super::State;
use super::places::Concern;
use super::tail::Entry;
use crate::limits::LOG_CHUNK;
use rusqlite::{CachedStatement, Connection, Result, params};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

/// Ids behind some id, of what `thread` has first, then of the tail.
pub(super) struct Merge<'a> {
    chunk: CachedStatement<'a>,
    cursors: Vec<Cursor>,
    /// The next id of each conversation.
    next: BinaryHeap<Reverse<(u64, usize)>>,
    tail: &'a [Entry],
    /// From where on each concerns us.
    since: HashMap<i64, u64>,
}

/// Ids of one conversation that were read ahead, the next one last.
struct Cursor {
    conversation: i64,
    ahead: Vec<u64>,
    /// More may follow behind this id.
    more_behind: Option<u64>,
}

impl<'a> Merge<'a> {
    pub(super) fn new(
        connection: &'a Connection,
        state: &'a State,
        concerns: &[Concern],
        after: u64,
    ) -> Result<Self> {
        let sql = "SELECT packet FROM thread WHERE conversation = ?1 AND packet > ?2
                   ORDER BY packet LIMIT ?3";
        let mut merge = Self {
            chunk: connection.prepare_cached(sql)?,
            cursors: Vec::new(),
            next: BinaryHeap::new(),
            tail: state.tail.behind(after),
            since: concerns.iter().map(|it| (it.conversation, it.since)).collect(),
        };
        // Where the tail has all of it, nothing is looked up.
        if after < state.threaded {
            for concern in concerns {
                let behind = Some(after.max(concern.since));
                let conversation = concern.conversation;
                merge.cursors.push(Cursor { conversation, ahead: Vec::new(), more_behind: behind });
                merge.advance(merge.cursors.len() - 1)?;
            }
        }
        Ok(merge)
    }

    /// The next id.
    pub(super) fn next(&mut self) -> Result<Option<u64>> {
        if let Some(Reverse((id, cursor))) = self.next.pop() {
            self.advance(cursor)?;
            return Ok(Some(id));
        }
        while let Some((entry, rest)) = self.tail.split_first() {
            self.tail = rest;
            if self.since.get(&entry.conversation).is_some_and(|since| entry.id > *since) {
                return Ok(Some(entry.id));
            }
        }
        Ok(None)
    }

    /// Puts the next id of a conversation in its place.
    fn advance(&mut self, at: usize) -> Result<()> {
        let cursor = &mut self.cursors[at];
        if cursor.ahead.is_empty()
            && let Some(behind) = cursor.more_behind.take()
        {
            let values = params![cursor.conversation, behind as i64, LOG_CHUNK as i64];
            let rows = self.chunk.query_map(values, |row| super::whole(row, 0))?;
            cursor.ahead = rows.collect::<Result<_>>()?;
            cursor.more_behind = cursor.ahead.last().copied();
            if cursor.ahead.len() < LOG_CHUNK {
                cursor.more_behind = None;
            }
            cursor.ahead.reverse();
        }
        if let Some(id) = cursor.ahead.pop() {
            self.next.push(Reverse((id, at)));
        }
        Ok(())
    }
}
