//! The commands of the server, for the systems that it runs on; `main` has the
//! others. Never: what a server does.

use crate::{FAILURE, USAGE, judged};
use lanline::cli::output::print;
use lanline::cli::{
    Answer, CertCommand, CommandError, DoctorArgs, Reading, ServeArgs, ServeFlags, SiteTls,
    UsageError, read_once,
};
use lanline::data::{Choice, DataDir, DataError};
use lanline::limits::DATA_LOCK_MAX;
use lanline::logging::{self, complain};
use lanline::net::tls::{Site, names_of_this_machine};
use lanline::net::{self, Config};
use lanline::ops::container;
use lanline::store;
use log::warn;
use std::fmt::Display;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

/// Prints what there is to say.
pub(crate) fn told(answer: Result<Answer, UsageError>) -> ExitCode {
    match answer {
        Ok(Answer::Verdict(verdict)) => judged(&verdict),
        Ok(Answer::Text(text)) => printed(&text),
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
        Ok(text) => printed(&text),
        Err(why) => failed(&why),
    }
}

/// Prints what has come of an order.
pub(crate) fn ordered(result: Result<String, CommandError>) -> ExitCode {
    match result {
        Ok(text) => printed(&text),
        Err(CommandError::Usage(wrong)) => misused(&wrong),
        Err(why) => failed(&why),
    }
}

fn printed(text: &str) -> ExitCode {
    match print(text) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&format!("standard output: {error}")),
    }
}

/// The settings while the server runs.
fn settings_again(
    flags: &ServeFlags,
    site: SiteTls,
    data: Option<Arc<DataDir>>,
) -> Result<Config, UsageError> {
    flags.resolve(Reading::Again)?.args.into_config(Reading::Again, site, data)
}

/// Where the server keeps what outlives it, held for it; and what is to be said of
/// that once there is a log.
fn open_data(args: &ServeArgs) -> Result<(Option<Arc<DataDir>>, Option<DataError>), DataError> {
    match args.data() {
        Choice::None => Ok((None, None)),
        // Accounts that are there are not to be overlooked.
        Choice::Asked(path) | Choice::Default(path)
            if !args.needs_data() && !path.join(store::FILE).exists() =>
        {
            Ok((None, None))
        }
        Choice::Asked(path) => {
            Ok((Some(Arc::new(DataDir::hold_within(&path, DATA_LOCK_MAX)?)), None))
        }
        Choice::Default(path) => Ok(match held_by_default(&path) {
            Ok(dir) => (Some(Arc::new(dir)), None),
            Err(why) => (None, Some(why)),
        }),
    }
}

/// A directory that nobody has asked for: where nothing can be kept in it, there is none.
fn held_by_default(path: &Path) -> Result<DataDir, DataError> {
    let dir = DataDir::hold_within(path, DATA_LOCK_MAX)?;
    dir.probe()?;
    Ok(dir)
}

/// The certificates that the server makes for itself, if it does.
fn site(args: &ServeArgs, data: Option<&Arc<DataDir>>) -> SiteTls {
    match data.filter(|_| args.needs_site()) {
        Some(dir) => {
            let names = names_of_this_machine(args.tls_names());
            SiteTls::Of(Arc::new(Site::new(dir.clone(), names)))
        }
        None => SiteTls::None,
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
    let (data, no_data) = match open_data(&args) {
        Ok(data) => data,
        Err(error) => return failed(&error),
    };
    let site = site(&args, data.as_ref());
    let config = match args.into_config(Reading::First, site.clone(), data.clone()) {
        Ok(config) => config,
        Err(wrong) => return misused(&wrong),
    };
    let inherited = inherited.map(net::Inherited::close);
    if let Err(error) = logging::start(config.log) {
        return failed(&format!("the system refuses the log: {error}"));
    }
    if let Some(error) = no_data {
        warn!(
            "{error}; nothing is kept: there are no accounts, and TLS needs --tls-cert and --tls-key"
        );
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
        None => {
            settings_again(&flags, site.clone(), data.clone()).map_err(|wrong| wrong.to_string())
        }
    };
    match net::serve(config, Box::new(reread)) {
        Ok(()) => {
            log::logger().flush();
            ExitCode::SUCCESS
        }
        Err(failure) => failed(&failure),
    }
}
