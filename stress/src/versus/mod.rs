//! **`versus`**: the same workloads against other servers and the bare relay,
//! interleaved over several rounds, so that what the machine does meanwhile
//! hits all of them. Reports server CPU per delivered message (the figure to
//! compare), deliveries a second, latency, memory per idle user.

mod dialect;
pub(crate) mod launch;
mod load;
mod measure;
mod record;
pub(crate) mod server;
mod table;
mod workload;

use crate::machine;
use crate::run::Usage;
use anyhow::{Result, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
pub(crate) use record::{Outcome, Run};
use server::Server;
use std::path::{Path, PathBuf};
use std::time::Duration;
pub(crate) use workload::Workload;

/// What to compare, and how long.
#[derive(Args, Debug)]
pub(crate) struct VersusArgs {
    /// Servers to measure; by default all that are installed.
    #[arg(long, value_delimiter = ',', value_enum)]
    pub servers: Vec<Server>,
    /// Messages that are stored, against servers that store: the sender is told once they
    /// are, the recipient gets them.
    #[arg(long, conflicts_with = "tls")]
    pub stored: bool,
    /// Workloads: direct-N, pipelined-N, paired-N, broadcast-N, login, idle-N; stored:
    /// pipelined-N, paired-N.
    #[arg(long, value_delimiter = ',')]
    pub workloads: Vec<Workload>,
    /// Over TLS, those that speak it; Lanline over plain packets besides, for the ratio.
    #[arg(long)]
    pub tls: bool,
    /// How often each workload is run against each server.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub rounds: u32,
    /// How long each run is measured.
    #[arg(long, default_value_t = 3.0, value_name = "SECONDS", value_parser = crate::values::seconds)]
    pub duration: f64,
    /// What the random choices are made from.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// The Lanline to measure; by default the one beside this program.
    #[arg(long, value_name = "PATH")]
    pub server_bin: Option<PathBuf>,
    /// Writes all that was measured as JSON.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Writes a page with plots.
    #[arg(long, value_name = "FILE.html")]
    pub report: Option<PathBuf>,
}

/// Runs the comparison and prints its tables. False if a run failed.
///
/// # Errors
/// Where there is nothing to measure, or a report can't be written.
pub(crate) fn run(args: &VersusArgs) -> Result<bool> {
    let lanline = launch::server_binary(args.server_bin.as_deref());
    let contenders = contenders(args, choose_servers(args, &lanline)?);
    if contenders.is_empty() {
        bail!("none of them speaks TLS");
    }
    let workloads = match args.workloads.as_slice() {
        [] if args.stored => Workload::all_stored(),
        [] => Workload::all(),
        asked => asked.to_vec(),
    };
    if let Some(workload) = workloads.iter().find(|it| args.stored && !it.is_for_stored()) {
        bail!(Usage(format!("{workload} is not for stored messages: pipelined-N, paired-N")));
    }
    let cores = machine::cores();
    let (server_core, own_core) = match cores.as_slice() {
        [first, second, ..] => (Some(*first), Some(*second)),
        _ => {
            let why = "one core only: servers and bots share it, so the figures include both";
            crate::output::remark(why);
            (None, None)
        }
    };
    machine::raise_descriptor_limit();

    let total = u64::from(args.rounds) * (contenders.len() * workloads.len()) as u64;
    let bar = progress_bar(total);
    let mut runs = Vec::new();
    for round in 1..=args.rounds {
        for &workload in &workloads {
            for &(server, tls) in &contenders {
                let name = name(args, server, tls);
                bar.set_message(format!("round {round}: {name} {workload}"));
                let plan = measure::Plan {
                    workload,
                    tls,
                    duration: Duration::from_secs_f64(args.duration),
                    seed: args.seed.wrapping_add(u64::from(round)),
                    server_core,
                    own_core,
                };
                let outcome = match measure::measure(server, &lanline, &plan) {
                    Ok(measured) => Outcome::Measured(measured),
                    Err(error) => Outcome::Failed(format!("{error:#}").chars().take(200).collect()),
                };
                let workload = workload.to_string();
                runs.push(Run { round, server: name, workload, outcome });
                bar.inc(1);
            }
        }
        // A long comparison that is cut off keeps its whole rounds.
        if let Some(path) = &args.json {
            crate::report::write_json(path, &runs)?;
        }
    }
    bar.finish_and_clear();
    report(args, &runs)
}

fn report(args: &VersusArgs, runs: &[Run]) -> Result<bool> {
    let tables = table::render(runs);
    let printed = crate::output::print(&tables);
    if let Some(path) = &args.report {
        crate::report::write_versus_page(path, table::cpu_per_message(runs), &tables)?;
    }
    printed?;
    Ok(runs.iter().all(|run| matches!(run.outcome, Outcome::Measured(_))))
}

/// Whom to measure, and whether over TLS.
fn contenders(args: &VersusArgs, servers: Vec<Server>) -> Vec<(Server, bool)> {
    if !args.tls {
        return servers.into_iter().map(|server| (server, false)).collect();
    }
    let over_tls = servers.iter().filter(|server| server.tls().is_some());
    let plain = servers.contains(&Server::Lanline).then_some((Server::Lanline, false));
    plain.into_iter().chain(over_tls.map(|&server| (server, true))).collect()
}

fn name(args: &VersusArgs, server: Server, tls: bool) -> String {
    if args.tls && !tls { table::PLAIN.to_owned() } else { server.name() }
}

fn choose_servers(args: &VersusArgs, lanline: &Path) -> Result<Vec<Server>> {
    let all: Vec<_> = Server::all().filter(|server| server.stores() == args.stored).collect();
    let asked = if args.servers.is_empty() { &all } else { &args.servers };
    if let Some(server) = asked.iter().find(|server| server.stores() != args.stored) {
        let name = server.name();
        bail!(Usage(format!("with --stored those that store, and without those alone: {name}")));
    }
    let (here, missing): (Vec<_>, Vec<_>) =
        asked.iter().partition(|server| server.program(lanline).is_some());
    let names: Vec<_> = missing.iter().map(|server: &Server| server.name()).collect();
    match (names.is_empty(), args.servers.is_empty()) {
        (true, _) => {}
        (false, true) => {
            let left_out = format!("not installed, so left out: {}", names.join(", "));
            crate::output::remark(&left_out);
        }
        (false, false) => bail!("not installed: {}", names.join(", ")),
    }
    Ok(here)
}

fn progress_bar(total: u64) -> ProgressBar {
    let style = "{elapsed_precise} [{bar:30}] {pos}/{len} {msg}";
    let bar = ProgressBar::new(total);
    bar.set_style(
        ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    bar
}
