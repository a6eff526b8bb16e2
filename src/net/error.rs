//! Errors that keep the server from serving, with advice for the operator. Never:
//! what a client is told.

use crate::sandbox;
use crate::store::StoreError;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::path::PathBuf;
use thiserror::Error;

/// Why the server can't serve.
#[derive(Debug, Error)]
pub enum ServeError {
    /// An address can't be bound.
    #[error("can't listen on {0}: {1}{advice}", advice = bind_advice(.1))]
    Bind(SocketAddr, #[source] io::Error),
    /// A socket from the supervisor is no listener.
    #[error("the supervisor's sockets can't be used: {0}")]
    Inherited(String),
    /// The descriptor limit leaves no room for clients.
    #[error(
        "the limit of {limit} descriptors leaves no room for clients; \
         raise it (ulimit -n, or LimitNOFILE in a systemd unit)"
    )]
    Descriptors { limit: usize },
    /// The limit on descriptors is too low for the wanted number of clients.
    #[error(
        "{wanted} clients are wanted, but {limit} descriptors allow {allowed}; raise the \
         limit (ulimit -n, or LimitNOFILE in a systemd unit) or lower --max-clients"
    )]
    ClientsMax { wanted: usize, limit: usize, allowed: usize },
    /// Accounts can't be kept.
    #[error(transparent)]
    Store(StoreError),
    /// There are accounts, and there are to be none.
    #[error(
        "{0} has {1} accounts, and with --accounts off anybody could take their names; start \
         without it, or name another directory with --data"
    )]
    AccountsOff(PathBuf, u64),
    /// The socket for the command line can't be had.
    #[error("the control socket {0} can't be had: {1}")]
    Control(PathBuf, #[source] io::Error),
    /// The sandbox is required and not available.
    #[error("{0}; see --sandbox")]
    Sandbox(#[source] sandbox::Refused),
    /// Another system call failed.
    #[error("the system refuses {0}: {1}")]
    System(&'static str, #[source] io::Error),
}

impl ServeError {
    /// Names what the system refuses.
    pub(super) fn system(what: &'static str) -> impl Fn(io::Error) -> Self {
        move |error| Self::System(what, error)
    }
}

/// What an operator can do about an address that can't be bound.
fn bind_advice(error: &io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::AddrInUse => {
            "; another program has it (ss -ltnp shows which); \
             end that one or choose another port with --listen"
        }
        ErrorKind::PermissionDenied => "; ports below 1024 are root's; choose a higher one",
        ErrorKind::AddrNotAvailable => {
            "; this machine has no such address (ip address shows which it has)"
        }
        _ => "",
    }
}
