//! **`store`**: a store is filled with packets, by the store itself and without a server;
//! what that takes, how large it is, and how long a server takes to start on it.
//!
//! | module | what lives there |
//! | --- | --- |
//! | `args` | the command line |
//! | `fill` | packets between pairs of accounts, put into the store |

mod args;
mod fill;

use crate::login::site::{Secrets, Site};
use crate::report::Progress;
use crate::versus::launch::{launch_lanline, server_binary};
use crate::{machine, output};
use anyhow::{Context, Result};
pub(crate) use args::StoreArgs;
use fill::Filled;
use serde::Serialize;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

/// What has come of it.
#[derive(Debug, Serialize)]
struct Outcome {
    packets: u64,
    /// Packets a second that were committed, and the CPU time of each in µs.
    per_second: f64,
    cpu_us: f64,
    /// An `fsync` of a few pages on that disk, beside it, in µs: the median.
    fsync_us: f64,
    /// In the directory, for each packet.
    bytes_each: f64,
    starts: Vec<Start>,
}

/// A server started on it.
#[derive(Debug, Serialize)]
struct Start {
    /// From `exec` to what it prints once it serves.
    seconds: f64,
    resident_bytes: u64,
}

/// Fills a store and starts servers on it.
///
/// # Errors
/// Where the store refuses, or a server can't be started.
pub(crate) fn run(args: &StoreArgs) -> Result<bool> {
    let progress = Progress::new("store");
    let site = Site::make(args.users as usize, Secrets::None)?;
    let folder = Path::new(site.path());
    let empty_bytes = bytes_in(folder)?;
    let fsync_us = fill::fsync_us(folder)?;
    let Filled { seconds, cpu } = fill::fill(folder, args, &progress)?;
    let bytes = bytes_in(folder)?.saturating_sub(empty_bytes);
    let packets = args.fill as f64;
    let mut starts = Vec::new();
    for round in 1..=args.rounds {
        progress.say(&format!("start {round} of {}", args.rounds));
        starts.push(start(args, &site)?);
    }
    let outcome = Outcome {
        packets: args.fill,
        per_second: packets / seconds,
        cpu_us: cpu.as_secs_f64() * 1e6 / packets,
        fsync_us,
        bytes_each: bytes as f64 / packets,
        starts,
    };
    drop(progress);
    let printed = output::print(&render(&outcome));
    if let Some(path) = &args.json {
        crate::report::write_json(path, &outcome)?;
    }
    printed?;
    Ok(true)
}

fn start(args: &StoreArgs, site: &Site) -> Result<Start> {
    let began = Instant::now();
    let program = server_binary(args.server_bin.as_deref());
    let server = launch_lanline(&program, &["--data", site.path()], false)
        .with_context(|| format!("no server to start: {}", program.display()))?;
    let seconds = began.elapsed().as_secs_f64();
    let bytes = machine::resident_bytes(server.pid()).context("the server has ended")?;
    Ok(Start { seconds, resident_bytes: bytes })
}

/// All files of a directory together.
fn bytes_in(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let about = entry?.metadata()?;
        bytes += if about.is_file() { about.len() } else { 0 };
    }
    Ok(bytes)
}

fn render(outcome: &Outcome) -> String {
    let Outcome { packets, per_second, cpu_us, fsync_us, bytes_each, starts } = outcome;
    let mut text = format!(
        "store: {packets} packets, {per_second:.0} a second, {cpu_us:.2} µs of CPU and \
         {bytes_each:.1} bytes each; an fsync takes {fsync_us:.0} µs\n"
    );
    for Start { seconds, resident_bytes } in starts {
        let resident = *resident_bytes as f64 / f64::from(1 << 20);
        let _ = writeln!(text, "  a server starts in {seconds:.3} s, with {resident:.1} MiB");
    }
    text
}
