//! `lanline register`, `lanline login`, `lanline logout` and `lanline password`: their
//! flags. Never: logging in.

use super::password_stdin;
use super::server::ServerArgs;
use crate::client::{Error, account, login, no_echo};
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
    /// The password is the first line of standard input (with --invite: the code, then the
    /// password)
    #[arg(long)]
    pub password_stdin: bool,
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
    /// The password is the first line of standard input
    #[arg(long)]
    pub password_stdin: bool,
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

#[derive(Args, Clone, Debug)]
pub struct PasswordArgs {
    /// Your name, and the server: [NAME@][HOST][:PORT]
    #[arg(value_name = "[NAME@][HOST][:PORT]", default_value = "", hide_default_value = true)]
    pub target: Target,
    /// The old password is the first line of standard input, the new one the second
    #[arg(long)]
    pub password_stdin: bool,
    #[command(flatten)]
    pub server: ServerArgs,
}

impl LoginArgs {
    /// # Errors
    /// As [`login::log_in`].
    pub fn run(self) -> Result<(), Error> {
        let mut settings = self.server.settings(self.target)?;
        let known = &mut settings.known;
        match (self.invite, self.password_stdin) {
            (true, true) => {
                let [code, password] = password_stdin::two()?;
                (known.invitation, known.password) = (Some(code), Some(password));
            }
            (true, false) => {
                let code = no_echo::ask("Code of the invitation").ok_or_else(|| {
                    Error::Usage("an invitation's code is typed in a terminal".to_owned())
                })?;
                known.invitation = Some(Secret::new(code.reveal().trim()));
            }
            (false, true) => known.password = Some(password_stdin::one()?),
            (false, false) => {}
        }
        login::log_in(&settings, self.label.as_deref())
    }
}

impl RegisterArgs {
    /// # Errors
    /// As [`account::register`].
    pub fn run(self) -> Result<(), Error> {
        let settings = self.server.settings(self.target)?;
        let password = self.password_stdin.then(password_stdin::one).transpose()?;
        account::register(&settings, self.label.as_deref(), password)
    }
}

impl LogoutArgs {
    /// # Errors
    /// As [`login::log_out`].
    pub fn run(self) -> Result<(), Error> {
        login::log_out(&self.server.settings(self.target)?)
    }
}

impl PasswordArgs {
    /// # Errors
    /// As [`account::change_password`].
    pub fn run(self) -> Result<(), Error> {
        let settings = self.server.settings(self.target)?;
        let passwords = self.password_stdin.then(password_stdin::two).transpose()?;
        account::change_password(&settings, passwords)
    }
}
