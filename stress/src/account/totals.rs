//! The sums, and how users leave.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How a user left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Departure {
    /// It closed its sending half and read to the end.
    Polite,
    /// It closed or was closed while packets might have been on their way.
    Torn,
}

/// The sums at the end. Counted by recipient: a post to ten is ten.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Totals {
    pub sent: u64,
    pub delivered: u64,
    pub refused: BTreeMap<String, u64>,
    /// On the way to, or from, a socket that was closed meanwhile.
    pub to_closed_sockets: u64,
    /// Posts that reached somebody who came only after they were sent.
    pub to_newcomers: u64,
    pub faults: u64,
}

impl Totals {
    pub(crate) fn add(&mut self, other: &Self) {
        self.sent += other.sent;
        self.delivered += other.delivered;
        for (code, count) in &other.refused {
            *self.refused.entry(code.clone()).or_default() += count;
        }
        self.to_closed_sockets += other.to_closed_sockets;
        self.to_newcomers += other.to_newcomers;
        self.faults += other.faults;
    }
}

/// What one user has sent to all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Posts {
    pub sent: u64,
    /// Refused for a recipient of another process.
    pub refused_elsewhere: u64,
}
