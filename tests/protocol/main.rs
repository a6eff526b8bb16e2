//! Holds the real server to its contract, `docs/PROTOCOL.md`, over real
//! sockets and from outside: nothing here knows how the server is built. Each
//! module takes a part of the contract; each of its tests runs against a
//! server of its own, once for each [`testkit::Setup`].
//!
//! Nothing sleeps: a test waits for what must come, up to a deadline that only
//! a broken server reaches. What must *not* come is shown by asking for
//! something that would have to come behind it.

mod ledger;
mod site;

mod accounts;
mod admission;
mod crowds;
mod endpoints;
mod framing;
mod greeting;
mod leaving;
mod limits;
mod logins;
mod logins_at_once;
mod names;
mod operators;
mod paging;
mod process;
mod resume;
mod rooms;
mod rooms_owned;
mod secrets;
mod shutdown;
mod small_print;
mod stamping;
mod stored;
mod strictness;
