//! How many connections the system allows: the soft limit on descriptors is
//! raised to the hard one, a reserve is kept back.

use crate::limits::{CLIENTS_DEFAULT_MAX, DESCRIPTORS_RESERVED};
use crate::net::config::Config;
use crate::net::error::ServeError;
use std::io;

/// Raises the soft limit to the hard one; returns it.
fn raise_limit() -> io::Result<usize> {
    let raised = rlimit::increase_nofile_limit(u64::MAX)?;
    Ok(usize::try_from(raised).unwrap_or(usize::MAX))
}

/// How many clients so many descriptors allow, with so many workers: each has
/// a poll, a waker and listeners of its own.
pub fn clients_allowed(descriptors: usize, workers: usize, listeners: usize) -> usize {
    descriptors.saturating_sub(DESCRIPTORS_RESERVED + workers * (2 + listeners))
}

/// How many clients the descriptor limit allows, now and while we serve.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Allowance {
    limit: usize,
    allowed: usize,
}

impl Allowance {
    /// Raises the limit and says how many that allows.
    ///
    /// # Errors
    /// [`ServeError`] where it leaves no room for clients.
    pub(crate) fn of(config: &Config) -> Result<Self, ServeError> {
        let limit = raise_limit().map_err(ServeError::system("descriptor limit"))?;
        let listeners = config.listen.len().max(1);
        let allowed = clients_allowed(limit, config.workers, listeners);
        if allowed == 0 {
            Err(ServeError::Descriptors { limit })
        } else {
            Ok(Self { limit, allowed })
        }
    }

    /// How many there may be: what was asked for, or what is allowed.
    ///
    /// # Errors
    /// [`ServeError::ClientsMax`] where more were asked for.
    pub(crate) fn clients_max(self, config: &Config) -> Result<usize, ServeError> {
        let Self { limit, allowed } = self;
        match config.clients_max {
            Some(wanted) if wanted > allowed => {
                Err(ServeError::ClientsMax { wanted, limit, allowed })
            }
            wanted => Ok(wanted.unwrap_or(allowed.min(CLIENTS_DEFAULT_MAX))),
        }
    }
}

/// Makes the table of descriptors as large as so many clients will need it. The kernel
/// lets it grow while they come, but where threads share it, who accepts the one that it
/// has no room for waits for all processors to pass a quiescent state (`expand_fdtable`
/// in fs/file.c): 5 to 20 ms for everybody whom that worker serves.
///
/// # Errors
/// The system's error.
pub(crate) fn reserve_table(clients_max: usize) -> io::Result<()> {
    let last = clients_max.saturating_add(DESCRIPTORS_RESERVED / 2);
    // Closed at once; the table never shrinks.
    rustix::io::fcntl_dupfd_cloexec(io::stderr(), i32::try_from(last).unwrap_or(i32::MAX))?;
    Ok(())
}

#[cfg(test)]
impl Allowance {
    /// For so many clients.
    pub(crate) fn for_clients(allowed: usize) -> Self {
        Self { limit: allowed, allowed }
    }
}
