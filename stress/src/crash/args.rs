//! The command line of crashes. Never: causing them.

use clap::Args;
use std::path::PathBuf;

/// How many talk, and how often their server is killed.
#[derive(Args, Clone, Debug)]
pub(crate) struct CrashArgs {
    /// How often the server is killed.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub kills: u32,
    /// Accounts that talk.
    #[arg(long, default_value_t = 40, value_parser = users)]
    pub users: usize,
    /// Packets that each has under way at once.
    #[arg(long, default_value_t = 8, value_parser = window)]
    pub window: usize,
    /// Worker threads of the server; by default one for each core.
    #[arg(long)]
    pub workers: Option<usize>,
    /// The same moments, recipients and texts again.
    #[arg(long)]
    pub seed: Option<u64>,
    /// The program to start; by default the `lanline` beside this one.
    #[arg(long, value_name = "PATH")]
    pub server_bin: Option<PathBuf>,
    /// Writes what has come of it as JSON.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

fn users(text: &str) -> Result<usize, String> {
    within(text, 2, 5000)
}

fn window(text: &str) -> Result<usize, String> {
    within(text, 1, 1000)
}

fn within(text: &str, least: usize, most: usize) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| format!("{least} to {most}"))
}
