//! Sizes and figures of the tests, and clocks that are set. Never: an
//! expectation of one test alone.

mod set_clocks;

pub(crate) use set_clocks::Clocks;

use std::time::Duration;
use testkit::{Server, ServerBuilder};

/// A server with these flags.
pub(crate) fn server(flags: &[&str]) -> Server {
    builder(flags).start()
}

/// [`server`], to be started in another way.
pub(crate) fn builder(flags: &[&str]) -> ServerBuilder {
    Server::builder().arguments(flags)
}

/// `small` in the usual run, `full` at full size.
pub(crate) fn size(small: usize, full: usize) -> usize {
    if is_full() { full } else { small }
}

pub(crate) fn is_full() -> bool {
    std::env::var("LANLINE_HOSTILE").is_ok_and(|size| size == "full")
}

/// A figure for the reports; `--nocapture` shows it.
pub(crate) fn figure(what: &str, value: impl std::fmt::Display) {
    println!("figure: {what}: {value}");
}

/// The value below which 99 of 100 are.
pub(crate) fn percentile_99(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[(times.len() * 99 / 100).min(times.len() - 1)]
}
