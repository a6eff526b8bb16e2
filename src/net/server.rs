//! Start and end: limits, listeners, threads, signals. What a worker does in
//! between is `worker`'s.

use super::admission::Admission;
use super::config::Config;
use super::control::ControlTask;
use super::descriptors;
use super::heartbeat::Heartbeat;
use super::listener::{self, Listener};
use super::loop_stats::LoopStats;
use super::mailbox::Mailboxes;
use super::metrics::{Metrics, Sources};
use super::reload::{Reload, Reread};
use super::signals::Signals;
use super::supervisor::{self, Supervisor};
use super::worker::{Parts, WAKER, Worker};
use crate::chat::{Counters, Shard, Topology, WorkerId};
use crate::limits;
use crate::sandbox::{self, Needs, Sandbox};
use log::{error, info};
use mio::{Poll, Waker};
use std::fmt;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::{Arc, Barrier};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

/// Why the server can't serve.
#[derive(Debug)]
pub enum ServeError {
    /// An address can't be bound.
    Bind(SocketAddr, io::Error),
    /// The descriptor limit leaves no room for clients.
    Descriptors { limit: usize },
    /// The limit on descriptors is too low for the wanted number of clients.
    ClientsMax { wanted: usize, limit: usize, allowed: usize },
    /// The sandbox is required and can't be had.
    Sandbox(sandbox::Refused),
    /// Something that the system should give.
    System(&'static str, io::Error),
}

/// Serves until a signal ends it; `reread` gets the settings anew on SIGHUP.
/// The calling thread is the first worker: a server of one worker is a process
/// of one thread, whose descriptors the kernel needs not share out.
///
/// # Errors
/// [`ServeError`], before anything is served.
pub fn serve(config: Config, reread: Reread) -> Result<(), ServeError> {
    serve_then(config, reread, |_| {})
}

/// [`serve`], and calls `ready` in this thread once it serves: with all its
/// threads, this one too, in the sandbox.
///
/// # Errors
/// As there.
pub fn serve_then(
    config: Config,
    reread: Reread,
    ready: impl FnOnce(&[SocketAddr]),
) -> Result<(), ServeError> {
    let start = Instant::now();
    let supervisor = Arc::new(Supervisor::from_env());
    let allowance = Allowance::of(&config)?;
    let clients_max = allowance.clients_max(&config)?;
    // Before the first thread, so that a signal meets its handler.
    let signals = Signals::take_over().map_err(system("signals"))?;
    let listeners = open_listeners(&config)?;
    let metrics = config.metrics.map(open_metrics).transpose()?;
    config.log_limits(clients_max);
    die_with_any_thread();

    let addresses: Vec<SocketAddr> = listeners.iter().map(|listener| listener.address).collect();
    let needs = Needs { read_again: config.reread.clone(), metrics: metrics.is_some() };
    let mut sandbox = Sandbox::new(config.sandbox, needs);
    sandbox.close_files().map_err(ServeError::Sandbox)?;
    let admission = Admission::new(clients_max, config.per_address_max, &config.allow);
    let reload = Reload::new(reread, config, admission, allowance);
    let (threads, first) =
        ThreadGroup::build(reload, listeners, metrics, (signals, &supervisor), start)?;
    let in_force = sandbox.close_calls().map_err(ServeError::Sandbox)?;
    threads.counters.set_sandbox([u64::from(in_force.seccomp), in_force.landlock as u64]);
    threads.open();
    announce(&addresses).map_err(system("standard output"))?;
    supervisor.is_ready();
    ready(&addresses);
    first.run().map_err(system("the poll"))?;
    threads.end();
    Ok(())
}

/// What the supervisor has opened for us, or what the settings ask for.
fn open_listeners(config: &Config) -> Result<Vec<Listener>, ServeError> {
    let inherited = supervisor::inherited_listeners().map_err(system("inherited sockets"))?;
    if inherited.is_empty() {
        return listener::bind_all(&config.listen, config.workers, user_timeout(config))
            .map_err(|(address, error)| ServeError::Bind(address, error));
    }
    if !config.listen.is_empty() {
        info!("the supervisor's sockets are used, and not --listen");
    }
    let share = |listener| Listener::inherited(listener, config.workers, user_timeout(config));
    inherited.iter().map(share).collect::<io::Result<_>>().map_err(system("inherited sockets"))
}

fn open_metrics(address: SocketAddr) -> Result<Metrics, ServeError> {
    let metrics = Metrics::bind(address).map_err(|error| ServeError::Bind(address, error))?;
    // The real port, where any was asked for.
    let address = metrics.address().map_err(system("the address of the metrics"))?;
    info!("metrics at http://{address}/metrics");
    Ok(metrics)
}

/// All other threads, and what is told of all at the end.
struct ThreadGroup {
    counters: Arc<Counters>,
    threads: Vec<JoinHandle<()>>,
    /// Behind it all threads wait to be let go.
    gate: Arc<Barrier>,
    start: Instant,
}

impl ThreadGroup {
    /// When this returns, all threads but this one's worker run, and wait to
    /// be let go.
    fn build(
        reload: Reload,
        mut listeners: Vec<Listener>,
        metrics: Option<Metrics>,
        (signals, supervisor): (Signals, &Arc<Supervisor>),
        start: Instant,
    ) -> Result<(Self, Worker), ServeError> {
        let config = reload.config();
        let (workers, admission) = (config.workers, reload.admission().clone());
        let (polls, wakers) = polls(workers).map_err(system("polls"))?;
        let (mailboxes, inboxes) = Mailboxes::new(wakers);
        let counters = Arc::new(Counters::new(workers));
        let loop_stats = Arc::new(LoopStats::new(workers));
        let settings = Arc::new(config.settings.clone());
        let hash_keys = hash_keys()?;

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
                loop_stats: loop_stats.clone(),
                start,
            };
            all.push(Worker::new(parts).map_err(system("polls"))?);
        }
        let first = all.remove(0);
        let gate = Arc::new(Barrier::new(workers + usize::from(metrics.is_some())));
        if let Some(metrics) = metrics {
            let (counters, version) = (counters.clone(), settings.version.clone());
            let sources = Sources { counters, loop_stats, mailboxes, admission, version };
            metrics.start(sources, gate.clone()).map_err(system("threads"))?;
        }
        let spawn = |(worker, number)| spawn(worker, number, gate.clone());
        let threads = all.into_iter().zip(1..).map(spawn);
        let threads = threads.collect::<io::Result<_>>().map_err(system("threads"))?;
        gate.wait();
        Ok((Self { counters, threads, gate, start }, first))
    }

    /// Lets all threads go.
    fn open(&self) {
        self.gate.wait();
    }

    /// Waits for the other threads and says what all did.
    fn end(self) {
        for thread in self.threads {
            // A panic has ended the process already.
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
    }
}

/// A worker's thread, which waits at the gate twice: until all have started,
/// and until the process is in its sandbox.
fn spawn(worker: Worker, number: WorkerId, gate: Arc<Barrier>) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name(format!("worker-{number}")).spawn(move || {
        gate.wait();
        gate.wait();
        if let Err(error) = worker.run() {
            // No half-dead server: whoever supervises us starts a whole one.
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
    let random = || getrandom::u64().map_err(|e| system("randomness")(io::Error::other(e)));
    Ok((random()?, random()?))
}

/// How many clients the descriptor limit allows, now and while we serve.
#[derive(Clone, Copy, Debug)]
pub struct Allowance {
    limit: usize,
    allowed: usize,
}

impl Allowance {
    fn of(config: &Config) -> Result<Self, ServeError> {
        let limit = descriptors::raise_limit().map_err(system("descriptor limit"))?;
        let listeners = config.listen.len().max(1);
        let allowed = descriptors::clients_allowed(limit, config.workers, listeners);
        if allowed == 0 {
            Err(ServeError::Descriptors { limit })
        } else {
            Ok(Self { limit, allowed })
        }
    }

    /// How many there may be: what was asked for, or what is allowed.
    ///
    /// # Errors
    /// [`ServeError::ClientsMax`] where more were asked for.
    pub fn clients_max(self, config: &Config) -> Result<usize, ServeError> {
        let Self { limit, allowed } = self;
        match config.clients_max {
            Some(wanted) if wanted > allowed => {
                Err(ServeError::ClientsMax { wanted, limit, allowed })
            }
            wanted => Ok(wanted.unwrap_or(allowed)),
        }
    }
}

/// How long TCP waits for a peer that acknowledges nothing. A queue that stands
/// still is the shard's to judge, and it shall be the first.
fn user_timeout(config: &Config) -> Duration {
    limits::USER_TIMEOUT_MAX.max(config.settings.stuck_timeout + limits::KEEPALIVE_INTERVAL)
}

/// For people in the log, for scripts on standard output.
fn announce(addresses: &[SocketAddr]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for address in addresses {
        info!("listening on {address}");
        writeln!(out, "listening on {address}")?;
    }
    out.flush()
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

fn system(what: &'static str) -> impl Fn(io::Error) -> ServeError {
    move |error| ServeError::System(what, error)
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bind(address, error) => {
                write!(f, "can't listen on {address}: {error}")?;
                let advice = match error.kind() {
                    io::ErrorKind::AddrInUse => {
                        "another program has it (ss -ltnp shows which); \
                         end that one or choose another port with --listen"
                    }
                    io::ErrorKind::PermissionDenied => {
                        "ports below 1024 are root's; choose a higher one"
                    }
                    io::ErrorKind::AddrNotAvailable => {
                        "this machine has no such address (ip address shows which it has)"
                    }
                    _ => return Ok(()),
                };
                write!(f, "; {advice}")
            }
            Self::Descriptors { limit } => write!(
                f,
                "the limit of {limit} descriptors leaves no room for clients; \
                 raise it (ulimit -n, or LimitNOFILE in a systemd unit)"
            ),
            Self::ClientsMax { wanted, limit, allowed } => write!(
                f,
                "{wanted} clients are wanted, but {limit} descriptors allow {allowed}; raise the \
                 limit (ulimit -n, or LimitNOFILE in a systemd unit) or lower --max-clients"
            ),
            Self::Sandbox(refused) => write!(f, "{refused}; see --sandbox"),
            Self::System(what, error) => write!(f, "the system refuses {what}: {error}"),
        }
    }
}

impl std::error::Error for ServeError {}

/// So that worker numbers fit their type.
const _: () = assert!(crate::limits::WORKERS_MAX <= WorkerId::MAX as usize);
