//! Looks for damage at a start, in a time that doesn't depend on how much is stored. Never:
//! mending it, or reading everything (`checking`).

use super::error::StoreError;
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
