//! The rows of accounts, of what they look like, and of where they logged in from.
//! Never: who may change them.

use crate::accounts::{Account, AccountId, Role};
use crate::limits::{ADDRESSES_PER_ACCOUNT_MAX, USE_STEP};
use crate::secrets::Peer;
use crate::wire::Name;
use crate::wire::confusables::{skeletons_of, upper_skeleton_of};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Result, Row, params};
use std::num::NonZeroU32;

/// An account, and what shards don't know of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub account: Account,
    /// A PHC string; none where no secret was set yet.
    pub password: Option<String>,
    pub created: i64,
}

/// Of [`Account`], and of [`Entry`] besides.
const ACCOUNT: &str = "id, name, role, locked, last_seen";
const COLUMNS: &str = "id, name, role, locked, last_seen, password, created";

/// What could not have been written by us.
fn damaged(column: usize, kind: Type, why: &str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, kind, why.into())
}

pub(super) fn number(row: &Row<'_>, column: usize) -> Result<NonZeroU32> {
    let number: u32 = row.get(column)?;
    NonZeroU32::new(number).ok_or_else(|| damaged(column, Type::Integer, "an id of 0"))
}

pub(super) fn name(row: &Row<'_>, column: usize) -> Result<Name> {
    let text = row.get_ref(column)?.as_str()?;
    Name::parse(text).map_err(|error| damaged(column, Type::Text, &error.to_string()))
}

fn account(row: &Row<'_>) -> Result<Account> {
    let role = if row.get::<_, i64>(2)? == 1 { Role::Operator } else { Role::User };
    Ok(Account {
        id: AccountId(number(row, 0)?),
        name: name(row, 1)?,
        role,
        locked: row.get(3)?,
        last_seen: row.get(4)?,
    })
}

fn entry(row: &Row<'_>) -> Result<Entry> {
    Ok(Entry { account: account(row)?, password: row.get(5)?, created: row.get(6)? })
}

/// What shards know, of all.
pub(super) fn known(connection: &Connection) -> Result<Vec<Account>> {
    let sql = format!("SELECT {ACCOUNT} FROM account");
    connection.prepare(&sql)?.query_map([], account)?.collect()
}

/// All of them, by their numbers.
pub(super) fn all(connection: &Connection) -> Result<Vec<Entry>> {
    let sql = format!("SELECT {COLUMNS} FROM account ORDER BY id");
    connection.prepare_cached(&sql)?.query_map([], entry)?.collect()
}

pub(super) fn count(connection: &Connection) -> Result<u64> {
    let count = |row: &Row<'_>| row.get::<_, u32>(0).map(u64::from);
    connection.prepare_cached("SELECT count(*) FROM account")?.query_row([], count)
}

pub(super) fn find(connection: &Connection, id: AccountId) -> Result<Option<Entry>> {
    let sql = format!("SELECT {COLUMNS} FROM account WHERE id = ?1");
    connection.prepare_cached(&sql)?.query_row([id.0.get()], entry).optional()
}

pub(super) fn find_by_key(connection: &Connection, key: &str) -> Result<Option<Entry>> {
    let sql = format!("SELECT {COLUMNS} FROM account WHERE key = ?1");
    connection.prepare_cached(&sql)?.query_row([key], entry).optional()
}

/// All that a name looks like.
fn looks(name: &Name) -> impl Iterator<Item = String> {
    let (shown, key) = (name.shown(), name.key());
    skeletons_of(shown, key).chain(upper_skeleton_of(shown, key))
}

/// Whether an account has the name, or one that looks like it.
pub(super) fn is_taken(connection: &Connection, name: &Name) -> Result<bool> {
    let mut like = connection.prepare_cached("SELECT 1 FROM skeleton WHERE skeleton = ?1")?;
    for look in looks(name) {
        if like.exists([look])? {
            return Ok(true);
        }
    }
    connection.prepare_cached("SELECT 1 FROM account WHERE key = ?1")?.exists([name.key()])
}

/// Adds one whose name is not taken.
pub(super) fn insert(
    connection: &Connection,
    name: &Name,
    role: Role,
    password: Option<&str>,
    now: i64,
) -> Result<Entry> {
    let sql = format!(
        "INSERT INTO account (name, key, role, password, created, since)
         SELECT ?1, ?2, ?3, ?4, ?5, last_id FROM log
         RETURNING {COLUMNS}"
    );
    let operator = role == Role::Operator;
    let values = params![name.shown(), name.key(), operator, password, now];
    let made = connection.prepare_cached(&sql)?.query_row(values, entry)?;
    let mut like =
        connection.prepare_cached("INSERT INTO skeleton (skeleton, account) VALUES (?1, ?2)")?;
    for look in looks(name) {
        like.execute(params![look, made.account.id.0.get()])?;
    }
    Ok(made)
}

/// Sets one column of an account.
fn set(
    connection: &Connection,
    id: AccountId,
    column: &str,
    value: impl rusqlite::ToSql,
) -> Result<()> {
    let sql = format!("UPDATE account SET {column} = ?2 WHERE id = ?1");
    connection.prepare_cached(&sql)?.execute(params![id.0.get(), value]).map(drop)
}

pub(super) fn set_password(connection: &Connection, id: AccountId, hash: &str) -> Result<()> {
    set(connection, id, "password", hash)
}

pub(super) fn set_role(connection: &Connection, id: AccountId, role: Role) -> Result<()> {
    set(connection, id, "role", role == Role::Operator)
}

pub(super) fn set_locked(connection: &Connection, id: AccountId, locked: bool) -> Result<()> {
    set(connection, id, "locked", locked)
}

pub(super) fn set_last_seen(connection: &Connection, id: AccountId, now: i64) -> Result<()> {
    set(connection, id, "last_seen", now)
}

/// Removes an account with all that belongs to it.
pub(super) fn erase(connection: &Connection, id: AccountId) -> Result<()> {
    connection.prepare_cached("DELETE FROM account WHERE id = ?1")?.execute([id.0.get()]).map(drop)
}

/// Whether an account has logged in from there.
pub(super) fn knows(connection: &Connection, id: AccountId, peer: Peer) -> Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM address WHERE account = ?1 AND address = ?2")?
        .exists(params![id.0.get(), peer.address().to_string()])
}

/// It has logged in from there now.
pub(super) fn came_from(
    connection: &Connection,
    id: AccountId,
    peer: Peer,
    now: i64,
) -> Result<()> {
    let (id, address) = (id.0.get(), peer.address().to_string());
    let recent = now - USE_STEP.as_secs() as i64;
    let known = "SELECT 1 FROM address WHERE account = ?1 AND address = ?2 AND used > ?3";
    if connection.prepare_cached(known)?.exists(params![id, address, recent])? {
        return Ok(());
    }
    connection
        .prepare_cached(
            "INSERT INTO address (account, address, used) SELECT id, ?2, ?3 FROM account WHERE id = ?1
             ON CONFLICT DO UPDATE SET used = excluded.used",
        )?
        .execute(params![id, address, now])?;
    connection
        .prepare_cached(
            "DELETE FROM address WHERE account = ?1 AND address NOT IN
             (SELECT address FROM address WHERE account = ?1 ORDER BY used DESC, address LIMIT ?2)",
        )?
        .execute(params![id, ADDRESSES_PER_ACCOUNT_MAX as i64])
        .map(drop)
}
