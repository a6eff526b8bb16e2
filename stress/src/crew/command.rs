//! What a process of bots is told, and what it says to that. Never: who does it.

use crate::account::{Fault, Posts, Totals};
use crate::bots::Window;
use crate::scenarios::Spec;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// What a process needs to know to play its part.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Part {
    pub spec: Spec,
    pub server: SocketAddr,
    /// Bots at the most.
    pub seats: usize,
    /// Counted from 0.
    pub process: usize,
    /// The only process.
    pub is_alone: bool,
    /// Begins the names of all users of this run.
    pub run: String,
}

/// What a crew is told, in this order.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Command {
    /// Let bots in until there are so many.
    Grow { users: usize },
    /// Play for so long; the first time, begin.
    Play { seconds: f64 },
    /// Write no more, and wait for all that is on its way.
    Drain,
    /// Ask for a last sign of life, and close the books.
    Finish,
}

/// What it says to that.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Reply {
    /// How many are here, and why one was not let in.
    Grown {
        users: usize,
        turned_away: Vec<String>,
    },
    Played(Window),
    Drained,
    Finished(Box<Outcome>),
    Failed(String),
}

/// The closed books.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Outcome {
    pub totals: Totals,
    pub faults: Vec<Fault>,
    pub turned_away: BTreeMap<String, u64>,
    pub users: u64,
    /// Posts of other processes that arrived, and those of this one.
    pub foreign: BTreeMap<String, u64>,
    pub posts: BTreeMap<String, Posts>,
}
