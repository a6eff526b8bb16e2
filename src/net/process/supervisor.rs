//! systemd's interface for a service: sockets that are open already, the watchdog,
//! sd_notify(3). Without systemd all of it does nothing.
//!
//! The socket for the messages is opened once, at the start: in its sandbox
//! the process can't open another.

use listenfd::ListenFd;
use log::warn;
use socket2::SockRef;
use std::ffi::OsString;
use std::io;
use std::net::TcpListener;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// The supervisor, if there is one.
#[derive(Debug, Default)]
pub(crate) struct Supervisor {
    socket: Option<UnixDatagram>,
    watchdog: Option<Duration>,
}

impl Supervisor {
    /// As the environment says.
    pub(crate) fn from_env() -> Self {
        let Some(path) = std::env::var_os("NOTIFY_SOCKET") else { return Self::default() };
        match connect(&path) {
            Ok(socket) => Self { socket: Some(socket), watchdog: watchdog() },
            Err(error) => {
                warn!("can't reach the supervisor at {}: {error}", path.to_string_lossy());
                Self::default()
            }
        }
    }

    /// The watchdog's timeout.
    pub(crate) fn watchdog(&self) -> Option<Duration> {
        self.watchdog
    }

    /// We serve, or serve again.
    pub(crate) fn is_ready(&self) {
        self.tell("READY=1");
    }

    /// We read our settings again, at this time of `CLOCK_MONOTONIC`.
    pub(crate) fn is_reloading(&self) {
        self.tell("RELOADING=1");
    }

    /// We are stopping.
    pub(crate) fn is_stopping(&self) {
        self.tell("STOPPING=1");
    }

    /// All workers answer.
    pub(crate) fn is_well(&self) {
        if self.watchdog.is_some() {
            self.tell("WATCHDOG=1");
        }
    }

    fn tell(&self, state: &str) {
        if let Some(socket) = &self.socket
            && let Err(error) = socket.send(state.as_bytes())
        {
            warn!("can't tell the supervisor {state}: {error}");
        }
    }
}

/// A path, or a name of the abstract name space behind `@`.
fn connect(path: &OsString) -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    // A supervisor that doesn't read must not block a worker.
    socket.set_nonblocking(true)?;
    match path.as_bytes().strip_prefix(b"@") {
        Some(name) => socket.connect_addr(&SocketAddr::from_abstract_name(name)?)?,
        None => socket.connect(path)?,
    }
    Ok(socket)
}

fn watchdog() -> Option<Duration> {
    let number = |name| std::env::var(name).ok()?.parse::<u64>().ok();
    // The variables are for that process only, not for its children.
    if std::env::var_os("WATCHDOG_PID").is_some()
        && number("WATCHDOG_PID") != Some(u64::from(std::process::id()))
    {
        return None;
    }
    number("WATCHDOG_USEC").filter(|&usec| usec > 0).map(Duration::from_micros)
}

/// Listeners that the supervisor has opened for us: they outlive us, so a
/// restart refuses nobody.
///
/// # Errors
/// A message: one of them is no TCP socket, or doesn't listen.
pub(crate) fn inherited_listeners() -> Result<Vec<TcpListener>, String> {
    let mut sockets = ListenFd::from_env();
    let mut listeners = Vec::new();
    for number in 0..sockets.len() {
        let taken = sockets.take_tcp_listener(number).map_err(|error| error.to_string())?;
        let Some(listener) = taken else { continue };
        match SockRef::from(&listener).is_listener() {
            Ok(true) => listeners.push(listener),
            Ok(false) if SockRef::from(&listener).peer_addr().is_ok() => {
                return Err(format!(
                    "socket {number} is a connection, and we want the listener \
                     (in a socket unit: Accept=no)"
                ));
            }
            Ok(false) => return Err(format!("socket {number} doesn't listen")),
            Err(error) => return Err(format!("socket {number}: {error}")),
        }
    }
    Ok(listeners)
}

#[cfg(test)]
impl Supervisor {
    /// A supervisor at the other end of this socket.
    pub(crate) fn of(socket: UnixDatagram, watchdog: Option<Duration>) -> Self {
        Self { socket: Some(socket), watchdog }
    }
}
