//! Whether a server answers: connect, greet, ping. For supervisors, by exit
//! code.

use crate::connect::dial::certificate_ends;
use crate::connect::{Connection, Deadline, Error, Greeting, Server, Trust};
use crate::wire::{Code, Endpoint};
use std::time::{Duration, Instant, SystemTime};

/// How a server is.
#[derive(Debug, PartialEq, Eq)]
pub enum Health {
    /// It answers; after so long. How long its certificate holds, if it has shown one.
    Well(Duration, Option<Duration>),
    /// It answers that it has no room: well, and nothing that a restart mends.
    Full,
}

/// Looks; connecting and asking take `timeout` at the most, each. Where it was spoken
/// to without TLS, `sees_certificate` has it asked for its certificate besides.
///
/// # Errors
/// It is not well.
pub fn check(
    server: &Server,
    trust: &Trust,
    sees_certificate: bool,
    timeout: Duration,
) -> Result<Health, Error> {
    let start = Instant::now();
    // So that two who look at once don't take each other's name.
    let tag = getrandom::u32().unwrap_or_else(|_| std::process::id());
    let name = format!("health-{tag:08x}");
    let mut connection =
        match Connection::open(server, trust, Greeting::Name(&name), Deadline::after(timeout)) {
            Err(Error::Refused(refusal)) if refusal.is(Code::ServerFull) => {
                return Ok(Health::Full);
            }
            connection => connection?,
        };
    let nonce = format!("{tag:08x}");
    if connection.ask(Endpoint::Ping, &nonce, Deadline::after(timeout))? != nonce {
        return Err(Error::NotLanline);
    }
    let took = start.elapsed();
    let seen = connection.certificate_ends;
    drop(connection);
    let ends = match seen {
        // It is well without that.
        None if sees_certificate => {
            certificate_ends(server, Deadline::after(timeout)).unwrap_or_default()
        }
        ends => ends,
    };
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Ok(Health::Well(took, ends.map(|end| end.saturating_sub(now))))
}
