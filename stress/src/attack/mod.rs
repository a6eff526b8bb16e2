//! **The attacks**: what an attacker would try against the server's brakes, with
//! well-behaved users measured beside it. One row each, with a verdict. Never
//! against a server that isn't one's own.
//!
//! | module | what lives there |
//! | --- | --- |
//! | [`args`] | the command line |
//! | [`outcome`] | what came of one attack |
//! | [`rows`] | which attacks there are |
//! | [`act`] | what their connections do |
//! | [`mob`] | these connections, in a process of their own |
//! | [`pair`] | the well-behaved users |
//! | [`server`] | the server, and what it says of itself |
//! | [`table`] | figures against goals |

mod act;
mod args;
mod mob;
mod outcome;
mod pair;
mod rows;
mod server;
mod table;

pub(crate) use args::AttackArgs;
pub(crate) use mob::{MobArgs, serve as serve_mob};
pub(crate) use pair::Pairs;

use crate::output;
use crate::report::{self, Progress};
use crate::run::{Latency, Usage};
use anyhow::{Context, Result, bail};
use mob::{ATTACK, Bystanders, READY};
use outcome::Outcome;
use rows::Row;
use server::Server;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

/// Attackers run at this priority, as if on other machines: where cores are
/// few they would be measured in the server's place.
const NICE: &str = "10";
/// What the names of those begin with who are measured beside an attack.
const VICTIMS: &str = "pair";
/// The silence before a measurement, for what the setting up has left over.
const SETTLING: Duration = Duration::from_secs(2);

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
    let alone = Pairs::start(server.address, "alone")?;
    std::thread::sleep(time);
    let alone = alone.finish()?;
    let start = server.scrape()?;

    progress.say("attack");
    let pairs = Pairs::start(server.address, VICTIMS)?;
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
