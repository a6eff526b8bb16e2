//! What the server is to be, and what was found of the machine. Never: a look at it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// More users than this are asked about by mistake; sums over them stay small.
pub const USERS_MAX: usize = 1_000_000_000;

/// What the server is to be.
#[derive(Clone, Debug)]
pub struct Plan {
    pub users: usize,
    pub workers: usize,
    /// Connections that the settings allow; none means as many as the
    /// descriptor limit does.
    pub clients_max: Option<usize>,
    /// Empty means the default.
    pub listen: Vec<SocketAddr>,
    /// What may wait for one user, in bytes.
    pub queue_bytes: usize,
    /// Where accounts are kept; none where there are none.
    pub data: Option<PathBuf>,
    /// What was thought of the settings when they were read.
    pub warnings: Vec<String>,
    /// How long its certificate holds, if it has one.
    pub certificate_left: Option<Duration>,
}

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Good,
    /// Worth knowing.
    Note,
    /// It stands in the way.
    Bad,
}

/// One thing that was looked at.
#[derive(Clone, Debug)]
pub struct Finding {
    pub level: Level,
    /// In a word or two.
    pub what: &'static str,
    pub says: String,
    /// The command that mends it.
    pub mend: Option<String>,
}

impl Finding {
    pub(super) fn good(what: &'static str, says: String) -> Self {
        Self { level: Level::Good, what, says, mend: None }
    }

    pub(super) fn note(what: &'static str, says: String, mend: Option<String>) -> Self {
        Self { level: Level::Note, what, says, mend }
    }

    pub(super) fn bad(what: &'static str, says: String, mend: String) -> Self {
        Self { level: Level::Bad, what, says, mend: Some(mend) }
    }
}

/// A kernel setting, now and after the next start.
pub(super) fn sysctl(name: &str, value: impl std::fmt::Display) -> String {
    format!("echo '{name} = {value}' >> /etc/sysctl.d/90-lanline.conf && sysctl --system")
}
