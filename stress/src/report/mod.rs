//! **Reports**: a line while it runs, a table at the end, JSON, and a page
//! with plots. Never: a figure that isn't in the record.

mod page;
mod plot;
mod progress;
mod table;

use crate::run::Record;
use anyhow::{Context, Result};
use std::path::Path;

pub(crate) use plot::CpuOf;
pub(crate) use progress::Progress;
pub(crate) use table::{align, milliseconds, render as render_table, table};

/// Writes `value` as JSON.
///
/// # Errors
/// Where the file can't be written.
pub(crate) fn write_json<T: serde::Serialize + ?Sized>(path: &Path, value: &T) -> Result<()> {
    let bytes = serde_json::to_vec_pretty(value)?;
    std::fs::write(path, bytes).with_context(|| path.display().to_string())
}

/// Writes the page of one or more scenarios.
///
/// # Errors
/// Where a plot can't be drawn, or the file can't be written.
pub(crate) fn write_page(path: &Path, records: &[Record]) -> Result<()> {
    let page = page::of_records(records)?;
    std::fs::write(path, page).with_context(|| path.display().to_string())
}

/// Writes the page of a comparison; `tables` is what the terminal shows.
///
/// # Errors
/// As [`write_page`].
pub(crate) fn write_versus_page(path: &Path, cpu: Vec<CpuOf>, tables: &str) -> Result<()> {
    let page = page::of_comparison(cpu, tables)?;
    std::fs::write(path, page).with_context(|| path.display().to_string())
}
