//! The command line: flags, checked. Never: what they lead to.

use crate::versus::VersusArgs;
use clap::{Parser, Subcommand};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Thousands of bots against a Lanline server, every packet accounted for.
#[derive(Parser, Debug)]
#[command(version)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand, Debug)]
pub enum Command {
    /// The same workloads against other servers and the bare relay.
    Versus(VersusArgs),
    /// The bare relay: the floor of `versus`.
    Relay {
        /// Where to listen; port 0 takes a free one.
        #[arg(long, default_value = "127.0.0.1:0")]
        listen: SocketAddr,
    },
}

/// A positive number of seconds.
///
/// # Errors
/// In words for the user.
pub fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if seconds > 0.0 && seconds <= 1e6 => Ok(seconds),
        _ => Err("a number of seconds above 0".to_owned()),
    }
}

/// The Lanline server: what was asked for, or the one beside this program, or
/// the one in `PATH`.
pub fn server_binary(asked: Option<&Path>) -> PathBuf {
    if let Some(path) = asked {
        return path.to_owned();
    }
    let beside = std::env::current_exe().ok().map(|own| own.with_file_name("lanline"));
    beside
        .filter(|path| path.is_file())
        .or_else(|| crate::versus::server::find("lanline"))
        .unwrap_or_else(|| PathBuf::from("lanline"))
}
