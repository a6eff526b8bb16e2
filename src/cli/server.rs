//! Where a client is to go, and by what name: flags, environment, then the
//! configuration file. Never: connecting.

use super::account_token::find_token;
use super::seconds::{Seconds, some_time};
use super::trust::TrustArgs;
use crate::client::Error;
use crate::client::credentials::Known;
use crate::client::settings::{Settings, TIMEOUT_DEFAULT};
use crate::connect::Target;
use crate::wire::Name;
use clap::Args;
use std::path::PathBuf;

/// Where to go, and by what name.
#[derive(Args, Clone, Debug)]
pub struct ServerArgs {
    /// The server: [NAME@][HOST][:PORT]
    #[arg(long, env = "LANLINE_SERVER", value_name = "[NAME@][HOST][:PORT]")]
    pub server: Option<Target>,
    /// Your name there
    #[arg(long, env = "LANLINE_NAME", value_parser = parse_name)]
    pub name: Option<Name>,
    /// How long connecting may take, and then each answer, in seconds
    #[arg(long, value_name = "SECONDS", env = "LANLINE_TIMEOUT", value_parser = some_time,
          default_value_t = Seconds(TIMEOUT_DEFAULT))]
    pub timeout: Seconds,
    /// The configuration file [default: lanline/config.toml where XDG has it]
    #[arg(long, env = "LANLINE_CLIENT_CONFIG", value_name = "PATH")]
    pub config: Option<PathBuf>,
    /// A token of your account in a file (its first line); LANLINE_TOKEN may hold one instead
    #[arg(long, env = "LANLINE_TOKEN_FILE", value_name = "PATH")]
    pub token_file: Option<PathBuf>,
    #[command(flatten)]
    pub trust: TrustArgs,
}

impl ServerArgs {
    /// Flags and environment first, then the configuration file.
    pub fn settings(&self, target: Target) -> Result<Settings, Error> {
        let name = Target { name: self.name.clone(), ..Target::default() };
        let server = self.server.clone().unwrap_or_default();
        let settings = Settings::load(target.or(name).or(server), self.config.as_deref())?;
        let trust = self.trust.load().map_err(Error::Usage)?;
        let token = find_token(self.token_file.as_deref())?;
        let known = Known { token, ..Known::default() };
        Ok(Settings { timeout: self.timeout.0, trust, known, ..settings })
    }

    pub fn script(&self) -> Result<Settings, Error> {
        self.settings(Target::default())
    }
}

fn parse_name(text: &str) -> Result<Name, String> {
    Name::parse(text).map_err(|error| error.to_string())
}
