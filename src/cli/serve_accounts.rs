//! The flags of accounts. Never: keeping them.

use super::number::within;
use super::seconds::{Seconds, some_time};
use super::serve_tls::SiteTls;
use super::usage::UsageError;
use crate::chat::Accounts;
use crate::data::{Choice, DataDir};
use crate::limits;
use clap::{Args, ValueEnum};
use std::sync::Arc;

/// Whether there are accounts, and how one logs in to them.
#[derive(Args, Clone, Debug)]
pub(super) struct AccountsArgs {
    /// Who may come: `open` to guests and accounts, and guests may register;
    /// `closed` to all but accounts, which operators invite; or no accounts at all,
    /// `off` [default: open with a data directory, else off]
    #[arg(long, value_name = "MODE", env = "LANLINE_ACCOUNTS", value_enum)]
    accounts: Option<AccountsMode>,

    /// Sessions of one account at once; one more ends the one silent longest
    #[arg(long, value_name = "N", env = "LANLINE_SESSIONS", value_parser = sessions,
          default_value_t = limits::SESSIONS_DEFAULT)]
    pub(super) sessions: usize,

    /// Whether passwords and tokens are taken without TLS from other machines: for
    /// networks that are encrypted otherwise
    #[arg(
        long,
        value_name = "WHAT",
        env = "LANLINE_PLAIN_LOGINS",
        value_enum,
        default_value = "refuse"
    )]
    plain_logins: PlainLogins,

    /// Time to log in to an account, in seconds
    #[arg(long, value_name = "SECONDS", env = "LANLINE_LOGIN_TIMEOUT", value_parser = some_time,
          default_value_t = Seconds(limits::LOGIN_TIMEOUT_DEFAULT))]
    pub(super) login_timeout: Seconds,
}

/// `--accounts`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum AccountsMode {
    Open,
    Closed,
    Off,
}

/// `--plain-logins`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum PlainLogins {
    Allow,
    Refuse,
}

impl AccountsArgs {
    /// Whether a directory is needed to keep them in.
    pub(super) fn needs_data(&self) -> bool {
        self.accounts != Some(AccountsMode::Off)
    }

    pub(super) fn plain_logins(&self) -> bool {
        self.plain_logins == PlainLogins::Allow
    }

    /// Who may come, with that directory, or where it may be had.
    ///
    /// # Errors
    /// [`UsageError`]: accounts without a directory.
    pub(super) fn mode(
        &self,
        site: &SiteTls,
        choice: &Choice,
        data: Option<&Arc<DataDir>>,
    ) -> Result<Accounts, UsageError> {
        let may_be_had = matches!(site, SiteTls::Unasked) && *choice != Choice::None;
        match (self.accounts, data.is_some() || may_be_had) {
            (Some(AccountsMode::Off), _) | (None, false) => Ok(Accounts::Off),
            (Some(AccountsMode::Open) | None, true) => Ok(Accounts::Open),
            (Some(AccountsMode::Closed), true) => Ok(Accounts::Closed),
            (Some(AccountsMode::Open | AccountsMode::Closed), false) => {
                let why = "--accounts open and closed need a data directory; --data names one";
                Err(UsageError::new(why.to_owned()))
            }
        }
    }
}

fn sessions(text: &str) -> Result<usize, String> {
    within(text, 1, limits::SESSIONS_MAX)
}
