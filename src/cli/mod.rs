//! The command line: flags and environment to a checked `Config`, and the
//! words of `--help`. Never: what a command does.

mod chat;
mod client;
mod config;
mod extras;
mod layers;
mod ops;
mod seconds;
mod serve;
mod server;

use clap::{Parser, Subcommand};

pub use client::ClientCommand;
pub use config::ConfigCommand;
pub use extras::{CompletionsArgs, ManArgs};
pub use layers::{ServeFlags, Settings, Source};
pub use ops::{DoctorArgs, HealthArgs, TopArgs, Verdict};
pub use serve::{ServeArgs, UsageError};

/// A chat server for places that have a network and no internet.
#[derive(Debug, Parser)]
#[command(
    name = "lanline",
    version,
    propagate_version = true,
    args_conflicts_with_subcommands = true,
    after_help = "Without a command, lanline serves.\n\n\
        Exit codes: 0 fine, 1 failure, 2 wrong usage."
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    /// What a bare `lanline` takes: the flags of `serve`.
    #[command(flatten)]
    pub serve: ServeFlags,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server (also what a bare `lanline` does)
    Serve(ServeFlags),
    /// Check or show the settings of a server
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Say whether this machine can carry so many users, and what mends it
    Doctor(DoctorArgs),
    /// Say whether a server answers; for supervisors, by exit code
    Health(HealthArgs),
    /// Show live what a server does
    Top(TopArgs),
    #[command(flatten)]
    Client(ClientCommand),
    /// Print completions for a shell
    Completions(CompletionsArgs),
    /// Print the manual page, or write those of all commands
    Man(ManArgs),
}
