//! What the first worker does for the whole server between its ticks: signals,
//! settings that change, the heartbeat, the end.

use super::heartbeat::Heartbeat;
use super::reload::Reload;
use super::shutdown::ComingToRest;
use crate::chat::Moment;
use crate::net::mailbox::Mailboxes;
use crate::net::process::{Signal, Signals, Supervisor};
use log::info;
use mio::{Registry, Token};
use std::io;
use std::sync::Arc;

/// The first worker's second task.
pub struct ControlTask {
    signals: Signals,
    supervisor: Arc<Supervisor>,
    reload: Reload,
    /// Where somebody wants to know.
    heartbeat: Option<Heartbeat>,
    mailboxes: Arc<Mailboxes>,
    /// A signal may have come.
    signalled: bool,
    /// The end has begun.
    rest: Option<ComingToRest>,
}

impl ControlTask {
    pub fn new(
        signals: Signals,
        supervisor: Arc<Supervisor>,
        reload: Reload,
        heartbeat: Option<Heartbeat>,
        mailboxes: Arc<Mailboxes>,
    ) -> Self {
        Self { signals, supervisor, reload, heartbeat, mailboxes, signalled: false, rest: None }
    }

    /// Looks at the signals at the end of this tick.
    pub fn signalled(&mut self) {
        self.signalled = true;
    }

    /// Watches for signals.
    ///
    /// # Errors
    /// What the system says.
    pub fn watch(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        self.signals.watch(registry, token)
    }

    /// The end of a tick.
    ///
    /// # Errors
    /// Where a worker can't be woken.
    pub fn look(&mut self, now: Moment) -> io::Result<()> {
        if std::mem::take(&mut self.signalled) {
            self.heed_signals(now)?;
        }
        if let Some(heartbeat) = &mut self.heartbeat
            && heartbeat.look(now, &self.mailboxes)?
        {
            self.supervisor.is_well();
        }
        self.rest.as_mut().map_or(Ok(()), |rest| rest.look(now))
    }

    /// When [`ControlTask::look`] has something to do.
    pub fn next_look(&self) -> Option<Moment> {
        let rest = self.rest.as_ref().map(ComingToRest::next_look);
        let heartbeat = self.heartbeat.as_ref().map(Heartbeat::next_look);
        [rest, heartbeat].into_iter().flatten().min()
    }

    fn heed_signals(&mut self, now: Moment) -> io::Result<()> {
        for signal in self.signals.take() {
            match signal {
                Signal::Stop => {
                    info!("stopping");
                    self.supervisor.is_stopping();
                    self.rest.get_or_insert_with(|| ComingToRest::new(self.mailboxes.clone(), now));
                }
                Signal::Reload => {
                    self.supervisor.is_reloading();
                    self.reload.run(&self.mailboxes)?;
                    self.supervisor.is_ready();
                }
            }
        }
        Ok(())
    }
}
