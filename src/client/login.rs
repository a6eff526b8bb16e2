//! `lanline login` and `lanline logout`: a token that is made on the server and stored
//! here, so that nothing else needs a password; and its end. Never: how a password is
//! asked for.

use super::credentials::{Known, Login};
use super::open::open;
use super::plain::print::note;
use super::proof::Lacking;
use super::settings::Settings;
use super::{Error, refusals, safe};
use crate::connect::tokens::{Token, Tokens, place};
use crate::connect::{self, Connection, Deadline};
use crate::wire::{Code, Endpoint, Name, Secret};

/// A label is no longer than this, in bytes, by the protocol.
const LABEL_BYTES_MAX: usize = 32;
/// Where a label is used already, a number is put behind it, up to this.
const LABEL_NUMBER_MAX: u32 = 9;

/// Logs in, by an invitation if there is a code, and stores a token for this machine.
///
/// # Errors
/// [`Error::Failed`]: the server refuses, or the token can't be stored.
pub fn log_in(settings: &Settings, label: Option<&str>) -> Result<(), Error> {
    let name = settings.name()?;
    let tokens = tokens()?;
    let mut known = settings.known.clone();
    let mut connection = connect(settings, &name, &mut Login::by_password(&name, &mut known))?;
    let server = settings.target.server();
    let place = place(connection.protection, &server);
    if !connection.was_challenged {
        return Err(Error::failed(format!(
            "{} has no account there: lanline register makes one",
            safe::line(name.shown())
        )));
    }
    store_token((settings, &name), (&tokens, &place), &mut connection, label)
}

/// Makes a token and stores it.
pub(super) fn store_token(
    (settings, name): (&Settings, &Name),
    (tokens, place): (&Tokens, &str),
    connection: &mut Connection,
    label: Option<&str>,
) -> Result<(), Error> {
    // The one that this machine had is of no use any more.
    let old = tokens.get(place, name).ok().flatten();
    if let Some(old) = &old {
        revoke(settings, connection, &old.label)?;
    }
    let token = make(settings, connection, label)?;
    if let Err(error) = tokens.put(place, name, &token) {
        revoke(settings, connection, &token.label)?;
        return Err(Error::failed(format!("{}: {error}", tokens.path().display())));
    }
    note(&format!(
        "logged in: the token {} is stored in {}, for this machine and {} alone. lanline logout \
         revokes it.",
        token.label,
        tokens.path().display(),
        safe::line(name.shown()),
    ));
    Ok(())
}

/// Revokes the stored token, and forgets it.
///
/// # Errors
/// [`Error::Failed`]: there is none, or the server can't be reached.
pub fn log_out(settings: &Settings) -> Result<(), Error> {
    let name = settings.name()?;
    let tokens = tokens()?;
    let server = settings.target.server();
    let mut known = Known::default();
    let mut login = Login::silent(&name, &mut known);
    let at = (&server, &settings.trust);
    let forget = |protection| {
        let place = place(protection, &server);
        tokens
            .remove(&place, &name)
            .map_err(|error| Error::failed(format!("{}: {error}", tokens.path().display())))
    };
    match open(at, &name, &mut login, settings.timeout) {
        Ok(mut connection) => {
            let protection = connection.protection;
            let stored = tokens.get(&place(protection, &server), &name).ok().flatten();
            let Some(token) = stored.filter(|_| connection.was_challenged) else {
                return Err(Error::failed("no token is stored for that name and that server"));
            };
            revoke(settings, &mut connection, &token.label)?;
            forget(protection)?;
            note(&format!("logged out: the token {} is revoked", safe::line(&token.label)));
            Ok(())
        }
        Err(connect::Error::NoProof) => match login.refused_at() {
            Some(protection) => {
                forget(protection)?;
                note("logged out: the server knew that token no more");
                Ok(())
            }
            None => Err(Error::failed("no token is stored for that name and that server")),
        },
        Err(error) => Err(Error::unreachable(&server, &error)),
    }
}

pub(super) fn tokens() -> Result<Tokens, Error> {
    Tokens::of_user().ok_or_else(|| Error::failed("there is no place for a user's own files"))
}

/// Connects, and logs in; says so where that was not the password.
pub(super) fn connect(
    settings: &Settings,
    name: &Name,
    login: &mut Login<'_>,
) -> Result<Connection, Error> {
    let server = settings.target.server();
    open((&server, &settings.trust), name, login, settings.timeout).map_err(|error| {
        match (&error, login.lacking()) {
            (connect::Error::NoProof, Lacking::Password) => {
                Error::failed("that is not the account's password")
            }
            _ => Error::unreachable(&server, &error),
        }
    })
}

fn make(
    settings: &Settings,
    connection: &mut Connection,
    wanted: Option<&str>,
) -> Result<Token, Error> {
    let base = wanted.map_or_else(machine_label, str::to_owned);
    let mut label = base.clone();
    for number in 2.. {
        let deadline = Deadline::after(settings.timeout);
        match connection.ask(Endpoint::Token, &format!("new {label}"), deadline) {
            Ok(answer) => {
                let answer = zeroize::Zeroizing::new(answer);
                let secret = answer.split(' ').nth(1).map(Secret::new);
                let secret = secret.ok_or_else(|| Error::failed("that is no token"))?;
                return Ok(Token { label, secret });
            }
            Err(connect::Error::Refused(refusal))
                if refusal.is(Code::BadArgument)
                    && wanted.is_none()
                    && number <= LABEL_NUMBER_MAX =>
            {
                label = format!("{}-{number}", &base[..base.len().min(LABEL_BYTES_MAX - 2)]);
            }
            Err(connect::Error::Refused(refusal)) if refusal.is(Code::BadArgument) => {
                return Err(Error::failed(format!(
                    "{label} is no label (1 to 32 of a-z, 0-9, -), or you have a token of that \
                     label already: --label takes another"
                )));
            }
            Err(error) => return Err(refused(&error)),
        }
    }
    Err(Error::failed("there is no label left"))
}

/// One that isn't there is revoked enough.
fn revoke(settings: &Settings, connection: &mut Connection, label: &str) -> Result<(), Error> {
    let deadline = Deadline::after(settings.timeout);
    match connection.ask(Endpoint::Token, &format!("revoke {label}"), deadline) {
        // Our own session ends with its token.
        Ok(_) | Err(connect::Error::Closed) => Ok(()),
        Err(connect::Error::Refused(refusal))
            if refusal.is(Code::BadArgument) || refusal.is(Code::LoginRequired) =>
        {
            Ok(())
        }
        Err(error) => Err(refused(&error)),
    }
}

pub(super) fn refused(error: &connect::Error) -> Error {
    match error {
        connect::Error::Refused(refusal) => Error::failed(refusals::in_words(refusal)),
        error => Error::lost(error),
    }
}

/// The machine's name, as far as it can be a label.
fn machine_label() -> String {
    label_of(&super::system::host_name())
}

fn label_of(host: &str) -> String {
    let short = host.split('.').next().unwrap_or_default().to_lowercase();
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let label: String = short.chars().map(plain).take(LABEL_BYTES_MAX).collect();
    match label.trim_matches('-') {
        "" => "lanline".to_owned(),
        label => label.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_made_of_what_the_machine_is_called() {
        for (host, label) in [
            ("ward-3", "ward-3"),
            ("Ward_3.example.org", "ward-3"),
            ("", "lanline"),
            ("病室", "lanline"),
            (&"x".repeat(40), &"x".repeat(32)),
        ] {
            assert_eq!(label_of(host), label, "{host}");
        }
    }
}
