//! What the tests of the real program share: the server and other programs as
//! child processes, scripted peers on both ends of a connection, and the ways
//! of running a test. Knows the protocol from its document only, nothing of
//! the program's code. Never: what a test is about.
//!
//! Nothing here sleeps. Everything waits for an event (a line, a packet, the
//! end of a process) up to a deadline that only a broken program reaches, and
//! every process is killed when its owner is dropped.

pub mod connection;
pub mod fake_server;
pub mod http;
pub mod lines;
pub mod packet;
pub mod peer;
pub mod process;
pub mod program;
pub mod server;
pub mod setup;
pub mod tls;

pub use fake_server::{FakeServer, Session};
pub use packet::{Packet, packet_text};
pub use peer::{Outcome, Peer};
pub use process::Process;
pub use rustix::process::Signal;
pub use server::{Server, ServerBuilder};
pub use setup::Setup;

use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

/// How long anything may take before a test gives up. Long, for slow and busy
/// machines: only a broken program makes a test wait for it.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Makes a system call again for as long as it is interrupted. One with a timeout is
/// also when the process, or the whole machine, was stopped and went on (signal(7),
/// "Interruption of system calls by stop signals").
///
/// # Errors
/// Any other error of the call.
pub fn uninterrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// Calls `ask` until it returns something. Each call has to wait by itself, for a
/// round trip to the server say: there is no pause between two.
///
/// # Panics
/// Where there is none within [`PATIENCE`].
pub fn ask_until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < deadline, "never happened: {what}");
    }
}
