//! How many connections the system allows: the soft limit on descriptors is
//! raised to the hard one, a reserve is kept back.

use crate::limits::DESCRIPTORS_RESERVED;
use std::io;

/// Raises the soft limit to the hard one; returns it.
///
/// # Errors
/// What the system says.
pub fn raise_limit() -> io::Result<usize> {
    let raised = rlimit::increase_nofile_limit(u64::MAX)?;
    Ok(usize::try_from(raised).unwrap_or(usize::MAX))
}

/// How many clients so many descriptors allow, with so many workers: each has
/// a poll, a waker and listeners of its own.
pub fn clients_allowed(descriptors: usize, workers: usize, listeners: usize) -> usize {
    descriptors.saturating_sub(DESCRIPTORS_RESERVED + workers * (2 + listeners))
}
