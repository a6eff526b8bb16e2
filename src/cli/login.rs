//! `lanline login` and `lanline logout`: their flags. Never: logging in.

use super::server::ServerArgs;
use crate::client::{Error, login, no_echo};
use crate::connect::Target;
use crate::limits::TOKEN_BYTES_MAX;
use crate::wire::Secret;
use clap::Args;
use std::path::Path;

/// The environment variable that may hold a token of an account.
const TOKEN_VARIABLE: &str = "LANLINE_TOKEN";

#[derive(Args, Clone, Debug)]
pub struct LoginArgs {
    /// Your name, and the server: [NAME@][HOST][:PORT]
    #[arg(value_name = "[NAME@][HOST][:PORT]", default_value = "", hide_default_value = true)]
    pub target: Target,
    /// What the token is called on the server [default: this machine's name]
    #[arg(long, value_name = "LABEL")]
    pub label: Option<String>,
    /// With an invitation, whose code is asked for: sets the account's first password
    #[arg(long)]
    pub invite: bool,
    #[command(flatten)]
    pub server: ServerArgs,
}

#[derive(Args, Clone, Debug)]
pub struct LogoutArgs {
    /// Your name, and the server: [NAME@][HOST][:PORT]
    #[arg(value_name = "[NAME@][HOST][:PORT]", default_value = "", hide_default_value = true)]
    pub target: Target,
    #[command(flatten)]
    pub server: ServerArgs,
}

impl LoginArgs {
    /// # Errors
    /// As [`login::log_in`].
    pub fn run(self) -> Result<(), Error> {
        let mut settings = self.server.settings(self.target)?;
        if self.invite {
            let code = no_echo::ask("Code of the invitation").ok_or_else(|| {
                Error::Usage("an invitation's code is typed in a terminal".to_owned())
            })?;
            settings.known.invitation = Some(Secret::new(code.reveal().trim()));
        }
        login::log_in(&settings, self.label.as_deref())
    }
}

impl LogoutArgs {
    /// # Errors
    /// As [`login::log_out`].
    pub fn run(self) -> Result<(), Error> {
        login::log_out(&self.server.settings(self.target)?)
    }
}

/// A token from the file, or else from the variable; and where it was found. Never a
/// flag: everybody on the machine can read those.
///
/// # Errors
/// There is one, and it can't be used.
pub(super) fn find_token(path: Option<&Path>) -> Result<Option<(Secret, String)>, Error> {
    let (text, source) = match path {
        Some(path) => {
            let shown = path.display().to_string();
            let text = crate::connect::private_files::read_lines(path);
            let text = text.map_err(|error| Error::Usage(format!("{shown}: {error}")))?;
            (text, shown)
        }
        None => match std::env::var(TOKEN_VARIABLE) {
            // Empty is none: so templates leave it.
            Ok(text) if !text.is_empty() => (text.into(), TOKEN_VARIABLE.to_owned()),
            _ => return Ok(None),
        },
    };
    let token = text.lines().next().unwrap_or_default().trim();
    if token.is_empty() || token.len() > TOKEN_BYTES_MAX || token.contains(char::is_whitespace) {
        return Err(Error::Usage(format!("there is no token in {source}")));
    }
    Ok(Some((Secret::new(token), source)))
}
