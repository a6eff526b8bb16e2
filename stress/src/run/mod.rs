//! **Runs**: a scenario from the start of the server to the verdict. Never:
//! what the bots do, or how it is shown.

mod breakpoint;
mod first;
mod flags;
mod record;
mod scenario;
mod target;

/// The command line asks for what can't be.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Usage(pub String);

pub(crate) use breakpoint::run as run_breakpoint;
pub(crate) use first::run as run_first;
pub(crate) use flags::{BreakpointArgs, FirstArgs, ScenarioArgs};
pub(crate) use record::{Latency, Moment, Record, Step};
pub(crate) use scenario::run as run_scenario;
pub(crate) use target::is_local;
