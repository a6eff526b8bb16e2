//! **The stress harness**: thousands of bots against a Lanline server, every
//! packet accounted for, and the same workloads against others beside it.
//!
//! | module | what lives there |
//! | --- | --- |
//! | [`account`] | **pure**: which packets are on their way, what became of each |
//! | [`bots`] | **pure**: what a script can do and hears of |
//! | [`scenarios`] | **pure**: the scripts |
//! | [`driver`] | sockets: thousands in one poll loop |
//! | [`crew`] | the bots of a run, in one process or several |
//! | [`mod@run`] | a scenario from the server's start to the verdict |
//! | [`crash`] | servers that are killed while accounts talk |
//! | [`login`] | accounts that come, passwords that wait, servers that start with accounts |
//! | [`store`] | a store that is filled, and servers that start on it |
//! | [`attack`] | attacks on the server's brakes, with others measured beside them |
//! | [`versus`], [`relay`] | the same workloads against other servers and the floor |
//! | [`report`] | the line, the tables, JSON, the page |
//! | [`output`] | words on standard output and standard error |

mod account;
mod attack;
mod bots;
mod cli;
mod crash;
mod crew;
mod driver;
mod login;
mod machine;
mod output;
mod relay;
mod report;
mod run;
mod scenarios;
mod store;
mod values;
mod versus;

use anyhow::Result;
use clap::Parser;
use cli::{Cli, Command};
use run::{Record, ScenarioArgs};
use scenarios::Kind;
use std::path::PathBuf;
use std::process::ExitCode;

/// 0: all is well. 1: something is not accounted for, or failed. 2: usage.
fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            output::remark(&format!("stress: {error:#}"));
            ExitCode::from(if error.is::<run::Usage>() { 2 } else { 1 })
        }
    }
}

fn run(cli: Cli) -> Result<bool> {
    let (kind, args) = match cli.command {
        None => {
            let records = run::run_first(&cli.first)?;
            let common = cli.first.common;
            return show(&records, common.json, common.report);
        }
        Some(Command::Attack(args)) => return attack::run(&args),
        Some(Command::Crash(args)) => return crash::run(&args),
        Some(Command::Login(args)) => return login::run(&args),
        Some(Command::Store(args)) => return store::run(&args),
        Some(Command::Mob(args)) => return attack::serve_mob(&args).map(|()| true),
        Some(Command::Versus(args)) => return versus::run(&args),
        Some(Command::Relay { listen }) => return relay::run(listen).map(|()| true),
        Some(Command::Member) => return crew::serve_commands().map(|()| true),
        Some(Command::Breakpoint(args)) => {
            let record = run::run_breakpoint(&args)?;
            return show(&[record], args.common.json, args.common.report);
        }
        Some(Command::Handshake(args)) => (Kind::Handshake, args),
        Some(Command::Reconnect(args)) => (Kind::Reconnect, args),
        Some(Command::Chatter(args)) => (Kind::Chatter, args),
        Some(Command::Pipeline(args)) => (Kind::Pipeline, args),
        Some(Command::Broadcast(args)) => (Kind::Broadcast, args),
        Some(Command::Room(args)) => (Kind::Room, args),
        Some(Command::Churn(args)) => (Kind::Churn, args),
        Some(Command::Slow(args)) => (Kind::Slow, args),
        Some(Command::Soak(args)) => (Kind::Soak, args),
    };
    let record = run::run_scenario(kind, &args)?;
    let ScenarioArgs { common, .. } = args;
    show(&[record], common.json, common.report)
}

/// Prints the tables and writes what was asked for. True if all is well.
fn show(records: &[Record], json: Option<PathBuf>, page: Option<PathBuf>) -> Result<bool> {
    let printed = output::print(&report::render_table(records));
    if let Some(path) = json {
        report::write_json(&path, records)?;
    }
    if let Some(path) = page {
        report::write_page(&path, records)?;
    }
    printed?;
    Ok(records.iter().all(Record::is_fine))
}
