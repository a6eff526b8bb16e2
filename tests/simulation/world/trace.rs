//! The last steps of a run, kept only while a failing seed is run again.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::env;

/// Steps that are printed, unless `LANLINE_SIM_STEPS` asks for more.
const STEPS_KEPT: usize = 120;

thread_local! {
    static TRACE: RefCell<Option<VecDeque<String>>> = const { RefCell::new(None) };
    static KEPT: Cell<usize> = const { Cell::new(STEPS_KEPT) };
}

/// From here on steps are kept.
pub(super) fn start() {
    let wanted = env::var("LANLINE_SIM_STEPS").ok();
    KEPT.set(wanted.and_then(|steps| steps.parse().ok()).unwrap_or(STEPS_KEPT).max(1));
    TRACE.set(Some(VecDeque::new()));
}

/// Remembers a step.
pub(crate) fn note(step: impl FnOnce() -> String) {
    TRACE.with_borrow_mut(|trace| {
        if let Some(trace) = trace {
            if trace.len() >= KEPT.get() {
                trace.pop_front();
            }
            trace.push_back(step());
        }
    });
}

/// All that is kept; nothing is kept any more.
pub(super) fn take() -> Vec<String> {
    TRACE.take().unwrap_or_default().into()
}
