//! What a comparison has measured, as it is written down. Never: a measurement.

use super::measure::Measured;
use serde::Serialize;

/// One workload against one server in one round.
#[derive(Debug, Serialize)]
pub(crate) struct Run {
    pub round: u32,
    pub server: String,
    pub workload: String,
    /// What was measured, or why nothing was.
    #[serde(flatten)]
    pub outcome: Outcome,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    Measured(Measured),
    Failed(String),
}
