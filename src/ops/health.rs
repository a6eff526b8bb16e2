//! Whether a server answers: connect, greet, ping. For supervisors, by exit
//! code.

use super::link::{Link, LinkError};
use crate::chat::Code;
use std::time::{Duration, Instant};

/// How a server is.
#[derive(Debug, PartialEq, Eq)]
pub enum Health {
    /// It answers; after so long.
    Well(Duration),
    /// It answers that it has no room: well, and nothing that a restart mends.
    Full,
}

/// Looks, for so long at the most with each step.
///
/// # Errors
/// [`LinkError`]: it is not well.
pub fn check(server: &str, patience: Duration) -> Result<Health, LinkError> {
    let start = Instant::now();
    // So that two who look at once don't take each other's name.
    let tag = getrandom::u32().unwrap_or_else(|_| std::process::id());
    let mut link = match Link::open(server, &format!("health-{tag:08x}"), patience) {
        Err(LinkError::Refused(code)) if code == Code::ServerFull.word() => {
            return Ok(Health::Full);
        }
        link => link?,
    };
    let nonce = format!("{tag:08x}");
    if link.ask("/ping", &nonce, patience)? != nonce {
        return Err(LinkError::Stranger);
    }
    Ok(Health::Well(start.elapsed()))
}
