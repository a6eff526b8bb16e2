//! A connection, greeted. Never: what is said on it.

use crate::connect::{self, Connection, Credentials, Greeting, Server, Trust};
use crate::wire::{Code, Name};
use std::time::Duration;

/// Connects to a server and greets it, within `timeout`; logs in where it is asked to.
///
/// # Errors
/// As [`Connection::open_as`].
pub(super) fn open(
    at: (&Server, &Trust),
    name: &Name,
    credentials: &mut dyn Credentials,
    timeout: Duration,
) -> Result<Connection, connect::Error> {
    Connection::open_as(at, Greeting::Name(name.shown()), credentials, timeout)
}

/// Connects to a server and greets it; where the name is taken, takes it back
/// from a connection of ours that broke, by the secret that its `/resume` was
/// answered with. True: by the latter, whose greeting was packet 1.
///
/// # Errors
/// As [`Connection::open_as`]; refused where that connection is not the one with
/// the name.
pub(super) fn open_or_resume(
    at: (&Server, &Trust),
    name: &Name,
    secret: Option<&str>,
    credentials: &mut dyn Credentials,
    timeout: Duration,
) -> Result<(Connection, bool), connect::Error> {
    match (open(at, name, credentials, timeout), secret) {
        (Err(error), Some(secret)) if is_name_taken(&error) => {
            let greeting = Greeting::Packet { name: name.shown(), to: "/resume", msg: secret };
            Ok((Connection::open_as(at, greeting, credentials, timeout)?, true))
        }
        (result, _) => Ok((result?, false)),
    }
}

/// Whether somebody has our name, perhaps a lost connection of ours.
pub(super) fn is_name_taken(error: &connect::Error) -> bool {
    matches!(error, connect::Error::Refused(refusal) if refusal.is(Code::NameTaken))
}
