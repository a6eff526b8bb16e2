//! Figures for a monitoring system, on an address of their own: [`Metrics`] is
//! opened before the sandbox, and becomes a [`Service`] once its sources are
//! there. It reads the counters that the workers keep anyway; they don't depend on
//! it.
//!
//! | module | what lives there |
//! | --- | --- |
//! | `http` | one request, one answer |
//! | `scrapers` | the few connections that are allowed, in one poll loop |
//! | `text` | the figures as OpenMetrics |
//! | `process` | what the kernel knows of this process |

mod http;
mod process;
mod scrapers;
mod text;

use super::{Service, Stopper};
use crate::sandbox::Needs;
use process::Process;
use scrapers::Scrapers;
use std::io;
use std::net::SocketAddr;

pub use text::Sources;

/// The listener and the files, open.
pub struct Metrics {
    scrapers: Scrapers,
    process: Process,
}

/// [`Metrics`] with its sources.
struct Running {
    scrapers: Scrapers,
    page: Box<dyn Fn() -> String + Send>,
}

impl Metrics {
    /// Takes the address.
    ///
    /// # Errors
    /// The system's error.
    pub fn open(address: SocketAddr) -> io::Result<Self> {
        Ok(Self { scrapers: Scrapers::bind(address)?, process: Process::open() })
    }

    /// With the real port.
    ///
    /// # Errors
    /// The system's error.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.scrapers.address()
    }

    /// What the thread needs of the sandbox.
    pub fn needs() -> Needs {
        Needs { connections: true, open_files: true, ..Needs::default() }
    }

    /// The service for these sources.
    pub fn service(self, sources: Sources) -> Box<dyn Service> {
        let page = Box::new(text::page(sources, self.process));
        Box::new(Running { scrapers: self.scrapers, page })
    }
}

impl Service for Running {
    fn name(&self) -> &'static str {
        "metrics"
    }

    fn needs(&self) -> Needs {
        Metrics::needs()
    }

    fn stopper(&mut self) -> Stopper {
        self.scrapers.stopper()
    }

    fn run(self: Box<Self>) -> io::Result<()> {
        self.scrapers.serve(&self.page)
    }
}
