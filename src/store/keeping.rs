//! How long packets are kept, and how much of them. Never: removing any.

use crate::accounts::Span;
use std::sync::{Mutex, PoisonError};

/// What is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keeping {
    /// What is older is removed.
    pub keep: Span,
    /// What is over it is removed, the oldest first; none is half of what was free when the
    /// store was made.
    pub bytes_max: Option<u64>,
}

/// The same for a server that runs: it may be set anew.
#[derive(Debug, Default)]
pub struct SharedKeeping(Mutex<Keeping>);

impl Default for Keeping {
    /// Everything.
    fn default() -> Self {
        Self { keep: Span::Forever, bytes_max: Some(i64::MAX as u64) }
    }
}

impl SharedKeeping {
    pub fn new(keeping: Keeping) -> Self {
        Self(Mutex::new(keeping))
    }

    pub fn get(&self) -> Keeping {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn set(&self, keeping: Keeping) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = keeping;
    }
}
