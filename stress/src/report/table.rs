//! The table at the end, what is wrong, and the verdict.

use crate::account::Totals;
use crate::run::{Record, Step};
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use std::fmt::Write;

/// Faults shown; the JSON has more.
const FAULTS_SHOWN_MAX: usize = 10;

/// All that a person reads in the terminal.
pub(crate) fn render(records: &[Record]) -> String {
    let mut text = format!("{}\n", summary(records));
    for record in records {
        if !record.steps.is_empty() {
            let _ = writeln!(text, "\n{}", steps(&record.steps));
        }
        if let Some(ending) = &record.ending {
            let _ = writeln!(text, "\n{ending}");
        }
    }
    let _ = writeln!(text, "\n{}", accounts(records));
    for record in records {
        complaints(&mut text, record);
    }
    let verdict = match records.iter().all(Record::is_fine) {
        true => "OK: every packet is accounted for.",
        false => "FAILED.",
    };
    let _ = writeln!(text, "\n{verdict}");
    text
}

pub(crate) fn table<'a>(header: impl IntoIterator<Item = &'a str>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.set_content_arrangement(ContentArrangement::Disabled).set_header(header);
    table
}

pub(crate) fn align(table: &mut Table) {
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
}

pub(crate) fn milliseconds(microseconds: f64) -> String {
    format!("{:.2}", microseconds / 1e3)
}

fn summary(records: &[Record]) -> Table {
    let mut table = table([
        "scenario",
        "users",
        "s",
        "a second",
        "p50 ms",
        "p99 ms",
        "slowest ms",
        "server µs each",
        "bots' core",
    ]);
    for record in records {
        table.add_row([
            record.scenario.clone(),
            record.users.to_string(),
            format!("{:.1}", record.seconds),
            format!("{:.0}", record.per_second),
            milliseconds(record.latency.p50),
            milliseconds(record.latency.p99),
            milliseconds(record.latency.max),
            cpu(record),
            format!("{:.0} %", record.generator_busy * 100.0),
        ]);
    }
    align(&mut table);
    table
}

/// All of it; in brackets that of the workers and of the store.
fn cpu(record: &Record) -> String {
    let Some(all) = record.server_cpu_us else { return "–".to_owned() };
    match (record.worker_cpu_us, record.store_cpu_us) {
        (Some(workers), Some(store)) => format!("{all:.2} ({workers:.2} + {store:.2})"),
        _ => format!("{all:.2}"),
    }
}

fn steps(steps: &[Step]) -> Table {
    let mut table = table(["users", "a second", "p50 ms", "p99 ms", "slowest ms", "server MiB"]);
    for step in steps {
        table.add_row([
            step.users.to_string(),
            format!("{:.0}", step.per_second),
            milliseconds(step.latency.p50),
            milliseconds(step.latency.p99),
            milliseconds(step.latency.max),
            step.server_bytes.map_or("–".to_owned(), |bytes| format!("{:.1}", mebibytes(bytes))),
        ]);
    }
    align(&mut table);
    table
}

fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

fn accounts(records: &[Record]) -> Table {
    let header = ["account", "sent", "delivered", "refused", "to closed sockets", "faults"];
    let mut table = table(header);
    for record in records {
        let totals = &record.outcome.totals;
        table.add_row([
            record.scenario.clone(),
            totals.sent.to_string(),
            totals.delivered.to_string(),
            refusals(totals),
            totals.to_closed_sockets.to_string(),
            totals.faults.to_string(),
        ]);
    }
    align(&mut table);
    table
}

fn refusals(totals: &Totals) -> String {
    if totals.refused.is_empty() {
        return "0".to_owned();
    }
    let codes = totals.refused.iter().map(|(code, count)| format!("{count} {code}"));
    codes.collect::<Vec<_>>().join(", ")
}

fn complaints(text: &mut String, record: &Record) {
    for failure in &record.failures {
        let _ = writeln!(text, "{}: {failure}", record.scenario);
    }
    let faults = &record.outcome.faults;
    for fault in faults.iter().take(FAULTS_SHOWN_MAX) {
        let _ = writeln!(text, "{}: {fault}", record.scenario);
    }
    let more = record.outcome.totals.faults.saturating_sub(FAULTS_SHOWN_MAX as u64);
    if more > 0 && faults.len() > FAULTS_SHOWN_MAX {
        let _ = writeln!(text, "{}: and {more} more", record.scenario);
    }
    if record.generator_was_busy() {
        let _ = writeln!(
            text,
            "{}: the bots used {:.0} % of a core each process: rate and latency may be their \
             limit, not the server's",
            record.scenario,
            record.generator_busy * 100.0
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::{Fault, FaultKind};
    use crate::crew::Outcome;
    use crate::run::Latency;

    fn record() -> Record {
        Record {
            scenario: "chatter".to_owned(),
            users: 7,
            processes: 1,
            seconds: 2.0,
            delivered: 40,
            per_second: 20.0,
            welcomed: 7,
            latency: Latency { p50: 1_000.0, p99: 2_000.0, max: 3_000.0 },
            percentiles: Vec::new(),
            moments: Vec::new(),
            steps: Vec::new(),
            ending: None,
            server_cpu_us: None,
            worker_cpu_us: None,
            store_cpu_us: None,
            generator_busy: 0.5,
            outcome: Outcome::default(),
            failures: Vec::new(),
        }
    }

    /// The cells of the row that begins like this.
    fn row(text: &str, scenario: &str) -> Vec<String> {
        let line = text.lines().find(|line| line.starts_with(&format!("| {scenario}")));
        let cells = line.expect("a row").trim_matches('|').split('|');
        cells.map(|cell| cell.trim().to_owned()).collect()
    }

    #[test]
    fn each_figure_stands_under_its_name() {
        let text = render(&[record()]);
        let names = ["scenario", "users", "s", "a second", "p50 ms", "p99 ms", "slowest ms"];
        assert_eq!(row(&text, "scenario")[..7], names);
        let figures = ["chatter", "7", "2.0", "20", "1.00", "2.00", "3.00"];
        assert_eq!(row(&text, "chatter")[..7], figures);
        assert!(text.ends_with("OK: every packet is accounted for.\n"), "{text}");
    }

    #[test]
    fn a_fault_or_a_failure_fails_the_run_and_is_named() {
        let mut faulty = record();
        let fault = |ordinal| Fault {
            kind: FaultKind::Twice,
            from: "a".to_owned(),
            to: "b".to_owned(),
            ordinal,
            at_seconds: 0.0,
            detail: String::new(),
        };
        faulty.outcome.faults = (1..=12).map(fault).collect();
        faulty.outcome.totals.faults = 12;
        let text = render(&[record(), faulty]);
        assert!(text.contains("chatter: delivered twice: a → b, packet 10,"), "{text}");
        assert!(!text.contains("packet 11,") && text.contains("chatter: and 2 more"), "{text}");
        assert!(text.ends_with("FAILED.\n"), "{text}");

        let mut failed = record();
        failed.failures.push("nothing happened".to_owned());
        let text = render(&[failed]);
        assert!(
            text.contains("chatter: nothing happened") && text.ends_with("FAILED.\n"),
            "{text}"
        );
    }

    #[test]
    fn a_run_that_the_bots_limit_says_so() {
        assert!(!render(&[record()]).contains("the bots used"));
        let busy = Record { generator_busy: 0.95, ..record() };
        assert!(render(&[busy]).contains("the bots used 95 % of a core"));
    }
}
