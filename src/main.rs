use clap::Parser;
use lanline::cli::{Cli, Command};
use std::process::ExitCode;

fn main() -> ExitCode {
    let Command::Chat(args) = Cli::parse().command;
    match args.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lanline: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}
