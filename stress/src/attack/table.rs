//! The table of attacks, the goals, and the verdict on each row. Never: how a
//! figure came about.

use super::outcome::{Outcome, TICK_SECONDS_MAX};
use crate::report::{align, milliseconds, table};
use comfy_table::Table;
use std::fmt::Write;

/// The goals: the well-behaved users' 99th percentile in microseconds, and a tick in
/// seconds, which is one of the metrics' bounds.
const P99_US_MAX: f64 = 10_000.0;
/// A scrape and a newcomer's login and first room, in seconds.
const SCRAPE_SECONDS_MAX: f64 = 1.0;
const NEWCOMER_SECONDS_MAX: f64 = 1.0;

/// Whether the row reaches every goal.
pub(super) fn is_fine(outcome: &Outcome) -> bool {
    misses(outcome).is_empty()
}

/// The goals that it misses.
fn misses(outcome: &Outcome) -> Vec<&'static str> {
    let over = |value: Option<f64>, bound: f64| value.is_some_and(|value| value > bound);
    let memory = outcome.memory.zip(outcome.memory_bound);
    [
        (outcome.has_failed, "failed"),
        (outcome.beside.p99 > P99_US_MAX, "p99"),
        (over(outcome.tick, TICK_SECONDS_MAX), "tick"),
        (memory.is_some_and(|(memory, bound)| memory >= bound), "memory"),
        (outcome.refused > 0, "others refused"),
        (over(outcome.scrape_seconds, SCRAPE_SECONDS_MAX), "scrape"),
        (
            !outcome.has_failed
                && outcome.newcomer_seconds.is_none_or(|took| took > NEWCOMER_SECONDS_MAX),
            "newcomer",
        ),
    ]
    .into_iter()
    .filter_map(|(missed, what)| missed.then_some(what))
    .collect()
}

/// All that a person reads in the terminal.
pub(super) fn render(outcomes: &[Outcome]) -> String {
    let mut text = format!("{}\n\n", figures(outcomes));
    for outcome in outcomes {
        for remark in &outcome.remarks {
            let _ = writeln!(text, "{}: {remark}", outcome.row);
        }
    }
    let missed = outcomes.iter().filter(|outcome| !is_fine(outcome)).count();
    let _ = match missed {
        0 => writeln!(
            text,
            "OK: others' p99 is at most 10 ms, no tick over 5 ms, memory below the bound, nobody else refused."
        ),
        _ => writeln!(text, "FAILED: {missed} of {} rows miss a goal.", outcomes.len()),
    };
    text
}

fn figures(outcomes: &[Outcome]) -> Table {
    let mut table = table([
        "attack",
        "workers",
        "p50 ms",
        "p99 ms",
        "slowest ms",
        "p99 alone",
        "longest tick ms",
        "over 5 ms",
        "alone",
        "units",
        "packets/s",
        "server's core",
        "waited",
        "newcomer ms",
        "scrape ms",
        "MiB",
        "bound MiB",
        "verdict",
    ]);
    let dash = || "–".to_owned();
    let seconds =
        |value: Option<f64>| value.map_or_else(dash, |value| format!("{:.1}", value * 1e3));
    let percent =
        |share: Option<f64>| share.map_or_else(dash, |share| format!("{:.0} %", share * 100.0));
    let at_most = |value: Option<f64>| match value {
        None => dash(),
        Some(value) if value.is_infinite() => "more".to_owned(),
        Some(value) => format!("≤ {}", value * 1e3),
    };
    let mebibytes = |bytes: Option<u64>| bytes.map_or_else(dash, |bytes| (bytes >> 20).to_string());
    for outcome in outcomes {
        let misses = misses(outcome);
        table.add_row([
            format!("{}: {}", outcome.row, outcome.title),
            outcome.workers.map_or_else(dash, |workers| workers.to_string()),
            milliseconds(outcome.beside.p50),
            milliseconds(outcome.beside.p99),
            milliseconds(outcome.beside.max),
            milliseconds(outcome.alone.p99),
            at_most(outcome.tick),
            outcome.ticks_over.map_or_else(dash, |ticks| ticks.to_string()),
            at_most(outcome.tick_alone),
            outcome.tick_work.map_or_else(dash, |units| units.to_string()),
            outcome.packets_per_second.map_or_else(dash, |packets| format!("{packets:.0}")),
            percent(outcome.server_busy),
            percent(outcome.server_waited),
            seconds(outcome.newcomer_seconds),
            seconds(outcome.scrape_seconds),
            mebibytes(outcome.memory),
            mebibytes(outcome.memory_bound),
            if misses.is_empty() { "ok".to_owned() } else { misses.join(", ") },
        ]);
    }
    align(&mut table);
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Latency;

    fn fine() -> Outcome {
        Outcome {
            row: "5".to_owned(),
            beside: Latency { p50: 100.0, p99: P99_US_MAX, max: 1e6 },
            tick: Some(TICK_SECONDS_MAX),
            scrape_seconds: Some(0.01),
            newcomer_seconds: Some(0.01),
            memory: Some(99),
            memory_bound: Some(100),
            ..Outcome::default()
        }
    }

    #[test]
    fn a_row_is_fine_up_to_its_goals_and_says_which_it_misses() {
        assert!(is_fine(&fine()));
        let slow = Latency { p99: P99_US_MAX + 1.0, ..fine().beside };
        for (outcome, what) in [
            (Outcome { beside: slow, ..fine() }, "p99"),
            (Outcome { tick: Some(0.02), ..fine() }, "tick"),
            (Outcome { memory: Some(100), ..fine() }, "memory"),
            (Outcome { refused: 1, ..fine() }, "others refused"),
            (Outcome { scrape_seconds: Some(1.1), ..fine() }, "scrape"),
            (Outcome { newcomer_seconds: None, ..fine() }, "newcomer"),
        ] {
            assert_eq!(misses(&outcome), [what]);
            assert!(render(&[fine(), outcome]).contains("FAILED: 1 of 2 rows"));
        }
        assert!(render(&[fine()]).contains("OK: "));
    }
}
