//! The program: hands the command line to what it asks for. Exit codes are
//! decided here and nowhere else: 0 fine, 1 failure, 2 wrong usage.

use clap::Parser;
use lanline::cli::{Cli, ClientCommand, Command, ServeArgs};
use lanline::{client, net};
use log::LevelFilter;
use std::process::ExitCode;

const FAILURE: u8 = 1;
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let Cli { command, serve } = Cli::parse();
    match command.unwrap_or(Command::Serve(serve)) {
        Command::Serve(args) => run_server(args),
        Command::Client(command) => run_client(command),
    }
}

fn run_client(command: ClientCommand) -> ExitCode {
    match command.run() {
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

fn run_server(args: ServeArgs) -> ExitCode {
    start_log(args.log);
    let config = match args.into_config() {
        Ok(config) => config,
        Err(wrong) => {
            eprintln!("lanline: {wrong}");
            return ExitCode::from(USAGE);
        }
    };
    match net::serve(config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("lanline: {failure}");
            ExitCode::from(FAILURE)
        }
    }
}

/// To standard error, with the time in UTC.
fn start_log(level: LevelFilter) {
    let config = simplelog::ConfigBuilder::new()
        .set_time_format_rfc3339()
        .set_target_level(LevelFilter::Off)
        .set_thread_level(LevelFilter::Off)
        .set_location_level(LevelFilter::Off)
        .build();
    // Fails only where a log was started before.
    let _ = simplelog::WriteLogger::init(level, config, std::io::stderr());
}
