//! The command line.

pub mod chat;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(name = "lanline", version)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    Chat(chat::ChatArgs),
}
