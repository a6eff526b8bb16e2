//! Keys of one's own: what was sent again is stored once. Never: for longer than a day.

use crate::accounts::AccountId;
use crate::archive::{Key, Micros, PacketId};
use crate::limits::KEY_HOLDS;
use rusqlite::{Connection, OptionalExtension, Result, params};

/// Whether a key of that time holds still: clocks are set in both directions.
pub(super) fn holds(used: i64, now: Micros) -> bool {
    u128::from(now.0.abs_diff(used)) < KEY_HOLDS.as_micros()
}

/// What an account has used a key for lately.
pub(super) fn used(
    connection: &Connection,
    account: AccountId,
    key: &Key,
    now: Micros,
) -> Result<Option<PacketId>> {
    let sql = "SELECT packet, time FROM used_key WHERE account = ?1 AND key = ?2";
    let found: Option<(i64, i64)> = connection
        .prepare_cached(sql)?
        .query_row(params![account.0.get(), key.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(found.filter(|(_, time)| holds(*time, now)).and_then(|(id, _)| PacketId::new(id as u64)))
}

/// It is used now; before, it was so long ago that it doesn't count.
pub(super) fn insert(
    connection: &Connection,
    account: AccountId,
    key: &Key,
    id: PacketId,
    now: Micros,
) -> Result<()> {
    let sql =
        "INSERT OR REPLACE INTO used_key (packet, account, key, time) VALUES (?1, ?2, ?3, ?4)";
    let values = params![id.get() as i64, account.0.get(), key.as_str(), now.0];
    connection.prepare_cached(sql)?.execute(values).map(drop)
}

/// Removes some of those that hold no more; whether there may be others.
pub(super) fn prune(connection: &Connection, now: Micros, count: usize) -> Result<bool> {
    let sql = "SELECT packet, time FROM used_key ORDER BY packet LIMIT ?1";
    let oldest = connection
        .prepare_cached(sql)?
        .query_map([count as i64], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))?
        .collect::<Result<Vec<_>>>()?;
    let mut remove = connection.prepare_cached("DELETE FROM used_key WHERE packet = ?1")?;
    let mut all = oldest.len() == count;
    for (packet, time) in oldest {
        if holds(time, now) {
            all = false;
        } else {
            remove.execute([packet])?;
        }
    }
    Ok(all)
}

/// Removes some of an account's; whether there were any.
pub(super) fn forget(connection: &Connection, account: u32, count: usize) -> Result<bool> {
    let sql = "DELETE FROM used_key WHERE packet IN
               (SELECT packet FROM used_key WHERE account = ?1 LIMIT ?2)";
    Ok(connection.prepare_cached(sql)?.execute(params![account, count as i64])? > 0)
}
