//! Answering the challenge that a greeting with an account's name gets. Never: where a
//! secret comes from, what is said to people.

use super::address::Server;
use super::deadline::Deadline;
use super::error::Error;
use super::sender::pack_secret;
use super::transport::WriteHalf;
use super::trust::Protection;
use crate::limits::LOGIN_DELAY_MAX;
use crate::wire::{Endpoint, Secret};
use std::time::Duration;
use zeroize::Zeroizing;

/// What shows that a name is ours.
#[derive(Clone, Debug)]
pub enum Proof {
    Password(Secret),
    Token(Secret),
    /// An invitation's code, and the password that it sets.
    Invite {
        code: Secret,
        password: Secret,
    },
}

/// What a server asks for.
#[derive(Clone, Copy, Debug)]
pub struct Challenge<'a> {
    pub server: &'a Server,
    pub protection: Protection,
    /// How many answers on this connection were wrong so far.
    pub wrong: u32,
}

/// Who knows what shows that a name is ours.
pub trait Credentials {
    /// The next answer; none gives up.
    fn proof(&mut self, challenge: &Challenge<'_>) -> Option<Proof>;
}

/// Nothing.
#[derive(Clone, Copy, Debug)]
pub struct NoCredentials;

impl Credentials for NoCredentials {
    fn proof(&mut self, _: &Challenge<'_>) -> Option<Proof> {
        None
    }
}

/// Sends an answer; until when the reply to it is waited for. A wrong one is told late.
pub(super) fn answer(
    writer: &mut WriteHalf,
    name: &str,
    proof: &Proof,
    timeout: Duration,
) -> Result<Deadline, Error> {
    let text = Zeroizing::new(match proof {
        Proof::Password(secret) => format!("password {}", secret.reveal()),
        Proof::Token(secret) => format!("token {}", secret.reveal()),
        Proof::Invite { code, password } => {
            format!("invite {} {}", code.reveal(), password.reveal())
        }
    });
    let packet = pack_secret(name, "", Endpoint::Login.name(), &text)?;
    let deadline = Deadline::after(timeout + LOGIN_DELAY_MAX);
    writer.write_all(&packet, deadline)?;
    Ok(deadline)
}
