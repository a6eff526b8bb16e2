//! The command line: flags and environment to a checked `Config`, and the
//! words of `--help`. Never: what a command does.

#[cfg(target_os = "linux")]
mod account;
mod account_token;
#[cfg(target_os = "linux")]
mod ban;
#[cfg(target_os = "linux")]
mod cert;
mod chat;
mod client;
#[cfg(target_os = "linux")]
mod config;
#[cfg(not(target_os = "linux"))]
mod elsewhere;
mod extras;
#[cfg(target_os = "linux")]
mod files;
#[cfg(target_os = "linux")]
mod layers;
mod login;
#[cfg(target_os = "linux")]
mod number;
mod ops;
pub mod output;
mod password_stdin;
#[cfg(target_os = "linux")]
mod place;
#[cfg(target_os = "linux")]
mod room;
mod seconds;
#[cfg(target_os = "linux")]
mod serve;
#[cfg(target_os = "linux")]
mod serve_accounts;
#[cfg(target_os = "linux")]
mod serve_store;
#[cfg(target_os = "linux")]
mod serve_tls;
mod server;
#[cfg(target_os = "linux")]
mod store;
#[cfg(target_os = "linux")]
mod token;
mod trust;
#[cfg(target_os = "linux")]
mod usage;

use clap::{Parser, Subcommand};

#[cfg(target_os = "linux")]
pub use account::AccountCommand;
#[cfg(target_os = "linux")]
pub use ban::BanCommand;
#[cfg(target_os = "linux")]
pub use cert::{CertCommand, CertError};
pub use client::ClientCommand;
#[cfg(target_os = "linux")]
pub use config::{Answer, ConfigCommand};
#[cfg(not(target_os = "linux"))]
pub use elsewhere::{NoServer, ServeFlags};
pub use extras::{CompletionsArgs, ManArgs};
#[cfg(target_os = "linux")]
pub use files::{Reading, read_once};
#[cfg(target_os = "linux")]
pub use layers::{ServeFlags, Settings, Source};
#[cfg(target_os = "linux")]
pub use ops::DoctorArgs;
#[cfg(unix)]
pub use ops::TopArgs;
pub use ops::{HealthArgs, Verdict};
#[cfg(target_os = "linux")]
pub use place::CommandError;
#[cfg(target_os = "linux")]
pub use room::RoomCommand;
#[cfg(target_os = "linux")]
pub use serve::ServeArgs;
#[cfg(target_os = "linux")]
pub use serve_tls::SiteTls;
#[cfg(target_os = "linux")]
pub use store::StoreCommand;
#[cfg(target_os = "linux")]
pub use usage::UsageError;

#[cfg(target_os = "linux")]
const AFTER_HELP: &str = "Without a command, lanline serves.\n\n\
    Exit codes: 0 fine, 1 failure, 2 wrong usage.";
#[cfg(not(target_os = "linux"))]
const AFTER_HELP: &str = "The server runs on Linux only.\n\n\
    Exit codes: 0 fine, 1 failure, 2 wrong usage.";

/// A chat server for places that have a network and no internet.
#[derive(Debug, Parser)]
#[command(
    name = "lanline",
    version,
    propagate_version = true,
    args_conflicts_with_subcommands = true,
    after_help = AFTER_HELP
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    /// What a bare `lanline` takes: the flags of `serve`.
    #[cfg(target_os = "linux")]
    #[command(flatten)]
    pub serve: ServeFlags,
}

impl Cli {
    /// The command that was asked for; without one, `serve`.
    pub fn into_command(self) -> Command {
        #[cfg(target_os = "linux")]
        let serve = self.serve;
        #[cfg(not(target_os = "linux"))]
        let serve = ServeFlags::default();
        self.command.unwrap_or(Command::Serve(serve))
    }
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server (also what a bare `lanline` does)
    Serve(ServeFlags),
    /// Check or show the settings of a server
    #[cfg(target_os = "linux")]
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Make, list and change accounts of a server, also while it runs
    #[cfg(target_os = "linux")]
    #[command(subcommand)]
    Account(AccountCommand),
    /// Keep somebody out of a server, also while it runs
    #[cfg(target_os = "linux")]
    #[command(subcommand)]
    Ban(BanCommand),
    /// Make, list and delete rooms that stay, also while a server runs on them
    #[cfg(target_os = "linux")]
    #[command(subcommand)]
    Room(RoomCommand),
    /// Show or check what a server has stored, also while it runs
    #[cfg(target_os = "linux")]
    #[command(subcommand)]
    Store(StoreCommand),
    /// Show or renew the certificate that the server has made for itself
    #[cfg(target_os = "linux")]
    #[command(subcommand)]
    Cert(CertCommand),
    /// Say whether this machine can carry so many users, and what mends it
    #[cfg(target_os = "linux")]
    Doctor(DoctorArgs),
    /// Say whether a server answers; for supervisors, by exit code
    Health(HealthArgs),
    /// Show live what a server does
    #[cfg(unix)]
    Top(TopArgs),
    #[command(flatten)]
    Client(ClientCommand),
    /// Print completions for a shell
    Completions(CompletionsArgs),
    /// Print the manual page, or write those of all commands
    Man(ManArgs),
}
