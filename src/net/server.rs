//! Start and end: limits, listeners, threads, signals. What a worker does in
//! between is `worker`'s.

use super::admission::Admission;
use super::config::Config;
use super::control::{ConfigReader, ControlTask, Heartbeat, Reload, Reread};
use super::error::ServeError;
use super::gate::Gate;
use super::loop_stats::LoopStats;
use super::mailbox::Mailboxes;
use super::process::{Allowance, Signals, Supervisor, reserve_table, supervisor};
use super::services::metrics::{Metrics, Sources};
use super::services::store::{Accounts, require_no_accounts};
use super::services::{Service, Services};
use super::transport::{Context, Listener, listener};
use super::worker::{Parts, WAKER, Worker};
use crate::chat::{self, Counters, Shard, Topology, WorkerId};
use crate::limits;
use crate::logging;
use crate::sandbox::Needs;
use log::{error, info};
use mio::{Poll, Waker};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

/// Serves until a signal ends it; `reread` gets the settings anew on SIGHUP.
/// The calling thread is the first worker, and helpers have descriptors of their
/// own: so the kernel needs not share out those of a server with one worker.
///
/// # Errors
/// [`ServeError`], before anything is served.
pub fn serve(config: Config, reread: Reread) -> Result<(), ServeError> {
    serve_with(config, reread, Vec::new(), |_| {})
}

/// [`serve`] with services of the caller's besides its own; calls `ready` in
/// this thread once it serves: with all its threads, this one too, in the
/// sandbox.
///
/// # Errors
/// As there.
pub fn serve_with(
    config: Config,
    reread: Reread,
    services: Vec<Box<dyn Service>>,
    ready: impl FnOnce(&[SocketAddr]),
) -> Result<(), ServeError> {
    let start = Instant::now();
    // Before anything is opened: see `sandbox::Helper`.
    let helper =
        ConfigReader::start(reread, config.site.clone()).map_err(ServeError::system("threads"))?;
    let (reader, settings_helper) = helper;
    let supervisor = Arc::new(Supervisor::from_env());
    let allowance = Allowance::of(&config)?;
    let clients_max = allowance.clients_max(&config)?;
    let signals = Signals::take_over().map_err(ServeError::system("signals"))?;
    let listeners = open_listeners(&config)?;
    reserve_table(clients_max).map_err(ServeError::system("the table of descriptors"))?;
    let metrics = config.metrics.map(open_metrics).transpose()?;
    let accounts = open_accounts(&config)?;
    config.log_limits(clients_max);
    die_with_any_thread();

    let addresses: Vec<SocketAddr> = listeners.iter().map(|listener| listener.address).collect();
    let admission = Admission::new(config.admission_rules(clients_max), config.per_address_max);
    let mut gate = Gate::new(config.sandbox);
    gate.release(settings_helper, config_reader_needs(&config));
    if let Some(helper) = logging::helper() {
        gate.release(helper, Needs::default());
    }
    let reload = Reload::new(reader, config, admission, allowance);
    let (threads, first) = ThreadGroup::build(
        &mut gate,
        reload,
        listeners,
        (metrics, accounts, services),
        (signals, &supervisor),
        start,
    )?;
    let in_force = gate.confine_all(&Worker::needs()).map_err(ServeError::Sandbox)?;
    threads.counters.set_sandbox([u64::from(in_force.seccomp), in_force.landlock as u64]);
    gate.open();
    for address in &addresses {
        logging::announce(&format!("listening on {address}"));
    }
    supervisor.is_ready();
    ready(&addresses);
    first.run().map_err(ServeError::system("the poll"))?;
    threads.end();
    Ok(())
}

/// What the thread that reads settings again needs of the sandbox. A pipe can't
/// be read again.
fn config_reader_needs(config: &Config) -> Needs {
    let read_again = config.reread.iter().filter(|path| path.is_file()).cloned().collect();
    let write_in = config.site.iter().map(|site| site.dir().path().to_owned()).collect();
    Needs { read_again, write_in, ..Needs::default() }
}

/// What the supervisor has opened for us, or what the settings ask for.
fn open_listeners(config: &Config) -> Result<Vec<Listener>, ServeError> {
    let inherited = supervisor::inherited_listeners().map_err(ServeError::Inherited)?;
    if inherited.is_empty() {
        return listener::bind_all(&config.listen, config.workers, user_timeout(config))
            .map_err(|(address, error)| ServeError::Bind(address, error));
    }
    if !config.listen.is_empty() {
        info!("the supervisor's sockets are used, and not --listen");
    }
    let share = |listener| Listener::inherited(listener, config.workers, user_timeout(config));
    inherited
        .iter()
        .map(share)
        .collect::<io::Result<_>>()
        .map_err(ServeError::system("inherited sockets"))
}

/// The accounts, if there may be any.
fn open_accounts(config: &Config) -> Result<Option<Accounts>, ServeError> {
    match (&config.data, config.settings.accounts) {
        (None, _) => Ok(None),
        (Some(dir), chat::Accounts::Off) => require_no_accounts(dir).map(|()| None),
        (Some(dir), chat::Accounts::Open | chat::Accounts::Closed) => {
            Accounts::open(dir.clone()).map(Some)
        }
    }
}

fn open_metrics(address: SocketAddr) -> Result<Metrics, ServeError> {
    let metrics = Metrics::open(address).map_err(|error| ServeError::Bind(address, error))?;
    // The real port, where any was asked for.
    let address = metrics.address().map_err(ServeError::system("the address of the metrics"))?;
    info!("metrics at http://{address}/metrics");
    Ok(metrics)
}

/// All other threads, and what is told of all at the end.
struct ThreadGroup {
    counters: Arc<Counters>,
    workers: Vec<JoinHandle<()>>,
    services: Services,
    start: Instant,
}

impl ThreadGroup {
    /// When this returns, all threads but this one's worker run, and wait at
    /// the gate.
    fn build(
        gate: &mut Gate,
        reload: Reload,
        mut listeners: Vec<Listener>,
        (metrics, accounts, others): (Option<Metrics>, Option<Accounts>, Vec<Box<dyn Service>>),
        (signals, supervisor): (Signals, &Arc<Supervisor>),
        start: Instant,
    ) -> Result<(Self, Worker), ServeError> {
        let config = reload.config();
        let (workers, admission) = (config.workers, reload.admission().clone());
        let expiry = reload.expiry().clone();
        let tls = config.tls.as_ref().map(|tls| tls.config().clone());
        let tls_required = config.tls_required;
        let (polls, wakers) = polls(workers).map_err(ServeError::system("polls"))?;
        let (mailboxes, inboxes) = Mailboxes::new(wakers);
        let counters = Arc::new(Counters::new(workers));
        let loop_stats = Arc::new(LoopStats::new(workers));
        let settings = Arc::new(config.settings.clone());
        let hash_keys = hash_keys()?;

        let notices = accounts.as_ref().map(Accounts::notices).unwrap_or_default();
        let keeping = config.keeping.clone();
        let accounts = accounts.map(|it| it.services(mailboxes.clone(), counters.clone(), keeping));
        let accounts = accounts.transpose().map_err(ServeError::system("randomness"))?;
        let (stores, store) = accounts.map(|parts| (parts.services, parts.requests)).unzip();

        let watched = metrics.is_some() || supervisor.watchdog().is_some();
        let heartbeat = watched.then(|| Heartbeat::new(loop_stats.clone(), supervisor.watchdog()));
        let control =
            ControlTask::new(signals, supervisor.clone(), reload, heartbeat, mailboxes.clone());
        let mut control = Some(control);
        let mut all = Vec::new();
        for (worker, (poll, mailbox)) in (0..).zip(polls.into_iter().zip(inboxes)) {
            let topology = Topology { worker, workers, hash_keys };
            let clock = Box::new(SystemTime::now);
            let parts = Parts {
                worker,
                poll,
                listeners: listeners.iter_mut().filter_map(|l| l.sockets.pop()).collect(),
                control: control.take(),
                shard: Shard::new(topology, settings.clone(), counters.clone(), clock),
                mailbox,
                admission: admission.clone(),
                transports: Context::new(tls.clone()),
                tls_required,
                loop_stats: loop_stats.clone(),
                store: store.clone(),
                notices: notices.clone(),
                start,
            };
            all.push(Worker::new(parts).map_err(ServeError::system("polls"))?);
        }
        let first = all.remove(0);
        let mut services = Services::default();
        let metrics = metrics.map(|metrics| {
            let (counters, version) = (counters.clone(), settings.version.clone());
            let sources = Sources { counters, loop_stats, mailboxes, admission, expiry, version };
            metrics.service(sources)
        });
        let threads = ServeError::system("threads");
        for service in metrics.into_iter().chain(stores.into_iter().flatten()).chain(others) {
            services.start(gate, service).map_err(&threads)?;
        }
        let spawn = |(worker, number)| spawn(gate, worker, number);
        let workers = all.into_iter().zip(1..).map(spawn);
        let workers = workers.collect::<io::Result<_>>().map_err(threads)?;
        Ok((Self { counters, workers, services, start }, first))
    }

    /// Waits for the other threads and says what all did.
    fn end(self) {
        for thread in self.workers {
            // A panic would have ended the process.
            let _ = thread.join();
        }
        let counters = &self.counters;
        info!(
            "stopped after {} s: packets in {} out {}, bytes in {} out {}, refused {}, peak users {}",
            self.start.elapsed().as_secs(),
            counters.sum(|counters| &counters.packets_in),
            counters.sum(|counters| &counters.packets_out),
            counters.sum(|counters| &counters.bytes_in),
            counters.sum(|counters| &counters.bytes_out),
            counters.sum(|counters| &counters.refused),
            counters.peak_users(),
        );
        self.services.stop();
    }
}

/// A worker's thread.
fn spawn(gate: &mut Gate, worker: Worker, number: WorkerId) -> io::Result<JoinHandle<()>> {
    gate.start(format!("worker-{number}"), Worker::needs(), move || {
        if let Err(error) = worker.run() {
            // Ends the whole process, so that a supervisor restarts it.
            panic!("the poll failed: {error}");
        }
    })
}

fn polls(workers: usize) -> io::Result<(Vec<Poll>, Vec<Waker>)> {
    let polls = (0..workers).map(|_| Poll::new()).collect::<io::Result<Vec<_>>>()?;
    let wakers = polls.iter().map(|poll| Waker::new(poll.registry(), WAKER));
    let wakers = wakers.collect::<io::Result<Vec<_>>>()?;
    Ok((polls, wakers))
}

/// A secret of this run.
fn hash_keys() -> Result<(u64, u64), ServeError> {
    let refused = ServeError::system("randomness");
    let random = || getrandom::u64().map_err(|error| refused(io::Error::other(error)));
    Ok((random()?, random()?))
}

/// How long TCP waits for a peer that acknowledges nothing: longer than the stuck
/// timeout, so that the shard ends such a connection first.
fn user_timeout(config: &Config) -> Duration {
    limits::USER_TIMEOUT_MAX.max(config.settings.stuck_timeout + limits::KEEPALIVE_INTERVAL)
}

/// A panic anywhere ends the process with a line in the log and exit code 1.
fn die_with_any_thread() {
    std::panic::set_hook(Box::new(|panic| {
        let thread = thread::current();
        let name = thread.name().unwrap_or("?").escape_debug().to_string();
        error!("{name} failed, the server ends: {panic}");
        log::logger().flush();
        std::process::exit(1);
    }));
}

/// So that worker numbers fit their type.
const _: () = assert!(limits::WORKERS_MAX <= WorkerId::MAX as usize);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::test_support;

    #[test]
    fn tcp_gives_a_peer_up_after_the_shard_would_have() {
        let mut config = test_support::config();
        config.settings.stuck_timeout = Duration::from_secs(1);
        assert_eq!(user_timeout(&config), limits::USER_TIMEOUT_MAX);
        config.settings.stuck_timeout = Duration::from_secs(500);
        assert_eq!(user_timeout(&config), Duration::from_secs(500) + limits::KEEPALIVE_INTERVAL);
    }
}
