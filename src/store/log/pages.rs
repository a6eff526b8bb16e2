//! What is stored for an account, page by page. Never: to whom it goes.

use super::Log;
use super::merge::Merge;
use super::places::concerns;
use super::rows::Reader;
use crate::accounts::AccountId;
use crate::archive::{PacketId, Page, SessionNumber};
use crate::limits::LOG_PAGE_PACKETS_MAX;
use rusqlite::{Connection, Result};

impl Log {
    /// What concerns an account behind an id, in order: about so many bytes, one packet at
    /// the least; without what that session of it has sent.
    pub(in crate::store) fn page(
        &mut self,
        connection: &Connection,
        (account, session): (AccountId, SessionNumber),
        after: u64,
        bytes_max: usize,
    ) -> Result<Page> {
        let (state, places) = self.loaded(connection)?;
        let concerns = concerns(connection, account)?;
        let mut merge = Merge::new(connection, state, &concerns, after)?;
        let mut reader = Reader::new(connection)?;
        let mut page = Page { upto: PacketId::new(after), ..Page::default() };
        let mut bytes = 0;
        for _ in 0..LOG_PAGE_PACKETS_MAX {
            let Some(id) = merge.next()? else {
                page.is_last = true;
                page.upto = PacketId::new(state.last_id);
                break;
            };
            let Some(id) = PacketId::new(id) else { continue };
            if let Some(found) = reader.read(places, id)?
                && found.sender != Some((account, session))
            {
                let size = found.packet.stamped.bytes().len();
                if bytes > 0 && bytes + size > bytes_max {
                    break;
                }
                bytes += size;
                page.packets.push(found.for_one(account));
            }
            page.upto = Some(id);
        }
        Ok(page)
    }

    /// The first that concerns an account behind an id.
    pub(in crate::store) fn first_behind(
        &mut self,
        connection: &Connection,
        account: AccountId,
        after: Option<PacketId>,
    ) -> Result<Option<PacketId>> {
        let (state, places) = self.loaded(connection)?;
        let after = after.map_or(0, PacketId::get);
        if after >= state.last_id {
            return Ok(None);
        }
        let concerns = concerns(connection, account)?;
        let mut merge = Merge::new(connection, state, &concerns, after)?;
        let mut reader = Reader::new(connection)?;
        for _ in 0..LOG_PAGE_PACKETS_MAX {
            let Some(id) = merge.next()?.and_then(PacketId::new) else { return Ok(None) };
            // Some may have been removed.
            if reader.read(places, id)?.is_some() {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }
}
