//! The rows of members, of who is invited and who is expelled. Never: who may change them.

use crate::accounts::AccountId;
use crate::archive::RoomId;
use crate::store::accounts::{name, number};
use crate::wire::Name;
use rusqlite::{Connection, OptionalExtension, Result, Row, params};

/// An account and its place.
pub(in crate::store) struct Placed {
    pub room: RoomId,
    pub account: AccountId,
    pub name: Name,
}

fn placed(row: &Row<'_>) -> Result<Placed> {
    Ok(Placed {
        room: RoomId(number(row, 0)?),
        account: AccountId(number(row, 1)?),
        name: name(row, 2)?,
    })
}

/// All members of all rooms.
pub(in crate::store) fn members(connection: &Connection) -> Result<Vec<Placed>> {
    let sql = "SELECT member.room, member.account, account.name
               FROM member JOIN account ON account.id = member.account";
    connection.prepare_cached(sql)?.query_map([], placed)?.collect()
}

/// The rooms that an account is in.
pub(in crate::store) fn rooms_of(
    connection: &Connection,
    account: AccountId,
) -> Result<Vec<RoomId>> {
    let sql = "SELECT room FROM member WHERE account = ?1";
    let room = |row: &Row<'_>| number(row, 0).map(RoomId);
    connection.prepare_cached(sql)?.query_map([account.0.get()], room)?.collect()
}

/// How many members all rooms have.
pub(in crate::store) fn count(connection: &Connection) -> Result<u64> {
    let count = |row: &Row<'_>| row.get::<_, u32>(0).map(u64::from);
    connection.prepare_cached("SELECT count(*) FROM member")?.query_row([], count)
}

pub(in crate::store) fn is_member(
    connection: &Connection,
    room: RoomId,
    account: AccountId,
) -> Result<bool> {
    exists(connection, "member", room, account)
}

/// It is a member; what comes behind that id concerns it. Whether it was none.
pub(in crate::store) fn join(
    connection: &Connection,
    room: RoomId,
    account: AccountId,
    since: u64,
) -> Result<bool> {
    let sql = "INSERT OR IGNORE INTO member (account, room, since) VALUES (?1, ?2, ?3)";
    let values = params![account.0.get(), room.0.get(), since as i64];
    let joined = connection.prepare_cached(sql)?.execute(values)? > 0;
    for table in ["room_invitation", "expelled"] {
        remove(connection, table, room, account)?;
    }
    Ok(joined)
}

/// Whether it was a member.
pub(in crate::store) fn leave(
    connection: &Connection,
    room: RoomId,
    account: AccountId,
) -> Result<bool> {
    remove(connection, "member", room, account)
}

/// Since which id packets of a room concern who was in it before it had an owner.
pub(in crate::store) fn since_made(connection: &Connection, room: RoomId) -> Result<u64> {
    let sql = "SELECT since FROM room WHERE id = ?1";
    let since: Option<i64> =
        connection.prepare_cached(sql)?.query_row([room.0.get()], |row| row.get(0)).optional()?;
    Ok(since.unwrap_or_default().max(0) as u64)
}

pub(in crate::store) fn is_invited(
    connection: &Connection,
    room: RoomId,
    account: AccountId,
) -> Result<bool> {
    exists(connection, "room_invitation", room, account)
}

pub(in crate::store) fn invite(
    connection: &Connection,
    room: RoomId,
    account: AccountId,
    by: &str,
) -> Result<()> {
    let sql = "INSERT OR REPLACE INTO room_invitation (account, room, by, told)
               VALUES (?1, ?2, ?3, 0)";
    let values = params![account.0.get(), room.0.get(), by];
    connection.prepare_cached(sql)?.execute(values).map(drop)
}

/// How many invitations of an account hold.
pub(in crate::store) fn count_invitations(
    connection: &Connection,
    account: AccountId,
) -> Result<usize> {
    let sql = "SELECT count(*) FROM room_invitation WHERE account = ?1";
    let count = |row: &Row<'_>| row.get::<_, u32>(0).map(|count| count as usize);
    connection.prepare_cached(sql)?.query_row([account.0.get()], count)
}

/// Those of which accounts have yet to be told, and by whom they are.
pub(in crate::store) fn untold(connection: &Connection) -> Result<Vec<(Placed, Name)>> {
    let sql = "SELECT room_invitation.room, account, account.name, by
               FROM room_invitation JOIN account ON account.id = account WHERE told = 0";
    connection
        .prepare_cached(sql)?
        .query_map([], |row| Ok((placed(row)?, name(row, 3)?)))?
        .collect()
}

pub(in crate::store) fn told(connection: &Connection, account: AccountId) -> Result<()> {
    let sql = "UPDATE room_invitation SET told = 1 WHERE account = ?1 AND told = 0";
    connection.prepare_cached(sql)?.execute([account.0.get()]).map(drop)
}

pub(in crate::store) fn is_expelled(
    connection: &Connection,
    room: RoomId,
    account: AccountId,
) -> Result<bool> {
    exists(connection, "expelled", room, account)
}

/// It is no member, and not invited. Whether it was a member.
pub(in crate::store) fn expel(
    connection: &Connection,
    room: RoomId,
    account: AccountId,
) -> Result<bool> {
    let sql = "INSERT OR IGNORE INTO expelled (account, room) VALUES (?1, ?2)";
    connection.prepare_cached(sql)?.execute(params![account.0.get(), room.0.get()])?;
    remove(connection, "room_invitation", room, account)?;
    leave(connection, room, account)
}

pub(in crate::store) fn count_expelled(connection: &Connection, room: RoomId) -> Result<usize> {
    let sql = "SELECT count(*) FROM expelled WHERE room = ?1";
    let count = |row: &Row<'_>| row.get::<_, u32>(0).map(|count| count as usize);
    connection.prepare_cached(sql)?.query_row([room.0.get()], count)
}

fn exists(connection: &Connection, table: &str, room: RoomId, account: AccountId) -> Result<bool> {
    let sql = format!("SELECT 1 FROM {table} WHERE account = ?1 AND room = ?2");
    connection.prepare_cached(&sql)?.exists([account.0.get(), room.0.get()])
}

fn remove(connection: &Connection, table: &str, room: RoomId, account: AccountId) -> Result<bool> {
    let sql = format!("DELETE FROM {table} WHERE account = ?1 AND room = ?2");
    let removed = connection.prepare_cached(&sql)?.execute([account.0.get(), room.0.get()])?;
    Ok(removed > 0)
}
