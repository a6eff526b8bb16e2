//! The program: hands the command line to what it asks for. Exit codes are
//! decided here and nowhere else: 0 fine, 1 failure, 2 wrong usage.

use clap::{CommandFactory, Parser};
use lanline::cli::output::print;
use lanline::cli::{Cli, Command, Verdict};
use lanline::client;
#[cfg(target_os = "linux")]
use lanline::logging::{complain, is_journal};
use std::io::ErrorKind;
use std::process::ExitCode;

#[cfg(target_os = "linux")]
mod serving;

const FAILURE: u8 = 1;
const USAGE: u8 = 2;

fn main() -> ExitCode {
    #[cfg(unix)]
    outlive_file_size_limits();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(other) => return no_command(&other),
    };
    match cli.into_command() {
        #[cfg(target_os = "linux")]
        Command::Serve(flags) => serving::serve(flags),
        #[cfg(target_os = "linux")]
        Command::Config(command) => serving::told(command.run()),
        #[cfg(target_os = "linux")]
        Command::Account(command) => serving::ordered(command.run()),
        #[cfg(target_os = "linux")]
        Command::Ban(command) => serving::ordered(command.run()),
        #[cfg(target_os = "linux")]
        Command::Room(command) => serving::ordered(command.run()),
        #[cfg(target_os = "linux")]
        Command::Store(command) => serving::ordered(command.run()),
        #[cfg(target_os = "linux")]
        Command::Cert(command) => serving::cert(command),
        #[cfg(target_os = "linux")]
        Command::Doctor(args) => serving::doctor(args),
        #[cfg(not(target_os = "linux"))]
        Command::Serve(_) => {
            complain(&lanline::cli::NoServer.to_string());
            ExitCode::from(FAILURE)
        }
        Command::Health(args) => judged(&args.run()),
        #[cfg(unix)]
        Command::Top(args) => judged(&args.run()),
        Command::Client(command) => ended(command.run()),
        Command::Completions(args) => ended(args.run(Cli::command())),
        Command::Man(args) => ended(args.run(Cli::command())),
    }
}

/// A file that may not grow is an error of that one write, and no end.
#[cfg(unix)]
fn outlive_file_size_limits() {
    // Where it can't be, the limit ends us as it ends others.
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, std::sync::Arc::default());
}

/// Help, the version, or wrong usage; the journal gets the latter in a line.
fn no_command(other: &clap::Error) -> ExitCode {
    if other.use_stderr() && is_journal() {
        complain(&other.to_string());
        return ExitCode::from(USAGE);
    }
    let printed = other.print();
    if other.use_stderr() {
        return ExitCode::from(USAGE);
    }
    match printed {
        // Whoever has gone has had enough of it.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            complain(&format!("standard output: {error}"));
            ExitCode::from(FAILURE)
        }
        _ => ExitCode::SUCCESS,
    }
}

/// How a client has ended.
fn ended(result: Result<(), client::Error>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(wrong) => {
            complain(&wrong.to_string());
            ExitCode::from(match wrong {
                client::Error::Usage(_) => USAGE,
                client::Error::Failed(_) => FAILURE,
            })
        }
    }
}

/// Prints what a tool has found. The exit code is the answer, whether or not
/// the words can be written.
fn judged(verdict: &Verdict) -> ExitCode {
    print(&verdict.text).unwrap_or_default();
    if verdict.well { ExitCode::SUCCESS } else { ExitCode::from(FAILURE) }
}

/// Says what is wrong, to standard error.
#[cfg(not(target_os = "linux"))]
fn complain(what: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "lanline: {what}");
}

#[cfg(not(target_os = "linux"))]
fn is_journal() -> bool {
    false
}
