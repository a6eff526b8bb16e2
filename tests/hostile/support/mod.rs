//! What the tests stand on: the server as a child process, a client, waiting
//! with a deadline. Never: an expectation of one test alone.

pub mod client;
pub mod clocks;
pub mod server;

pub use client::Client;
pub use server::Server;

use std::time::{Duration, Instant};

/// Longer than anything here takes on a slow machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// `small` in the usual run, `full` at full size.
pub fn size(small: usize, full: usize) -> usize {
    if is_full() { full } else { small }
}

pub fn is_full() -> bool {
    std::env::var("LANLINE_HOSTILE").is_ok_and(|size| size == "full")
}

/// Waits until `is_so`; what it waits for is named where it fails.
pub fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "never: {what}");
        std::thread::yield_now();
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

/// A figure for the reports; `--nocapture` shows it.
pub fn figure(what: &str, value: impl std::fmt::Display) {
    println!("figure: {what}: {value}");
}

/// The value below which 99 of 100 are.
pub fn percentile_99(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[(times.len() * 99 / 100).min(times.len() - 1)]
}
