//! The rows of rooms with an owner, of who is in them, invited and expelled. Never: who may
//! change them.

pub(super) mod people;

use super::accounts::{name, number};
use crate::accounts::{AccountId, Span};
use crate::archive::{OwnedRoom, RoomId};
use crate::store::order::RoomRow;
use crate::wire::Name;
use rusqlite::{Connection, OptionalExtension, Result, Row, params};

/// As [`room`] reads it.
const COLUMNS: &str = "room.id, room.name, room.owner, account.name, private, keep, topic";
const FROM: &str = "FROM room LEFT JOIN account ON account.id = room.owner";

fn room(row: &Row<'_>) -> Result<OwnedRoom> {
    let owner: Option<u32> = row.get(2)?;
    let keep: Option<i64> = row.get(5)?;
    Ok(OwnedRoom {
        id: RoomId(number(row, 0)?),
        name: name(row, 1)?,
        owner: match owner {
            Some(_) => Some((AccountId(number(row, 2)?), name(row, 3)?)),
            None => None,
        },
        is_private: row.get(4)?,
        keep: keep.map(|seconds| u64::try_from(seconds).map_or(Span::Forever, Span::Seconds)),
        topic: row.get_ref(6)?.as_str()?.into(),
    })
}

/// All of them, by their numbers.
pub(super) fn all(connection: &Connection) -> Result<Vec<OwnedRoom>> {
    let sql = format!("SELECT {COLUMNS} {FROM} ORDER BY room.id");
    connection.prepare_cached(&sql)?.query_map([], room)?.collect()
}

/// ... and what shards don't know of them, by their names.
pub(super) fn rows(connection: &Connection) -> Result<Vec<RoomRow>> {
    let sql = format!(
        "SELECT {COLUMNS}, room.created, (SELECT count(*) FROM member WHERE member.room = room.id)
         {FROM} ORDER BY room.key"
    );
    let row = |row: &Row<'_>| {
        let OwnedRoom { name, owner, is_private, keep, topic, .. } = room(row)?;
        let owner = owner.map(|(_, name)| name);
        let created = row.get(7)?;
        let members = row.get::<_, u32>(8)?.into();
        Ok(RoomRow { name, owner, is_private, keep, topic, created, members })
    };
    connection.prepare_cached(&sql)?.query_map([], row)?.collect()
}

pub(super) fn find(connection: &Connection, id: RoomId) -> Result<Option<OwnedRoom>> {
    let sql = format!("SELECT {COLUMNS} {FROM} WHERE room.id = ?1");
    connection.prepare_cached(&sql)?.query_row([id.0.get()], room).optional()
}

pub(super) fn find_by_key(connection: &Connection, key: &str) -> Result<Option<OwnedRoom>> {
    let sql = format!("SELECT {COLUMNS} {FROM} WHERE room.key = ?1");
    connection.prepare_cached(&sql)?.query_row([key], room).optional()
}

/// Those that an account owns.
pub(super) fn owned_by(connection: &Connection, account: AccountId) -> Result<Vec<OwnedRoom>> {
    let sql = format!("SELECT {COLUMNS} {FROM} WHERE room.owner = ?1 ORDER BY room.id");
    connection.prepare_cached(&sql)?.query_map([account.0.get()], room)?.collect()
}

pub(super) fn count_owned_by(connection: &Connection, account: AccountId) -> Result<usize> {
    let sql = "SELECT count(*) FROM room WHERE owner = ?1";
    let count = |row: &Row<'_>| row.get::<_, u32>(0).map(|count| count as usize);
    connection.prepare_cached(sql)?.query_row([account.0.get()], count)
}

/// How many there are.
pub(super) fn count(connection: &Connection) -> Result<u64> {
    let count = |row: &Row<'_>| row.get::<_, u32>(0).map(u64::from);
    connection.prepare_cached("SELECT count(*) FROM room")?.query_row([], count)
}

/// Adds one whose name isn't there. `since` is the packet's id that was handed out last.
pub(super) fn insert(
    connection: &Connection,
    (name, owner, is_private): (&Name, Option<AccountId>, bool),
    (created, since): (i64, u64),
) -> Result<Option<OwnedRoom>> {
    let sql = "INSERT INTO room (name, key, owner, private, created, since)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let owner = owner.map(|owner| owner.0.get());
    let values = params![name.shown(), name.key(), owner, is_private, created, since as i64];
    connection.prepare_cached(sql)?.execute(values)?;
    find_by_key(connection, name.key())
}

pub(super) fn set_owner(connection: &Connection, id: RoomId, owner: AccountId) -> Result<()> {
    set(connection, id, "owner", owner.0.get())
}

pub(super) fn set_private(connection: &Connection, id: RoomId, is_private: bool) -> Result<()> {
    set(connection, id, "private", is_private)
}

pub(super) fn set_keep(connection: &Connection, id: RoomId, keep: Span) -> Result<()> {
    let seconds = match keep {
        Span::Seconds(seconds) => seconds as i64,
        Span::Forever => -1,
    };
    set(connection, id, "keep", seconds)
}

pub(super) fn set_topic(connection: &Connection, id: RoomId, topic: &str) -> Result<()> {
    set(connection, id, "topic", topic)
}

fn set(
    connection: &Connection,
    id: RoomId,
    column: &str,
    value: impl rusqlite::ToSql,
) -> Result<()> {
    let sql = format!("UPDATE room SET {column} = ?2 WHERE id = ?1");
    connection.prepare_cached(&sql)?.execute(params![id.0.get(), value]).map(drop)
}

/// Removes one with all that belongs to it but its packets.
pub(super) fn delete(connection: &Connection, id: RoomId) -> Result<()> {
    connection.prepare_cached("DELETE FROM room WHERE id = ?1")?.execute([id.0.get()]).map(drop)
}
