//! The program: hands the command line to what it asks for. Exit codes are
//! decided here and nowhere else: 0 fine, 1 failure, 2 wrong usage.

use clap::{CommandFactory, Parser};
use lanline::cli::{Cli, Command, Verdict};
use lanline::client;
use std::process::ExitCode;

#[cfg(target_os = "linux")]
mod serving;

const FAILURE: u8 = 1;
const USAGE: u8 = 2;

fn main() -> ExitCode {
    match Cli::parse().into_command() {
        #[cfg(target_os = "linux")]
        Command::Serve(flags) => serving::serve(flags),
        #[cfg(target_os = "linux")]
        Command::Config(command) => serving::told(command.run()),
        #[cfg(target_os = "linux")]
        Command::Doctor(args) => serving::doctor(args),
        #[cfg(not(target_os = "linux"))]
        Command::Serve(_) => {
            eprintln!("lanline: {}", lanline::cli::NoServer);
            ExitCode::from(FAILURE)
        }
        Command::Health(args) => judged(&args.run()),
        Command::Top(args) => judged(&args.run()),
        Command::Client(command) => ended(command.run()),
        Command::Completions(args) => ended(args.run(Cli::command())),
        Command::Man(args) => ended(args.run(Cli::command())),
    }
}

/// How a client has ended.
fn ended(result: Result<(), client::Error>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(wrong) => {
            eprintln!("lanline: {wrong}");
            ExitCode::from(match wrong {
                client::Error::Usage(_) => USAGE,
                client::Error::Failed(_) => FAILURE,
            })
        }
    }
}

/// Prints what a tool has found.
fn judged(verdict: &Verdict) -> ExitCode {
    print!("{}", verdict.text);
    if verdict.well { ExitCode::SUCCESS } else { ExitCode::from(FAILURE) }
}
