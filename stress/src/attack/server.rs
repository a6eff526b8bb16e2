//! The server under attack: started for it, or one of one's own that runs
//! already; what its metrics, its log and the machine say of it. Never: load.

use super::act::TOKEN;
use super::args::AttackArgs;
use super::rows::Row;
use crate::machine;
use crate::run::Usage;
use crate::versus::launch::{Running, launch_lanline_with_log, server_binary};
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long the server may take for what it says at its start, or a scrape.
const PATIENCE: Duration = Duration::from_secs(20);
/// What it says of the most memory that strangers can fill, and of its metrics.
const MEMORY: &str = "memory: ";
const MEMORY_BOUND: &str = " MiB if strangers filled";
const METRICS: &str = "metrics at http://";

/// A server to be attacked.
pub(super) struct Server {
    pub address: SocketAddr,
    pub metrics: Option<SocketAddr>,
    /// The bound on its memory that it has printed, in bytes.
    pub memory_bound: Option<u64>,
    running: Option<Running>,
    _folder: Option<TempDir>,
}

/// What the metrics said at one time.
pub(super) struct Scrape {
    pub ticks: Ticks,
    /// Packets read so far.
    pub packets: u64,
    /// The most work in one tick so far, where the server tells.
    pub tick_work: Option<u64>,
    /// How long it took to ask.
    pub took: Duration,
}

/// How many ticks took how long, over all workers: up to each bound, in seconds.
#[derive(Clone, Debug, Default)]
pub(super) struct Ticks(BTreeMap<u64, (f64, u64)>);

impl Server {
    /// Starts one for this row, or takes the one that the flags name.
    ///
    /// # Errors
    /// Where none can be started.
    pub(super) fn find(args: &AttackArgs, row: &Row, workers: Option<usize>) -> Result<Self> {
        if let Some(address) = args.server {
            let metrics = args.metrics;
            return Ok(Self { address, metrics, memory_bound: None, running: None, _folder: None });
        }
        let folder = TempDir::with_prefix("stress-")?;
        let (log, token) = (folder.path().join("log"), folder.path().join("token"));
        std::fs::write(&token, TOKEN)?;
        restrict(&token)?;
        let mut flags = vec!["--metrics", "127.0.0.1:0"];
        let workers = workers.map(|workers| workers.to_string());
        flags.extend(workers.iter().flat_map(|workers| ["--workers", workers]));
        flags.extend(row.flags);
        if row.has_token {
            flags.extend(["--operator-token-file", token.to_str().context("a path")?]);
        }
        let program = server_binary(args.server_bin.as_deref());
        let running = launch_lanline_with_log(&program, &flags, row.has_tls, File::create(&log)?)
            .with_context(|| format!("no server to attack: {}", program.display()))?;
        let words = |what: &str| wait_for(&log, what);
        let metrics = words(METRICS)?.trim_end_matches("/metrics").parse()?;
        let mebibytes = memory_bound(&words(MEMORY)?).context("no bound on its memory")?;
        Ok(Self {
            address: running.address,
            metrics: Some(metrics),
            memory_bound: Some(mebibytes << 20),
            running: Some(running),
            _folder: Some(folder),
        })
    }

    /// The most memory that it ever had, in bytes, where it was started here.
    pub(super) fn memory_peak(&self) -> Option<u64> {
        machine::peak_resident_bytes(self.running.as_ref()?.pid())
    }

    /// How long its threads have waited for a core so far.
    pub(super) fn time_waited(&self) -> Option<Duration> {
        machine::time_waited_for_cores(self.running.as_ref()?.pid())
    }

    pub(super) fn cpu_time(&self) -> Option<Duration> {
        machine::cpu_time(self.running.as_ref()?.pid())
    }

    /// What its metrics say now.
    ///
    /// # Errors
    /// Where the metrics don't answer in time.
    pub(super) fn scrape(&self) -> Result<Option<Scrape>> {
        let Some(address) = self.metrics else { return Ok(None) };
        let start = Instant::now();
        let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        write!(stream, "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut page = String::new();
        stream.read_to_string(&mut page).context("the metrics don't answer")?;
        let packets = page.lines().filter(|line| line.starts_with("lanline_packets_in_total{"));
        let packets = packets.filter_map(value).sum::<f64>() as u64;
        let work = page.lines().filter(|line| line.starts_with("lanline_tick_work_peak{"));
        let tick_work = work.filter_map(value).map(|units| units as u64).max();
        Ok(Some(Scrape { ticks: Ticks::read(&page), packets, tick_work, took: start.elapsed() }))
    }
}

impl Ticks {
    fn read(page: &str) -> Self {
        let mut ticks = Self::default();
        for line in page.lines().filter(|line| line.starts_with("lanline_tick_seconds_bucket{")) {
            let bound = line.split_once("le=\"").and_then(|(_, rest)| rest.split_once('"'));
            let Some((bound, _)) = bound else { continue };
            let bound = bound.parse().unwrap_or(f64::INFINITY);
            let entry = ticks.0.entry(key(bound)).or_insert((bound, 0));
            entry.1 += value(line).unwrap_or_default() as u64;
        }
        ticks
    }

    /// Those since then.
    pub(super) fn since(&self, before: &Self) -> Self {
        let less = |(&key, &(bound, count)): (&u64, &(f64, u64))| {
            let then = before.0.get(&key).map_or(0, |&(_, count)| count);
            (key, (bound, count.saturating_sub(then)))
        };
        Self(self.0.iter().map(less).collect())
    }

    /// What the longest took at the most, in seconds.
    pub(super) fn longest(&self) -> f64 {
        let all = self.0.values().map(|&(_, count)| count).max().unwrap_or_default();
        self.0.values().find(|&&(_, count)| count == all).map_or(0.0, |&(bound, _)| bound)
    }

    /// How many took longer than so many seconds, which is one of the bounds.
    pub(super) fn over(&self, seconds: f64) -> u64 {
        let all = self.0.values().map(|&(_, count)| count).max().unwrap_or_default();
        let within = self.0.range(..=key(seconds)).next_back().map_or(0, |(_, &(_, count))| count);
        all - within
    }
}

/// Bounds in order, as whole numbers: microseconds.
fn key(seconds: f64) -> u64 {
    if seconds.is_finite() { (seconds * 1e6).round() as u64 } else { u64::MAX }
}

fn value(line: &str) -> Option<f64> {
    line.rsplit_once(' ')?.1.parse().ok()
}

/// What stands behind these words in its log, to the end of the line.
fn wait_for(log: &std::path::Path, words: &str) -> Result<String> {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        let text = std::fs::read_to_string(log)?;
        // The last line may not be whole yet.
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        let behind = whole.lines().find_map(|line| Some(line.split_once(words)?.1.to_owned()));
        if let Some(behind) = behind {
            return Ok(behind);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    bail!("the server never said {words:?}")
}

/// The bound in what the server says of its memory, in MiB.
fn memory_bound(said: &str) -> Option<u64> {
    let (before, _) = said.split_once(MEMORY_BOUND)?;
    before.rsplit(' ').next()?.parse().ok()
}

/// For its owner alone.
fn restrict(path: &std::path::Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    Ok(std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?)
}

/// Whether an attack on this server is meant.
///
/// # Errors
/// Where it is not said to be one's own, or has a public address.
pub(super) fn check(args: &AttackArgs) -> Result<()> {
    let Some(address) = args.server else { return Ok(()) };
    if !crate::run::is_local(address.ip()) {
        bail!(Usage(format!("{} is a public address", address.ip())));
    }
    if !args.it_is_mine {
        bail!(Usage(format!("attacks on {address} need --it-is-mine: only on a server of yours")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "\
lanline_tick_seconds_bucket{le=\"0.001\",worker=\"0\"} 10
lanline_tick_seconds_bucket{le=\"0.005\",worker=\"0\"} 12
lanline_tick_seconds_bucket{le=\"+Inf\",worker=\"0\"} 12
lanline_tick_seconds_bucket{le=\"0.001\",worker=\"1\"} 5
lanline_tick_seconds_bucket{le=\"0.005\",worker=\"1\"} 5
lanline_tick_seconds_bucket{le=\"+Inf\",worker=\"1\"} 6
";

    #[test]
    fn ticks_of_all_workers_count_and_only_those_since_then() {
        let ticks = Ticks::read(PAGE);
        assert_eq!((ticks.over(0.001), ticks.over(0.005)), (3, 1));
        assert_eq!(ticks.longest(), f64::INFINITY);
        let none = ticks.since(&ticks);
        assert_eq!((none.over(0.001), none.over(0.005)), (0, 0));
        let before = Ticks::read(&PAGE.replace("} 6", "} 5").replace("} 12", "} 11"));
        let later = Ticks::read(&PAGE.replace("} 6", "} 5")).since(&before);
        assert_eq!((later.over(0.005), later.longest()), (0, 0.005));
    }

    #[test]
    fn the_bound_is_what_strangers_can_fill_and_not_what_is_planned_with() {
        let said = "92 MiB for 16000 idle clients, at most 1024 MiB more for what waits for slow \
                    readers (queues); 1827 MiB if strangers filled every other limit as well: \
                    queues 1218 MiB";
        assert_eq!(memory_bound(said), Some(1827));
        assert_eq!(memory_bound("92 MiB"), None);
    }
}
