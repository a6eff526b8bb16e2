//! The commands of the server, for the systems that it runs on; `main` has the
//! others. Never: what a server does.

use crate::{FAILURE, USAGE, judged};
use lanline::cli::output::print;
use lanline::cli::{Answer, DoctorArgs, Reading, ServeFlags, UsageError, read_once};
use lanline::logging::{self, complain};
use lanline::net::{self, Config};
use lanline::ops::container;
use log::warn;
use std::fmt::Display;
use std::path::Path;
use std::process::ExitCode;

/// Prints what there is to say.
pub(crate) fn told(answer: Result<Answer, UsageError>) -> ExitCode {
    match answer {
        Ok(Answer::Verdict(verdict)) => judged(&verdict),
        Ok(Answer::Text(text)) => match print(&text) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => failed(&format!("standard output: {error}")),
        },
        Err(wrong) => misused(&wrong),
    }
}

/// Says whether this machine is fit to serve.
pub(crate) fn doctor(args: DoctorArgs) -> ExitCode {
    match args.run() {
        Ok(verdict) => judged(&verdict),
        Err(wrong) => misused(&wrong),
    }
}

fn misused(wrong: &UsageError) -> ExitCode {
    complain(&wrong.to_string());
    ExitCode::from(USAGE)
}

fn failed(why: &dyn Display) -> ExitCode {
    complain(&why.to_string());
    ExitCode::from(FAILURE)
}

fn settings(flags: &ServeFlags, reading: Reading) -> Result<Config, UsageError> {
    flags.resolve(reading)?.args.into_config(reading)
}

/// Serves until it is told to end.
pub(crate) fn serve(flags: ServeFlags) -> ExitCode {
    // Settings may come by a descriptor that the shell has opened (`<(…)`).
    let config = match settings(&flags, Reading::First) {
        Ok(config) => config,
        Err(wrong) => return misused(&wrong),
    };
    // Nothing of our own is open yet.
    let inherited = net::close_inherited();
    if let Err(error) = logging::start(config.log) {
        return failed(&format!("the system refuses the log: {error}"));
    }
    if let Err(error) = inherited {
        warn!("descriptors that were open at the start stay open: {error}");
    }
    if let Some(why) = container::hides_addresses(Path::new("/")) {
        warn!("{why}: clients may show under its gateway's address; host networking mends it");
    }
    let read_once = read_once(&config.reread);
    let reread = move || match &read_once {
        Some(why) => Err(why.clone()),
        None => settings(&flags, Reading::Again).map_err(|wrong| wrong.to_string()),
    };
    match net::serve(config, Box::new(reread)) {
        Ok(()) => {
            log::logger().flush();
            ExitCode::SUCCESS
        }
        Err(failure) => failed(&failure),
    }
}
