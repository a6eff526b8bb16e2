//! The layout of the database, by version. Never: reading or writing it.
//!
//! `user_version` says which it has. A step to the next one is a transaction, so it is
//! taken whole or not at all. A step that was released is never changed.
//!
//! Packets refer to `account.id` and to rooms' numbers. These are never used again
//! (`AUTOINCREMENT`), so nothing of somebody who was erased is read by who has the name
//! later.

use rusqlite::Connection;

/// Says whose database it is (sqlite.org, `application_id`): "Lanl".
pub(super) const APPLICATION: i64 = 0x4c61_6e6c;

/// From version 0, an empty file, each to the next.
pub(super) const STEPS: &[&str] = &[ACCOUNTS, PACKETS, ROOMS];

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

/// Times are in microseconds since 1970 here. A packet is written once, at the end of its
/// table; `thread`, which finds those of a conversation, and `used_key` follow in larger
/// steps (`store/log/tail.rs`).
const PACKETS: &str = "
    -- One row: what is known of all packets.
    CREATE TABLE log (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        -- The id handed out last; none is used again.
        last_id INTEGER NOT NULL,
        -- `thread` has all up to here.
        threaded INTEGER NOT NULL,
        packets INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        -- What may be kept where nothing else was said.
        bytes_max INTEGER
    ) STRICT;
    INSERT INTO log VALUES (1, 0, 0, 0, 0, NULL);
    -- Direct (kind 0): of the accounts a and b, a <= b. Of the room a (1). Broadcasts (2).
    CREATE TABLE conversation (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        kind INTEGER NOT NULL,
        a INTEGER NOT NULL,
        b INTEGER NOT NULL,
        UNIQUE (kind, a, b)
    ) STRICT;
    CREATE INDEX conversation_of ON conversation (b) WHERE kind = 0;
    CREATE TABLE packet (
        id INTEGER PRIMARY KEY,
        conversation INTEGER NOT NULL,
        time INTEGER NOT NULL,
        -- An account, and which session of it; none for a guest, who has a name.
        sender INTEGER,
        session INTEGER,
        name TEXT,
        -- 4 or 16 bytes, or a text.
        ip ANY NOT NULL,
        -- Where it isn't spelt as the account or room is.
        recipient TEXT,
        -- As it stands on the wire.
        msg TEXT NOT NULL,
        -- Of one's own; `used_key` gets it when `thread` gets the packet.
        key TEXT
    ) STRICT;
    CREATE TABLE thread (
        conversation INTEGER NOT NULL,
        packet INTEGER NOT NULL,
        sender INTEGER,
        PRIMARY KEY (conversation, packet)
    ) STRICT, WITHOUT ROWID;
    -- Up to where packets were handed to a session of an account.
    CREATE TABLE mark (
        account INTEGER PRIMARY KEY REFERENCES account ON DELETE CASCADE,
        packet INTEGER NOT NULL
    ) STRICT;
    -- Up to where an account has read.
    CREATE TABLE read_mark (
        account INTEGER NOT NULL REFERENCES account ON DELETE CASCADE,
        conversation INTEGER NOT NULL,
        packet INTEGER NOT NULL,
        PRIMARY KEY (account, conversation)
    ) STRICT, WITHOUT ROWID;
    -- Keys of one's own, and the packet that each was first used for.
    CREATE TABLE used_key (
        account INTEGER NOT NULL,
        key TEXT NOT NULL,
        packet INTEGER NOT NULL,
        time INTEGER NOT NULL,
        PRIMARY KEY (account, key)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX used_key_of ON used_key (packet);
    -- What accounts wrote that are there no more is removed step by step, up to here.
    CREATE TABLE erasing (
        account INTEGER PRIMARY KEY,
        upto INTEGER NOT NULL
    ) STRICT;
    -- The id handed out last when it was made: what is for everybody concerns it from
    -- there on.
    ALTER TABLE account ADD COLUMN since INTEGER NOT NULL DEFAULT 0;
";

/// Rooms with an owner, or whose owner is gone. Their numbers are never used again, so who
/// makes a room of the same name reads nothing of the old one.
const ROOMS: &str = "
    CREATE TABLE room (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL,
        key TEXT NOT NULL UNIQUE,
        owner INTEGER REFERENCES account ON DELETE SET NULL,
        private INTEGER NOT NULL,
        -- In seconds, -1 is for ever; as long as the server does where it is none.
        keep INTEGER,
        topic TEXT NOT NULL DEFAULT '',
        created INTEGER NOT NULL,
        -- The packet's id that was handed out last when it was made.
        since INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX room_of ON room (owner);
    -- What is said behind `since` concerns a member.
    CREATE TABLE member (
        account INTEGER NOT NULL REFERENCES account ON DELETE CASCADE,
        room INTEGER NOT NULL REFERENCES room ON DELETE CASCADE,
        since INTEGER NOT NULL,
        PRIMARY KEY (account, room)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX member_of ON member (room);
    CREATE TABLE room_invitation (
        account INTEGER NOT NULL REFERENCES account ON DELETE CASCADE,
        room INTEGER NOT NULL REFERENCES room ON DELETE CASCADE,
        by TEXT NOT NULL,
        told INTEGER NOT NULL,
        PRIMARY KEY (account, room)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX room_invitation_of ON room_invitation (room);
    CREATE TABLE expelled (
        account INTEGER NOT NULL REFERENCES account ON DELETE CASCADE,
        room INTEGER NOT NULL REFERENCES room ON DELETE CASCADE,
        PRIMARY KEY (account, room)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX expelled_of ON expelled (room);
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
