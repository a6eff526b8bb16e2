//! What is stored, in figures, for operators. Never: the packets.

use super::{Desk, OrderOutcome};
use crate::store::order::{StoreInfo, Told};
use rusqlite::{Connection, OptionalExtension, Result};

impl<A> Desk<A> {
    pub(super) fn info(&mut self) -> OrderOutcome {
        let (accounts, bytes_max) = (self.accounts, self.bytes_max());
        let failing = self.is_failing();
        let log = &mut self.log;
        let info = self.batch.within(|connection| {
            let last_id = log.last_id(connection)?.map_or(0, crate::archive::PacketId::get);
            let (packets, bytes) = log.kept().unwrap_or_default();
            let time = |order: &str| {
                let sql = format!("SELECT time FROM packet ORDER BY id {order} LIMIT 1");
                connection.prepare_cached(&sql)?.query_row([], |row| row.get(0)).optional()
            };
            let page_bytes = pragma(connection, "page_size")?;
            Ok(StoreInfo {
                accounts,
                packets,
                bytes,
                bytes_max,
                last_id,
                oldest: time("ASC")?,
                newest: time("DESC")?,
                file_bytes: pragma(connection, "page_count")? * page_bytes,
                free_bytes: pragma(connection, "freelist_count")? * page_bytes,
                failing,
            })
        })?;
        Ok((Vec::new(), Told::Info(info)))
    }
}

fn pragma(connection: &Connection, name: &str) -> Result<u64> {
    let number = |row: &rusqlite::Row<'_>| row.get::<_, i64>(0);
    connection.query_row(&format!("PRAGMA {name}"), [], number).map(|it| it.max(0) as u64)
}
