//! Numbers in rows. Never: what they mean.

use rusqlite::{Result, Row};

/// A number that is never negative.
pub(super) fn whole(row: &Row<'_>, column: usize) -> Result<u64> {
    row.get::<_, i64>(column).map(|number| number.max(0) as u64)
}
