//! **The stress harness**: thousands of bots against a Lanline server, every
//! packet accounted for, and the same workloads against others beside it.

mod cli;
mod driver;
mod machine;
mod relay;
mod versus;

use clap::Parser;
use cli::{Cli, Command};
use std::process::ExitCode;

/// 0: all is well. 1: something is not accounted for, or failed. 2: usage.
fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.command {
        Command::Versus(args) => versus::run(&args),
        Command::Relay { listen } => relay::run(listen).map(|()| true),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("stress: {error:#}");
            ExitCode::from(1)
        }
    }
}
