//! What is to be removed, and how far that is. Never: removing it.

use crate::archive::Micros;

/// What is to be kept.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) struct Bounds {
    /// What was stored before is too old.
    pub before: Option<Micros>,
    pub bytes_max: u64,
}

/// What is left to do.
#[derive(Debug, Default)]
pub(super) struct Round {
    /// Packets up to here were looked at; none where no round is under way.
    pub looked_upto: Option<u64>,
    pub has_keys: bool,
    pub has_erased: bool,
    /// Packets that have come since the last step.
    pub appended: usize,
}
