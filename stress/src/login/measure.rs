//! One round of each kind, on a server that is started for it. Never: how figures are
//! shown.

use super::arrivals::Arrivals;
use super::outcome::{Logins, Started, Talk};
use super::plan::Plan;
use super::site::Site;
use crate::attack::Pairs;
use crate::driver::{Driver, Security, Target};
use crate::machine::{self, ServerCpu};
use crate::run::Latency;
use anyhow::{Context, Result, bail};
use std::time::{Duration, Instant};

const TURN: Duration = Duration::from_millis(20);
/// All have to be in or out by then.
const PATIENCE: Duration = Duration::from_secs(60);

/// They come, all at once, for as long as the plan says.
///
/// # Errors
/// Where somebody isn't let in.
pub(super) fn logins(plan: &Plan, site: &Site, by_token: bool) -> Result<Logins> {
    let server = site.serve(plan)?;
    let logins = by_token.then_some(&*site.logins);
    let mut arrivals = Arrivals::new(site.logins.len(), logins, false);
    let target = Target::new(server.address, Security::Plain);
    let mut driver = Driver::new(site.logins.len(), target)?;
    driver.prompt(&mut arrivals, |arrivals, hands| arrivals.open(hands));
    // The first wave writes to the disk from where everybody came.
    turn_until(&mut driver, &mut arrivals, |arrivals| arrivals.waves() > 0)?;
    let first = arrivals.took.first().copied().unwrap_or_default();
    let before = ServerCpu::of(server.pid()).context("the server has ended")?;
    arrivals.reset_counts();
    let end = Instant::now() + plan.duration;
    while Instant::now() < end {
        turn(&mut driver, &mut arrivals)?;
    }
    arrivals.close();
    turn_until(&mut driver, &mut arrivals, |arrivals| arrivals.are_gone())?;
    let after = ServerCpu::of(server.pid()).context("the server has ended")?;
    let used = after.since(before);
    let each = |time: Duration| time.as_secs_f64() * 1e6 / arrivals.welcomed.max(1) as f64;
    let mut rates: Vec<f64> = arrivals.took.iter().map(|took| rate(site, *took)).collect();
    rates.sort_by(f64::total_cmp);
    Ok(Logins {
        waves: rates.len(),
        per_second: rates.get(rates.len() / 2).copied().unwrap_or_default(),
        per_second_first: rate(site, first),
        latency: Latency::of(&arrivals.latency),
        worker_us: each(used.workers),
        store_us: each(used.store),
    })
}

fn rate(site: &Site, took: Duration) -> f64 {
    site.logins.len() as f64 / took.as_secs_f64().max(1e-9)
}

/// Pairs talk, while passwords wait to be hashed or while none do.
///
/// # Errors
/// Where somebody isn't let in.
pub(super) fn pairs(plan: &Plan, site: &Site, is_hashing: bool) -> Result<Talk> {
    let server = site.serve(plan)?;
    let waiting = if is_hashing { site.logins.len() } else { 0 };
    let mut arrivals = Arrivals::new(waiting, Some(&site.logins), true);
    let mut driver = Driver::new(waiting, Target::new(server.address, Security::Plain))?;
    driver.prompt(&mut arrivals, |arrivals, hands| arrivals.open(hands));
    if is_hashing {
        turn_until(&mut driver, &mut arrivals, |arrivals| arrivals.welcomed > 0)?;
    }
    arrivals.reset_counts();
    let pairs = Pairs::start(server.address, "pair")?;
    let end = Instant::now() + plan.duration;
    while Instant::now() < end {
        turn(&mut driver, &mut arrivals)?;
    }
    let passwords_per_second = arrivals.welcomed as f64 / plan.duration.as_secs_f64();
    let seen = pairs.finish()?;
    if seen.refused > 0 {
        bail!("{} packets of the pairs were lost", seen.refused);
    }
    Ok(Talk { latency: Latency::of(&seen.latency), passwords_per_second })
}

/// A server starts: from `exec` to what it prints once it serves.
///
/// # Errors
/// Where it doesn't.
pub(super) fn start(plan: &Plan, site: &Site) -> Result<Started> {
    let began = Instant::now();
    let server = site.serve(plan)?;
    let seconds = began.elapsed().as_secs_f64();
    let bytes = machine::resident_bytes(server.pid()).context("the server has ended")?;
    Ok(Started { seconds, bytes })
}

fn turn_until(
    driver: &mut Driver,
    arrivals: &mut Arrivals<'_>,
    is_so: impl Fn(&Arrivals<'_>) -> bool,
) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while !is_so(arrivals) {
        turn(driver, arrivals)?;
        if Instant::now() > deadline {
            bail!("not everyone was let in within {} s", PATIENCE.as_secs());
        }
    }
    Ok(())
}

fn turn(driver: &mut Driver, arrivals: &mut Arrivals<'_>) -> Result<()> {
    driver.turn(arrivals, TURN)?;
    match arrivals.failure.take() {
        Some(failure) => bail!("{failure}"),
        None => Ok(()),
    }
}
