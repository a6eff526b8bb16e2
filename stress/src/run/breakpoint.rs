//! Users, step by step, until somebody is refused, the latency is over its
//! bound, or there are no descriptors left.

use super::flags::BreakpointArgs;
use super::record::{Ending, Latencies, Record, Step};
use super::target::Server;
use crate::bots::Window;
use crate::crew::{Crew, Outcome};
use crate::report::Progress;
use crate::scenarios::{Kind, Spec};
use anyhow::Result;

/// The latency is over its bound if it is so many times in a row: something
/// else on the machine may have been in the way once.
const TRIES: usize = 3;

/// Ramps users up.
///
/// # Errors
/// Where there is no server, or a process of bots fails.
pub(crate) fn run(args: &BreakpointArgs) -> Result<Record> {
    let server = Server::find(&args.common)?;
    let progress = Progress::new("breakpoint");
    let spec = Spec {
        kind: Kind::Ramp,
        size: args.size,
        rate: Some(args.rate_per_user),
        window: 1,
        seed: args.common.seed,
        security: args.common.security(),
        logins: Vec::new(),
    };
    let mut crew = Crew::new(&spec, server.address, args.to, args.processes)?;
    let processes = crew.processes();
    let mut steps: Vec<Step> = Vec::new();
    let mut all = Sum { latencies: Latencies::new(), window: Window::default(), busy: 0.0 };
    let mut wanted = args.from.min(args.to);
    let ending = loop {
        progress.say(&format!("{wanted} users"));
        let (users, turned_away) = crew.grow(wanted)?;
        if let Some(why) = turned_away.into_iter().next() {
            break why_not_let_in(users, why);
        }
        let mut step = measure(&mut crew, args, &server, &mut all)?;
        for _ in 1..TRIES {
            if step.latency.p99 <= args.latency_bound * 1e3 {
                break;
            }
            step = measure(&mut crew, args, &server, &mut all)?;
        }
        progress.say(&format!("{users} users, p99 {:.2} ms", step.latency.p99 / 1e3));
        let p99_us = step.latency.p99;
        steps.push(step);
        if p99_us > args.latency_bound * 1e3 {
            break Ending::TooSlow { users, p99_us };
        }
        if wanted >= args.to {
            break Ending::AsManyAsAsked { users };
        }
        let more = args.step.unwrap_or((wanted / 5).max(args.from)).max(1);
        wanted = (wanted + more).min(args.to);
    };
    progress.say("the last packets arrive");
    let outcome = crew.finish()?;
    Ok(record(args, processes, all, steps, ending, outcome))
}

/// Every step together.
struct Sum {
    latencies: Latencies,
    window: Window,
    busy: f64,
}

impl Sum {
    fn add(&mut self, window: &Window, busy: f64) {
        self.latencies.add(window);
        self.window.seconds += window.seconds;
        self.window.delivered += window.delivered;
        self.busy = self.busy.max(busy);
    }
}

/// A refusal in the words of the server, or our own limit.
fn why_not_let_in(users: usize, why: String) -> Ending {
    if why.contains("os error 24") {
        return Ending::DescriptorLimit { users };
    }
    Ending::Refused { users, why }
}

fn measure(crew: &mut Crew, args: &BreakpointArgs, server: &Server, all: &mut Sum) -> Result<Step> {
    let window = crew.play(args.duration)?;
    let busy = window.generator_cpu_seconds / window.seconds / crew.processes() as f64;
    all.add(&window, busy);
    Ok(Step {
        users: window.users,
        per_second: window.delivered as f64 / window.seconds,
        latency: Latencies::of(&window).summary(),
        server_bytes: server.vitals().0,
        generator_busy: busy,
    })
}

fn record(
    args: &BreakpointArgs,
    processes: usize,
    all: Sum,
    steps: Vec<Step>,
    ending: Ending,
    outcome: Outcome,
) -> Record {
    let failures = match steps.is_empty() {
        true => vec![format!("it ended before the first step: {ending}")],
        false => Vec::new(),
    };
    Record {
        scenario: "breakpoint".to_owned(),
        users: steps.last().map_or(args.from, |step| step.users),
        processes,
        seconds: all.window.seconds,
        delivered: all.window.delivered,
        per_second: steps.last().map_or(0.0, |step| step.per_second),
        welcomed: outcome.users,
        latency: all.latencies.summary(),
        percentiles: all.latencies.percentiles(),
        moments: Vec::new(),
        steps,
        ending: Some(ending),
        server_cpu_us: None,
        worker_cpu_us: None,
        store_cpu_us: None,
        generator_busy: all.busy,
        outcome,
        failures,
    }
}
