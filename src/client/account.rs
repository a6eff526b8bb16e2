//! `lanline register` and `lanline password`: an account that is made, its password that
//! is changed. Never: how a password is asked for.

use super::credentials::{Known, Login, ask_twice};
use super::dialog::change;
use super::login::{connect, refused, store_token, tokens};
use super::open::open;
use super::plain::print::note;
use super::settings::Settings;
use super::{Error, no_echo, safe};
use crate::connect::tokens::place;
use crate::connect::{self, Deadline};
use crate::wire::{Endpoint, Secret};

/// Makes an account of a name that nobody has, and stores a token for this machine. The
/// password is asked for twice, unless it is given.
///
/// # Errors
/// [`Error::Usage`]: nobody can be asked. [`Error::Failed`]: the server refuses, or the
/// token can't be stored.
pub fn register(
    settings: &Settings,
    label: Option<&str>,
    given: Option<Secret>,
) -> Result<(), Error> {
    let name = settings.name()?;
    let shown = safe::line(name.shown());
    let tokens = tokens()?;
    let server = settings.target.server();
    let at = (&server, &settings.trust);
    let mut known = Known::default();
    // Before a password is asked for: is the name free?
    let mut login = Login::silent(&name, &mut known);
    let mut connection = match open(at, &name, &mut login, settings.timeout) {
        Ok(connection) if !connection.was_challenged => connection,
        Ok(_) | Err(connect::Error::NoProof) => {
            return Err(Error::failed(format!(
                "{shown} has an account already, or this site takes nobody without an invitation. \
                 If it is yours: lanline login; with an invitation: lanline login --invite; else \
                 take another name"
            )));
        }
        Err(error) => return Err(Error::unreachable(&server, &error)),
    };
    connection.check_secrets_may_go(at).map_err(|error| Error::failed(error.to_string()))?;
    let place = place(connection.protection, &server);
    let password = match given {
        Some(password) => password,
        None => new_password("Password for the new account (8 characters or more)")?,
    };
    let deadline = Deadline::after(settings.timeout);
    connection
        .ask_secretly(Endpoint::Register, &password, deadline)
        .map_err(|error| refused(&error))?;
    note(&format!("{shown} has an account now"));
    store_token((settings, &name), (&tokens, &place), &mut connection, label)
}

/// Changes the password of an account. The old one and the new one are asked for, unless
/// both are given.
///
/// # Errors
/// [`Error::Usage`]: nobody can be asked. [`Error::Failed`]: the server refuses.
pub fn change_password(settings: &Settings, given: Option<[Secret; 2]>) -> Result<(), Error> {
    let name = settings.name()?;
    let server = settings.target.server();
    let (old, new) = given.map_or((None, None), |[old, new]| (Some(old), Some(new)));
    let mut known = Known { password: old, ..Known::default() };
    let mut connection = connect(settings, &name, &mut Login::by_password(&name, &mut known))?;
    let failed = |error: connect::Error| refused(&error);
    connection.check_secrets_may_go((&server, &settings.trust)).map_err(failed)?;
    if !connection.was_challenged {
        // By a certificate of ours, or as a guest.
        let deadline = Deadline::after(settings.timeout);
        let told = connection.ask(Endpoint::Whoami, "", deadline).map_err(failed)?;
        if told.split(' ').nth(1) == Some("guest") {
            let shown = safe::line(name.shown());
            return Err(Error::failed(format!(
                "{shown} has no account there: lanline register makes one"
            )));
        }
    }
    let old = match known.password {
        Some(old) => old,
        None => asked(no_echo::ask("Your password so far"))?,
    };
    let new = match new {
        Some(new) => new,
        None => new_password("New password (8 characters or more)")?,
    };
    let deadline = Deadline::after(settings.timeout);
    connection
        .ask_secretly(Endpoint::Password, &change(&old, &new), deadline)
        .map_err(|error| refused(&error))?;
    note(
        "the password is changed. Whoever else was logged in to the account has to come back; \
         tokens are as good as before",
    );
    Ok(())
}

fn new_password(question: &str) -> Result<Secret, Error> {
    asked(ask_twice(question, note))
}

fn asked(answer: Option<Secret>) -> Result<Secret, Error> {
    match answer {
        Some(answer) => Ok(answer),
        None if no_echo::is_possible() => Err(Error::failed("given up: nothing is changed")),
        None => Err(Error::Usage(
            "a password is typed in a terminal, or comes by --password-stdin".to_owned(),
        )),
    }
}
