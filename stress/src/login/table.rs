//! The tables of logins, with the goals beside them. Never: how a figure came about.

use super::outcome::{Logins, Outcome, Started, Talk, middle};
use crate::report::{align, milliseconds, table};
use std::fmt::Write;

/// The goals.
const WORKER_RATIO_MAX: f64 = 2.0;
const TOKENS_PER_SECOND_MIN: f64 = 10_000.0;
const P99_RATIO_MAX: f64 = 1.5;
const START_SECONDS_MAX: f64 = 0.5;
const ACCOUNT_BYTES_MAX: f64 = 100.0;

/// All that a person reads in the terminal.
pub(super) fn render(outcome: &Outcome) -> String {
    let mut text = String::new();
    if !outcome.guests.is_empty() {
        render_logins(outcome, &mut text);
    }
    if !outcome.quiet.is_empty() {
        render_talks(outcome, &mut text);
    }
    if !outcome.empty.is_empty() {
        render_starts(outcome, &mut text);
    }
    text
}

fn render_logins(outcome: &Outcome, text: &mut String) {
    let mut table = table([
        "at once",
        "waves",
        "a second",
        "in the first wave",
        "p50 ms",
        "p99 ms",
        "worker µs each",
        "store µs each",
    ]);
    for (who, rounds) in [("guests", &outcome.guests), ("accounts, by token", &outcome.tokens)] {
        let figure = |figure: fn(&Logins) -> f64| middle(rounds, figure);
        table.add_row([
            format!("{} {who}", outcome.users),
            rounds.iter().map(|round| round.waves).sum::<usize>().to_string(),
            format!("{:.0}", figure(|logins| logins.per_second)),
            format!("{:.0}", figure(|logins| logins.per_second_first)),
            milliseconds(figure(|logins| logins.latency.p50)),
            milliseconds(figure(|logins| logins.latency.p99)),
            format!("{:.1}", figure(|logins| logins.worker_us)),
            format!("{:.1}", figure(|logins| logins.store_us)),
        ]);
    }
    align(&mut table);
    let ratio = outcome.worker_ratio();
    let rate = middle(&outcome.tokens, |logins| logins.per_second);
    let _ = writeln!(text, "{table}\n");
    goal(text, "worker's CPU by token, of a guest's", ratio, ratio <= WORKER_RATIO_MAX, "≤ 2");
    goal(text, "logins a second by token", rate, rate >= TOKENS_PER_SECOND_MIN, "≥ 10000");
    text.push('\n');
}

fn render_talks(outcome: &Outcome, text: &mut String) {
    let mut table =
        table(["pairs talk", "p50 ms", "p99 ms", "slowest ms", "passwords hashed a second"]);
    let waiting = format!("{} passwords wait", outcome.waiting);
    for (when, rounds) in [("alone".to_owned(), &outcome.quiet), (waiting, &outcome.hashing)] {
        let figure = |figure: fn(&Talk) -> f64| middle(rounds, figure);
        table.add_row([
            when,
            milliseconds(figure(|talk| talk.latency.p50)),
            milliseconds(figure(|talk| talk.latency.p99)),
            milliseconds(figure(|talk| talk.latency.max)),
            format!("{:.0}", figure(|talk| talk.passwords_per_second)),
        ]);
    }
    align(&mut table);
    let ratio = outcome.p99_ratio();
    let _ = writeln!(text, "{table}\n");
    goal(text, "p99 while passwords wait, of that without", ratio, ratio <= P99_RATIO_MAX, "≤ 1.5");
    text.push('\n');
}

fn render_starts(outcome: &Outcome, text: &mut String) {
    let mut table = table(["a server starts with accounts", "ms", "slowest ms", "MiB"]);
    for (accounts, rounds) in [(0, &outcome.empty), (outcome.known, &outcome.many)] {
        let seconds = |started: &Started| started.seconds;
        let slowest = rounds.iter().map(seconds).fold(0.0, f64::max);
        let bytes = middle(rounds, |started| started.bytes as f64);
        table.add_row([
            accounts.to_string(),
            format!("{:.0}", middle(rounds, seconds) * 1e3),
            format!("{:.0}", slowest * 1e3),
            format!("{:.1}", bytes / f64::from(1 << 20)),
        ]);
    }
    align(&mut table);
    let (seconds, bytes) = (middle(&outcome.many, |started| started.seconds), outcome.bytes_each());
    let _ = writeln!(text, "{table}\n");
    goal(text, "seconds until it serves", seconds, seconds <= START_SECONDS_MAX, "≤ 0.5");
    goal(text, "resident bytes for each account", bytes, bytes <= ACCOUNT_BYTES_MAX, "≤ 100");
}

fn goal(text: &mut String, what: &str, figure: f64, is_reached: bool, goal: &str) {
    let verdict = if is_reached { "reached" } else { "missed" };
    let _ = writeln!(text, "{what}: {figure:.2} (goal {goal}: {verdict})");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_goal_is_told_as_reached_or_missed() {
        let logins = |per_second, worker_us| Logins { per_second, worker_us, ..Logins::default() };
        let started = |seconds, bytes| Started { seconds, bytes };
        let outcome = Outcome {
            known: 10,
            guests: vec![logins(20_000.0, 10.0)],
            tokens: vec![logins(9_999.0, 20.0)],
            empty: vec![started(0.01, 0)],
            many: vec![started(0.5, 1_001)],
            ..Outcome::default()
        };
        let text = render(&outcome);
        assert!(text.contains("of a guest's: 2.00 (goal ≤ 2: reached)"), "{text}");
        assert!(text.contains("by token: 9999.00 (goal ≥ 10000: missed)"), "{text}");
        assert!(text.contains("serves: 0.50 (goal ≤ 0.5: reached)"), "{text}");
        assert!(text.contains("each account: 100.10 (goal ≤ 100: missed)"), "{text}");
        assert!(!text.contains("pairs talk"), "it wasn't measured: {text}");
    }
}
