//! What every shard is to know of rooms at the start, and how many there are. Never: requests
//! about them.

use crate::archive::Notice;
use crate::store::rooms;
use crate::store::rooms::people::{self, Placed};
use rusqlite::{Connection, Result};

/// How many rooms and members there are; read again where that may be wrong.
#[derive(Clone, Copy, Debug)]
pub(super) struct RoomCounts {
    pub rooms: u64,
    pub members: u64,
}

impl RoomCounts {
    pub(super) fn read(connection: &Connection) -> Result<Self> {
        Ok(Self { rooms: rooms::count(connection)?, members: people::count(connection)? })
    }
}

/// What every shard is to know of rooms at the start.
pub(super) fn known(connection: &Connection) -> Result<Vec<Notice>> {
    let mut notices: Vec<Notice> = Vec::new();
    notices.extend(rooms::all(connection)?.into_iter().map(Notice::Room));
    let member =
        |Placed { room, account, name }| Notice::Member { room, account, name, is_in: true };
    notices.extend(people::members(connection)?.into_iter().map(member));
    let untold = people::untold(connection)?.into_iter();
    notices.extend(untold.map(|(Placed { room, account, name }, by)| Notice::Invited {
        room,
        account,
        name,
        by,
    }));
    Ok(notices)
}
