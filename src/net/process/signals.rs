//! Signals, as readiness of a socket that the first worker polls, so that no
//! thread has to wait for them. What they ask for is others' to do.

use mio::net::UnixStream;
use mio::{Interest, Registry, Token};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::low_level::pipe;
use std::io::{self, Read};

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// SIGTERM, SIGINT: shut down.
    Stop,
    /// SIGHUP.
    Reload,
}

/// The signals of this process, from now on.
#[derive(Debug)]
pub(crate) struct Signals {
    stop: UnixStream,
    reload: UnixStream,
}

impl Signals {
    /// Takes the signals over. SIGPIPE needs no handler: the runtime ignores it.
    ///
    /// # Errors
    /// The system's error.
    pub(crate) fn take_over() -> io::Result<Self> {
        let (stop, on_stop) = UnixStream::pair()?;
        let (reload, on_reload) = UnixStream::pair()?;
        let again = std::os::fd::OwnedFd::from(std::os::unix::net::UnixStream::from(on_stop));
        pipe::register(SIGINT, again.try_clone()?)?;
        pipe::register(SIGTERM, again)?;
        pipe::register(SIGHUP, std::os::unix::net::UnixStream::from(on_reload))?;
        Ok(Self { stop, reload })
    }

    /// Watches for them.
    ///
    /// # Errors
    /// The system's error.
    pub(crate) fn watch(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        registry.register(&mut self.stop, token, Interest::READABLE)?;
        registry.register(&mut self.reload, token, Interest::READABLE)
    }

    /// Those that came since the last look.
    pub(crate) fn take(&mut self) -> Vec<Signal> {
        let came = |pipe: &mut UnixStream| {
            let mut bytes = [0; 64];
            let mut any = false;
            while matches!(pipe.read(&mut bytes), Ok(count) if count > 0) {
                any = true;
            }
            any
        };
        let stop = came(&mut self.stop).then_some(Signal::Stop);
        let reload = came(&mut self.reload).then_some(Signal::Reload);
        stop.into_iter().chain(reload).collect()
    }
}

#[cfg(test)]
impl Signals {
    /// Signals that a test gives, by a byte each.
    pub(crate) fn of(stop: UnixStream, reload: UnixStream) -> Self {
        Self { stop, reload }
    }
}
