//! Orders of the command line about rooms. Never: how they get here.

use super::outcome::RoomOrderOutcome;
use super::{Clock, Desk};
use crate::archive::{Notice, PacketId};
use crate::limits::{MEMBERS_MAX, ROOMS_MAX, ROOMS_PER_USER_MAX};
use crate::store::order::{Refusal, RoomOrder, Told};
use crate::store::rooms::people;
use crate::store::{accounts, rooms};
use crate::wire::Name;
use rusqlite::{Connection, Result};

impl<A> Desk<A> {
    pub(super) fn room_order(&mut self, clock: Clock, order: &RoomOrder) -> RoomOrderOutcome {
        let log = &mut self.log;
        let (news, told) = self.batch.within(|connection| match order {
            RoomOrder::List => Ok((Vec::new(), Told::Rooms(rooms::rows(connection)?))),
            RoomOrder::Add { name, owner, is_private } => {
                let since = log.last_id(connection)?.map_or(0, PacketId::get);
                add(connection, (name, owner.as_ref(), *is_private), (clock.unix, since))
            }
            RoomOrder::Delete { name } => delete(connection, name),
        })?;
        if !matches!(order, RoomOrder::List) {
            self.log.names_changed();
            self.room_counts = None;
        }
        Ok((Vec::new(), news, told))
    }
}

type Done = (Vec<Notice>, Told);

fn refused(refusal: Refusal) -> Result<Done> {
    Ok((Vec::new(), Told::Refused(refusal)))
}

fn add(
    connection: &Connection,
    (name, owner, is_private): (&Name, Option<&Name>, bool),
    (now, since): (i64, u64),
) -> Result<Done> {
    let owner = match owner {
        None => None,
        Some(owner) => match accounts::find_by_key(connection, owner.key())? {
            None => return refused(Refusal::NoSuchAccount),
            Some(entry) => Some(entry.account),
        },
    };
    if rooms::find_by_key(connection, name.key())?.is_some() {
        return refused(Refusal::RoomTaken);
    }
    if rooms::count(connection)? >= ROOMS_MAX as u64 {
        return refused(Refusal::TooMany);
    }
    if let Some(owner) = &owner
        && (rooms::count_owned_by(connection, owner.id)? >= ROOMS_PER_USER_MAX
            || people::rooms_of(connection, owner.id)?.len() >= ROOMS_PER_USER_MAX
            || people::count(connection)? >= MEMBERS_MAX)
    {
        return refused(Refusal::TooMany);
    }
    let id = owner.as_ref().map(|owner| owner.id);
    let Some(room) = rooms::insert(connection, (name, id, is_private), (now, since))? else {
        return refused(Refusal::Unavailable);
    };
    let mut news = vec![Notice::Room(room.clone())];
    if let Some(owner) = owner {
        people::join(connection, room.id, owner.id, since)?;
        let (room, account, name) = (room.id, owner.id, owner.name);
        news.push(Notice::Member { room, account, name, is_in: true });
    }
    Ok((news, Told::Done))
}

fn delete(connection: &Connection, name: &Name) -> Result<Done> {
    let Some(room) = rooms::find_by_key(connection, name.key())? else {
        return refused(Refusal::NoSuchRoom);
    };
    rooms::delete(connection, room.id)?;
    Ok((vec![Notice::RoomGone { room: room.id, by: None }], Told::Done))
}
