//! How to measure. Never: measuring.

use super::args::LoginArgs;
use crate::versus::launch::server_binary;
use std::path::PathBuf;
use std::time::Duration;

/// What all rounds have in common.
pub(super) struct Plan {
    pub program: PathBuf,
    pub workers: Option<usize>,
    pub duration: Duration,
}

impl Plan {
    pub(super) fn new(args: &LoginArgs) -> Self {
        let program = server_binary(args.server_bin.as_deref());
        let duration = Duration::from_secs_f64(args.duration);
        Self { program, workers: args.workers, duration }
    }
}
