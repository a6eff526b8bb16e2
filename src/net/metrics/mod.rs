//! Numbers for a monitoring system, on an address of their own. One door:
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

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::thread;

pub use text::Sources;

/// The listener, bound before the process gives its rights up.
pub struct Metrics {
    listener: TcpListener,
}

impl Metrics {
    /// Takes the address.
    ///
    /// # Errors
    /// What the system says.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        Ok(Self { listener: TcpListener::bind(address)? })
    }

    /// With the real port.
    ///
    /// # Errors
    /// What the system says.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Starts the thread; it ends with the process.
    ///
    /// # Errors
    /// What the system says.
    pub fn start(self, sources: Sources) -> io::Result<()> {
        let page = text::page(sources);
        let serve = move || http::serve(&self.listener, page);
        thread::Builder::new().name("metrics".to_owned()).spawn(serve).map(|_| ())
    }
}
