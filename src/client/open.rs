//! A connection, greeted. Never: what is said on it.

use crate::connect::{self, Connection, Deadline, Greeting, Server, Trust};
use crate::wire::{Code, Name};
use std::time::Duration;

/// Connects to a server and greets it, within `timeout`.
///
/// # Errors
/// As [`Connection::open`].
pub(super) fn open(
    (server, trust): (&Server, &Trust),
    name: &Name,
    timeout: Duration,
) -> Result<Connection, connect::Error> {
    Connection::open(server, trust, Greeting::Name(name.shown()), Deadline::after(timeout))
}

/// Connects to a server and greets it; where the name is taken, takes it back
/// from a connection of ours that broke, by the secret that its `/resume` was
/// answered with. True: by the latter, whose greeting was packet 1.
///
/// # Errors
/// As [`Connection::open`]; refused where that connection is not the one with
/// the name.
pub(super) fn open_or_resume(
    (server, trust): (&Server, &Trust),
    name: &Name,
    secret: Option<&str>,
    timeout: Duration,
) -> Result<(Connection, bool), connect::Error> {
    match (open((server, trust), name, timeout), secret) {
        (Err(error), Some(secret)) if is_name_taken(&error) => {
            let greeting = Greeting::Packet { name: name.shown(), to: "/resume", msg: secret };
            Ok((Connection::open(server, trust, greeting, Deadline::after(timeout))?, true))
        }
        (result, _) => Ok((result?, false)),
    }
}

/// Whether somebody has our name, perhaps a lost connection of ours.
pub(super) fn is_name_taken(error: &connect::Error) -> bool {
    matches!(error, connect::Error::Refused(refusal) if refusal.is(Code::NameTaken))
}
