//! SIGHUP: the settings are read again; those that can change while the server runs
//! take effect. Invalid settings change nothing, and the log says why. A thread of
//! its own reads: a file may be on a disk that no longer responds.

use crate::chat::Moment;
use crate::limits::{RELOAD_LOOK, RELOAD_MAX, TLS_LOOK};
use crate::net::admission::Admission;
use crate::net::config::Config;
use crate::net::mailbox::{Mailboxes, ReloadableConfig, WorkerMessage};
use crate::net::process::Allowance;
use crate::net::tls::{Expiry, Site};
use crate::sandbox::Helper;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded, unbounded};
use log::{error, info, warn};
use std::io;
use std::sync::Arc;

/// Where the settings come from: reads everything again.
pub(crate) type Reread = Box<dyn Fn() -> Result<Config, String> + Send>;

/// The thread that reads.
pub(crate) struct ConfigReader {
    /// Numbered; one may wait while another is carried out.
    requests: Sender<u64>,
    results: Receiver<(u64, Result<Config, String>)>,
    /// Read because of another certificate in the data directory.
    renewals: Receiver<Result<Config, String>>,
    asked: u64,
}

/// Waits for the next request; where there is a site, for [`TLS_LOOK`] at the most.
fn next(requests: &Receiver<u64>, has_site: bool) -> Result<u64, RecvTimeoutError> {
    if has_site { requests.recv_timeout(TLS_LOOK) } else { Ok(requests.recv()?) }
}

/// Reloading, as the control task does it.
pub(crate) struct Reload {
    reader: ConfigReader,
    /// When the reading that was requested last times out.
    deadline: Option<Moment>,
    next_look: Moment,
    /// When to look for another certificate, where the server makes its own.
    next_renewal_look: Option<Moment>,
    /// The settings in force.
    config: Config,
    admission: Admission,
    allowance: Allowance,
    /// Of the certificate in force.
    expiry: Arc<Expiry>,
}

impl ConfigReader {
    /// Starts the thread, which reads nothing before it is released.
    ///
    /// # Errors
    /// The system's error.
    pub(crate) fn start(reread: Reread, site: Option<Arc<Site>>) -> io::Result<(Self, Helper)> {
        let (requests, asked) = bounded(1);
        let (told, results) = unbounded();
        let (renewed, renewals) = unbounded();
        let helper = Helper::start("settings", move || {
            loop {
                let was_told = match (next(&asked, site.is_some()), &site) {
                    (Ok(number), _) => told.send((number, reread())).is_ok(),
                    (Err(RecvTimeoutError::Disconnected), _) => false,
                    (Err(RecvTimeoutError::Timeout), Some(site)) if site.has_news() => {
                        renewed.send(reread()).is_ok()
                    }
                    (Err(RecvTimeoutError::Timeout), _) => true,
                };
                if !was_told {
                    return;
                }
            }
        })?;
        Ok((Self { requests, results, renewals, asked: 0 }, helper))
    }

    /// Requests a reading, unless one waits that hasn't begun: it will do.
    fn ask(&mut self) {
        if self.requests.try_send(self.asked + 1).is_ok() {
            self.asked += 1;
        }
    }

    /// The result of the last request, once it is there; older results are dropped.
    fn take(&self) -> Option<Result<Config, String>> {
        self.results.try_iter().find(|(number, _)| *number == self.asked).map(|(_, read)| read)
    }
}

impl Reload {
    pub(crate) fn new(
        reader: ConfigReader,
        config: Config,
        admission: Admission,
        allowance: Allowance,
    ) -> Self {
        let next_look = Moment::default();
        let next_renewal_look = config.site.is_some().then(Moment::default);
        let expiry = Arc::new(Expiry::of(config.tls.as_deref()));
        Self {
            reader,
            deadline: None,
            next_look,
            next_renewal_look,
            config,
            admission,
            allowance,
            expiry,
        }
    }

    /// The settings in force.
    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    /// When the certificate in force ends, whatever reloads bring.
    pub(crate) fn expiry(&self) -> &Arc<Expiry> {
        &self.expiry
    }

    /// The admission as it is now.
    pub(crate) fn admission(&self) -> &Admission {
        &self.admission
    }

    /// Has the settings read.
    pub(crate) fn start(&mut self, now: Moment) {
        self.reader.ask();
        self.deadline = Some(now.after(RELOAD_MAX));
        self.next_look = now.after(RELOAD_LOOK);
    }

    /// When [`Reload::look`] has something to do.
    pub(crate) fn next_look(&self) -> Option<Moment> {
        let asked = self.deadline.map(|_| self.next_look);
        asked.into_iter().chain(self.next_renewal_look).min()
    }

    /// Takes over the settings, once they are read, and tells all workers. True
    /// where that is over, well or not.
    ///
    /// # Errors
    /// Where a worker can't be woken: the process is out of order.
    pub(crate) fn look(&mut self, now: Moment, mailboxes: &Mailboxes) -> io::Result<bool> {
        self.look_for_renewal(now, mailboxes)?;
        let Some(deadline) = self.deadline.filter(|_| now >= self.next_look) else {
            return Ok(false);
        };
        let Some(read) = self.reader.take() else {
            self.next_look = now.after(RELOAD_LOOK);
            if now < deadline {
                return Ok(false);
            }
            self.deadline = None;
            let seconds = RELOAD_MAX.as_secs();
            error!("SIGHUP: nothing is changed: reading the settings takes over {seconds} s");
            return Ok(true);
        };
        self.deadline = None;
        match read.and_then(|new| self.checked(new)) {
            Ok((clients_max, new)) => self.take_over(clients_max, new, mailboxes)?,
            Err(wrong) => error!("SIGHUP: nothing is changed: {wrong}"),
        }
        Ok(true)
    }

    /// Takes over another certificate, and no other settings.
    fn look_for_renewal(&mut self, now: Moment, mailboxes: &Mailboxes) -> io::Result<()> {
        if self.next_renewal_look.is_none_or(|look| now < look) {
            return Ok(());
        }
        self.next_renewal_look = Some(now.after(TLS_LOOK));
        match self.reader.renewals.try_iter().last() {
            None => {}
            Some(Err(wrong)) => error!("the certificate stays as it is: {wrong}"),
            Some(Ok(Config { tls: Some(tls), .. })) if Some(&tls) != self.config.tls.as_ref() => {
                info!("TLS: another certificate, the key's fingerprint is {}", tls.fingerprint());
                self.config.tls = Some(tls);
                self.tell_workers(mailboxes)?;
            }
            Some(Ok(_)) => {}
        }
        Ok(())
    }

    fn checked(&self, new: Config) -> Result<(usize, Config), String> {
        let clients_max = self.allowance.clients_max(&new).map_err(|error| error.to_string())?;
        Ok((clients_max, new))
    }

    fn take_over(
        &mut self,
        clients_max: usize,
        mut new: Config,
        mailboxes: &Mailboxes,
    ) -> io::Result<()> {
        for setting in self.needs_restart(&new) {
            warn!("SIGHUP: {setting} changes with a restart only");
        }
        if new.tls == self.config.tls {
            // The same object, so that tickets stay valid.
            new.tls.clone_from(&self.config.tls);
        }
        new.settings.accounts = self.config.settings.accounts;
        log::set_max_level(new.log);
        self.admission = self.admission.with_rules(new.admission_rules(clients_max));
        // What can't change stays as it is.
        let old = &self.config;
        let (listen, workers) = (old.listen.clone(), old.workers);
        let per_address_max = old.per_address_max;
        let (metrics, sandbox, reread) = (old.metrics, old.sandbox, old.reread.clone());
        let (data_choice, tls_names) = (old.data_choice.clone(), old.tls_names.clone());
        // The store's thread looks at this one.
        let keeping = old.keeping.clone();
        keeping.set(new.keeping.get());
        self.config = Config {
            keeping,
            listen,
            workers,
            per_address_max,
            data_choice,
            tls_names,
            metrics,
            sandbox,
            reread,
            ..new
        };
        self.tell_workers(mailboxes)?;
        info!("SIGHUP: reloaded");
        self.config.log_limits(clients_max);
        Ok(())
    }

    fn tell_workers(&self, mailboxes: &Mailboxes) -> io::Result<()> {
        self.expiry.set(self.config.tls.as_deref());
        let reloadable = Arc::new(ReloadableConfig {
            settings: Arc::new(self.config.settings.clone()),
            admission: self.admission.clone(),
            tls: self.config.tls.clone(),
            tls_required: self.config.tls_required,
        });
        mailboxes.send_to_all(|| WorkerMessage::Reload(reloadable.clone()))
    }

    fn needs_restart(&self, new: &Config) -> Vec<&'static str> {
        let old = &self.config;
        let changed = [
            ("listen", old.listen != new.listen),
            ("workers", old.workers != new.workers),
            ("max-per-address", old.per_address_max != new.per_address_max),
            ("data", old.data_choice != new.data_choice),
            ("accounts", old.settings.accounts != new.settings.accounts),
            ("tls-name", old.tls_names != new.tls_names),
            ("metrics", old.metrics != new.metrics),
            ("sandbox", old.sandbox != new.sandbox),
            ("a file that is read again", old.reread != new.reread),
        ];
        changed.into_iter().filter_map(|(name, changed)| changed.then_some(name)).collect()
    }
}

#[cfg(test)]
impl Reload {
    /// Waits until something is read, whether or not it is what was asked for
    /// last.
    pub(crate) fn await_reading(&self) {
        while self.reader.results.is_empty() {
            std::thread::yield_now();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::{Accounts, Settings};
    use crate::data::Choice;
    use crate::net::mailbox::Mailbox;
    use crate::net::test_support::{self, config};
    use crate::net::tls::Name;
    use mio::{Poll, Token, Waker};

    /// A reload whose readings signal their start and then wait for their result.
    fn reload() -> (Reload, Sender<Result<Config, String>>, Receiver<()>) {
        let (word, words) = unbounded::<Result<Config, String>>();
        let (began, begins) = unbounded();
        let reread = move || {
            began.send(()).unwrap();
            words.recv().unwrap_or_else(|_| Err("the end".to_owned()))
        };
        let (reader, helper) = ConfigReader::start(Box::new(reread), None).unwrap();
        helper.release(|| ());
        let admission = Admission::new(test_support::rules(10), None);
        let reload = Reload::new(reader, config(), admission, Allowance::for_clients(100));
        (reload, word, begins)
    }

    fn mailboxes() -> (Arc<Mailboxes>, Poll, Vec<Mailbox>) {
        let poll = Poll::new().unwrap();
        let waker = Waker::new(poll.registry(), Token(0)).unwrap();
        let (mailboxes, inboxes) = Mailboxes::new(vec![waker]);
        (mailboxes, poll, inboxes)
    }

    /// Looks until the reload is over; the time stands still.
    fn over(reload: &mut Reload, now: Moment, mailboxes: &Mailboxes) {
        let now = now.after(RELOAD_LOOK);
        while !reload.look(now, mailboxes).unwrap() {
            // The reader has its result; it only has to be scheduled.
            reload.next_look = now;
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_reading_that_hangs_is_given_up_and_changes_nothing() {
        let (mut reload, word, begins) = reload();
        let (mailboxes, _poll, inboxes) = mailboxes();
        let start = Moment::default();
        reload.start(start);
        begins.recv().unwrap();
        assert!(!reload.look(start.after(RELOAD_LOOK), &mailboxes).unwrap());
        assert!(reload.look(start.after(RELOAD_MAX), &mailboxes).unwrap(), "it is given up");
        assert_eq!(reload.next_look(), None);

        // What comes too late is not taken over; what was asked for later is.
        let later = start.after(RELOAD_MAX * 2);
        reload.start(later);
        word.send(Ok(Config { clients_max: Some(7), ..config() })).unwrap();
        begins.recv().unwrap();
        assert!(!reload.look(later.after(RELOAD_LOOK), &mailboxes).unwrap());
        assert!(inboxes[0].take().is_none());
        word.send(Ok(Config { clients_max: Some(8), ..config() })).unwrap();
        over(&mut reload, later, &mailboxes);
        assert_eq!(reload.config().clients_max, Some(8));
        assert!(matches!(inboxes[0].take(), Some(WorkerMessage::Reload(_))));
    }

    /// The settings of the sample file that are marked `(R)`, in its order.
    fn marked() -> Vec<&'static str> {
        let text = include_str!("../../../packaging/lanline.toml");
        let paragraphs = text.split("\n\n").filter(|paragraph| paragraph.starts_with("# (R) "));
        let setting = |line: &'static str| line.strip_prefix("# ")?.split_once(" = ");
        paragraphs.map(|all| all.lines().find_map(setting).unwrap().0).collect()
    }

    #[test]
    fn a_setting_that_needs_a_restart_is_marked_so_and_told_when_it_changes() {
        let (reload, _word, _begins) = reload();
        let address = "127.0.0.1:1".parse().unwrap();
        let settings = Settings { accounts: Accounts::Closed, ..config().settings };
        let other = Config {
            settings,
            listen: vec![address],
            workers: 77,
            per_address_max: Some(1),
            data_choice: Choice::Asked("/other".into()),
            tls_names: vec![Name::Dns("other".to_owned())],
            metrics: Some(address),
            sandbox: crate::sandbox::Mode::Require,
            ..config()
        };
        assert_eq!(reload.needs_restart(&other), marked());
        assert_eq!(reload.needs_restart(&config()), [""; 0]);
    }

    #[test]
    fn many_signals_at_once_are_read_at_least_once_after_the_last() {
        let (mut reload, word, begins) = reload();
        let (mailboxes, _poll, _inboxes) = mailboxes();
        let now = Moment::default();
        reload.start(now);
        begins.recv().unwrap();
        for _ in 0..5 {
            reload.start(now);
        }
        word.send(Ok(config())).unwrap();
        word.send(Ok(Config { clients_max: Some(9), ..config() })).unwrap();
        over(&mut reload, now, &mailboxes);
        assert_eq!(reload.config().clients_max, Some(9));
        begins.recv().unwrap();
        assert!(begins.try_recv().is_err(), "two readings are enough");
    }
}
