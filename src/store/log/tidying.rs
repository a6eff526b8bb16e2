//! What is too old, too much, or of somebody who is gone is removed, a small step at a time,
//! the oldest first. Never: when there is time for it.

use super::rows::COUNTED;
use super::{Log, State, keys, whole};
use crate::archive::Micros;
use crate::limits::{ERASE_STEP, PACKET_KEPT_BYTES, PRUNE_STEP};
use rusqlite::{Connection, OptionalExtension, Result, params};

/// What is to be kept.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) struct Bounds {
    /// What was stored before is too old.
    pub before: Option<Micros>,
    pub bytes_max: u64,
}

/// What is left to do.
#[derive(Debug, Default)]
pub(super) struct Round {
    /// Packets up to here were looked at; none where no round is under way.
    looked_upto: Option<u64>,
    has_keys: bool,
    has_erased: bool,
    /// Packets that have come since the last step.
    pub(super) appended: usize,
}

/// A packet that is looked at.
struct Looked {
    id: u64,
    conversation: i64,
    time: i64,
    bytes: u64,
}

impl Log {
    /// Everything is to be looked at once more.
    pub(in crate::store) fn begin_round(&mut self) {
        self.round.looked_upto = Some(0);
        self.round.has_keys = true;
        self.round.has_erased = true;
    }

    /// What an account has written is to go.
    pub(in crate::store) fn erase(&mut self, connection: &Connection, account: u32) -> Result<()> {
        self.round.has_erased = true;
        let sql = "INSERT OR IGNORE INTO erasing (account, upto) VALUES (?1, 0)";
        connection.prepare_cached(sql)?.execute([account]).map(drop)
    }

    /// Whether the next step has something to do.
    pub(in crate::store) fn has_to_tidy(&self, bytes_max: u64) -> bool {
        let round = &self.round;
        let is_over = self.state.as_ref().is_some_and(|state| state.bytes > bytes_max);
        is_over || round.looked_upto.is_some() || round.has_keys || round.has_erased
    }

    /// Takes one step. Nothing of it counts if it isn't committed: then the next round does it.
    pub(in crate::store) fn tidy(
        &mut self,
        connection: &Connection,
        now: Micros,
        bounds: Bounds,
    ) -> Result<()> {
        self.loaded(connection)?;
        let (Some(state), round) = (&mut self.state, &mut self.round) else { return Ok(()) };
        let count = PRUNE_STEP + std::mem::take(&mut round.appended);
        if state.bytes > bounds.bytes_max {
            return state.prune_bytes(connection, bounds.bytes_max, count);
        }
        if let Some(upto) = round.looked_upto {
            round.looked_upto = state.prune_old(connection, (now, bounds.before), upto, count)?;
        } else if round.has_keys {
            round.has_keys = keys::prune(connection, now, count)?;
        } else if round.has_erased {
            round.has_erased = state.erase_step(connection)?;
        }
        Ok(())
    }
}

impl State {
    /// Removes some of the oldest, until no more than so many bytes are left.
    fn prune_bytes(&mut self, connection: &Connection, most: u64, count: usize) -> Result<()> {
        let mut oldest = look(connection, 0, count)?;
        let mut left = self.bytes;
        let enough = oldest.iter().position(|it| {
            let is_enough = left <= most;
            left = left.saturating_sub(it.bytes);
            is_enough
        });
        oldest.truncate(enough.unwrap_or(oldest.len()));
        if oldest.is_empty() {
            // Counted wrongly: nothing is there.
            (self.packets, self.bytes) = (0, 0);
            return self.save(connection);
        }
        self.remove(connection, &oldest)
    }

    /// Removes what is too old among the next packets; up to where it has looked, if it
    /// hasn't come to what is young.
    fn prune_old(
        &mut self,
        connection: &Connection,
        (now, before): (Micros, Option<Micros>),
        upto: u64,
        count: usize,
    ) -> Result<Option<u64>> {
        let Some(before) = before else { return Ok(None) };
        let looked = look(connection, upto, count)?;
        let Some(last) = looked.last() else { return Ok(None) };
        let last = last.id;
        // Where the clock was wrong, packets are from the future: nothing follows from them.
        let is_over = looked.iter().any(|it| (before.0..=now.0).contains(&it.time));
        let old: Vec<_> = looked.into_iter().filter(|it| it.time < before.0).collect();
        self.remove(connection, &old)?;
        Ok(Some(last).filter(|_| !is_over))
    }

    /// Removes some of what somebody wrote who is gone; whether there is more.
    fn erase_step(&mut self, connection: &Connection) -> Result<bool> {
        let sql = "SELECT account, upto FROM erasing LIMIT 1";
        let next = connection
            .prepare_cached(sql)?
            .query_row([], |row| Ok((row.get::<_, u32>(0)?, whole(row, 1)?)));
        let Some((account, upto)) = next.optional()? else { return Ok(false) };
        self.thread(connection)?;
        if keys::forget(connection, account, ERASE_STEP)? {
            return Ok(true);
        }
        let sql = "SELECT id, a, b FROM conversation WHERE kind = 0 AND a = ?1
                   UNION ALL SELECT id, a, b FROM conversation WHERE kind = 0 AND b = ?1 LIMIT 1";
        let direct = connection.prepare_cached(sql)?.query_row([account], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, u32>(1)?, row.get::<_, u32>(2)?))
        });
        if let Some((conversation, a, b)) = direct.optional()? {
            self.erase_direct(connection, conversation, (a, b))?;
            return Ok(true);
        }
        self.erase_elsewhere(connection, account, upto)?;
        Ok(true)
    }

    /// Some of a conversation, then the conversation.
    fn erase_direct(
        &mut self,
        connection: &Connection,
        conversation: i64,
        (a, b): (u32, u32),
    ) -> Result<()> {
        let sql = format!(
            "SELECT id, packet.conversation, time, {COUNTED} FROM thread JOIN packet ON id = packet
             WHERE thread.conversation = ?1 LIMIT ?2"
        );
        let values = params![conversation, PRUNE_STEP as i64];
        let some = connection
            .prepare_cached(&sql)?
            .query_map(values, looked)?
            .collect::<Result<Vec<_>>>()?;
        self.remove(connection, &some)?;
        if some.len() < PRUNE_STEP {
            let sql = "DELETE FROM read_mark WHERE account IN (?1, ?2) AND conversation = ?3";
            connection.prepare_cached(sql)?.execute(params![a, b, conversation])?;
            let sql = "DELETE FROM conversation WHERE id = ?1";
            connection.prepare_cached(sql)?.execute([conversation])?;
        }
        Ok(())
    }

    /// What it wrote in the next packets; behind the last one nothing of it is left.
    fn erase_elsewhere(&mut self, connection: &Connection, account: u32, upto: u64) -> Result<()> {
        let sql = format!(
            "SELECT id, conversation, time, {COUNTED}, sender IS ?3 FROM packet
             WHERE id > ?1 ORDER BY id LIMIT ?2"
        );
        let values = params![upto as i64, ERASE_STEP as i64, account];
        let next = connection
            .prepare_cached(&sql)?
            .query_map(values, |row| Ok((looked(row)?, row.get::<_, bool>(4)?)))?
            .collect::<Result<Vec<_>>>()?;
        match next.last() {
            Some((last, _)) => {
                let sql = "UPDATE erasing SET upto = ?2 WHERE account = ?1";
                connection.prepare_cached(sql)?.execute(params![account, last.id as i64])?;
            }
            None => {
                let sql = "DELETE FROM erasing WHERE account = ?1";
                connection.prepare_cached(sql)?.execute([account])?;
            }
        }
        let own: Vec<_> =
            next.into_iter().filter_map(|(it, is_own)| is_own.then_some(it)).collect();
        self.remove(connection, &own)
    }

    fn remove(&mut self, connection: &Connection, packets: &[Looked]) -> Result<()> {
        if packets.is_empty() {
            return Ok(());
        }
        if packets.iter().any(|it| it.id > self.threaded) {
            self.thread(connection)?;
        }
        let mut packet = connection.prepare_cached("DELETE FROM packet WHERE id = ?1")?;
        let sql = "DELETE FROM thread WHERE conversation = ?1 AND packet = ?2";
        let mut thread = connection.prepare_cached(sql)?;
        for it in packets {
            packet.execute([it.id as i64])?;
            thread.execute(params![it.conversation, it.id as i64])?;
            self.packets = self.packets.saturating_sub(1);
            self.bytes = self.bytes.saturating_sub(it.bytes);
        }
        self.save(connection)
    }
}

fn looked(row: &rusqlite::Row<'_>) -> Result<Looked> {
    let bytes = whole(row, 3)? + PACKET_KEPT_BYTES;
    Ok(Looked { id: whole(row, 0)?, conversation: row.get(1)?, time: row.get(2)?, bytes })
}

/// The next packets behind an id.
fn look(connection: &Connection, upto: u64, count: usize) -> Result<Vec<Looked>> {
    let sql = format!(
        "SELECT id, conversation, time, {COUNTED} FROM packet WHERE id > ?1 ORDER BY id LIMIT ?2"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    statement.query_map(params![upto as i64, count as i64], looked)?.collect()
}
