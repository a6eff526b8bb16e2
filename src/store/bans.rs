//! The rows of bans. Never: whom they keep out.

use crate::accounts::{Ban, Banned};
use rusqlite::types::Type;
use rusqlite::{Connection, Error, Result, Row, params};

/// What is the same for bans of the same: a network, or a name's key.
fn key(who: &Banned) -> String {
    match who {
        Banned::Network(network) => network.to_string(),
        Banned::Name(name) => name.key().to_owned(),
    }
}

/// Those that hold, by target.
pub(super) fn all(connection: &Connection, now: i64) -> Result<Vec<Ban>> {
    let sql = "SELECT target, ends, by, reason FROM ban WHERE ends IS NULL OR ends > ?1
               ORDER BY key";
    let ban = |row: &Row<'_>| {
        let wrong = || Error::FromSqlConversionFailure(0, Type::Text, "nothing to ban".into());
        Ok(Ban {
            who: Banned::parse(row.get_ref(0)?.as_str()?).ok_or_else(wrong)?,
            until: row.get(1)?,
            by: row.get_ref(2)?.as_str()?.into(),
            reason: row.get_ref(3)?.as_str()?.into(),
        })
    };
    connection.prepare_cached(sql)?.query_map([now], ban)?.collect()
}

pub(super) fn count(connection: &Connection) -> Result<usize> {
    let count = |row: &Row<'_>| row.get::<_, u32>(0).map(|count| count as usize);
    connection.prepare_cached("SELECT count(*) FROM ban")?.query_row([], count)
}

/// Whether there is one of that target.
pub(super) fn has(connection: &Connection, who: &Banned) -> Result<bool> {
    connection.prepare_cached("SELECT 1 FROM ban WHERE key = ?1")?.exists([key(who)])
}

/// Adds one; it replaces one of the same target.
pub(super) fn insert(connection: &Connection, ban: &Ban) -> Result<()> {
    let sql = "INSERT OR REPLACE INTO ban (key, target, ends, by, reason)
               VALUES (?1, ?2, ?3, ?4, ?5)";
    let values = params![key(&ban.who), ban.who.to_string(), ban.until, &*ban.by, &*ban.reason];
    connection.prepare_cached(sql)?.execute(values).map(drop)
}

/// Removes one; whether it was there and held.
pub(super) fn remove(connection: &Connection, who: &Banned, now: i64) -> Result<bool> {
    forget_ended(connection, now)?;
    let sql = "DELETE FROM ban WHERE key = ?1";
    Ok(connection.prepare_cached(sql)?.execute([key(who)])? > 0)
}

/// Removes those that have ended.
pub(super) fn forget_ended(connection: &Connection, now: i64) -> Result<()> {
    connection.prepare_cached("DELETE FROM ban WHERE ends <= ?1")?.execute([now]).map(drop)
}
