//! The tables of a comparison: a row a server, a column a workload; median,
//! spread, and the ratio to the relay (over TLS: to plain packets) within the same round.

use super::measure::Measured;
use super::record::{Outcome, Run};
use crate::report::CpuOf;
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

/// A generator above this share of its core may be what limits the rate.
const GENERATOR_BUSY: f64 = 0.95;

/// Lanline over plain packets, where the others are measured over TLS.
pub(super) const PLAIN: &str = "lanline-plain";

/// What others are compared with: the relay, or where there is TLS, what has none.
fn base(runs: &[Run]) -> &'static str {
    if runs.iter().any(|run| run.server == PLAIN) { PLAIN } else { "relay" }
}

/// Least, middle and greatest of some values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spread {
    pub min: f64,
    pub median: f64,
    pub max: f64,
}

impl Spread {
    /// `None` of nothing.
    pub(super) fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let (min, max) = (*values.first()?, *values.last()?);
        let middle = values.len() / 2;
        let median = match values.len() % 2 {
            0 => (values[middle - 1] + values[middle]) / 2.0,
            _ => values[middle],
        };
        Some(Self { min, median, max })
    }
}

/// A figure to compare.
struct Figure {
    title: &'static str,
    of: fn(&Measured) -> Option<f64>,
    digits: usize,
    has_ratio: bool,
}

const FIGURES: [Figure; 5] = [
    Figure {
        title: "Server CPU per delivered message, µs (login: per login)",
        of: |measured| timed(measured).then_some(measured.server_cpu_us),
        digits: 2,
        has_ratio: true,
    },
    Figure {
        title: "Deliveries a second (login: logins)",
        of: |measured| timed(measured).then_some(measured.per_second),
        digits: 0,
        has_ratio: true,
    },
    Figure {
        title: "Latency, median, µs",
        of: |measured| (measured.latency_p50_us > 0.0).then_some(measured.latency_p50_us),
        digits: 0,
        has_ratio: true,
    },
    Figure {
        title: "Latency, 99th percentile, µs",
        of: |measured| (measured.latency_p99_us > 0.0).then_some(measured.latency_p99_us),
        digits: 0,
        has_ratio: true,
    },
    Figure {
        title: "Resident memory per idle user, bytes",
        of: |measured| measured.idle_user_bytes,
        digits: 0,
        has_ratio: false,
    },
];

fn timed(measured: &Measured) -> bool {
    measured.seconds > 0.0
}

/// All tables, and what has to be known about them.
pub(super) fn render(runs: &[Run]) -> String {
    let mut text = String::new();
    for figure in &FIGURES {
        if let Some(table) = render_figure(figure, runs) {
            let (title, base) = (figure.title, base(runs));
            text += &format!("\n{title}\nmedian [min–max] ×ratio to {base}\n{table}\n");
        }
    }
    for run in runs {
        if let Outcome::Failed(why) = &run.outcome {
            text += &format!("FAILED round {} {} {}: {why}\n", run.round, run.server, run.workload);
        }
    }
    text + &generator_note(runs)
}

fn generator_note(runs: &[Run]) -> String {
    let measured: Vec<_> = runs.iter().filter_map(measured_of).filter(|m| timed(m)).collect();
    let busy = measured.iter().filter(|m| m.generator_busy > GENERATOR_BUSY).count();
    if busy == 0 {
        return String::new();
    }
    format!(
        "\nIn {busy} of {} runs the bots themselves used over {:.0} % of their core: there the \
         rates and latencies\nshow their limit, not the server's. CPU per message is the figure \
         to compare.\n",
        measured.len(),
        GENERATOR_BUSY * 100.0
    )
}

fn measured_of(run: &Run) -> Option<&Measured> {
    match &run.outcome {
        Outcome::Measured(measured) => Some(measured),
        Outcome::Failed(_) => None,
    }
}

/// In the order of their first run.
fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut distinct = Vec::new();
    for name in names {
        if !distinct.contains(&name) {
            distinct.push(name);
        }
    }
    distinct
}

fn render_figure(figure: &Figure, runs: &[Run]) -> Option<Table> {
    let has_value = |run: &&Run| measured_of(run).and_then(figure.of).is_some();
    let workloads = distinct(runs.iter().filter(has_value).map(|run| run.workload.as_str()));
    if workloads.is_empty() {
        return None;
    }
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(["server"].into_iter().chain(workloads.iter().copied()));
    for server in distinct(runs.iter().map(|run| run.server.as_str())) {
        let cells = workloads.iter().map(|workload| cell(figure, runs, server, workload));
        table.add_row([server.to_owned()].into_iter().chain(cells));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    Some(table)
}

fn cell(figure: &Figure, runs: &[Run], server: &str, workload: &str) -> String {
    let values: Vec<(u32, f64)> = values(figure, runs, server, workload);
    let Some(spread) = Spread::of(values.iter().map(|&(_, value)| value).collect()) else {
        return "–".to_owned();
    };
    let digits = figure.digits;
    let Spread { min, median, max } = spread;
    let text = match values.len() {
        1 => format!("{median:.digits$}"),
        _ => format!("{median:.digits$} [{min:.digits$}–{max:.digits$}]"),
    };
    let floor = self::values(figure, runs, base(runs), workload);
    let ratios = values.iter().filter_map(|(round, value)| {
        let (_, base) = floor.iter().find(|(other, _)| other == round)?;
        (*base > 0.0).then(|| value / base)
    });
    match Spread::of(ratios.collect()).filter(|_| figure.has_ratio && server != base(runs)) {
        Some(ratio) => format!("{text} ×{:.2}", ratio.median),
        None => text,
    }
}

/// The median of a figure over all rounds: for each workload, each server.
pub(super) fn medians(
    runs: &[Run],
    of: fn(&Measured) -> Option<f64>,
) -> Vec<(String, Vec<(String, f64)>)> {
    let figure = Figure { title: "", of, digits: 0, has_ratio: false };
    let mut medians = Vec::new();
    for workload in distinct(runs.iter().map(|run| run.workload.as_str())) {
        let servers = distinct(runs.iter().map(|run| run.server.as_str())).into_iter();
        let by_server: Vec<_> = servers
            .filter_map(|server| {
                let values = values(&figure, runs, server, workload);
                let spread = Spread::of(values.into_iter().map(|(_, value)| value).collect())?;
                Some((server.to_owned(), spread.median))
            })
            .collect();
        medians.push((workload.to_owned(), by_server));
    }
    medians
}

/// The figure in each round.
fn values(figure: &Figure, runs: &[Run], server: &str, workload: &str) -> Vec<(u32, f64)> {
    runs.iter()
        .filter(|run| run.server == server && run.workload == workload)
        .filter_map(|run| Some((run.round, (figure.of)(measured_of(run)?)?)))
        .collect()
}

/// Server CPU per message in µs, the median of all rounds: for each workload,
/// each server in order.
pub(super) fn cpu_per_message(runs: &[Run]) -> Vec<CpuOf> {
    medians(runs, |measured| (measured.seconds > 0.0).then_some(measured.server_cpu_us))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_lies_between_the_middle_two() {
        let spread = Spread::of(vec![4.0, 1.0, 2.0, 10.0]);
        assert_eq!(spread, Some(Spread { min: 1.0, median: 3.0, max: 10.0 }));
        assert_eq!(Spread::of(Vec::new()), None);
    }
}
