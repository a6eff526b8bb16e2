//! **`crash`**: accounts talk while their server is killed again and again, at any moment,
//! and started again on the same directory. They send again what they have no receipt for,
//! and ask for what they have missed; at the end every promise about stored packets is
//! checked. Always against a server of its own.
//!
//! | module | what lives there |
//! | --- | --- |
//! | `args` | the command line |
//! | `talkers` | **pure**: what accounts say, and do after a crash |
//! | `ledger` | **pure**: what was sent, what was said to be stored, what was seen |

mod args;
mod ledger;
mod talkers;
#[cfg(test)]
mod tests;

use crate::driver::{Driver, Security, Target};
use crate::login::site::{Secrets, Site};
use crate::report::Progress;
use crate::versus::launch::{Running, launch_lanline_at, server_binary};
use anyhow::{Result, bail};
pub(crate) use args::CrashArgs;
use rand::{RngExt, SeedableRng, rngs::SmallRng};
use serde::Serialize;
use std::fmt::Write;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use talkers::Talkers;

const TURN: Duration = Duration::from_millis(5);
/// All that is left has to be there by then, once the last server runs.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a server runs before it is killed, in milliseconds.
const LIFE_MS: std::ops::Range<u64> = 5..250;

/// What has come of it.
#[derive(Debug, Serialize)]
struct Outcome {
    kills: u32,
    /// Packets that are stored, by their receipts; sent again after a crash; seen.
    stored: usize,
    sent_again: usize,
    seen: usize,
    faults: Vec<String>,
}

/// Kills so many servers, and checks what is left. True if every promise was kept.
///
/// # Errors
/// Where a server can't be started, or somebody isn't let in.
pub(crate) fn run(args: &CrashArgs) -> Result<bool> {
    crate::machine::raise_descriptor_limit();
    let progress = Progress::new("crash");
    let seed = args.seed.unwrap_or_else(|| rand::rng().random());
    let mut random = SmallRng::seed_from_u64(seed);
    let site = Site::make(args.users, Secrets::Tokens)?;
    let mut server = serve(args, &site, None)?;
    let address = server.address;
    let mut talkers = Talkers::new(&site.logins, args.window, seed);
    let mut driver = Driver::new(args.users, Target::new(address, Security::Plain))?;
    driver.prompt(&mut talkers, |talkers, hands| talkers.open(hands));
    for kill in 1..=args.kills {
        progress.say(&format!("{kill} of {} kills", args.kills));
        let end = Instant::now() + Duration::from_millis(random.random_range(LIFE_MS));
        while Instant::now() < end {
            driver.turn(&mut talkers, TURN)?;
        }
        // By SIGKILL, at whatever it is doing.
        drop(server);
        server = serve(args, &site, Some(address))?;
    }
    progress.say("what is left comes");
    talkers.stop();
    turn_until(&mut driver, &mut talkers, Talkers::are_quiet, "receipts")?;
    driver.prompt(&mut talkers, |talkers, hands| talkers.begin_reading_all(hands));
    turn_until(&mut driver, &mut talkers, Talkers::have_read_all, "replays")?;
    drop(server);
    let outcome = Outcome {
        kills: args.kills,
        stored: talkers.ledger.stored(),
        sent_again: talkers.sent_again,
        seen: talkers.ledger.seen(),
        faults: talkers.ledger.judge(),
    };
    drop(progress);
    let printed = crate::output::print(&render(&outcome, seed));
    if let Some(path) = &args.json {
        crate::report::write_json(path, &outcome)?;
    }
    printed?;
    Ok(outcome.faults.is_empty())
}

fn serve(args: &CrashArgs, site: &Site, address: Option<SocketAddr>) -> Result<Running> {
    let listen = address.map_or_else(|| "127.0.0.1:0".to_owned(), |address| address.to_string());
    let workers = args.workers.map(|workers| workers.to_string());
    let mut flags =
        vec!["--data", site.path(), "--rate", "0", "--rate-per-address", "0", "--store-rate", "0"];
    flags.extend(workers.iter().flat_map(|workers| ["--workers", workers]));
    launch_lanline_at(&server_binary(args.server_bin.as_deref()), &listen, &flags)
}

fn turn_until(
    driver: &mut Driver,
    talkers: &mut Talkers,
    is_so: impl Fn(&Talkers) -> bool,
    what: &str,
) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while !is_so(talkers) {
        driver.turn(talkers, TURN)?;
        if Instant::now() > deadline {
            bail!("{what} are missing after {} s: {}", PATIENCE.as_secs(), talkers.missing());
        }
    }
    Ok(())
}

fn render(outcome: &Outcome, seed: u64) -> String {
    let Outcome { kills, stored, sent_again, seen, faults } = outcome;
    let mut text = format!(
        "crash: {kills} kills (seed {seed}): {stored} packets stored, {sent_again} sent again, \
         {seen} seen; {} promises broken\n",
        faults.len()
    );
    for fault in faults.iter().take(20) {
        let _ = writeln!(text, "  {fault}");
    }
    text
}
