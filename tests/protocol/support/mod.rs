//! What every test needs: a server to talk to, a client that trusts nothing,
//! packets read strictly. Never: what a test is about.

mod client;
mod ledger;
mod packet;
mod server;

pub use client::{Client, Outcome};
pub use ledger::{Ledger, numbered};
pub use packet::{Packet, packet_text};
pub use server::{Server, run};

use std::time::{Duration, Instant};

/// How long anything may take before the test gives up. Long, for slow and
/// busy machines: only a broken server makes a test wait for it.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Asks until the answer is there.
///
/// # Panics
/// Where it isn't there within [`PATIENCE`].
pub fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < deadline, "never happened: {what}");
        std::thread::yield_now();
    }
}
