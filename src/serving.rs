//! The commands of the server, for the systems that it runs on; `main` has the
//! others. Never: what a server does.

use crate::{FAILURE, USAGE, judged};
use lanline::cli::{DoctorArgs, ServeFlags, UsageError};
use lanline::net::{self, Config};
use lanline::ops::container;
use log::{LevelFilter, warn};
use std::path::Path;
use std::process::ExitCode;

/// Prints what there is to say.
pub(crate) fn told(answer: Result<String, UsageError>) -> ExitCode {
    match answer {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
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
    eprintln!("lanline: {wrong}");
    ExitCode::from(USAGE)
}

fn settings(flags: &ServeFlags) -> Result<Config, UsageError> {
    flags.resolve()?.args.into_config()
}

/// Serves until it is told to end.
pub(crate) fn serve(flags: ServeFlags) -> ExitCode {
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
