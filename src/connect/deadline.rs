//! Until when something is waited for. Never: waiting.

use super::error::Error;
use std::time::{Duration, Instant};

/// The end of a wait that may take several steps.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    at: Instant,
    /// How long the whole wait is, for people.
    timeout: Duration,
}

impl Deadline {
    /// So long from now.
    pub fn after(timeout: Duration) -> Self {
        Self { at: Instant::now() + timeout, timeout }
    }

    /// What is left of it, more than nothing.
    ///
    /// # Errors
    /// [`Error::TimedOut`] once it is over.
    pub fn left(self) -> Result<Duration, Error> {
        let left = self.at.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(self.over()) } else { Ok(left) }
    }

    /// The error of a wait that has reached it.
    pub fn over(self) -> Error {
        Error::TimedOut(self.timeout)
    }
}
