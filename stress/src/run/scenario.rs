//! One scenario: server, crew, windows of a second, closed books.

use super::Usage;
use super::flags::ScenarioArgs;
use super::record::{Latencies, Moment, Record};
use super::target::Server;
use crate::bots::Window;
use crate::crew::Crew;
use crate::machine::ServerCpu;
use crate::report::Progress;
use crate::scenarios::{Kind, Spec};
use anyhow::{Result, bail};
use std::time::Duration;

/// A window between two looks at the server.
const WINDOW_SECONDS: f64 = 1.0;

/// Plays a scenario against the server that the flags name.
///
/// # Errors
/// Where there is no server, or too few users for the scenario.
pub(crate) fn run(kind: Kind, args: &ScenarioArgs) -> Result<Record> {
    if args.users < kind.users_min() {
        let least = kind.users_min();
        bail!(Usage(format!("{} takes {least} users at the least", name(kind))));
    }
    if !args.accounts {
        return play(kind, args, &Server::find(&args.common)?);
    }
    if !kind.is_for_accounts() || args.users > Crew::seats_per_process() {
        let most = Crew::seats_per_process();
        bail!(Usage(format!("{} is not for accounts, or not for over {most}", name(kind))));
    }
    let server = Server::with_accounts(&args.common, args.users)?;
    play(kind, args, &server)
}

pub(super) fn name(kind: Kind) -> String {
    use clap::ValueEnum;
    kind.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

/// Plays a scenario against a server that is there.
///
/// # Errors
/// Where a process of bots fails.
pub(super) fn play(kind: Kind, args: &ScenarioArgs, server: &Server) -> Result<Record> {
    let (size, rate, window, seed) = (args.size, args.rate, args.window as usize, args.common.seed);
    let security = args.common.security();
    let logins = server.logins().to_vec();
    let spec = Spec { kind, size, rate, window, seed, security, logins };
    let progress = Progress::new(&name(kind));
    let mut crew = Crew::new(&spec, server.address, args.users, args.processes)?;
    let mut failures = Vec::new();
    if kind.needs_everyone() {
        progress.say(&format!("{} users arrive", args.users));
        let (users, turned_away) = crew.grow(args.users)?;
        if users < args.users {
            let why = turned_away.first().cloned().unwrap_or_default();
            failures.push(format!("{users} of {} users were let in: {why}", args.users));
        }
    }
    let processes = crew.processes();
    let mut sums = Sums::new(server);
    if failures.is_empty() {
        while sums.window.seconds < args.duration {
            let seconds = WINDOW_SECONDS.min(args.duration - sums.window.seconds).max(0.01);
            let window = crew.play(seconds)?;
            sums.add(&window, server);
            progress.say(&sums.line());
        }
    }
    progress.say("the last packets arrive");
    let (cpu, parts) = (sums.cpu_us(server), sums.parts_us(server));
    let outcome = crew.finish()?;
    if failures.is_empty() {
        let turned_away = outcome.turned_away.iter();
        failures.extend(turned_away.map(|(why, count)| format!("{count} not let in: {why}")));
    }
    if failures.is_empty() && sums.window.delivered + sums.window.welcomed == 0 {
        failures.push("nothing happened".to_owned());
    }
    let Sums { window, latencies, moments, generator_busy, .. } = sums;
    Ok(Record {
        scenario: name(kind),
        users: args.users,
        processes,
        seconds: window.seconds,
        delivered: window.delivered,
        per_second: if window.seconds > 0.0 {
            happened(&window) as f64 / window.seconds
        } else {
            0.0
        },
        welcomed: window.welcomed,
        latency: latencies.summary(),
        percentiles: latencies.percentiles(),
        moments,
        steps: Vec::new(),
        ending: None,
        server_cpu_us: cpu,
        worker_cpu_us: parts.map(|parts| parts.0),
        store_cpu_us: parts.map(|parts| parts.1),
        generator_busy: generator_busy / processes as f64,
        outcome,
        failures,
    })
}

/// Deliveries, or logins where nothing else is done.
fn happened(window: &Window) -> u64 {
    if window.delivered > 0 { window.delivered } else { window.welcomed }
}

/// All windows so far.
struct Sums {
    window: Window,
    latencies: Latencies,
    moments: Vec<Moment>,
    cpu_before: Option<f64>,
    parts_before: Option<ServerCpu>,
    /// The greatest share of a core in a window, all processes together.
    generator_busy: f64,
}

impl Sums {
    fn new(server: &Server) -> Self {
        Self {
            window: Window::default(),
            latencies: Latencies::new(),
            moments: Vec::new(),
            cpu_before: server.cpu_seconds(),
            parts_before: server.cpu_by_part(),
            generator_busy: 0.0,
        }
    }

    fn add(&mut self, window: &Window, server: &Server) {
        self.window.seconds += window.seconds;
        self.window.delivered += window.delivered;
        self.window.refused += window.refused;
        self.window.welcomed += window.welcomed;
        self.window.turned_away += window.turned_away;
        self.latencies.add(window);
        self.generator_busy =
            self.generator_busy.max(window.generator_cpu_seconds / window.seconds);
        let (server_bytes, server_descriptors) = server.vitals();
        self.moments.push(Moment {
            at_seconds: self.window.seconds,
            users: window.users,
            per_second: happened(window) as f64 / window.seconds,
            latency: Latencies::of(window).summary(),
            server_bytes,
            server_descriptors,
        });
    }

    fn line(&self) -> String {
        let Some(moment) = self.moments.last() else { return String::new() };
        format!(
            "{:.0} s, {} users, {:.0} a second, p99 {:.2} ms",
            moment.at_seconds,
            moment.users,
            moment.per_second,
            moment.latency.p99 / 1e3
        )
    }

    /// The server's CPU per delivery (or login), in microseconds.
    fn cpu_us(&self, server: &Server) -> Option<f64> {
        let cpu = server.cpu_seconds()? - self.cpu_before?;
        let happened = happened(&self.window);
        (happened > 0).then(|| cpu * 1e6 / happened as f64)
    }

    /// That of its workers, and of its store, where it has one.
    fn parts_us(&self, server: &Server) -> Option<(f64, f64)> {
        let cpu = server.cpu_by_part()?.since(self.parts_before?);
        let happened = happened(&self.window) as f64;
        let each = |time: Duration| time.as_secs_f64() * 1e6 / happened;
        (happened > 0.0).then(|| (each(cpu.workers), each(cpu.store)))
    }
}
