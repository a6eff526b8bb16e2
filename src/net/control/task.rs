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
pub(crate) struct ControlTask {
    signals: Signals,
    supervisor: Arc<Supervisor>,
    reload: Reload,
    /// With a watchdog or metrics only.
    heartbeat: Option<Heartbeat>,
    mailboxes: Arc<Mailboxes>,
    /// A signal may have come.
    signalled: bool,
    /// The end has begun.
    rest: Option<ComingToRest>,
}

impl ControlTask {
    pub(crate) fn new(
        signals: Signals,
        supervisor: Arc<Supervisor>,
        reload: Reload,
        heartbeat: Option<Heartbeat>,
        mailboxes: Arc<Mailboxes>,
    ) -> Self {
        Self { signals, supervisor, reload, heartbeat, mailboxes, signalled: false, rest: None }
    }

    /// Looks at the signals at the end of this tick.
    pub(crate) fn signalled(&mut self) {
        self.signalled = true;
    }

    /// Watches for signals.
    ///
    /// # Errors
    /// The system's error.
    pub(crate) fn watch(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        self.signals.watch(registry, token)
    }

    /// The end of a tick.
    ///
    /// # Errors
    /// Where a worker can't be woken.
    pub(crate) fn look(&mut self, now: Moment) -> io::Result<()> {
        if std::mem::take(&mut self.signalled) {
            self.heed_signals(now)?;
        }
        if let Some(heartbeat) = &mut self.heartbeat
            && heartbeat.look(now, &self.mailboxes)?
        {
            self.supervisor.is_well();
        }
        if self.reload.look(now, &self.mailboxes)? {
            self.supervisor.is_ready();
        }
        self.rest.as_mut().map_or(Ok(()), |rest| rest.look(now))
    }

    /// When [`ControlTask::look`] has something to do.
    pub(crate) fn next_look(&self) -> Option<Moment> {
        let rest = self.rest.as_ref().map(ComingToRest::next_look);
        let heartbeat = self.heartbeat.as_ref().map(Heartbeat::next_look);
        [rest, heartbeat, self.reload.next_look()].into_iter().flatten().min()
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
                    self.reload.start(now);
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::reload::ConfigReader;
    use super::*;
    use crate::limits::{HEARTBEAT_INTERVAL, RELOAD_LOOK};
    use crate::net::admission::{Admission, Decision};
    use crate::net::config::Config;
    use crate::net::loop_stats::LoopStats;
    use crate::net::mailbox::{Mailbox, WorkerMessage};
    use crate::net::process::Allowance;
    use crate::net::test_support::{self, logged};
    use mio::net::UnixStream;
    use mio::{Poll, Waker};
    use std::io::Write;
    use std::net::IpAddr;
    use std::os::unix::net::UnixDatagram;
    use std::time::Duration;

    const WATCHDOG: Duration = Duration::from_secs(4);

    /// The control task of a server of two workers, and all that it talks to.
    struct Setup {
        control: ControlTask,
        loop_stats: Arc<LoopStats>,
        inboxes: Vec<Mailbox>,
        _polls: Vec<Poll>,
        /// Gives the signal to reload.
        reload: UnixStream,
        supervisor: UnixDatagram,
    }

    impl Setup {
        /// With this as the reader of settings.
        fn new(reread: impl Fn() -> Result<Config, String> + Send + 'static) -> Self {
            let polls: Vec<Poll> = (0..2).map(|_| Poll::new().unwrap()).collect();
            let wakers = polls.iter().map(|poll| Waker::new(poll.registry(), Token(0)).unwrap());
            let (mailboxes, inboxes) = Mailboxes::new(wakers.collect());
            let (supervisor, ours) = UnixDatagram::pair().unwrap();
            supervisor.set_nonblocking(true).unwrap();
            let ((stop, _), (ours_reload, reload)) =
                (UnixStream::pair().unwrap(), UnixStream::pair().unwrap());
            let loop_stats = Arc::new(LoopStats::new(2));
            let admission = Admission::new(test_support::rules(10), None);
            let allowance = Allowance::for_clients(10);
            let (reader, helper) = ConfigReader::start(Box::new(reread), None).unwrap();
            helper.release(|| ());
            let control = ControlTask::new(
                Signals::of(stop, ours_reload),
                Arc::new(Supervisor::of(ours, Some(WATCHDOG))),
                Reload::new(reader, test_support::config(), admission, allowance),
                Some(Heartbeat::new(loop_stats.clone(), Some(WATCHDOG))),
                mailboxes,
            );
            Self { control, loop_stats, inboxes, _polls: polls, reload, supervisor }
        }

        /// What the supervisor is sent in a tick, so many heartbeats after the start.
        fn tick(&mut self, heartbeats: u32) -> Vec<String> {
            let now = Moment::default().after(HEARTBEAT_INTERVAL * heartbeats);
            self.control.look(now).unwrap();
            let mut bytes = [0; 64];
            let next =
                || self.supervisor.recv(&mut bytes).ok().map(|count| bytes[..count].to_vec());
            std::iter::from_fn(next).map(|bytes| String::from_utf8(bytes).unwrap()).collect()
        }

        /// The other worker answers the heartbeat that it has.
        fn answer(&self) {
            match self.inboxes[1].take() {
                Some(WorkerMessage::Heartbeat(number, _)) => {
                    self.loop_stats.of(1).heartbeat.set(number);
                }
                message => panic!("no heartbeat but {message:?}"),
            }
        }
    }

    #[test]
    fn the_watchdog_is_not_fed_while_a_worker_hangs() {
        let mut setup = Setup::new(|| Err("none".to_owned()));
        assert_eq!(setup.tick(0), ["WATCHDOG=1"]);
        setup.answer();
        assert_eq!(setup.tick(1), ["WATCHDOG=1"]);
        for heartbeats in 2..6 {
            assert_eq!(setup.tick(heartbeats), [""; 0], "after {heartbeats}");
        }
        (1..6).for_each(|_| setup.answer());
        assert_eq!(setup.tick(6), ["WATCHDOG=1"]);
    }

    #[test]
    fn a_reload_brings_every_worker_the_settings_and_the_networks_that_are_let_in() {
        let mut setup = Setup::new(|| {
            let mut config = test_support::config();
            config.allow = vec!["203.0.113.0/24".parse().unwrap()];
            config.settings.rate = 77;
            Ok(config)
        });
        setup.reload.write_all(b"x").unwrap();
        assert_eq!(setup.tick(0), ["WATCHDOG=1"], "no look at signals before an event");
        setup.control.signalled();
        setup.answer();
        assert_eq!(setup.tick(1), ["RELOADING=1", "WATCHDOG=1"]);
        assert_eq!(
            setup.control.next_look().unwrap(),
            Moment::default().after(HEARTBEAT_INTERVAL).after(RELOAD_LOOK)
        );
        setup.answer();
        setup.control.reload.await_reading();
        assert_eq!(setup.tick(2), ["WATCHDOG=1", "READY=1"]);
        setup.answer();
        let foreign: IpAddr = "203.0.113.7".parse().unwrap();
        for inbox in &setup.inboxes {
            let Some(WorkerMessage::Reload(reloaded)) = inbox.take() else { panic!("no reload") };
            assert_eq!(reloaded.settings.rate, 77);
            let decision = reloaded.admission.enter(Moment::default(), foreign, false);
            assert!(matches!(decision, Decision::Client(_)), "{decision:?}");
        }
        setup.control.signalled();
        assert_eq!(setup.tick(2), [""; 0], "a signal is heard once");
    }

    #[test]
    fn settings_that_are_wrong_change_nothing() {
        logged();
        let mut setup = Setup::new(|| Err("no such file".to_owned()));
        setup.reload.write_all(b"x").unwrap();
        setup.control.signalled();
        assert_eq!(setup.tick(0), ["RELOADING=1", "WATCHDOG=1"]);
        setup.answer();
        setup.control.reload.await_reading();
        assert_eq!(setup.tick(1), ["WATCHDOG=1", "READY=1"]);
        assert_eq!(logged(), ["SIGHUP: nothing is changed: no such file"]);
        assert!(setup.inboxes[0].take().is_none());
    }
}
