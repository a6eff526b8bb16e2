//! What a shard does at its bounds: to the byte, to the nanosecond, to the
//! packet. Real shards in one thread, sockets that take what a test says, and
//! a clock that a test sets. Random runs are in `tests/simulation`; tests of the
//! whole program against the protocol are in `tests/protocol`.

#[expect(dead_code, reason = "simulations need more of it")]
#[path = "../fake_archive/mod.rs"]
mod fake_archive;
#[path = "../fake_socket/mod.rs"]
mod fake_socket;
#[path = "../fake_store/mod.rs"]
mod fake_store;

mod accounts;
mod accounts_bans;
mod accounts_logins;
mod accounts_sessions;
mod addresses;
mod bounds;
mod claims;
mod cluster;
mod deadlines;
mod greetings;
mod leaving;
mod memory;
mod operators;
mod rooms;
mod rooms_owned;
mod rooms_people;
mod shutdown;
mod slices;
mod stored;
mod stored_failures;
mod stored_replays;
