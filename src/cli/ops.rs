//! The command lines of the operator's tools, and what they print. Never: what
//! they look at.

#[cfg(target_os = "linux")]
use super::layers::ServeFlags;
use super::seconds::{Seconds, some_time};
#[cfg(target_os = "linux")]
use super::serve::UsageError;
use crate::connect::Server;
#[cfg(target_os = "linux")]
use crate::ops::doctor::{self, Machine, Plan};
use crate::ops::health::{self, Health};
use crate::ops::top;
use clap::Args;
use std::time::Duration;

/// Flags of `lanline doctor`.
#[cfg(target_os = "linux")]
#[derive(Args, Clone, Debug)]
pub struct DoctorArgs {
    /// How many users this machine is to carry
    #[arg(long, value_name = "N", default_value_t = 1000)]
    users: usize,
    /// What the server would be started with.
    #[command(flatten)]
    serve: ServeFlags,
}

/// Flags of `lanline health`.
#[derive(Args, Clone, Debug)]
pub struct HealthArgs {
    /// HOST, HOST:PORT, or [IPv6]:PORT
    #[arg(value_name = "HOST", default_value = "127.0.0.1")]
    server: Server,
    /// How long each step may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = some_time)]
    timeout: Seconds,
}

/// Flags of `lanline top`.
#[derive(Args, Clone, Debug)]
pub struct TopArgs {
    /// HOST, HOST:PORT, or [IPv6]:PORT
    #[arg(value_name = "HOST", default_value = "127.0.0.1")]
    server: Server,
    /// Between two looks, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = some_time)]
    interval: Seconds,
    /// End after so many looks
    #[arg(long, value_name = "N")]
    count: Option<u64>,
}

/// What a tool has to say, and whether all is well.
pub struct Verdict {
    pub text: String,
    pub well: bool,
}

#[cfg(target_os = "linux")]
impl DoctorArgs {
    /// Looks at this machine.
    ///
    /// # Errors
    /// [`UsageError`] where the server's settings can't be used.
    pub fn run(self) -> Result<Verdict, UsageError> {
        let config = self.serve.resolve()?.args.into_config()?;
        let plan = Plan {
            users: self.users,
            workers: config.workers,
            listen: config.listen,
            queue_bytes: config.settings.queue_bytes_max,
        };
        let findings = doctor::examine(&plan, &Machine::this());
        let text = doctor::report(&plan, &findings);
        Ok(Verdict { text, well: doctor::is_fit(&findings) })
    }
}

impl HealthArgs {
    /// Looks at a server.
    pub fn run(self) -> Verdict {
        let Self { server, timeout: Seconds(patience) } = self;
        let (well, says) = match health::check(&server, patience) {
            Ok(Health::Well(took)) => (true, format!("well, after {} ms", millis(took))),
            Ok(Health::Full) => (true, "full".to_owned()),
            Err(error) => (false, error.to_string()),
        };
        Verdict { text: format!("{server}: {says}\n"), well }
    }
}

impl TopArgs {
    /// Shows a server until the user has had enough.
    pub fn run(self) -> Verdict {
        match top::run(&self.server, self.interval.0, self.count) {
            Ok(()) => Verdict { text: String::new(), well: true },
            Err(error) => Verdict { text: format!("{}: {error}\n", self.server), well: false },
        }
    }
}

fn millis(time: Duration) -> u128 {
    time.as_millis()
}
