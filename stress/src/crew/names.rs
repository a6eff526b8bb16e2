//! What the users of a run are called. Never: who is one.

use crate::account::Names;

/// Begins the names of all users of a run.
pub(super) fn run_name() -> String {
    format!("s{:x}-", std::process::id())
}

/// Those of a process.
pub(super) fn names(run: &str, process: usize) -> Names {
    Names::new(run, &format!("{process}u"))
}
