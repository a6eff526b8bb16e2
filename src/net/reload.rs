//! SIGHUP: the settings are read again; those that can change in flight do.
//! What can't be used changes nothing, and the log says why.

use super::config::Config;
use super::door::Door;
use super::mailbox::{Mail, Orders, Post};
use log::{error, info, warn};
use std::io;
use std::sync::Arc;

/// Where the settings come from: reads everything again.
pub type Reread<'a> = &'a dyn Fn() -> Result<Config, String>;

/// What a server needs to change its mind.
pub struct Reload<'a> {
    pub reread: Reread<'a>,
    /// What holds now.
    pub config: Config,
    pub door: Door,
    /// How many clients a setting allows; or why it can't be had.
    pub clients_max: &'a dyn Fn(&Config) -> Result<usize, String>,
}

impl Reload<'_> {
    /// Reads the settings again and tells all workers.
    ///
    /// # Errors
    /// Where a worker can't be woken: the process is out of order.
    pub fn run(&mut self, post: &Post) -> io::Result<()> {
        let read = (self.reread)().and_then(|new| Ok(((self.clients_max)(&new)?, new)));
        let (clients_max, new) = match read {
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
        let door = self.door.with_rules(clients_max, &new.allow);
        let rules = Arc::new(new.rules.clone());
        let orders = Arc::new(Orders { rules, door: door.clone() });
        post.send_to_all(|| Mail::Reload(orders.clone()))?;
        let (listen, workers, metrics) =
            (self.config.listen.clone(), self.config.workers, self.config.metrics);
        self.config = Config { listen, workers, metrics, ..new };
        self.door = door;
        info!("SIGHUP: reloaded");
        self.config.log_limits(clients_max);
        Ok(())
    }

    fn needs_restart(&self, new: &Config) -> Vec<&'static str> {
        let old = &self.config;
        let changed = [
            ("listen", old.listen != new.listen),
            ("workers", old.workers != new.workers),
            ("metrics", old.metrics != new.metrics),
        ];
        changed.into_iter().filter_map(|(name, changed)| changed.then_some(name)).collect()
    }
}
