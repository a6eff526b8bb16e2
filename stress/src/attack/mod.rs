//! **The attacks**: what an attacker would try against the server's brakes, with
//! well-behaved users measured beside it. One row each, with a verdict. Never
//! against a server that isn't one's own.
//!
//! | module | what lives there |
//! | --- | --- |
//! | [`rows`] | which attacks there are |
//! | [`act`] | what their connections do |
//! | [`mob`] | these connections, in a process of their own |
//! | [`pair`] | the well-behaved users |
//! | [`server`] | the server, and what it says of itself |
//! | [`table`] | figures against goals |

mod act;
mod mob;
mod pair;
mod rows;
mod server;
mod table;

pub(crate) use mob::{MobArgs, serve as serve_mob};

use crate::output;
use crate::report::{self, Progress};
use crate::run::{Latency, Usage};
use anyhow::{Context, Result, bail};
use clap::Args;
use mob::{ATTACK, Bystanders, READY};
use rows::Row;
use serde::Serialize;
use server::{Scrape, Server};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

/// Attackers run at this priority, as if on other machines: where cores are
/// few they would be measured in the server's place.
const NICE: &str = "10";
/// What the names of those begin with who are measured beside an attack.
const VICTIMS: &str = "pair";
/// The silence before a measurement, for what the setting up has left over.
const SETTLING: Duration = Duration::from_secs(2);

/// Which attacks, on whom.
#[derive(Args, Clone, Debug)]
pub(crate) struct AttackArgs {
    /// Rows of the table, by their names; all by default.
    #[arg(long, value_delimiter = ',')]
    pub rows: Vec<String>,
    /// Worker threads of the servers that are started, one run for each number.
    #[arg(long, value_delimiter = ',', conflicts_with = "server")]
    pub workers: Vec<usize>,
    /// How long each attack lasts, and the look without it before.
    #[arg(long, default_value_t = 10.0, value_parser = seconds)]
    pub seconds: f64,
    /// A part of the connections, for small machines.
    #[arg(long, default_value_t = 1.0, value_parser = share)]
    pub share: f64,
    /// A server of your own that runs already; needs --it-is-mine.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub server: Option<SocketAddr>,
    /// The server is yours to attack.
    #[arg(long, requires = "server")]
    pub it_is_mine: bool,
    /// Where the metrics of that server are.
    #[arg(long, value_name = "ADDRESS:PORT", requires = "server")]
    pub metrics: Option<SocketAddr>,
    /// The program to start; by default the `lanline` beside this one.
    #[arg(long, value_name = "PATH", conflicts_with = "server")]
    pub server_bin: Option<PathBuf>,
    /// Writes all figures as JSON.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// What came of one attack.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Outcome {
    pub row: String,
    pub title: String,
    pub workers: Option<usize>,
    /// Of the pairs before the attack, and beside it.
    pub alone: Latency,
    pub beside: Latency,
    /// What the longest tick took at the most, in seconds, and how many were over the
    /// bound; before the attack, and in it.
    pub tick_alone: Option<f64>,
    pub tick: Option<f64>,
    pub ticks_over: Option<u64>,
    /// The most work in one tick since the start, in the server's units.
    pub tick_work: Option<u64>,
    /// Packets that the server read, a second.
    pub packets_per_second: Option<f64>,
    /// Share of one core that the server used.
    pub server_busy: Option<f64>,
    /// How long the server's threads waited for a core while others ran, as a share of
    /// the time: what this machine, and not the server, adds to the latency and the ticks.
    pub server_waited: Option<f64>,
    pub scrape_seconds: Option<f64>,
    /// A newcomer's login and first room, in seconds; none was let in, if none.
    pub newcomer_seconds: Option<f64>,
    pub memory: Option<u64>,
    pub memory_bound: Option<u64>,
    /// Packets of pairs and bystanders that were refused, and connections lost.
    pub refused: u64,
    /// It could not be played to its end.
    pub has_failed: bool,
    pub remarks: Vec<String>,
}

/// Plays the rows and prints the table. True if every goal is reached.
///
/// # Errors
/// Where there is no server, no such row, or an attacker fails.
pub(crate) fn run(args: &AttackArgs) -> Result<bool> {
    server::check(args)?;
    let rows = rows::find(&args.rows).map_err(|name| {
        let names: Vec<&str> = rows::ROWS.iter().map(|row| row.name).collect();
        Usage(format!("there is no row {name}; there are {}", names.join(", ")))
    })?;
    let workers = match args.workers.is_empty() {
        true => vec![None],
        false => args.workers.iter().copied().map(Some).collect(),
    };
    crate::machine::raise_descriptor_limit();
    let mut outcomes = Vec::new();
    for workers in workers {
        for row in &rows {
            // One that fails is a row that fails: the others are played all the same.
            outcomes.push(play(args, row, workers).unwrap_or_else(|error| Outcome {
                row: row.name.to_owned(),
                title: row.title.to_owned(),
                workers,
                remarks: vec![format!("{error:#}")],
                has_failed: true,
                ..Outcome::default()
            }));
        }
    }
    if let Some(path) = &args.json {
        report::write_json(path, &outcomes)?;
    }
    output::print(&table::render(&outcomes))?;
    Ok(outcomes.iter().all(table::is_fine))
}

/// One attack, from the server's start to its end.
fn play(args: &AttackArgs, row: &Row, workers: Option<usize>) -> Result<Outcome> {
    let progress = Progress::new(&format!("attack {}", row.name));
    let server = Server::find(args, row, workers)?;
    progress.say("bystanders arrive");
    let mut mob = Mob::start(args, row, server.address)?;
    mob.wait_until_ready()?;
    std::thread::sleep(SETTLING);
    let time = Duration::from_secs_f64(args.seconds);

    progress.say("without the attack");
    let before = server.scrape()?;
    let alone = pair::Pairs::start(server.address, "alone")?;
    std::thread::sleep(time);
    let alone = alone.finish()?;
    let start = server.scrape()?;

    progress.say("attack");
    let pairs = pair::Pairs::start(server.address, VICTIMS)?;
    let silent = silent_scrapers(row, &server)?;
    mob.tell(ATTACK)?;
    let (cpu, waited) = (server.cpu_time(), server.time_waited());
    std::thread::sleep(time / 2);
    let newcomer = pair::newcomer(server.address, "newcomer");
    std::thread::sleep(time / 2);
    let beside = pairs.finish()?;
    let end = server.scrape()?;
    let busy =
        server.cpu_time().zip(cpu).map(|(after, before)| (after - before).div_duration_f64(time));
    let waited = server.time_waited().zip(waited);
    let waited = waited.map(|(after, before)| after.saturating_sub(before).div_duration_f64(time));
    drop(silent);
    let bystanders = mob.finish()?;

    let mut outcome = Outcome {
        row: row.name.to_owned(),
        title: row.title.to_owned(),
        workers,
        alone: Latency::of(&alone.latency),
        beside: Latency::of(&beside.latency),
        server_busy: busy,
        server_waited: waited,
        memory: server.memory_peak(),
        memory_bound: server.memory_bound,
        refused: alone.refused
            + beside.refused
            + bystanders.refused.values().sum::<u64>()
            + bystanders.lost,
        ..Outcome::default()
    };
    if let (Some(before), Some(start), Some(end)) = (before, start, end) {
        outcome.add_metrics(&before, &start, &end, time);
    }
    match newcomer {
        Ok(took) => outcome.newcomer_seconds = Some(took.as_secs_f64()),
        Err(error) => outcome.remarks.push(format!("{error:#}")),
    }
    outcome.add_refusals(beside.refused, &bystanders);
    progress.say(&format!("p99 {:.2} ms", outcome.beside.p99 / 1e3));
    Ok(outcome)
}

impl Outcome {
    fn add_metrics(&mut self, before: &Scrape, start: &Scrape, end: &Scrape, time: Duration) {
        let ticks = end.ticks.since(&start.ticks);
        self.tick_alone = Some(start.ticks.since(&before.ticks).longest());
        self.tick = Some(ticks.longest());
        self.ticks_over = Some(ticks.over(table::TICK_SECONDS_MAX));
        self.tick_work = end.tick_work;
        let packets = end.packets.saturating_sub(start.packets);
        self.packets_per_second = Some(packets as f64 / time.as_secs_f64());
        self.scrape_seconds = Some(end.took.as_secs_f64());
    }

    fn add_refusals(&mut self, pairs: u64, bystanders: &Bystanders) {
        if pairs > 0 {
            self.remarks.push(format!("{pairs} packets of the pairs refused or lost"));
        }
        for (code, count) in &bystanders.refused {
            self.remarks.push(format!("{count} packets of bystanders refused: {code}"));
        }
        if bystanders.lost > 0 {
            self.remarks.push(format!("{} bystanders lost their connection", bystanders.lost));
        }
    }
}

/// Connections to the metrics that say nothing.
fn silent_scrapers(row: &Row, server: &Server) -> Result<Vec<TcpStream>> {
    let Some(address) = server.metrics else { return Ok(Vec::new()) };
    let connect = |_| TcpStream::connect(address).map_err(Into::into);
    (0..row.silent_scrapers).map(connect).collect()
}

/// The process of the attackers; it ends with its input.
struct Mob {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Mob {
    fn start(args: &AttackArgs, row: &Row, server: SocketAddr) -> Result<Self> {
        let own = std::env::current_exe()?;
        let words = ["mob", "--row", row.name, "--server", &server.to_string()].map(str::to_owned);
        let share = ["--share".to_owned(), args.share.to_string()];
        let start = |mut command: Command| {
            command.args(&words).args(&share).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()
        };
        let mut nice = Command::new("nice");
        nice.args(["-n", NICE]).arg(&own);
        let mut child = start(nice).or_else(|_| start(Command::new(&own)))?;
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().context("its output was asked for")?);
        Ok(Self { child, input, output })
    }

    fn tell(&mut self, order: &str) -> Result<()> {
        let input = self.input.as_mut().context("the mob has ended")?;
        writeln!(input, "{order}")?;
        Ok(input.flush()?)
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        if line.trim_end() != READY {
            bail!("the bystanders were not let in");
        }
        Ok(())
    }

    /// Ends it; what became of the bystanders.
    fn finish(mut self) -> Result<Bystanders> {
        self.input = None;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        serde_json::from_str(&line).context("the mob has failed")
    }
}

impl Drop for Mob {
    fn drop(&mut self) {
        self.input = None;
        let _ = self.child.wait();
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    number(text)
        .filter(|seconds| (0.1..=3600.0).contains(seconds))
        .ok_or_else(|| "0.1 to 3600".to_owned())
}

fn share(text: &str) -> Result<f64, String> {
    number(text)
        .filter(|share| (0.001..=1.0).contains(share))
        .ok_or_else(|| "0.001 to 1".to_owned())
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok()
}
