//! A connection, greeted. Never: what is said on it.

use crate::connect::{self, Connection, Deadline, Greeting, Server};
use crate::wire::Name;
use std::time::Duration;

/// Connects to a server and greets it, within `timeout`.
///
/// # Errors
/// As [`Connection::open`].
pub(super) fn open(
    server: &Server,
    name: &Name,
    timeout: Duration,
) -> Result<Connection, connect::Error> {
    Connection::open(server, Greeting::Name(name.shown()), Deadline::after(timeout))
}
