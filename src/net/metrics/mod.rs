//! Numbers for a monitoring system, on an address of their own. One admission:
//! [`Metrics::bind`], then [`Metrics::start`]. The thread reads what the
//! workers have written anyhow; they know nothing of it.
//!
//! | module | what lives there |
//! | --- | --- |
//! | `http` | one request, one answer, one connection at a time |
//! | `text` | the numbers as OpenMetrics |
//! | `process` | what the kernel knows of this process |

mod http;
mod process;
mod text;

use process::Process;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Barrier};
use std::thread;

pub use text::Sources;

/// The listener and the files, opened before the process gives its rights up.
pub struct Metrics {
    listener: TcpListener,
    process: Process,
}

impl Metrics {
    /// Takes the address.
    ///
    /// # Errors
    /// What the system says.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        Ok(Self { listener: TcpListener::bind(address)?, process: Process::open() })
    }

    /// With the real port.
    ///
    /// # Errors
    /// What the system says.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Starts the thread, which waits at the gate twice, as the workers do; it
    /// ends with the process.
    ///
    /// # Errors
    /// What the system says.
    pub fn start(self, sources: Sources, gate: Arc<Barrier>) -> io::Result<()> {
        let Self { listener, process } = self;
        let page = text::page(sources, process);
        let serve = move || {
            gate.wait();
            gate.wait();
            http::serve(&listener, page);
        };
        thread::Builder::new().name("metrics".to_owned()).spawn(serve).map(|_| ())
    }
}
