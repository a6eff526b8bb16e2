//! Looks for damage: quickly at a start, and thoroughly when asked. Never: mending it.

use super::error::StoreError;
use super::open::{FILE, connect_to_read};
use rusqlite::{Connection, OptionalExtension};
use std::path::Path;

/// Tables that may be so large that a start doesn't read them.
const LARGE: [&str; 5] = ["packet", "thread", "conversation", "read_mark", "used_key"];
/// So many of the newest packets are read.
const NEWEST: &str = "256";

/// What opening shows of damage, in a time that doesn't depend on how much is stored: the file
/// is as long as it says, the small tables are sound, and the newest packets can be read.
pub(super) fn look(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    match faults(connection, path) {
        Ok(None) => Ok(()),
        Ok(Some(said)) => Err(StoreError::Damaged(path.to_owned(), said)),
        Err(error) => Err(StoreError::of(path.to_owned(), &error)),
    }
}

fn faults(connection: &Connection, path: &Path) -> rusqlite::Result<Option<String>> {
    // What stands in the other file is moved here, so that the length can be told.
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    let bytes = number("PRAGMA page_count")?.saturating_mul(number("PRAGMA page_size")?);
    if path.metadata().is_ok_and(|file| file.len() < bytes as u64) {
        return Ok(Some("it is cut off".to_owned()));
    }
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let tables: Vec<String> =
        connection.prepare(sql)?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for table in tables.iter().filter(|table| !LARGE.contains(&table.as_str())) {
        let sql = format!("PRAGMA quick_check('{table}')");
        let said: String = connection.query_row(&sql, [], |row| row.get(0))?;
        if said != "ok" {
            return Ok(Some(said));
        }
    }
    if tables.iter().any(|table| table == "packet") {
        return newest(connection);
    }
    Ok(None)
}

/// Reads the newest packets, and where each has its place.
fn newest(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let sql = format!(
        "SELECT total(octet_length(msg)) FROM (SELECT msg FROM packet ORDER BY id DESC LIMIT {NEWEST})"
    );
    connection.query_row(&sql, [], |_| Ok(()))?;
    let sql = "SELECT id FROM packet, log WHERE id > last_id LIMIT 1";
    let beyond: Option<i64> = connection.query_row(sql, [], |row| row.get(0)).optional()?;
    Ok(beyond.map(|id| format!("it has a packet {id}, which was never handed out")))
}

/// Reads everything; what is wrong with it, a line each. A server may be running on it, and
/// goes on meanwhile.
///
/// # Errors
/// [`StoreError`]: it can't be read at all.
pub fn check(directory: &Path) -> Result<Vec<String>, StoreError> {
    let path = directory.join(FILE);
    let told = |error: rusqlite::Error| StoreError::of(path.clone(), &error);
    let connection = connect_to_read(&path)?;
    let mut lines = Vec::new();
    let mut all = connection.prepare("PRAGMA integrity_check").map_err(told)?;
    let said = all.query_map([], |row| row.get::<_, String>(0)).map_err(told)?;
    for line in said {
        lines.push(line.map_err(told)?);
    }
    lines.retain(|line| line != "ok");
    let sql = "PRAGMA foreign_key_check";
    if connection.prepare(sql).and_then(|mut it| it.exists([])).map_err(told)? {
        lines.push("something belongs to an account that isn't there".to_owned());
    }
    // Counted, and what there is.
    let sql = "SELECT packets <> (SELECT count(*) FROM packet),
                      threaded_packets <> (SELECT count(*) FROM thread)
               FROM (SELECT packets, (SELECT count(*) FROM packet WHERE id <= threaded)
                     AS threaded_packets FROM log)";
    let [counted, threaded] = connection
        .query_row(sql, [], |row| Ok([row.get::<_, bool>(0)?, row.get::<_, bool>(1)?]))
        .map_err(told)?;
    if counted {
        lines.push("packets are counted wrongly".to_owned());
    }
    if threaded {
        lines.push("packets and their places don't agree".to_owned());
    }
    Ok(lines)
}
