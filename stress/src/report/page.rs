//! One self-contained page: the tables, and plots as SVG. Needs nothing from
//! anywhere, and reads in print.

use super::plot::{Bar, CpuOf, Line, LinePlot, bars, lines};
use super::table;
use crate::run::{Moment, Record, Step};
use anyhow::Result;

const STYLE: &str = "\
body{font:15px/1.5 system-ui,sans-serif;max-width:960px;margin:2em auto;padding:0 1em;\
color:#111;background:#fff}\
pre{font:12px/1.4 ui-monospace,monospace;overflow-x:auto;background:#f5f5f2;padding:1em}\
svg{max-width:100%;height:auto;display:block;margin:1em 0}\
figure{margin:0;break-inside:avoid}\
@media print{body{margin:0;max-width:none}pre{white-space:pre-wrap;background:none}}";

/// The page of one or more scenarios.
///
/// # Errors
/// Where a plot can't be drawn.
pub(super) fn of_records(records: &[Record]) -> Result<String> {
    let mut body = format!("<pre>{}</pre>", escape(&table::render(records)));
    for record in records {
        let mebibytes = |m: &Moment| m.server_bytes.map(|bytes| bytes as f64 / f64::from(1 << 20));
        let descriptors = |m: &Moment| m.server_descriptors.map(|count| count as f64);
        let plots = [
            over_time(record)?,
            by_percentile(record)?,
            by_users(record)?,
            server_over_time(record, "Resident memory over time", "MiB", mebibytes)?,
            server_over_time(record, "Descriptors over time", "open", descriptors)?,
        ];
        body += &format!("<h2>{}</h2>", escape(&record.scenario));
        plots.into_iter().flatten().for_each(|svg| body += &figure(&svg));
    }
    Ok(page("Lanline under stress", &body))
}

/// The page of a comparison.
///
/// # Errors
/// Where a plot can't be drawn.
pub(super) fn of_comparison(cpu: Vec<CpuOf>, tables: &str) -> Result<String> {
    let mut body = String::new();
    for (workload, values) in cpu {
        let values: Vec<Bar> =
            values.into_iter().map(|(name, value)| Bar { name, value }).collect();
        let title = format!("{workload}: server CPU per delivered message");
        if let Some(svg) = bars(&title, "µs", &values)? {
            body += &figure(&svg);
        }
    }
    body += &format!("<pre>{}</pre>", escape(tables));
    Ok(page("Lanline and others", &body))
}

fn page(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title}</title><style>{STYLE}</style>\n<h1>{title}</h1>\n{body}\n</html>\n"
    )
}

fn figure(svg: &str) -> String {
    format!("<figure>{svg}</figure>\n")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn plain(x: f64) -> String {
    format!("{x:.0}")
}

fn over_time(record: &Record) -> Result<Option<String>> {
    let line = |name, value: fn(&Moment) -> f64| Line {
        name,
        points: record.moments.iter().map(|m| (m.at_seconds, value(m) / 1e3)).collect(),
    };
    lines(&LinePlot {
        title: "Latency over time",
        x: "seconds",
        y: "ms",
        lines: vec![line("median", |m| m.latency.p50), line("99 %", |m| m.latency.p99)],
        x_name: plain,
    })
}

/// The x axis is the number of nines: 90 %, 99 %, 99.9 %, …
fn by_percentile(record: &Record) -> Result<Option<String>> {
    let points = record.percentiles.iter().filter(|(percentile, _)| *percentile < 100.0);
    let nines = |percentile: f64| -(1.0 - percentile / 100.0).log10();
    lines(&LinePlot {
        title: "Latency by percentile",
        x: "percentile",
        y: "ms",
        lines: vec![Line {
            name: "latency",
            points: points.map(|&(percentile, us)| (nines(percentile), us / 1e3)).collect(),
        }],
        x_name: percentile_of,
    })
}

/// As many digits as there are nines.
fn percentile_of(nines: f64) -> String {
    let digits = (nines.ceil() as usize).saturating_sub(1);
    format!("{:.digits$} %", 100.0 * (1.0 - 10f64.powf(-nines)))
}

/// Memory or descriptors of a server that was started here.
fn server_over_time(
    record: &Record,
    title: &str,
    y: &str,
    value: fn(&Moment) -> Option<f64>,
) -> Result<Option<String>> {
    let points = record.moments.iter().filter_map(|m| Some((m.at_seconds, value(m)?))).collect();
    lines(&LinePlot {
        title,
        x: "seconds",
        y,
        lines: vec![Line { name: "server", points }],
        x_name: plain,
    })
}

fn by_users(record: &Record) -> Result<Option<String>> {
    let line = |name, value: fn(&Step) -> f64| Line {
        name,
        points: record.steps.iter().map(|s| (s.users as f64, value(s) / 1e3)).collect(),
    };
    lines(&LinePlot {
        title: "Latency by users",
        x: "users",
        y: "ms",
        lines: vec![line("median", |s| s.latency.p50), line("99 %", |s| s.latency.p99)],
        x_name: plain,
    })
}
