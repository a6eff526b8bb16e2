//! The command line of logins. Never: playing them.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// How many come, and how often.
#[derive(Args, Clone, Debug)]
pub(crate) struct LoginArgs {
    /// Accounts, or guests, that come at once.
    #[arg(long, default_value_t = 1000, value_parser = people)]
    pub users: usize,
    /// Passwords that wait to be hashed while pairs talk.
    #[arg(long, default_value_t = 200, value_parser = people)]
    pub waiting: usize,
    /// Accounts that a server has which starts.
    #[arg(long, default_value_t = 100_000, value_parser = known)]
    pub known: usize,
    /// How often each is measured, in turn.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub rounds: u32,
    /// How long guests and accounts come, and pairs talk, in each round.
    #[arg(long, default_value_t = 5.0, value_name = "SECONDS", value_parser = crate::values::seconds)]
    pub duration: f64,
    /// What is measured; all by default.
    #[arg(long, value_delimiter = ',', value_enum)]
    pub only: Vec<Part>,
    /// Worker threads of the servers; by default one for each core.
    #[arg(long)]
    pub workers: Option<usize>,
    /// The program to start; by default the `lanline` beside this one.
    #[arg(long, value_name = "PATH")]
    pub server_bin: Option<PathBuf>,
    /// Writes all figures as JSON.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// A thing that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// Guests come, and accounts by token.
    Logins,
    /// Pairs talk, with and without passwords that wait to be hashed.
    Passwords,
    /// Servers start, with accounts and without.
    Start,
}

impl LoginArgs {
    pub(super) fn has(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }
}

fn people(text: &str) -> Result<usize, String> {
    within(text, 10_000)
}

fn known(text: &str) -> Result<usize, String> {
    within(text, lanline::limits::ACCOUNTS_MAX as usize)
}

fn within(text: &str, most: usize) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (1..=most).contains(number));
    number.ok_or_else(|| format!("1 to {most}"))
}
