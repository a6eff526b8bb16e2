//! The program: hands the command line to what it asks for. Exit codes are
//! decided here and nowhere else: 0 fine, 1 failure, 2 wrong usage.

use clap::{CommandFactory, Parser};
use lanline::cli::{Cli, Command, ServeFlags, UsageError, Verdict};
use lanline::client;
use lanline::net::{self, Config};
use lanline::ops::container;
use log::{LevelFilter, warn};
use std::path::Path;
use std::process::ExitCode;

const FAILURE: u8 = 1;
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let Cli { command, serve } = Cli::parse();
    match command.unwrap_or(Command::Serve(serve)) {
        Command::Serve(flags) => run_server(flags),
        Command::Config(command) => told(command.run()),
        Command::Doctor(args) => match args.run() {
            Ok(verdict) => judged(&verdict),
            Err(wrong) => misused(&wrong),
        },
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

/// Prints what there is to say.
fn told(answer: Result<String, UsageError>) -> ExitCode {
    match answer {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(wrong) => misused(&wrong),
    }
}

/// Prints what a tool has found.
fn judged(verdict: &Verdict) -> ExitCode {
    print!("{}", verdict.text);
    if verdict.well { ExitCode::SUCCESS } else { ExitCode::from(FAILURE) }
}

fn misused(wrong: &UsageError) -> ExitCode {
    eprintln!("lanline: {wrong}");
    ExitCode::from(USAGE)
}

fn settings(flags: &ServeFlags) -> Result<Config, UsageError> {
    flags.resolve()?.args.into_config()
}

fn run_server(flags: ServeFlags) -> ExitCode {
    // First of all: nothing of our own is open yet.
    let inherited = net::close_inherited();
    let config = match settings(&flags) {
        Ok(config) => config,
        Err(wrong) => return misused(&wrong),
    };
    start_log(config.log);
    if let Err(error) = inherited {
        warn!("descriptors that were open at the start stay open: {error}");
    }
    if let Some(why) = container::hides_addresses(Path::new("/")) {
        warn!("{why}: clients may show under its gateway's address; host networking mends it");
    }
    let reread = move || settings(&flags).map_err(|wrong| wrong.to_string());
    match net::serve(config, Box::new(reread)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("lanline: {failure}");
            ExitCode::from(FAILURE)
        }
    }
}

/// To standard error, with the time in UTC. The level can change later.
fn start_log(level: LevelFilter) {
    let config = simplelog::ConfigBuilder::new()
        .set_time_format_rfc3339()
        .set_target_level(LevelFilter::Off)
        .set_thread_level(LevelFilter::Off)
        .set_location_level(LevelFilter::Off)
        .build();
    // Fails only where a log was started before.
    let _ = simplelog::WriteLogger::init(LevelFilter::Trace, config, std::io::stderr());
    log::set_max_level(level);
}
