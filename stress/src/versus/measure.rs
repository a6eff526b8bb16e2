//! One run: a fresh server, one workload, and what it cost.

use super::launch::{Running, launch};
use super::load::Load;
use super::server::Server;
use super::workload::Workload;
use crate::driver::{Driver, Security, Target};
use crate::login::site::{Secrets, Site};
use crate::machine;
use crate::run::Latency;
use anyhow::{Context, Result, bail};
use serde::Serialize;
use std::path::Path;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// All users have to be there by then.
const ARRIVAL_SECONDS_MAX: u64 = 90;
/// Run before anything is counted, as a part of the measured time.
const WARM_UP_SHARE: f64 = 0.2;
/// Silence after the last login, before memory is read.
const SETTLING: Duration = Duration::from_millis(500);
const TURN: Duration = Duration::from_millis(50);

/// How to measure.
pub(super) struct Plan {
    pub workload: Workload,
    pub tls: bool,
    pub duration: Duration,
    pub seed: u64,
    pub server_core: Option<usize>,
    pub own_core: Option<usize>,
}

/// What one run gave.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Measured {
    pub seconds: f64,
    /// Messages that arrived, or logins.
    pub delivered: u64,
    pub per_second: f64,
    pub server_cpu_us: f64,
    pub latency_p50_us: f64,
    pub latency_p99_us: f64,
    pub latency_max_us: f64,
    /// Shares of one core.
    pub server_busy: f64,
    pub generator_busy: f64,
    /// Resident memory that each idle user adds.
    pub idle_user_bytes: Option<f64>,
}

/// Starts `server`, runs the workload, ends the server.
///
/// # Errors
/// Where the server fails, refuses somebody, or delivers nothing.
pub(super) fn measure(server: Server, lanline: &Path, plan: &Plan) -> Result<Measured> {
    let (folder, logins) = match server {
        // They are called as the dialect calls them.
        Server::LanlineStored => {
            Site::make_called(plan.workload.seats(), Secrets::Tokens, |user| format!("u{user}"))?
                .into_parts()
        }
        _ => (TempDir::with_prefix("stress-")?, Vec::new()),
    };
    let mut running = launch(server, plan.tls, lanline, plan.server_core, folder)?;
    let own_cores = machine::cores();
    if let Some(core) = plan.own_core {
        machine::pin_to(core)?;
    }
    let measured = measure_running(server, &logins, &mut running, plan);
    machine::pin_to_all(&own_cores)?;
    let has_ended = running.has_ended();
    measured.with_context(|| if has_ended { "the server has ended" } else { "the run failed" })
}

fn measure_running(
    server: Server,
    logins: &[String],
    running: &mut Running,
    plan: &Plan,
) -> Result<Measured> {
    let dialect = server.dialect(logins);
    let security = if plan.tls { server.tls() } else { Some(Security::Plain) };
    let security = security.context("it has no TLS")?;
    let mut load =
        Load::new(dialect.as_ref(), plan.workload, server.stores(), plan.seed, Instant::now());
    let mut driver = Driver::new(plan.workload.seats(), Target::new(running.address, security))?;
    let empty_bytes = machine::resident_bytes(running.pid()).unwrap_or(0);

    driver.prompt(&mut load, |load, hands| load.open(hands));
    let deadline = Instant::now() + Duration::from_secs(ARRIVAL_SECONDS_MAX);
    while !load.everyone_is_there() {
        turn(&mut driver, &mut load)?;
        if Instant::now() > deadline {
            bail!("not everyone was let in within {ARRIVAL_SECONDS_MAX} s");
        }
    }
    if let Workload::Idle { users } = plan.workload {
        turn_for(SETTLING, &mut driver, &mut load)?;
        let bytes = machine::resident_bytes(running.pid()).context("the server has ended")?;
        let idle_user_bytes = bytes.saturating_sub(empty_bytes) as f64 / users as f64;
        return Ok(Measured { idle_user_bytes: Some(idle_user_bytes), ..Measured::default() });
    }
    driver.prompt(&mut load, |load, hands| load.start(hands));
    turn_for(plan.duration.mul_f64(WARM_UP_SHARE), &mut driver, &mut load)?;
    load.reset_counts();
    measure_window(running.pid(), plan, &mut driver, &mut load)
}

fn measure_window(
    pid: u32,
    plan: &Plan,
    driver: &mut Driver,
    load: &mut Load<'_>,
) -> Result<Measured> {
    let start = Instant::now();
    let own_before = machine::own_cpu_time();
    let before = machine::cpu_time(pid).context("the server has ended")?;
    turn_for(plan.duration, driver, load)?;
    let after = machine::cpu_time(pid).context("the server has ended")?;
    let own_after = machine::own_cpu_time();
    let seconds = start.elapsed().as_secs_f64();
    if load.delivered == 0 {
        bail!("nothing arrived");
    }
    let cpu = after.saturating_sub(before).as_secs_f64();
    let delivered = load.delivered as f64;
    let latency = Latency::of(&load.latency);
    Ok(Measured {
        seconds,
        delivered: load.delivered,
        per_second: delivered / seconds,
        server_cpu_us: cpu * 1e6 / delivered,
        latency_p50_us: latency.p50,
        latency_p99_us: latency.p99,
        latency_max_us: latency.max,
        server_busy: cpu / seconds,
        generator_busy: own_after.saturating_sub(own_before).as_secs_f64() / seconds,
        idle_user_bytes: None,
    })
}

fn turn_for(duration: Duration, driver: &mut Driver, load: &mut Load<'_>) -> Result<()> {
    let deadline = Instant::now() + duration;
    while Instant::now() < deadline {
        turn(driver, load)?;
    }
    Ok(())
}

fn turn(driver: &mut Driver, load: &mut Load<'_>) -> Result<()> {
    driver.turn(load, TURN)?;
    match load.failure.take() {
        Some(failure) => bail!("{failure}"),
        None => Ok(()),
    }
}
