//! The command line of a full store. Never: filling it.

use clap::Args;
use std::path::PathBuf;

/// How much is in it.
#[derive(Args, Clone, Debug)]
pub(crate) struct StoreArgs {
    /// Packets that are put into it.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    pub fill: u64,
    /// Accounts that talk to each other in pairs.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(2..=100_000))]
    pub users: u32,
    /// Length of a text, in bytes.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=60_000))]
    pub size: u32,
    /// How often a server is started on it.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub rounds: u32,
    /// The program to start; by default the `lanline` beside this one.
    #[arg(long, value_name = "PATH")]
    pub server_bin: Option<PathBuf>,
    /// Writes all figures as JSON.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}
