//! Looks for damage everywhere, when asked. Never: mending it.

use super::error::StoreError;
use super::open::{FILE, connect_to_read};
use std::path::Path;

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
