//! The layout of the database, by version. Never: reading or writing it.
//!
//! `user_version` says which it has. A step to the next one is a transaction, so it is
//! taken whole or not at all. A step that was released is never changed.
//!
//! Room for what comes: packets get tables of their own, which refer to `account.id`.
//! These numbers are never used again (`AUTOINCREMENT`), so nothing of somebody who was
//! erased is read by who has the name later.

use rusqlite::Connection;

/// Says whose database it is (sqlite.org, `application_id`): "Lanl".
pub(super) const APPLICATION: i64 = 0x4c61_6e6c;

/// From version 0, an empty file, each to the next.
pub(super) const STEPS: &[&str] = &[ACCOUNTS];

/// Times are in seconds since 1970, `role` is 1 for operators, `password` a PHC string.
const ACCOUNTS: &str = "
    CREATE TABLE account (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL,
        key TEXT NOT NULL UNIQUE,
        role INTEGER NOT NULL,
        password TEXT,
        locked INTEGER NOT NULL DEFAULT 0,
        created INTEGER NOT NULL,
        last_seen INTEGER
    ) STRICT;
    -- No two accounts look alike.
    CREATE TABLE skeleton (
        skeleton TEXT PRIMARY KEY,
        account INTEGER NOT NULL REFERENCES account ON DELETE CASCADE
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX skeleton_of ON skeleton (account);
    CREATE TABLE token (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        account INTEGER NOT NULL REFERENCES account ON DELETE CASCADE,
        label TEXT NOT NULL,
        digest BLOB NOT NULL UNIQUE,
        created INTEGER NOT NULL,
        used INTEGER,
        UNIQUE (account, label)
    ) STRICT;
    -- A later one ends the earlier.
    CREATE TABLE invitation (
        account INTEGER PRIMARY KEY REFERENCES account ON DELETE CASCADE,
        digest BLOB NOT NULL,
        ends INTEGER NOT NULL
    ) STRICT;
    -- From where an account has logged in.
    CREATE TABLE address (
        account INTEGER NOT NULL REFERENCES account ON DELETE CASCADE,
        address TEXT NOT NULL,
        used INTEGER NOT NULL,
        PRIMARY KEY (account, address)
    ) STRICT, WITHOUT ROWID;
    -- `key` is a network, or the key of a name.
    CREATE TABLE ban (
        key TEXT PRIMARY KEY,
        target TEXT NOT NULL,
        ends INTEGER,
        by TEXT NOT NULL,
        reason TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
";

/// Which version a database has.
pub(super) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Takes one step, to version `to`; `passed` is called before its end.
pub(super) fn step(
    connection: &mut Connection,
    sql: &str,
    to: i64,
    passed: &mut dyn FnMut(),
) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    transaction.execute_batch(sql)?;
    transaction.pragma_update(None, "user_version", to)?;
    passed();
    transaction.commit()
}
