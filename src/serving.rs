//! The commands of the server, for the systems that it runs on; `main` has the
//! others. Never: what a server does.

use crate::{FAILURE, USAGE, judged};
use lanline::cli::output::print;
use lanline::cli::{
    Answer, CertCommand, DoctorArgs, Reading, ServeArgs, ServeFlags, SiteTls, UsageError, read_once,
};
use lanline::data::{Choice, DataDir, DataError};
use lanline::logging::{self, complain};
use lanline::net::tls::{Site, names_of_this_machine};
use lanline::net::{self, Config};
use lanline::ops::container;
use log::warn;
use std::fmt::Display;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

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

/// Shows or renews a server's certificate.
pub(crate) fn cert(command: CertCommand) -> ExitCode {
    match command.run() {
        Ok(text) => match print(&text) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => failed(&format!("standard output: {error}")),
        },
        Err(why) => failed(&why),
    }
}

/// The settings while the server runs.
fn settings_again(flags: &ServeFlags, site: SiteTls) -> Result<Config, UsageError> {
    flags.resolve(Reading::Again)?.args.into_config(Reading::Again, site)
}

/// Where the server keeps its certificates, held for it; and what is to be said of
/// that once there is a log.
fn open_site(args: &ServeArgs) -> Result<(SiteTls, Option<String>), DataError> {
    if !args.needs_site() {
        return Ok((SiteTls::None, None));
    }
    let site = |dir| Arc::new(Site::new(dir, names_of_this_machine(args.tls_names())));
    match args.data() {
        Choice::None => Ok((SiteTls::None, None)),
        Choice::Asked(path) => Ok((SiteTls::Of(site(DataDir::hold(&path)?)), None)),
        Choice::Default(path) => Ok(match DataDir::hold(&path).map(site) {
            Err(error) => (SiteTls::None, Some(error.to_string())),
            // One that can't be written is not to be had either.
            Ok(site) => match site.load() {
                Err(error) => (SiteTls::None, Some(error.to_string())),
                Ok(_) => (SiteTls::Of(site), None),
            },
        }),
    }
}

/// Serves until it is told to end.
pub(crate) fn serve(flags: ServeFlags) -> ExitCode {
    // Settings may come by a descriptor that the shell has opened (`<(…)`): what is open
    // now is closed once they are read.
    let inherited = net::inherited();
    let args = match flags.resolve(Reading::First) {
        Ok(settings) => settings.args,
        Err(wrong) => return misused(&wrong),
    };
    let (site, no_data) = match open_site(&args) {
        Ok(site) => site,
        Err(error) => return failed(&error),
    };
    let config = match args.into_config(Reading::First, site.clone()) {
        Ok(config) => config,
        Err(wrong) => return misused(&wrong),
    };
    let inherited = inherited.map(net::Inherited::close);
    if let Err(error) = logging::start(config.log) {
        return failed(&format!("the system refuses the log: {error}"));
    }
    if let Some(error) = no_data {
        warn!("{error}; nothing is kept, and TLS needs --tls-cert and --tls-key");
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
        None => settings_again(&flags, site.clone()).map_err(|wrong| wrong.to_string()),
    };
    match net::serve(config, Box::new(reread)) {
        Ok(()) => {
            log::logger().flush();
            ExitCode::SUCCESS
        }
        Err(failure) => failed(&failure),
    }
}
