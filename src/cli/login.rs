//! `lanline register`, `lanline login` and `lanline logout`: their flags. Never: logging
//! in.

use super::server::ServerArgs;
use crate::client::{Error, login, no_echo};
use crate::connect::Target;
use crate::wire::Secret;
use clap::Args;

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
pub struct RegisterArgs {
    /// The name that is to be yours, and the server: [NAME@][HOST][:PORT]
    #[arg(value_name = "[NAME@][HOST][:PORT]", default_value = "", hide_default_value = true)]
    pub target: Target,
    /// What the token is called on the server [default: this machine's name]
    #[arg(long, value_name = "LABEL")]
    pub label: Option<String>,
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

impl RegisterArgs {
    /// # Errors
    /// As [`login::register`].
    pub fn run(self) -> Result<(), Error> {
        login::register(&self.server.settings(self.target)?, self.label.as_deref())
    }
}

impl LogoutArgs {
    /// # Errors
    /// As [`login::log_out`].
    pub fn run(self) -> Result<(), Error> {
        login::log_out(&self.server.settings(self.target)?)
    }
}
