//! SIGHUP: the settings are read again; those that can change in flight do.
//! What can't be used changes nothing, and the log says why.

use crate::net::admission::Admission;
use crate::net::config::Config;
use crate::net::mailbox::{Mailboxes, ReloadableConfig, WorkerMessage};
use crate::net::process::Allowance;
use log::{error, info, warn};
use std::io;
use std::sync::Arc;

/// Where the settings come from: reads everything again.
pub(crate) type Reread = Box<dyn Fn() -> Result<Config, String> + Send>;

/// What a server needs to change its mind.
pub(crate) struct Reload {
    reread: Reread,
    /// What holds now.
    config: Config,
    admission: Admission,
    allowance: Allowance,
}

impl Reload {
    pub(crate) fn new(
        reread: Reread,
        config: Config,
        admission: Admission,
        allowance: Allowance,
    ) -> Self {
        Self { reread, config, admission, allowance }
    }

    /// What holds now.
    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    /// The admission as it is now.
    pub(crate) fn admission(&self) -> &Admission {
        &self.admission
    }

    /// Reads the settings again and tells all workers.
    ///
    /// # Errors
    /// Where a worker can't be woken: the process is out of order.
    pub(crate) fn run(&mut self, mailboxes: &Mailboxes) -> io::Result<()> {
        let (clients_max, new) = match self.read() {
            Ok(read) => read,
            Err(wrong) => {
                error!("SIGHUP: nothing is changed: {wrong}");
                return Ok(());
            }
        };
        for setting in self.needs_restart(&new) {
            warn!("SIGHUP: {setting} changes with a restart only");
        }
        log::set_max_level(new.log);
        self.admission = self.admission.with_rules(new.admission_rules(clients_max));
        let reloadable = ReloadableConfig {
            settings: Arc::new(new.settings.clone()),
            admission: self.admission.clone(),
        };
        let reloadable = Arc::new(reloadable);
        mailboxes.send_to_all(|| WorkerMessage::Reload(reloadable.clone()))?;
        // What can't change stays as it is.
        let old = &self.config;
        let (listen, workers) = (old.listen.clone(), old.workers);
        let per_address_max = old.per_address_max;
        let (metrics, sandbox, reread) = (old.metrics, old.sandbox, old.reread.clone());
        self.config = Config { listen, workers, per_address_max, metrics, sandbox, reread, ..new };
        info!("SIGHUP: reloaded");
        self.config.log_limits(clients_max);
        Ok(())
    }

    fn read(&self) -> Result<(usize, Config), String> {
        let new = (self.reread)()?;
        let clients_max = self.allowance.clients_max(&new).map_err(|error| error.to_string())?;
        Ok((clients_max, new))
    }

    fn needs_restart(&self, new: &Config) -> Vec<&'static str> {
        let old = &self.config;
        let changed = [
            ("listen", old.listen != new.listen),
            ("workers", old.workers != new.workers),
            ("max-per-address", old.per_address_max != new.per_address_max),
            ("metrics", old.metrics != new.metrics),
            ("sandbox", old.sandbox != new.sandbox),
            ("operator-token-file", old.reread != new.reread),
        ];
        changed.into_iter().filter_map(|(name, changed)| changed.then_some(name)).collect()
    }
}
